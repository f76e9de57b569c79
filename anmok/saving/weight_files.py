"""save_weights and load_weights."""

import contextlib

import h5py

from anmok import files
from anmok.errors import ArgumentError, FileFormatError, NotBuiltError, unknown_name
from anmok.saving import archive, hdf5, tensorflow_names
from anmok.saving.legacy_weights import is_legacy, read_legacy_weights, write_legacy_weights
from anmok.saving.reading import existing
from anmok.saving.replacing import replacing
from anmok.saving.safetensor_files import read_tensors, write_tensors
from anmok.saving.weight_state import read_optimizers, read_weights, write_state

_TENSORS = ".safetensors"


def save_weights(model, filepath, overwrite=True, max_shard_size=None, **kwargs):
    """Write the weights (and the optimizer's state) to a `.weights.h5` file, as Keras 3 does.

    Other names in .h5 get the older layout, without the optimizer; `.safetensors` the weights alone. Names without
    such an ending were checkpoints in tf.keras, see tensorflow_names. Raises ArgumentError for an existing file with
    overwrite=False, NotBuiltError for a model without weights.
    """
    if max_shard_size is not None:
        raise ArgumentError("max_shard_size is not supported: weights are written to one file. Leave it out.")
    save_format = kwargs.pop("save_format", None)
    for name in kwargs:
        raise unknown_name("argument of save_weights", name, ("filepath", "overwrite", "save_format"))
    is_known = str(filepath).endswith((".h5", ".hdf5", _TENSORS))
    if not is_known and files.names_a_format(filepath):
        raise ArgumentError(f"Expected a file name that ends in .weights.h5 or {_TENSORS}, got {str(filepath)!r}.")
    if save_format not in (None, "h5", "hdf5", "tf") or (save_format == "tf" and is_known):
        raise ArgumentError(
            f"save_format={save_format!r} does not go with {str(filepath)!r}: the ending of the name chooses the "
            "format. Leave save_format out."
        )
    if not model.built:
        raise NotBuiltError(
            f"Model '{model.name}' has no weights to save yet: call it on data once, or model.build(input_shape)."
        )
    if str(filepath).endswith(_TENSORS):
        with replacing(filepath, overwrite=overwrite) as part:
            write_tensors(part, model)
        return
    is_checkpoint = not is_known and save_format not in ("h5", "hdf5")
    path = tensorflow_names.of_weights(filepath) if is_checkpoint else filepath
    with replacing(path, overwrite=overwrite) as part, h5py.File(part, "w") as file:
        if str(path).endswith(".weights.h5"):
            write_state(file, model)
        else:
            write_legacy_weights(file, model, archive.DIALECT)
    if is_checkpoint:
        tensorflow_names.enter(filepath)
        tensorflow_names.say_weights(filepath)


def load_weights(model, filepath, skip_mismatch=False, by_name=None, objects_to_skip=None, **kwargs):
    """Read weights from a `.weights.h5`, `.keras` or older `.h5` file that anmok or Keras wrote, or a `.safetensors`.

    by_name: of an older file or .safetensors, only to layers of the same names. skip_mismatch: leave layers that do
    not fit as they are, and say which. objects_to_skip: layers to leave alone. Nothing is changed unless all the rest
    fits. Raises MissingFileError, FileFormatError, ShapeError.
    """
    for name in kwargs:
        raise unknown_name("argument of load_weights", name, ("filepath", "skip_mismatch", "by_name"))
    path = existing(tensorflow_names.found(filepath, tensorflow_names.of_weights))
    spared = list(objects_to_skip or ())
    if path.name.endswith(_TENSORS):
        read_tensors(model, path, skip_mismatch=skip_mismatch, by_name=bool(by_name), spared=spared)
        return
    with _opened(path) as file:
        if (legacy := is_legacy(file)) is not None:
            options = {"skip_mismatch": skip_mismatch, "by_name": bool(by_name), "spared": spared}
            return read_legacy_weights(legacy, model, path, **options)
        if by_name:
            raise ArgumentError(f"{path}: by_name=True is for the older .h5 files; these are matched by structure.")
        read_weights(file, model, path, skip_mismatch=skip_mismatch, spared=spared)
        read_optimizers(file, model, path, required=False)


@contextlib.contextmanager
def _opened(path):
    if path.name.endswith(".keras"):
        with archive.opened_archive(path) as opened, archive.opened_weights(opened, path) as (file, _):
            yield file
    elif path.name.endswith((".h5", ".hdf5")) or h5py.is_hdf5(path):
        with hdf5.opened(path, path) as file:
            yield file
    else:
        raise FileFormatError(
            f"{path}: expected weights in a file that ends in .weights.h5, .h5, .keras or {_TENSORS}."
        )
