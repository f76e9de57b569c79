"""save_weights and load_weights."""

import contextlib

import h5py

from anmok.errors import ArgumentError, FileFormatError, NotBuiltError, unknown_name
from anmok.saving import archive, hdf5
from anmok.saving.legacy_weights import is_legacy, read_legacy_weights, write_legacy_weights
from anmok.saving.reading import existing
from anmok.saving.replacing import replacing
from anmok.saving.safetensor_files import read_tensors, write_tensors
from anmok.saving.weight_state import read_optimizers, read_weights, write_state

_TENSORS = ".safetensors"


def save_weights(model, filepath, overwrite=True, max_shard_size=None, **kwargs):
    """Write the weights (and the optimizer's state) to a `.weights.h5` file, as Keras 3 does.

    Other names in .h5 get the older layout, without the optimizer; `.safetensors` the weights alone. Raises
    ArgumentError for other endings and for an existing file with overwrite=False, NotBuiltError for a model without
    weights.
    """
    if max_shard_size is not None:
        raise ArgumentError("max_shard_size is not supported: weights are written to one file. Leave it out.")
    for name in kwargs:
        raise unknown_name("argument of save_weights", name, ("filepath", "overwrite"))
    if not str(filepath).endswith((".h5", ".hdf5", _TENSORS)):
        raise ArgumentError(f"Expected a file name that ends in .weights.h5 or {_TENSORS}, got {str(filepath)!r}.")
    if not model.built:
        raise NotBuiltError(
            f"Model '{model.name}' has no weights to save yet: call it on data once, or model.build(input_shape)."
        )
    if str(filepath).endswith(_TENSORS):
        with replacing(filepath, overwrite=overwrite) as part:
            write_tensors(part, model)
        return
    with replacing(filepath, overwrite=overwrite) as part, h5py.File(part, "w") as file:
        if str(filepath).endswith(".weights.h5"):
            write_state(file, model)
        else:
            write_legacy_weights(file, model, archive.DIALECT)


def load_weights(model, filepath, skip_mismatch=False, by_name=None, objects_to_skip=None, **kwargs):
    """Read weights from a `.weights.h5`, `.keras` or older `.h5` file that anmok or Keras wrote, or a `.safetensors`.

    by_name: of an older file or .safetensors, only to layers of the same names. skip_mismatch: leave layers that do
    not fit as they are, and say which. objects_to_skip: layers to leave alone. Nothing is changed unless all the rest
    fits. Raises MissingFileError, FileFormatError, ShapeError.
    """
    for name in kwargs:
        raise unknown_name("argument of load_weights", name, ("filepath", "skip_mismatch", "by_name"))
    path = existing(filepath)
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
    elif path.name.endswith((".h5", ".hdf5")):
        with hdf5.opened(path, path) as file:
            yield file
    else:
        raise FileFormatError(
            f"{path}: expected weights in a file that ends in .weights.h5, .h5, .keras or {_TENSORS}."
        )
