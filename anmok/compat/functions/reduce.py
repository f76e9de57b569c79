"""From many values along some axes to one: sums, means, the largest, whether all hold."""

import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import axes, floating, integer, tensor, tensors, torch_dtype

_NARROW = (torch.bool, torch.int8, torch.int16, torch.int32, torch.uint8)


def _sum_format(x, dtype):
    """What a sum or product is computed in: its own format; int32 for truth values, where torch takes int64."""
    if dtype is not None:
        return torch_dtype(dtype)
    return torch.int32 if x.dtype is torch.bool else x.dtype


@function
def sum_(x, axis=None, keepdims=False, dtype=None):
    """The sum along `axis` (an int, several, None for all), in the format of x."""
    x = tensor(x)
    dims = axes(axis, x.ndim)
    return x.sum(dims, keepdim=keepdims, dtype=_sum_format(x, dtype)) if dims else _kept(x, _sum_format(x, dtype))


@function
def prod(x, axis=None, keepdims=False, dtype=None):
    """The product along `axis`, in the format of x."""
    x = tensor(x)
    x = x.to(_sum_format(x, dtype))
    kind = x.dtype
    for dim in sorted(axes(axis, x.ndim), reverse=True):
        x = x.prod(dim, keepdim=keepdims, dtype=kind)
    return x


@function
def mean(x, axis=None, keepdims=False, whole=False):
    """The mean along `axis`; of whole numbers float32, or with `whole` rounded towards 0 as in TensorFlow."""
    x = tensor(x)
    kind = x.dtype
    if not (x.is_floating_point() or x.is_complex()):
        x = x.double() if whole else x.float()
    dims = axes(axis, x.ndim)
    result = x.mean(dims, keepdim=keepdims) if dims else _kept(x, x.dtype)
    return result.trunc().to(kind) if whole and result.dtype is not kind else result


@function
def variance(x, axis=None, keepdims=False):
    """The mean squared distance from the mean, along `axis`."""
    x = floating(x)
    dims = axes(axis, x.ndim)
    return torch.var(x, dims, correction=0, keepdim=keepdims) if dims else torch.zeros_like(x)


@function
def std(x, axis=None, keepdims=False):
    """The root of the variance along `axis`."""
    x = floating(x)
    dims = axes(axis, x.ndim)
    return torch.std(x, dims, correction=0, keepdim=keepdims) if dims else torch.zeros_like(x)


def _kept(x, kind):
    return x.to(kind) if x.dtype is not kind else x.view_as(x)


def _extreme(x, axis, keepdims, initial, reduce, choose):
    x = tensor(x)
    dims = axes(axis, x.ndim)
    if not dims:
        result = _kept(x, x.dtype)
    elif x.dtype is torch.bool:
        result = reduce(x.to(torch.uint8), dims, keepdim=keepdims).bool()
    else:
        result = reduce(x, dims, keepdim=keepdims)
    return result if initial is None else choose(*tensors(result, initial))


@function
def max_(x, axis=None, keepdims=False, initial=None):
    """The largest value along `axis`; equal ones share the gradient. initial: the least that the result can be."""
    return _extreme(x, axis, keepdims, initial, torch.amax, torch.maximum)


@function
def min_(x, axis=None, keepdims=False, initial=None):
    """The smallest value along `axis`; equal ones share the gradient. initial: the most that the result can be."""
    return _extreme(x, axis, keepdims, initial, torch.amin, torch.minimum)


@function
def all_(x, axis=None, keepdims=False):
    """Whether all values along `axis` are true."""
    x = tensor(x).bool()
    dims = axes(axis, x.ndim)
    return torch.all(x, dims, keepdim=keepdims) if dims else x


@function
def any_(x, axis=None, keepdims=False):
    """Whether any value along `axis` is true."""
    x = tensor(x).bool()
    dims = axes(axis, x.ndim)
    return torch.any(x, dims, keepdim=keepdims) if dims else x


@function
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) along `axis`, without overflow."""
    x = floating(x)
    dims = axes(axis, x.ndim)
    return torch.logsumexp(x, dims, keepdim=keepdims) if dims else _kept(x, x.dtype)


@function
def euclidean_norm(x, axis=None, keepdims=False):
    """The root of the sum of squares along `axis`."""
    x = floating(x)
    dims = axes(axis, x.ndim)
    return torch.linalg.vector_norm(x, dim=dims, keepdim=keepdims) if dims else x.abs()


@function
def count_nonzero(x, axis=None, keepdims=False, dtype="int32"):
    """How many values along `axis` are not 0."""
    x = tensor(x) != 0
    dims = axes(axis, x.ndim)
    return x.sum(dims, keepdim=keepdims).to(torch_dtype(dtype)) if dims else x.to(torch_dtype(dtype))


@function
def argmax(x, axis=None, keepdims=False, output_type="int64"):
    """Where along `axis` (None: in all values laid in a row) the largest value stands first."""
    return _place(x, axis, keepdims, torch_dtype(output_type), torch.argmax)


@function
def argmin(x, axis=None, keepdims=False, output_type="int64"):
    """Where along `axis` (None: in all values laid in a row) the smallest value stands first."""
    return _place(x, axis, keepdims, torch_dtype(output_type), torch.argmin)


def _place(x, axis, keepdims, output_type, find):
    x = tensor(x)
    if x.dtype is torch.bool:
        x = x.to(torch.uint8)
    if x.ndim == 0:
        return torch.zeros_like(x, dtype=output_type)
    return find(x, None if axis is None else integer(axis), keepdim=keepdims).to(output_type)


def _running(x, axis, exclusive, reverse, accumulate, start):
    axis = integer(axis)
    x = x.flip(axis) if reverse else x
    result = accumulate(x, axis)
    if exclusive:
        first = torch.full_like(result.narrow(axis, 0, 1), start)
        result = torch.cat([first, result.narrow(axis, 0, result.shape[axis] - 1)], axis)
    return result.flip(axis) if reverse else result


@function
def cumsum(x, axis=0, exclusive=False, reverse=False, dtype=None):
    """The running sum along `axis` (None: of all values in a row); exclusive: of what stands before each value."""
    x = tensor(x)
    kind = _sum_format(x, dtype)
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    return _running(x, axis, exclusive, reverse, lambda t, dim: t.cumsum(dim, dtype=kind), 0)


@function
def cumprod(x, axis=0, exclusive=False, reverse=False, dtype=None):
    """The running product along `axis` (None: of all values in a row); exclusive: of what stands before each value."""
    x = tensor(x)
    kind = _sum_format(x, dtype)
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    return _running(x, axis, exclusive, reverse, lambda t, dim: t.cumprod(dim, dtype=kind), 1)


@function
def average(x, axis=None, weights=None):
    """The mean along `axis`, weighed by `weights` (of the shape of x, or one for each place along `axis`)."""
    x = floating(x)
    if weights is None:
        return mean.implementation(x, axis)
    weights = tensor(weights).to(x.dtype)
    if weights.shape != x.shape:
        shape = [1] * x.ndim
        shape[integer(axis)] = -1
        weights = weights.reshape(shape).expand(x.shape)
    return sum_.implementation(x * weights, axis) / sum_.implementation(weights, axis)


@function
def moments(x, axes, shift=None, keepdims=False):
    """(mean, variance) along `axes`; shift: has no influence on the result."""
    del shift
    return mean.implementation(x, axes, keepdims), variance.implementation(x, axes, keepdims)


@function
def weighted_moments(x, axes, frequency_weights, keepdims=False):
    """(mean, variance) along `axes`, each value counting as often as its weight says."""
    x, weights = torch.broadcast_tensors(*tensors(floating(x), frequency_weights))
    total = sum_.implementation(weights, axes, True)
    mean_ = sum_.implementation(x * weights, axes, True) / total
    variance_ = sum_.implementation(weights * (x - mean_) ** 2, axes, keepdims) / sum_.implementation(
        weights, axes, keepdims
    )
    return mean_ if keepdims else mean_.reshape(variance_.shape), variance_


@function
def ptp(x, axis=None, keepdims=False):
    """The largest value less the smallest, along `axis`."""
    return max_.implementation(x, axis, keepdims) - min_.implementation(x, axis, keepdims)


@function
def segment(data, segment_ids, num_segments=None, reduction="sum"):
    """Values along the first axis that share a number in `segment_ids`, taken together by sum, prod, amax or amin."""
    data, numbers = tensor(data), tensor(segment_ids).long()
    count = integer(num_segments) if num_segments is not None else int(numbers.max()) + 1
    start = {"sum": 0, "mean": 0, "prod": 1}.get(reduction)
    if start is None:
        limits = torch.finfo(data.dtype) if data.is_floating_point() else torch.iinfo(data.dtype)
        start = limits.min if reduction == "amax" else limits.max
    result = torch.full((count, *data.shape[1:]), start, dtype=data.dtype, device=data.device)
    # torch has no place for a number below 0, which TensorFlow leaves out.
    kept = (numbers >= 0) & (numbers < count)
    data, numbers = data[kept], numbers[kept]
    where = numbers.reshape(-1, *[1] * (data.ndim - 1)).expand(data.shape)
    return result.scatter_reduce(0, where, data, reduction, include_self=reduction != "mean")
