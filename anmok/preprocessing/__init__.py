"""Images into batches, in Keras' words."""

import importlib

__all__ = ["image", "image_dataset_from_directory"]


def __getattr__(name):
    if name == "image":
        return importlib.import_module("anmok.preprocessing.image")
    if name == "image_dataset_from_directory":
        return importlib.import_module("anmok.utils").image_dataset_from_directory
    raise AttributeError(f"module 'anmok.preprocessing' has no attribute {name!r}")


def __dir__():
    return __all__
