"""anmok: Keras-style image classification on PyTorch, made for the computer a person has.

Names are loaded on first use: `import anmok` costs milliseconds, PyTorch comes with the first layer.
"""

import importlib

__version__ = "0.1.0"

_ROOMS = {
    "activations", "applications", "augment", "callbacks", "constraints", "datasets", "errors", "hub", "initializers",
    "layers", "losses", "metrics", "mixed_precision", "models", "optimizers", "preprocessing", "random",
    "regularizers", "saving", "schedules", "training", "utils", "zoo",
}  # fmt: skip
_NAMES = {
    "Input": "anmok.layers",
    "KerasTensor": "anmok.layers",
    "Layer": "anmok.layers",
    "Loss": "anmok.losses",
    "Metric": "anmok.metrics",
    "Initializer": "anmok.initializers",
    "Regularizer": "anmok.regularizers",
    "Optimizer": "anmok.optimizers",
    "Model": "anmok.models",
    "Sequential": "anmok.models",
}
__all__ = ["__version__", *sorted(_NAMES), *sorted(_ROOMS)]


def __getattr__(name):
    if name in _ROOMS:
        return importlib.import_module(f"anmok.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(_NAMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'anmok' has no attribute {name!r}")


def __dir__():
    return __all__
