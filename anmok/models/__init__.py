"""Models: Sequential, the functional Model(inputs, outputs), and classes of one's own with a call method."""

import importlib

from anmok.models.cloning import clone_model
from anmok.models.functional import Functional
from anmok.models.hub import from_hub
from anmok.models.model import Model
from anmok.models.sequential import Sequential
from anmok.saving import load_model, model_from_config, model_from_json, save_model

# Loaded when first asked for: drawing and counting need libraries that training does not.
_LATER = {
    "LayerCost": "cost",
    "ModelCost": "cost",
    "model_cost": "cost",
    "print_cost": "cost",
    "model_to_dot": "plot",
    "plot_model": "plot",
}

__all__ = [
    "Functional", "LayerCost", "Model", "ModelCost", "Sequential", "clone_model", "from_hub", "load_model",
    "model_cost", "model_from_config", "model_from_json", "model_to_dot", "plot_model", "print_cost", "save_model",
]  # fmt: skip


def __getattr__(name):
    if name in _LATER:
        return getattr(importlib.import_module(f"anmok.models.{_LATER[name]}"), name)
    raise AttributeError(f"module 'anmok.models' has no attribute {name!r}")


def __dir__():
    return __all__
