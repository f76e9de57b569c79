"""What networks are made of: activations, crossentropies of logits, normalisation, dropout."""

import math

import torch
import torch.nn.functional as F

from anmok import activations
from anmok.compat.functions.calling import function
from anmok.compat.functions.values import axes, floating, generator, integer, sizes, tensor, tensors
from anmok.errors import ArgumentError
from anmok.layers.activation import ELU, LeakyReLU
from anmok.layers.core import Activation
from anmok.layers.symbolic import KerasTensor

EPSILON = 1e-7


def _activation(name, *, of_keras=None):
    """An activation of the library with nothing to set, as a function; on symbolic tensors its layer."""
    found = activations.get(of_keras or name)

    def implementation(x):
        return found(tensor(x))

    implementation.__name__, implementation.__doc__ = name, found.__doc__
    made = function(
        implementation, layer=lambda x: Activation(of_keras or name) if isinstance(x, KerasTensor) else None
    )
    made.stands_for = found
    return made


relu6 = _activation("relu6")
selu = _activation("selu")
sigmoid = _activation("sigmoid")
tanh = _activation("tanh")
softplus = _activation("softplus")
softsign = _activation("softsign")
mish = _activation("mish")
log_sigmoid = _activation("log_sigmoid")
hard_sigmoid = _activation("hard_sigmoid")
hard_silu = _activation("hard_silu")
hard_tanh = _activation("hard_tanh")
tanh_shrink = _activation("tanh_shrink")
sparse_plus = _activation("sparse_plus")


def _no_settings(make):
    """A layer for a symbolic tensor alone."""
    return lambda x, *rest, **named: make() if isinstance(x, KerasTensor) and not rest and not named else None


@function(layer=_no_settings(lambda: Activation("relu")))
def relu(x, negative_slope=0.0, max_value=None, threshold=0.0, alpha=None):
    """max(x, 0), with Keras' settings; alpha is the old name of negative_slope."""
    return activations.relu(floating_or_whole(x), negative_slope if alpha is None else alpha, max_value, threshold)


def floating_or_whole(x):
    x = tensor(x)
    return x.to(torch.uint8) if x.dtype is torch.bool else x


@function(layer=lambda x, alpha=0.2: LeakyReLU(negative_slope=alpha) if isinstance(x, KerasTensor) else None)
def leaky_relu(x, alpha=0.2):
    """x where positive, alpha * x elsewhere."""
    return F.leaky_relu(floating(x), float(alpha))


@function(layer=lambda x, alpha=1.0: ELU(alpha=alpha) if isinstance(x, KerasTensor) else None)
def elu(x, alpha=1.0):
    """x where positive, alpha * (exp(x) - 1) elsewhere."""
    return F.elu(floating(x), float(alpha))


@function(layer=_no_settings(lambda: Activation("gelu")))
def gelu(x, approximate=False):
    """x times the normal distribution function of x."""
    return activations.gelu(floating(x), bool(approximate))


@function(layer=_no_settings(lambda: Activation("silu")))
def silu(x, beta=1.0):
    """x * sigmoid(beta * x)."""
    x = floating(x)
    return F.silu(x) if beta == 1.0 else x * torch.sigmoid(beta * x)


def _last_axis(name):
    return lambda x, axis=-1: (
        Activation(name) if isinstance(x, KerasTensor) and axis in (-1, None, x.ndim - 1) else None
    )


@function(layer=_last_axis("softmax"))
def softmax(x, axis=-1):
    """exp(x) over its sum along `axis`."""
    return activations.softmax(floating(x), -1 if axis is None else axis)


@function(layer=_last_axis("log_softmax"))
def log_softmax(x, axis=-1):
    """log(softmax(x)), without underflow."""
    return activations.log_softmax(floating(x), -1 if axis is None else axis)


for _function, _stands_for in ((relu, activations.relu), (gelu, activations.gelu), (silu, activations.silu)):
    _function.stands_for = _stands_for
softmax.stands_for, log_softmax.stands_for = activations.softmax, activations.log_softmax


@function
def crelu(x, axis=-1):
    """relu(x) and relu(-x) one after the other along `axis`."""
    x = floating(x)
    return torch.cat([F.relu(x), F.relu(-x)], axis)


@function
def celu(x, alpha=1.0):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)."""
    return activations.celu(floating(x), alpha)


@function
def glu(x, axis=-1):
    """The first half along `axis` times the sigmoid of the second."""
    return F.glu(floating(x), axis)


@function
def hard_shrink(x, threshold=0.5):
    """x, and 0 where |x| <= threshold."""
    return activations.hard_shrink(floating(x), threshold)


@function
def soft_shrink(x, threshold=0.5):
    """x moved towards 0 by `threshold`."""
    return activations.soft_shrink(floating(x), threshold)


@function
def threshold(x, threshold, default_value):
    """x where it is above `threshold`, default_value elsewhere."""
    return activations.threshold(floating(x), threshold, default_value)


@function
def squareplus(x, b=4):
    """(x + sqrt(x^2 + b)) / 2."""
    return activations.squareplus(floating(x), b)


@function
def sparsemax(x, axis=-1):
    """The point of the probability simplex nearest to x along `axis`."""
    return activations.sparsemax(floating(x), axis)


@function
def sparse_sigmoid(x):
    """0 up to -1, (x + 1) / 2 between, 1 from 1 on."""
    return ((floating(x) + 1) / 2).clamp(0, 1)


# Normalisation and chance -------------------------------------------------------------------------------------------


@function
def l2_loss(t):
    """Half the sum of squares."""
    return (floating(t) ** 2).sum() / 2


@function
def batch_normalization(x, mean, variance, offset=None, scale=None, variance_epsilon=1e-3):
    """(x - mean) / sqrt(variance + variance_epsilon) * scale + offset."""
    factor = torch.rsqrt(tensor(variance) + variance_epsilon)
    factor = factor if scale is None else factor * tensor(scale)
    result = (floating(x) - tensor(mean)) * factor
    return result if offset is None else result + tensor(offset)


@function
def normalize_batch(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """`batch_normalization` by statistics that lie along one axis of x (Keras' ops)."""
    x = floating(x)
    shape = [1] * x.ndim
    shape[integer(axis)] = -1
    parts = [None if part is None else tensor(part).reshape(shape) for part in (mean, variance, offset, scale)]
    return batch_normalization.implementation(x, *parts, epsilon)


@function
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, **more):
    """x brought to mean 0 and variance 1 along `axis`, times gamma, plus beta."""
    if more:
        raise ArgumentError(f"layer_normalization: {', '.join(more)} is not supported.")
    x = floating(x)
    dims = axes(axis, x.ndim)
    mean, variance = x.mean(dims, keepdim=True), x.var(dims, correction=0, keepdim=True)
    result = (x - mean) * torch.rsqrt(variance + (EPSILON if epsilon is None else epsilon))
    result = result if gamma is None else result * tensor(gamma)
    return result if beta is None else result + tensor(beta)


@function
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """x over the root of its mean square along `axis`, times scale."""
    x = floating(x)
    mean_square = (x * x).mean(axes(axis, x.ndim), keepdim=True)
    result = x * torch.rsqrt(mean_square + (EPSILON if epsilon is None else epsilon))
    return result if scale is None else result * tensor(scale)


@function
def local_response_normalization(x, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5):
    """x / (bias + alpha * the sum of squares of 2 * depth_radius + 1 neighbouring channels) ** beta; (B, H, W, C)."""
    x, radius = floating(x), integer(depth_radius)
    squares = F.pad((x * x).movedim(-1, 1), (0,) * (2 * (x.ndim - 2)) + (radius, radius))
    total = squares.unfold(1, 2 * radius + 1, 1).sum(-1).movedim(1, -1)
    return x / (bias + alpha * total) ** beta


@function
def dropout(x, rate, noise_shape=None, seed=None):
    """x with values set to 0 with probability `rate`, the others over 1 - rate; rate 0 leaves x alone."""
    x, rate = floating(x), float(tensor(rate))
    if not 0 <= rate < 1:
        raise ArgumentError(f"dropout: rate must be in 0..1, got {rate}.")
    if rate == 0:
        return x.view_as(x)
    shape = list(x.shape)
    if noise_shape is not None:
        shape = [length if size in (None, -1) else size for size, length in zip(sizes(noise_shape), shape, strict=True)]
    drawn = torch.rand(shape, generator=generator("function", seed))
    kept = (drawn >= rate).to(x.device, x.dtype) if not x.is_meta else torch.empty(shape, device="meta")
    return x * kept / (1 - rate)


@function
def dot_product_attention(query, key, value, bias=None, mask=None, scale=None, is_causal=False, **more):
    """Attention of queries (B, T, N, H) to keys and values (B, S, N, H)."""
    if {name for name, setting in more.items() if setting not in (None, False)}:
        raise ArgumentError(f"dot_product_attention: {', '.join(more)} is not supported.")
    query, key, value = (part.transpose(1, 2) for part in tensors(query, key, value))
    scores = query @ key.mT * (scale if scale is not None else 1 / math.sqrt(query.shape[-1]))
    scores = scores if bias is None else scores + tensor(bias)
    if is_causal:
        causal = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~causal, -math.inf)
    if mask is not None:
        scores = scores.masked_fill(~tensor(mask).bool(), -math.inf)
    return (scores.softmax(-1) @ value).transpose(1, 2)


@function
def psnr(x1, x2, max_val):
    """The peak signal-to-noise ratio of all values, in decibels."""
    x1, x2 = tensors(x1, x2)
    mean_square = ((x1.float() - x2.float()) ** 2).mean()
    return 20 * torch.log10(tensor(max_val).float()) - 10 * torch.log10(mean_square)


@function
def bias_add(x, bias, data_format=None):
    """x plus one number for each channel: the last axis, or the second for 'NCHW' and 'channels_first'."""
    x, bias = tensors(x, bias)
    if data_format not in (None, "NHWC", "NCHW", "N...C", "NC...", "channels_last", "channels_first"):
        raise ArgumentError(f"bias_add: unknown data_format {data_format!r}.")
    if bias.ndim > 1:  # one for each place and channel
        return x + bias.unsqueeze(0)
    if data_format in ("NCHW", "NC...", "channels_first") and x.ndim > 2:
        bias = bias.reshape(-1, *[1] * (x.ndim - 2))
    return x + bias
