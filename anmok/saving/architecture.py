"""A model's architecture as JSON text, and back."""

import json

from anmok.errors import ArgumentError, FileFormatError
from anmok.layers import registered as layer_table
from anmok.registry import custom_object_scope
from anmok.saving.bytecode import simple_lambdas
from anmok.saving.plain_data import serialize_keras_object
from anmok.saving.reading import describing


def model_to_json(model, **kwargs):
    """The architecture (with the arguments of `compile`) as JSON text; kwargs go to `json.dumps`, as in Keras."""
    with layer_table.sharing():
        return json.dumps(layer_table.serialize(model), default=serialize_keras_object, **kwargs)


def model_from_json(json_string, custom_objects=None):
    """A model with fresh weights from what `to_json` (ours or Keras') returned; FileFormatError for other text."""
    config = parsed(json_string, "The JSON text")
    with describing("The JSON text"):
        return model_from_config(config, custom_objects)


def model_from_config(config, custom_objects=None):
    """A model with fresh weights from its config dict (with 'class_name' and 'config')."""
    if not isinstance(config, dict) or "config" not in config:
        raise FileFormatError("Expected a model's config: a dict with 'class_name' and 'config'.")
    with custom_object_scope(custom_objects or {}), layer_table.sharing():
        model = layer_table.deserialize(config)
    if not hasattr(model, "compile"):
        raise FileFormatError(f"Expected the config of a model, got that of the layer {config.get('class_name')!r}.")
    return model


def parsed(text, path):
    """The dict in a JSON text; raises FileFormatError naming `path` where it is not one."""
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{path}: its description of the network is no JSON ({error}).") from error
    if not isinstance(config, dict):
        raise FileFormatError(f"{path}: expected the description of a network, got {type(config).__name__}.")
    return config


def with_simple_lambdas(config, safe_mode):
    """The config as it may be read under `safe_mode`."""
    if not isinstance(safe_mode, bool):
        raise ArgumentError(f"Expected safe_mode to be True or False, got {safe_mode!r}.")
    return config if safe_mode else simple_lambdas(config)
