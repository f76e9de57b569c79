"""What Keras keeps in `keras.utils`."""

import importlib

from anmok.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from anmok.training.iterables import pack_x_y_sample_weight, unpack_x_y_sample_weight
from anmok.training.progress import Progbar
from anmok.training.sequence import PyDataset, Sequence
from anmok.utils.classes import normalize, to_categorical
from anmok.utils.fetch import get_file
from anmok.utils.seed import set_random_seed

CustomObjectScope = custom_object_scope

# Rooms beside this one, loaded when one of their names is asked for.
_ELSEWHERE = {
    "array_to_img": "anmok.preprocessing.pictures",
    "image_dataset_from_directory": "anmok.utils.image_dataset",
    "img_to_array": "anmok.preprocessing.pictures",
    "load_img": "anmok.preprocessing.pictures",
    "model_to_dot": "anmok.models",
    "plot_model": "anmok.models",
    "save_img": "anmok.preprocessing.pictures",
}

__all__ = [
    "CustomObjectScope", "Progbar", "PyDataset", "Sequence", "array_to_img", "custom_object_scope",
    "get_custom_objects", "get_file", "get_registered_name", "get_registered_object", "image_dataset_from_directory",
    "img_to_array", "load_img", "model_to_dot", "normalize", "pack_x_y_sample_weight", "plot_model",
    "register_keras_serializable", "save_img", "set_random_seed", "to_categorical", "unpack_x_y_sample_weight",
]  # fmt: skip


def __getattr__(name):
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module 'anmok.utils' has no attribute {name!r}")


def __dir__():
    return __all__
