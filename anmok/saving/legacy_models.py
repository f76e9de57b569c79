"""Whole models in `.h5` files, as Keras 1, 2 and 3 wrote them."""

import json

import h5py
import numpy as np

from anmok import notices
from anmok.errors import FileFormatError
from anmok.layers import registered as layer_table
from anmok.layers.allotment import weights_from_file
from anmok.registry import custom_object_scope
from anmok.saving import hdf5
from anmok.saving.architecture import model_from_config, parsed, with_simple_lambdas
from anmok.saving.compilation import compile_config
from anmok.saving.legacy_weights import read_legacy_weights, read_names, write_legacy_weights, write_names
from anmok.saving.plain_data import serialize_keras_object
from anmok.saving.reading import describing

_MOST_TEXT = 1 << 24
_SLACK = 1 << 20


def write_legacy_model(part, model, dialect, *, with_optimizer):
    """Write the whole model to the path `part`."""
    with h5py.File(part, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = dialect, "torch"
        with layer_table.sharing():
            entry = layer_table.serialize(model)
        name = entry["registered_name"] or entry["class_name"]
        file.attrs["model_config"] = _text({"class_name": name, "config": entry["config"]})
        write_legacy_weights(file.create_group("model_weights"), model, dialect)
        arguments = compile_config(model) if with_optimizer else {}
        if arguments:
            arguments["optimizer_config"] = arguments.pop("optimizer")
            file.attrs["training_config"] = _text(arguments)
            state = model.optimizer.state_arrays()
            group = file.create_group("optimizer_weights")
            names = [f"{model.optimizer.name}/{index}_{name}" for index, (name, _) in enumerate(state)]
            for path, (_, array) in zip(names, state, strict=True):
                group[path] = array
            write_names(group, "weight_names", names)


def _text(config):
    return json.dumps(config, default=serialize_keras_object)


def read_legacy_model(path, custom_objects, *, compiled, safe_mode):
    """The model in an `.h5` file; raises FileFormatError for one that only holds weights."""
    with hdf5.opened(path, path) as file, custom_object_scope(custom_objects or {}):
        size = hdf5.size_of_arrays(file, path, path.stat().st_size)
        text = _attribute(file, "model_config", path)
        weights = hdf5.child(file, "model_weights")
        if text is None or weights is None:
            raise FileFormatError(
                f"{path} holds no whole model, only weights or something else: build the model in your program, then "
                "model.load_weights(...)."
            )
        config = with_simple_lambdas(_with_lambdas_told(parsed(text, path)), safe_mode)
        with describing(path), weights_from_file(size + _SLACK):
            model = model_from_config(config)
        read_legacy_weights(weights, model, path)
        training = _attribute(file, "training_config", path) if compiled else None
        if training is not None:
            _compile(model, parsed(training, path), file, path)
    return model


def _attribute(file, name, path):
    if name not in file.attrs:
        return None
    text = file.attrs[name]
    if not isinstance(text, (str, bytes)) or len(text) > _MOST_TEXT:
        raise FileFormatError(f"{path}: its {name} is no text, or too long for a network's description.")
    return text


def _with_lambdas_told(config):
    """Lambdas of Keras 1 and 2, lists of bytecode, in the form of Keras 3."""
    if isinstance(config, list):
        return [_with_lambdas_told(entry) for entry in config]
    if not isinstance(config, dict):
        return config
    function = config.get("function")
    if config.get("function_type") == "lambda" and isinstance(function, list):
        told = {"class_name": "__lambda__", "config": {"value": function}}
        config = {**config, "function": told, "function_type": None}
    return {key: _with_lambdas_told(value) for key, value in config.items()}


def _compile(model, training, file, path):
    with describing(path):
        model.compile_from_config({**training, "optimizer": training.get("optimizer_config", "rmsprop")})
    group = hdf5.child(file, "optimizer_weights")
    if group is None or not model.compiled or not model.optimizer.built:
        return
    arrays = [hdf5.dataset(group, name) for name in read_names(group, "weight_names")]
    order = _todays_order([array.shape for array in arrays], model.optimizer)
    if order is None:
        if len(arrays) > 2:
            notices.once(
                ("optimizer state", str(path)),
                f"{path}: the optimizer's state is of another kind than today's {type(model.optimizer).__name__}: "
                "training starts with fresh state.",
                stacklevel=5,
            )
        return
    rate = dict(model.optimizer.state_arrays()).get("learning_rate")
    values = [rate if index is None else hdf5.values(arrays[index]) for index in order]
    model.optimizer.load_state_arrays([np.asarray(value) for value in values])


def _todays_order(shapes, optimizer):
    """For each array of today's state its number in the file, None for the learning rate; None if they do not fit."""
    expected = [(name, np.shape(array)) for name, array in optimizer.state_arrays()]
    if shapes == [shape for _, shape in expected]:
        return list(range(len(shapes)))
    # Keras 2 had no learning rate among them, and first one kind of state for all weights, then the next.
    head = [0, None] if len(expected) > 1 and expected[1][0] == "learning_rate" else [0]
    kinds = len({name for name, _, _ in optimizer.slots()}) or 1
    count = len(expected) - len(head)
    order = [1 + kind * (count // kinds) + weight for weight in range(count // kinds) for kind in range(kinds)]
    fits = len(shapes) == 1 + count == 1 + len(order)
    if not fits or [shapes[index] for index in order] != [shape for _, shape in expected[len(head) :]]:
        return None
    return head + order
