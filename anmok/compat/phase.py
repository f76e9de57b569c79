"""Keras' learning phase: 0 for prediction, 1 for training."""

from anmok.errors import ArgumentError
from anmok.layers import layer as layer_room

_set = None


class LearningPhase(int):
    """The phase as a number; among the inputs of K.function it stands for the value given at each call."""

    def __repr__(self):
        return f"<learning phase {int(self)}>"


def is_training():
    """Whether the layer under way computes for training; outside layers, what `set_learning_phase` said."""
    inside = getattr(layer_room._phase, "training", None)
    return bool(_set) if inside is None else bool(inside)


def learning_phase():
    """0 for prediction, 1 for training."""
    return LearningPhase(is_training())


def set_learning_phase(value):
    """What `learning_phase` is outside `fit`, which trains, and `predict`, which predicts."""
    global _set
    if value not in (0, 1):
        raise ArgumentError(f"set_learning_phase: expected 0 or 1, got {value!r}.")
    _set = int(value)


def forget():
    global _set
    _set = None


class learning_phase_scope:
    """The learning phase within a `with` block."""

    def __init__(self, value):
        self._value = value

    def __enter__(self):
        self._kept = _set
        set_learning_phase(self._value)

    def __exit__(self, *exception):
        global _set
        _set = self._kept
