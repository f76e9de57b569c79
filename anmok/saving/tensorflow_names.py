"""Names that tf.keras wrote its own formats under, which anmok has files of Keras for.

A name without an ending was a checkpoint's prefix ("training/cp.ckpt") for weights, and a SavedModel's folder for a
model. Here the weights are in PREFIX.weights.h5 and the model is in FOLDER/model.keras; the names go on to work.
"""

import re
from pathlib import Path

from anmok.errors import FileFormatError
from anmok.notices import once

_IN_FOLDER = "model.keras"
_INDEX = "checkpoint"  # the file beside checkpoints that names the latest


def of_weights(prefix):
    """The file that the weights of a checkpoint with that prefix are in."""
    return Path(f"{prefix}.weights.h5")


def of_model(folder):
    """The file in the folder `folder` that the model is in."""
    return Path(folder) / _IN_FOLDER


def say_weights(prefix):
    once(
        "checkpoint",
        f"{prefix}: TensorFlow's checkpoints are not written here; the weights are in {of_weights(prefix)}, and "
        f"load_weights({str(prefix)!r}) finds them.",
        stacklevel=6,
    )


def say_model(folder):
    once(
        "saved model",
        f"{folder}: TensorFlow's SavedModels are not written here; the model is in {of_model(folder)}, and "
        f"load_model({str(folder)!r}) finds it.",
        stacklevel=6,
    )


def enter(prefix):
    """Write down in the folder of `prefix` that this is its latest checkpoint, as TensorFlow does."""
    index = Path(prefix).parent / _INDEX
    name = Path(prefix).name
    known = re.findall(r'^all_model_checkpoint_paths: "(.*)"$', index.read_text(), re.M) if index.is_file() else []
    every = [*(other for other in known if other != name), name]
    lines = [f'model_checkpoint_path: "{name}"', *(f'all_model_checkpoint_paths: "{other}"' for other in every)]
    index.write_text("\n".join(lines) + "\n")


def latest_checkpoint(folder, latest_filename=None):
    """The prefix (str) of the latest checkpoint in `folder`, None if there is none (as tf.train.latest_checkpoint)."""
    index = Path(folder) / (latest_filename or _INDEX)
    if not index.is_file():
        return None
    found = re.search(r'^model_checkpoint_path: "(.*)"$', index.read_text(), re.M)
    return str(Path(folder) / found[1]) if found else None


def found(filepath, place):
    """`filepath`, or where that is not there the file that `place` (of_weights, of_model) has for it."""
    path = Path(filepath)
    if path.is_file() or not place(filepath).is_file():
        if path.is_dir() and (path / "saved_model.pb").exists():
            raise FileFormatError(
                f"{path} is a SavedModel, a graph that only TensorFlow runs: save the model there with "
                "model.save('name.keras') or to an .h5 file, which anmok reads."
            )
        if Path(f"{path}.index").is_file():
            raise FileFormatError(
                f"{path} is a checkpoint of TensorFlow's own: save the weights there with "
                "model.save_weights('name.weights.h5'), which anmok reads."
            )
        return path
    return place(filepath)
