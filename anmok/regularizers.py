"""Penalties on weights or activities: a tensor in, a scalar tensor out, with Keras 3's names and arguments."""

import math

import torch
from torch import Tensor

from anmok import notices
from anmok.errors import ArgumentError, ShapeError
from anmok.registry import Registry

_registry = Registry("regularizer", "keras.regularizers")
_EPSILON = 1e-7


def _factor(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ArgumentError(f"{name} must be a finite number >= 0, got {value!r}.")
    return float(value)


def _tensor(x):
    return x if isinstance(x, Tensor) else torch.as_tensor(x, dtype=torch.float32)


# torch.linalg.vector_norm would read x once less, but adds one by one: on 16 million weights it is off by 2 %.
def _sum_of_squares(x):
    return x.square().sum()


def _sum_of_sizes(x):
    return x.abs().sum()


class Regularizer:
    """Your own: define __call__(x) returning a scalar tensor, and get_config() if it is to be saved."""

    def __call__(self, x):
        return 0.0

    def get_config(self):
        """The constructor's arguments as plain data."""
        raise NotImplementedError(f"{type(self).__name__} cannot be saved: it does not define get_config().")

    @classmethod
    def from_config(cls, config):
        """The regularizer that `get_config` described."""
        return cls(**config)


@_registry.add
class L1(Regularizer):
    """l1 * sum(|x|) (as in Keras); `l` is the old name of the factor."""

    def __init__(self, l1=0.01, *, l=None):
        if l is not None:
            notices.old_spelling("l1(l=...)", "L1(l1=...)")
            l1 = l
        self.l1 = _factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x):
        return self.l1 * _sum_of_sizes(_tensor(x))

    def get_config(self):
        return {"l1": self.l1}


@_registry.add
class L2(Regularizer):
    """l2 * sum(x^2) (as in Keras: no half); `l` is the old name of the factor."""

    def __init__(self, l2=0.01, *, l=None):
        if l is not None:
            notices.old_spelling("l2(l=...)", "L2(l2=...)")
            l2 = l
        self.l2 = _factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x):
        return self.l2 * _sum_of_squares(_tensor(x))

    def get_config(self):
        return {"l2": self.l2}


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x^2) (as in Keras)."""

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _factor("l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("l2", 0.0 if l2 is None else l2)

    def __call__(self, x):
        x = _tensor(x)
        if not self.l1:
            return self.l2 * _sum_of_squares(x) if self.l2 else x.new_zeros(())
        penalty = self.l1 * _sum_of_sizes(x)
        return penalty + self.l2 * _sum_of_squares(x) if self.l2 else penalty

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """factor times the mean |cosine| between each two rows (or columns) of a matrix (as in Keras).

    mode: "rows" or "columns". Raises ShapeError when called on anything but (rows, columns).
    """

    def __init__(self, factor=0.01, mode="rows"):
        self.factor = _factor("factor", factor)
        if mode not in ("rows", "columns"):
            raise ArgumentError(f"mode must be 'rows' or 'columns', got {mode!r}.")
        self.mode = mode

    def __call__(self, x):
        x = _tensor(x)
        if x.ndim != 2:
            raise ShapeError(
                f"OrthogonalRegularizer expects a matrix (rows, columns), got shape {tuple(x.shape)}. "
                "It suits the kernel of a Dense layer."
            )
        vectors = x if self.mode == "rows" else x.T
        # As in Keras a row of zeros stays zeros; here its gradient is 0 too, there NaN.
        vectors = vectors * vectors.square().sum(1, keepdim=True).clamp_min(_EPSILON**2).rsqrt()
        count = len(vectors)
        cosines = (vectors @ vectors.T).triu(1)
        return self.factor * cosines.abs().sum() / max(count * (count - 1) / 2, 1)

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


l1, l2 = L1, L2
_registry.add(L1L2, "l1_l2")
orthogonal_regularizer = _registry.add(OrthogonalRegularizer, "Orthogonal", "orthogonal")


def l1_l2(l1=0.01, l2=0.01):
    """L1L2 with 0.01 for what is not given, as Keras 2 made it and Keras 3 describes it."""
    return L1L2(l1, l2)


def get(identifier):
    """The regularizer that `identifier` stands for: None, a name, a class, a config, an object or a function of x."""
    # Keras 3's L1L2() has factors 0: by this name a penalty would be asked for and silently left out.
    if identifier is l1_l2 or (isinstance(identifier, str) and identifier == "l1_l2"):
        return l1_l2()
    return _registry.get(identifier)


def serialize(regularizer):
    """The regularizer as plain data, in Keras 3's form."""
    return _registry.serialize(regularizer)


def deserialize(config, custom_objects=None):
    """The regularizer that `serialize` (ours or Keras') wrote."""
    return _registry.deserialize(config, custom_objects)
