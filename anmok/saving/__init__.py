"""Models and weights in files, as Keras writes them."""

from anmok.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from anmok.saving.architecture import model_from_config, model_from_json, model_to_json
from anmok.saving.compilation import compile_config, compile_from_config
from anmok.saving.plain_data import deserialize_keras_object, revived, serialize_keras_object
from anmok.saving.tensorflow_names import latest_checkpoint
from anmok.saving.training_state import load_training_state, save_training_state
from anmok.saving.weight_files import load_weights, save_weights
from anmok.saving.whole_models import load_model, save_model

__all__ = [
    "CustomObjectScope",
    "compile_config",
    "compile_from_config",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "latest_checkpoint",
    "load_model",
    "load_training_state",
    "load_weights",
    "model_from_config",
    "model_from_json",
    "model_to_json",
    "register_keras_serializable",
    "revived",
    "save_model",
    "save_training_state",
    "save_weights",
    "serialize_keras_object",
]
