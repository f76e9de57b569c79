"""A layer's arguments as plain data, read from its constructor's signature."""

import inspect

import numpy as np
import torch
from torch import nn

from anmok import activations, constraints, initializers, regularizers
from anmok.layers import registered


def plain(value):
    """`value` as data that a JSON file can hold, as Keras 3 writes it."""
    if isinstance(value, initializers.Initializer):
        return initializers.serialize(value)
    if isinstance(value, regularizers.Regularizer):
        return regularizers.serialize(value)
    if isinstance(value, constraints.Constraint):
        return constraints.serialize(value)
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value] if isinstance(value, list) else tuple(map(plain, value))
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, nn.Module) and hasattr(value, "get_config"):
        return registered.serialize(value)
    if callable(value) and not isinstance(value, type):
        return activations.serialize(value)
    return value


def configured_arguments(layer, root):
    """The arguments of the layer's constructor beyond those of `root`, by name.

    They are read from attributes of the same name; those of a user's class without its own get_config, from what the
    constructor was given.
    """
    cls = type(layer)
    ours = next(c for c in cls.__mro__ if c.__module__.split(".")[0] == "anmok")
    # Where the root has a property of that name (Lambda's output_shape), the attribute is not the argument.
    names = [name for name in _own_names(ours, root) if not isinstance(getattr(root, name, None), property)]
    config = {name: plain(getattr(layer, name)) for name in names if hasattr(layer, name)}
    if cls is not ours and cls.get_config is root.get_config:
        args, kwargs = layer._given_arguments
        bound = inspect.signature(cls.__init__).bind(layer, *args, **kwargs)
        bound.apply_defaults()
        for name, value in list(bound.arguments.items())[1:]:
            if bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                continue
            config.setdefault(name, plain(value))
    return config


def _own_names(cls, root):
    general = set(inspect.signature(root.__init__).parameters)
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        name
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name not in general and parameter.kind not in kinds
    ]
