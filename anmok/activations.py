"""Activation functions: tensors in, tensors of the same shape out, with Keras 3's names and arguments.

NumPy arrays and lists are taken too. `softmax` over the last axis and `sigmoid` leave their input on the result as
`result.logits`, from which a loss computes without rounding probabilities first, and their name as `result.logits_of`.
"""

import inspect

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from anmok import notices, outside
from anmok.errors import ArgumentError, ShapeError
from anmok.registry import Registry

_registry = Registry("activation", "keras.activations")
_FULL = (torch.float32, torch.float64)


def _tensor(x):
    if hasattr(type(x), "__torch_function__"):  # a stand-in that answers torch's functions itself
        return x
    try:
        x = torch.as_tensor(np.require(x, requirements="CW") if isinstance(x, np.ndarray) else x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ArgumentError(
            f"An activation expects a tensor, a NumPy array or a list of numbers, got {type(x).__name__}: {error}."
        ) from error
    return outside.shown(x if x.is_floating_point() else x.float())


def _refuse_negative(name, value):
    if not value >= 0:
        raise ArgumentError(f"{name} must be a number >= 0, got {value!r}.")


@_registry.add
def linear(x):
    """x itself."""
    return x if isinstance(x, Tensor) else _tensor(x)


@_registry.add
def relu(x, negative_slope=0.0, max_value=None, threshold=0.0, *, alpha=None):
    """max(x, 0); below `threshold` negative_slope * (x - threshold), above `max_value` max_value (as in Keras).

    alpha: the old name of negative_slope. Raises ArgumentError for a negative max_value.
    """
    x = x if isinstance(x, Tensor) else _tensor(x)
    if alpha is not None:
        notices.old_spelling("relu(alpha=...)", "relu(negative_slope=...)")
        negative_slope = alpha
    if max_value is None and threshold == 0:
        return F.relu(x) if negative_slope == 0 else F.leaky_relu(x, negative_slope)
    if max_value is not None:
        _refuse_negative("relu's max_value", max_value)
    if threshold == 0:
        kept = F.hardtanh(x, 0.0, max_value)
    else:
        kept = torch.where(x > threshold, x, 0.0)
        kept = kept if max_value is None else kept.clamp(0.0, max_value)
    return kept if negative_slope == 0 else kept - negative_slope * F.relu(threshold - x)


@_registry.add
def relu6(x):
    """min(max(x, 0), 6)."""
    return F.relu6(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def leaky_relu(x, negative_slope=0.2, *, alpha=None):
    """x where positive, negative_slope * x elsewhere; alpha is the old name of the slope."""
    if alpha is not None:
        notices.old_spelling("leaky_relu(alpha=...)", "leaky_relu(negative_slope=...)")
        negative_slope = alpha
    return F.leaky_relu(x if isinstance(x, Tensor) else _tensor(x), negative_slope)


@_registry.add
def elu(x, alpha=1.0):
    """x where positive, alpha * (exp(x) - 1) elsewhere (Clevert et al. 2016)."""
    return F.elu(x if isinstance(x, Tensor) else _tensor(x), alpha)


@_registry.add
def selu(x):
    """1.0507 * elu(x, 1.6733), which keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    return F.selu(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def celu(x, alpha=1.0):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0) (Barron 2017); raises ArgumentError when alpha is 0."""
    if alpha == 0:
        raise ArgumentError("celu divides by alpha: expected a number other than 0, got 0. For a ReLU use 'relu'.")
    return F.celu(x if isinstance(x, Tensor) else _tensor(x), alpha)


@_registry.add
def gelu(x, approximate=False):
    """x times the normal distribution function of x, or its tanh approximation (Hendrycks and Gimpel 2016)."""
    if approximate not in (True, False):
        raise ArgumentError(f"gelu's approximate must be True or False, got {approximate!r}.")
    return F.gelu(x if isinstance(x, Tensor) else _tensor(x), approximate="tanh" if approximate else "none")


def silu(x):
    """x * sigmoid(x), also called swish (Ramachandran et al. 2017)."""
    return F.silu(x if isinstance(x, Tensor) else _tensor(x))


def hard_silu(x):
    """x * hard_sigmoid(x), also called hard swish (Howard et al. 2019)."""
    return F.hardswish(x if isinstance(x, Tensor) else _tensor(x))


swish = _registry.add(silu, "swish")
hard_swish = _registry.add(hard_silu, "hard_swish")


@_registry.add
def mish(x):
    """x * tanh(softplus(x)) (Misra 2019)."""
    return F.mish(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def glu(x, axis=-1):
    """a * sigmoid(b), where a and b are the halves of x along `axis` (Dauphin et al. 2017).

    Raises ShapeError where the axis has an odd length.
    """
    x = x if isinstance(x, Tensor) else _tensor(x)
    if x.shape[axis] % 2:
        raise ShapeError(f"glu halves axis {axis}: expected an even length there, got shape {tuple(x.shape)}.")
    return F.glu(x, axis)


@_registry.add
def sigmoid(x):
    """1 / (1 + exp(-x)); the result carries x as `.logits`."""
    x = x if isinstance(x, Tensor) else _tensor(x)
    result = torch.sigmoid(x)
    result.logits, result.logits_of = x, "sigmoid"
    return result


@_registry.add
def log_sigmoid(x):
    """log(sigmoid(x)), without underflow."""
    return F.logsigmoid(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def hard_sigmoid(x):
    """x / 6 + 0.5, cut to 0..1 (as in Keras 3; Keras 2 had slope 0.2)."""
    return F.hardsigmoid(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def sparse_sigmoid(x):
    """(x + 1) / 2, cut to 0..1 (Blondel et al. 2019)."""
    return 0.5 * (F.hardtanh(x if isinstance(x, Tensor) else _tensor(x)) + 1)


@_registry.add
def tanh(x):
    """The hyperbolic tangent."""
    return torch.tanh(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def hard_tanh(x):
    """x, cut to -1..1."""
    return F.hardtanh(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def tanh_shrink(x):
    """x - tanh(x)."""
    return F.tanhshrink(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def soft_shrink(x, threshold=0.5):
    """x moved towards 0 by `threshold`, and 0 where |x| is smaller; raises ArgumentError for a negative threshold."""
    _refuse_negative("soft_shrink's threshold", threshold)
    return F.softshrink(x if isinstance(x, Tensor) else _tensor(x), threshold)


@_registry.add
def hard_shrink(x, threshold=0.5):
    """x, and 0 where |x| <= threshold; raises ArgumentError for a negative threshold."""
    _refuse_negative("hard_shrink's threshold", threshold)
    return F.hardshrink(x if isinstance(x, Tensor) else _tensor(x), threshold)


@_registry.add
def threshold(x, threshold, default_value):
    """x where it is above `threshold`, default_value elsewhere."""
    return F.threshold(x if isinstance(x, Tensor) else _tensor(x), threshold, default_value)


@_registry.add
def softplus(x):
    """log(1 + exp(x))."""
    return F.softplus(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def sparse_plus(x):
    """0 up to -1, (x + 1)^2 / 4 between, x from 1 on (as in Keras)."""
    x = x if isinstance(x, Tensor) else _tensor(x)
    return torch.where(x < 1, 0.25 * torch.square(torch.clamp(x, -1, 1) + 1), x)


@_registry.add
def squareplus(x, b=4):
    """(x + sqrt(x^2 + b)) / 2 (Barron 2021)."""
    x = x if isinstance(x, Tensor) else _tensor(x)
    return 0.5 * (x + torch.sqrt(x * x + b))


@_registry.add
def softsign(x):
    """x / (1 + |x|)."""
    return F.softsign(x if isinstance(x, Tensor) else _tensor(x))


@_registry.add
def exponential(x):
    """exp(x)."""
    return torch.exp(x if isinstance(x, Tensor) else _tensor(x))


def _along(function, x, axis):
    """`function` (F.softmax or F.log_softmax) over one axis, several, or all (None); half precision becomes float32."""
    dtype = None if x.dtype in _FULL else torch.float32
    if isinstance(axis, int):
        return function(x, axis, dtype=dtype)
    axes = [a % x.ndim for a in (range(x.ndim) if axis is None else axis)]
    order = [a for a in range(x.ndim) if a not in axes] + axes
    moved = x.permute(order)
    flat = function(moved.flatten(x.ndim - len(axes)), -1, dtype=dtype)
    return flat.view(moved.shape).permute([order.index(a) for a in range(x.ndim)])


@_registry.add
def softmax(x, axis=-1):
    """exp(x) over its sum along `axis` (an int, several, or None for all); float32 where x has half precision.

    Over the last axis the result carries x as `.logits`.
    """
    x = x if isinstance(x, Tensor) else _tensor(x)
    result = _along(F.softmax, x, axis)
    if axis == -1 or axis == x.ndim - 1:
        result.logits, result.logits_of = x, "softmax"
        if x.ndim and x.shape[-1] == 1:
            notices.once(
                "softmax over one value",
                "softmax over one value is always 1. For two classes on one unit use sigmoid; "
                "else give the last layer one unit for each class.",
            )
    return result


@_registry.add
def log_softmax(x, axis=-1):
    """log(softmax(x)), without underflow; float32 where x has half precision."""
    return _along(F.log_softmax, x if isinstance(x, Tensor) else _tensor(x), axis)


@_registry.add
def sparsemax(x, axis=-1):
    """The point of the probability simplex nearest to x along `axis` (Martins and Astudillo 2016, algorithm 1).

    Keras 3.15 sums cumulative sums where the paper takes the last one, so that its results do not sum to 1; ours do.
    """
    x = x if isinstance(x, Tensor) else _tensor(x)
    x = x.movedim(axis, -1)
    falling = x.sort(dim=-1, descending=True).values
    excess = falling.cumsum(-1) - 1
    ranks = torch.arange(1, x.shape[-1] + 1, device=x.device, dtype=x.dtype)
    support = (ranks * falling > excess).sum(-1, keepdim=True)
    tau = excess.gather(-1, support - 1) / support
    return (x - tau).clamp_min(0).movedim(-1, axis)


def get(identifier):
    """The function that `identifier` stands for: None (linear), a name, a config or any callable.

    A callable may say itself which of these functions it stands for, as its attribute `stands_for`.
    """
    found = linear if identifier is None else _registry.get(identifier)
    return outside.asked(getattr(found, "stands_for", found))


def serialize(activation):
    """The plain name of one of these functions, or Keras' dict for a function or object of one's own."""
    plain = activation is None or isinstance(activation, (str, dict))
    if not plain and not inspect.isroutine(activation) and not hasattr(activation, "get_config"):
        raise ArgumentError(
            f"{type(activation).__name__} has no get_config() and cannot be saved as an activation. "
            "Use a function, or a class with get_config() and from_config()."
        )
    return _registry.serialize(activation)


def deserialize(config, custom_objects=None):
    """The activation that `serialize` (ours or Keras') wrote."""
    return _registry.deserialize(config, custom_objects)
