"""Constraints: after each update a weight, in Keras' layout, is mapped to the nearest kind that is allowed."""

import math

import torch
from torch import Tensor

from anmok import notices
from anmok.errors import ArgumentError
from anmok.registry import Registry

_registry = Registry("constraint", "keras.constraints")
_EPSILON = 1e-7


def _number(name, value, *, low=0.0, high=math.inf):
    try:
        allowed = low <= value <= high
    except TypeError:
        allowed = False
    if not allowed:
        span = f">= {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
        raise ArgumentError(f"{name} must be a number {span}, got {value!r}.")
    return value


def _axis(axis):
    whole = [axis] if isinstance(axis, int) else axis
    if whole is not None and not (isinstance(whole, (list, tuple)) and all(isinstance(a, int) for a in whole)):
        raise ArgumentError(f"axis must be an int or a list of ints, such as [0, 1, 2] for Conv2D, got {axis!r}.")
    return axis


def _tensor(w):
    return w if isinstance(w, Tensor) else torch.as_tensor(w, dtype=torch.float32)


def _norms(w, axis):
    # torch.linalg.vector_norm adds one by one and loses digits on long axes.
    return w.square().sum(axis, keepdim=True).sqrt_()


class Constraint:
    """Your own: define __call__(w) returning the allowed weight, and get_config() if it has arguments."""

    def __call__(self, w):
        return w

    def get_config(self):
        """The constructor's arguments as plain data."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The constraint that `get_config` described."""
        return cls(**config)


class MaxNorm(Constraint):
    """Weight vectors along `axis` no longer than max_value (as in Keras); `m` is the old name of max_value.

    axis: 0 for a Dense kernel (inputs, units), [0, 1, 2] for a Conv2D kernel (h, w, inputs, filters).
    """

    def __init__(self, max_value=2, axis=0, *, m=None):
        if m is not None:
            notices.old_spelling("maxnorm(m=...)", "MaxNorm(max_value=...)")
            max_value = m
        self.max_value = _number("max_value", max_value)
        self.axis = _axis(axis)

    def __call__(self, w):
        w = _tensor(w)
        norms = _norms(w, self.axis)
        return w * (norms.clamp_max(self.max_value) / (norms + _EPSILON))

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Weights not below 0."""

    def __call__(self, w):
        return _tensor(w).clamp_min(0)


class UnitNorm(Constraint):
    """Weight vectors along `axis` of length 1 (as in Keras); axis as in MaxNorm."""

    def __init__(self, axis=0):
        self.axis = _axis(axis)

    def __call__(self, w):
        w = _tensor(w)
        return w / (_norms(w, self.axis) + _EPSILON)

    def get_config(self):
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Weight vectors along `axis` of a length in min_value..max_value (as in Keras); axis as in MaxNorm.

    rate: which part of the way there each call goes, 0 to 1.
    """

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value = _number("min_value", min_value)
        self.max_value = _number("max_value", max_value, low=min_value)
        self.rate = _number("rate", rate, high=1.0)
        self.axis = _axis(axis)

    def __call__(self, w):
        w = _tensor(w)
        norms = _norms(w, self.axis)
        wanted = torch.lerp(norms, norms.clamp(self.min_value, self.max_value), self.rate)
        return w * (wanted / (norms + _EPSILON))

    def get_config(self):
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


max_norm = maxnorm = _registry.add(MaxNorm, "maxnorm")
non_neg = nonneg = _registry.add(NonNeg, "nonneg")
unit_norm = unitnorm = _registry.add(UnitNorm, "unitnorm")
min_max_norm = _registry.add(MinMaxNorm)


def get(identifier):
    """The constraint that `identifier` stands for: None, a name, a class, a config, an object or a function of w."""
    return _registry.get(identifier)


def serialize(constraint):
    """The constraint as plain data, in Keras 3's form."""
    return _registry.serialize(constraint)


def deserialize(config, custom_objects=None):
    """The constraint that `serialize` (ours or Keras') wrote."""
    return _registry.deserialize(config, custom_objects)
