"""Objects as data that JSON can hold, and back, in the forms of Keras 3."""

import inspect

import numpy as np
import torch

from anmok import mixed_precision
from anmok.errors import ArgumentError, FileFormatError, unknown_name
from anmok.registry import (
    custom_object_scope,
    find_custom,
    find_function,
    get_custom_objects,
    registry_of,
    serialize_object,
)
from anmok.saving.bytecode import simple_lambdas


def serialize_keras_object(thing):
    """`thing` (object, function, array, slice, or lists and dicts of such) as plain data, as Keras 3 writes it.

    Raises ArgumentError for a lambda, and for objects without get_config().
    """
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if isinstance(thing, (list, tuple)):
        return [serialize_keras_object(entry) for entry in thing]
    if isinstance(thing, dict):
        return {key: serialize_keras_object(entry) for key, entry in thing.items()}
    special = _special_form(thing)
    return serialize_object(thing) if special is None else special


def _special_form(thing):
    """What stands in files for values that JSON does not know; None for objects of other kinds."""
    if isinstance(thing, np.generic):
        return thing.item()
    if isinstance(thing, torch.dtype):
        return str(thing).removeprefix("torch.")
    if isinstance(thing, mixed_precision.DTypePolicy):
        return {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": thing.get_config(),
            "registered_name": None,
        }
    if isinstance(thing, bytes):
        return {"class_name": "__bytes__", "config": {"value": thing.decode("utf-8")}}
    if isinstance(thing, slice):
        ends = {"start": thing.start, "stop": thing.stop, "step": thing.step}
        return {"class_name": "__slice__", "config": serialize_keras_object(ends)}
    if thing is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(thing, (np.ndarray, torch.Tensor)):
        name = "__numpy__" if isinstance(thing, np.ndarray) else "__tensor__"
        array = thing if isinstance(thing, np.ndarray) else thing.detach().cpu().numpy()
        return {"class_name": name, "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    return None


def revived(config):
    """The value that a special form ("__slice__", "__numpy__", ...) stands for; other dicts as they are."""
    kind, inner = config.get("class_name"), config.get("config")
    if kind == "__ellipsis__":
        return Ellipsis
    if not isinstance(inner, dict):
        return config
    if kind == "__slice__":
        return slice(*(inner.get(end) for end in ("start", "stop", "step")))
    if kind in ("__numpy__", "__tensor__"):
        # Only formats of numbers: NumPy's "object" would hold anything.
        if np.dtype(inner["dtype"] if inner["dtype"] != "bfloat16" else "float32").kind not in "fiub":
            raise FileFormatError(f"Expected an array of numbers, got {inner['dtype']!r}.")
        array = np.asarray(inner["value"], np.float32 if inner["dtype"] == "bfloat16" else inner["dtype"])
        return array if kind == "__numpy__" else torch.from_numpy(array)
    if kind == "__bytes__":
        return inner["value"].encode("utf-8")
    return config


def deserialize_keras_object(config, custom_objects=None, safe_mode=True):
    """What `serialize_keras_object` (ours or Keras') wrote.

    Classes and functions are only found among anmok's own, those registered, and `custom_objects`; no code is run that
    stands in `config` (safe_mode=False: see `load_model`). Raises UnknownNameError for a class that is not known.
    """
    if not safe_mode:
        config = simple_lambdas(config)
    with custom_object_scope(custom_objects or {}):
        return _object(config)


def _object(config):
    if isinstance(config, (list, tuple)):
        return [_object(entry) for entry in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if not isinstance(name, str) or ("config" not in config and name != "__ellipsis__"):
        return {key: _object(entry) for key, entry in config.items()}
    if name.startswith("__"):
        value = revived(config)
        if value is config:
            raise ArgumentError(
                f"{name} cannot be read back: files hold no code. Register a function written with def instead."
            )
        return value
    if name == "DTypePolicy":
        return mixed_precision.get(config)
    if name == "function":
        return find_function(config)
    registry = registry_of(config.get("module"), name)
    if registry is not None:
        return registry.deserialize(config)
    own = find_custom(name, config.get("registered_name"))
    if own is None:
        raise unknown_name("class", name, get_custom_objects())
    return own.from_config(config["config"]) if inspect.isclass(own) else own
