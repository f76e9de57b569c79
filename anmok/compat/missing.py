"""What anmok does not cover, said in one sentence at the line that asks for it."""

import difflib

from anmok.compat.refused import INSTEAD
from anmok.errors import AnmokError


class NotCovered(AnmokError, AttributeError):
    """A name of TensorFlow or Keras that anmok does not have."""


class NotCoveredModule(AnmokError, ModuleNotFoundError):
    """A module of TensorFlow or Keras, or a package around them, that anmok does not have."""


def sentence(dotted, choices=()):
    """The sentence about a dotted name such as "keras.layers.LSTM"; `choices`: names its module does have."""
    for shown in _shortened(dotted):
        if shown in INSTEAD:
            return f"anmok does not cover {dotted}: {INSTEAD[shown]}."
    near = difflib.get_close_matches(dotted.rsplit(".", 1)[-1], list(choices), n=1, cutoff=0.75)
    offer = f"; did you mean {near[0]}?" if near else "."
    return f"anmok does not cover {dotted}{offer}"


def attribute(owner, name, choices=()):
    """The AttributeError for `owner`.`name`, two dotted names ("tf.linalg", "svd")."""
    return NotCovered(sentence(f"{owner}.{name}" if owner else name, choices))


def module(dotted, choices=()):
    """The ModuleNotFoundError for a dotted module name."""
    # Its `name` stays unset: `from keras import x` swallows an error that names keras.x itself, and its sentence.
    return NotCoveredModule(sentence(dotted, choices))


def _shortened(dotted):
    """The name as it is and as the table spells it, then the modules around it."""
    parts = dotted.replace("tensorflow.keras.", "keras.").replace("tf.keras.", "keras.").split(".")
    if parts[0] == "tensorflow":
        parts[0] = "tf"
    return [dotted, *(".".join(parts[:end]) for end in range(len(parts), 0, -1))]
