"""save_model and load_model."""

import zipfile

import h5py

from anmok import files, notices
from anmok.errors import ArgumentError, FileFormatError, unknown_name
from anmok.layers.allotment import weights_from_file
from anmok.registry import custom_object_scope
from anmok.saving import archive, tensorflow_names
from anmok.saving.architecture import model_from_config, model_to_json, parsed, with_simple_lambdas
from anmok.saving.legacy_models import read_legacy_model, write_legacy_model
from anmok.saving.reading import describing, existing
from anmok.saving.replacing import replacing
from anmok.saving.weight_state import read_optimizers, read_weights

# What a network needs beyond its file: weights that Keras does not save, such as counters of random draws.
_SLACK = 1 << 20


def save_model(model, filepath, overwrite=True, zipped=None, **kwargs):
    """Write the whole model (architecture, weights, compile arguments, optimizer state) to a `.keras` or `.h5` file.

    The file is written whole or not at all; missing folders are made. include_optimizer=False leaves the optimizer's
    state out. A name without an ending was a folder in tf.keras, see tensorflow_names. Raises ArgumentError for other
    endings, and for an existing file with overwrite=False.
    """
    include_optimizer, save_format = _take_options(kwargs, filepath)
    if zipped is False:
        raise ArgumentError("zipped=False (a folder in the place of a file) is not supported: leave it out.")
    ending = save_format or _ending(filepath)
    is_folder = not ending and not files.names_a_format(filepath)
    if is_folder:
        folder, filepath, ending = filepath, tensorflow_names.of_model(filepath), ".keras"
    if not ending or str(filepath).endswith(".weights.h5"):
        raise ArgumentError(
            f"Expected a file name that ends in .keras (or, for the older format, .h5), got {str(filepath)!r}."
        )
    if not model.built:
        notices.once(
            ("saved unbuilt", model.name), f"Model '{model.name}' is saved before it has weights: it was never built."
        )
    with replacing(filepath, overwrite=overwrite) as part:
        if ending == ".keras":
            archive.write_archive(part, model, model_to_json(model), with_optimizer=include_optimizer)
        else:
            write_legacy_model(part, model, archive.DIALECT, with_optimizer=include_optimizer)
    if is_folder:
        tensorflow_names.say_model(folder)


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """The model in a `.keras` or `.h5` file that `save_model` (ours or Keras') wrote, compiled as it was.

    custom_objects: dict of name to class or function of your own. compile: False leaves it uncompiled. safe_mode: False
    also reads lambdas saved as bytecode, if they do nothing but arithmetic on their arguments; no other code is ever
    run. Raises MissingFileError, FileFormatError for a damaged file, UnknownNameError for classes not known here.
    """
    path = existing(tensorflow_names.found(filepath, tensorflow_names.of_model))
    # HDF5 may begin at any of the bytes 0, 512, 1024, 2048, ...: where a .keras has its weights, by chance.
    if h5py.is_hdf5(path) and not zipfile.is_zipfile(path):
        return read_legacy_model(path, custom_objects, compiled=compile, safe_mode=safe_mode)
    if not zipfile.is_zipfile(path):
        raise FileFormatError(_no_archive(path))
    with archive.opened_archive(path) as opened, custom_object_scope(custom_objects or {}):
        config = with_simple_lambdas(parsed(archive.read_config(opened, path), path), safe_mode)
        if not compile:
            config["compile_config"] = None
        with archive.opened_weights(opened, path) as (weights, size):
            with describing(path), weights_from_file(size + _SLACK):
                model = model_from_config(config)
            read_weights(weights, model, path)
            read_optimizers(weights, model, path, required=True)
    return model


def _no_archive(path):
    with open(path, "rb") as file:
        start = file.read(8)
    if not start:
        return f"{path} is empty."
    kind = "a model file that is damaged or cut off" if start[:2] in (b"PK", b"\x89H") else "no model file"
    return f"{path} is {kind}: expected a .keras or .h5 file as model.save writes it."


def _take_options(kwargs, filepath):
    """(include_optimizer, the ending that save_format asks for where the name has none)"""
    include_optimizer = kwargs.pop("include_optimizer", True)
    save_format = kwargs.pop("save_format", None)
    wanted = None
    if save_format is not None:
        # "tf" is a folder, for which the name has no ending.
        wanted = {"keras": ".keras", "h5": ".h5", "hdf5": ".h5", "tf": ""}.get(str(save_format).lower())
        if wanted is None or (wanted != _ending(filepath) and files.names_a_format(filepath)):
            raise ArgumentError(
                f"save_format={save_format!r} does not go with {str(filepath)!r}: the ending of the name chooses the "
                "format. Leave save_format out, and end the name in .keras."
            )
    for name in kwargs:
        raise unknown_name(
            "argument of save", name, ("filepath", "overwrite", "zipped", "include_optimizer", "save_format")
        )
    return include_optimizer, wanted


def _ending(filepath):
    name = str(filepath).lower()
    return next((kind for end, kind in _ENDINGS.items() if name.endswith(end)), "")


_ENDINGS = {".keras": ".keras", ".h5": ".h5", ".hdf5": ".h5"}
