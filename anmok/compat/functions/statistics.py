"""Quantiles, histograms, sums that leave out what is no number, convolutions of rows, Fourier transforms."""

import torch

from anmok.compat.functions import reduce
from anmok.compat.functions.calling import function
from anmok.compat.functions.values import axes, floating, integer, integers, tensor, tensors, torch_dtype
from anmok.errors import ArgumentError


def _along(compute, x, axis, keepdims):
    """compute(rows) over the last axis, of x with the axes to reduce laid in a row there."""
    x = floating(x)
    dims = axes(axis, x.ndim)
    kept = [dim for dim in range(x.ndim) if dim not in dims]
    rows = x.permute(*kept, *dims).reshape([x.shape[dim] for dim in kept] + [-1])
    result = compute(rows)
    if keepdims:
        lead = result.ndim - len(kept)
        shape = [1 if dim in dims else x.shape[dim] for dim in range(x.ndim)]
        result = result.reshape(list(result.shape[:lead]) + shape)
    return result


@function
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """The value below which the share q (in 0..1) lies, along `axis`; several q make a first axis."""
    q = floating(q)
    return _along(lambda rows: torch.quantile(rows, q.to(rows.dtype), -1, interpolation=method), x, axis, keepdims)


@function
def percentile(x, q, axis=None, method="linear", keepdims=False):
    """`quantile`, with q in percent."""
    return quantile.implementation(x, floating(q) / 100, axis, method, keepdims)


@function
def median(x, axis=None, keepdims=False):
    """The middle value along `axis`, the mean of the two middle ones of an even number."""
    return _along(lambda rows: torch.quantile(rows, 0.5, -1), x, axis, keepdims)


@function
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """`quantile` of what is a number."""
    q = floating(q)
    return _along(lambda rows: torch.nanquantile(rows, q.to(rows.dtype), -1, interpolation=method), x, axis, keepdims)


@function
def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """`percentile` of what is a number."""
    return nanquantile.implementation(x, floating(q) / 100, axis, method, keepdims)


@function
def nanmedian(x, axis=None, keepdims=False):
    """`median` of what is a number."""
    return _along(lambda rows: torch.nanquantile(rows, 0.5, -1), x, axis, keepdims)


def _without_nan(name, value):
    inner = getattr(reduce, name)

    @function(name=f"nan{name.rstrip('_')}")
    def made(x, axis=None, keepdims=False):
        x = tensor(x)
        if not x.is_floating_point():
            return inner.implementation(x, axis, keepdims)
        result = inner.implementation(torch.where(x.isnan(), value, x), axis, keepdims)
        if value not in (0, 1):  # of rows that hold no number at all
            nothing = reduce.all_.implementation(x.isnan(), axis, keepdims)
            result = torch.where(nothing, float("nan"), result)
        return result

    made.__doc__ = f"{inner.__doc__.splitlines()[0]} What is no number is left out."
    return made


nansum = _without_nan("sum_", 0)
nanprod = _without_nan("prod", 1)
nanmax = _without_nan("max_", float("-inf"))
nanmin = _without_nan("min_", float("inf"))


@function
def nanmean(x, axis=None, keepdims=False):
    """The mean along `axis` of what is a number."""
    x = floating(x)
    return torch.nanmean(x, axes(axis, x.ndim), keepdim=keepdims)


@function
def nanvar(x, axis=None, keepdims=False):
    """The variance along `axis` of what is a number."""
    x = floating(x)
    dims = axes(axis, x.ndim)
    distance = x - torch.nanmean(x, dims, keepdim=True)
    return torch.nanmean(distance * distance, dims, keepdim=keepdims)


@function
def nanstd(x, axis=None, keepdims=False):
    """The root of `nanvar`."""
    return nanvar.implementation(x, axis, keepdims).sqrt()


@function
def nancumsum(x, axis=None, dtype=None):
    """The running sum, what is no number counting 0."""
    x = tensor(x)
    return reduce.cumsum.implementation(torch.nan_to_num(x, 0.0) if x.is_floating_point() else x, axis, dtype=dtype)


@function
def nancumprod(x, axis=None, dtype=None):
    """The running product, what is no number counting 1."""
    x = tensor(x)
    return reduce.cumprod.implementation(torch.nan_to_num(x, 1.0) if x.is_floating_point() else x, axis, dtype=dtype)


@function
def nanargmax(x, axis=None, keepdims=False):
    """Where the largest number stands first, int32; -1 where there is none."""
    return _nan_place(x, axis, keepdims, float("-inf"), reduce.argmax)


@function
def nanargmin(x, axis=None, keepdims=False):
    """Where the smallest number stands first, int32; -1 where there is none."""
    return _nan_place(x, axis, keepdims, float("inf"), reduce.argmin)


def _nan_place(x, axis, keepdims, filler, find):
    x = floating(x)
    found = find.implementation(torch.where(x.isnan(), filler, x), axis, keepdims, "int32")
    return torch.where(reduce.all_.implementation(x.isnan(), axis, keepdims), -1, found)


@function
def bincount(x, weights=None, minlength=0):
    """How often (or with what weights) each whole number from 0 on is met, in a vector or in each row of a matrix."""
    x = tensor(x).long()
    weights = None if weights is None else tensor(weights)
    if x.ndim == 2:
        width = max(integer(minlength), int(x.max()) + 1)
        rows = [bincount.implementation(row, None if weights is None else weights[i], width) for i, row in enumerate(x)]
        return torch.stack(rows)
    counted = torch.bincount(x, weights, integer(minlength))
    return counted.to(torch.int32) if weights is None else counted.to(weights.dtype)


@function
def histogram(x, bins=10, range=None):
    """(counts, edges) of values in so many equal bins over `range` (or over all values)."""
    x = floating(x).reshape(-1)
    low, high = (x.min().item(), x.max().item()) if range is None else (float(end) for end in range)
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
    edges = torch.linspace(low, high, integer(bins) + 1, dtype=torch.float64).to(x.dtype)
    inside = x[(x >= low) & (x <= high)]
    places = (torch.bucketize(inside, edges, right=True) - 1).clamp(0, integer(bins) - 1)
    return torch.bincount(places, minlength=integer(bins)).to(torch.int32), edges


@function
def histogram_fixed_width(values, value_range, nbins=100, dtype="int32"):
    """Counts of values in so many equal bins over `value_range`; what lies beyond counts in the outermost."""
    values = floating(values).reshape(-1)
    low, high = (end.item() for end in tensor(value_range).to(values.dtype))
    nbins = integer(nbins)
    places = ((values - low) / (high - low) * nbins).floor().long().clamp(0, nbins - 1)
    return torch.bincount(places, minlength=nbins).to(torch_dtype(dtype))


@function
def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype="int32"):
    """How often (or with what weights) each label (row) meets each prediction (column)."""
    labels, predictions = tensor(labels).long().reshape(-1), tensor(predictions).long().reshape(-1)
    count = integer(num_classes) if num_classes is not None else int(torch.maximum(labels, predictions).max()) + 1
    for numbers, what in ((labels, "labels"), (predictions, "predictions")):
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= count):
            raise ArgumentError(f"confusion_matrix: {what} must be in 0..{count - 1}.")
    weights = torch.ones(len(labels)) if weights is None else tensor(weights).reshape(-1).float()
    table = torch.zeros(count * count, dtype=torch.float64)
    table.index_add_(0, labels * count + predictions, weights.double())
    return table.reshape(count, count).to(torch_dtype(dtype))


@function
def zero_fraction(x):
    """The share of values that are 0."""
    return (tensor(x) == 0).float().mean()


@function
def diff(x, n=1, axis=-1):
    """The differences of neighbours along `axis`, n times over."""
    return torch.diff(tensor(x), integer(n), integer(axis))


@function
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The area below the points y along `axis`, at distances dx or at x."""
    y = floating(y)
    return torch.trapezoid(y, dx=float(dx), dim=axis) if x is None else torch.trapezoid(y, tensor(x).to(y), dim=axis)


# Fourier transforms: complex numbers are a pair (real, imaginary) in Keras' ops ---------------------------------------


def _transform(name):
    compute = getattr(torch.fft, name)

    @function(name=f"{name}_of_pair")
    def made(x):
        result = compute(torch.complex(*tensors(*x)))
        return result.real.contiguous(), result.imag.contiguous()

    made.__doc__ = f"{name} of (real, imaginary), as such a pair."
    return made


fft_of_pair = _transform("fft")
fft2_of_pair = _transform("fft2")
ifft2_of_pair = _transform("ifft2")


@function
def rfft_of_pair(x, fft_length=None):
    """The Fourier transform of real rows as (real, imaginary)."""
    result = torch.fft.rfft(floating(x), None if fft_length is None else integer(fft_length))
    return result.real.contiguous(), result.imag.contiguous()


@function
def irfft_of_pair(x, fft_length=None):
    """Real rows out of the (real, imaginary) of their Fourier transform."""
    return torch.fft.irfft(torch.complex(*tensors(*x)), None if fft_length is None else integer(fft_length))


def _signal(name):
    compute = getattr(torch.fft, name)

    @function(name=f"signal_{name}")
    def made(x, fft_length=None):
        x = tensor(x)
        length = None if fft_length is None else integers(fft_length)
        if length is None:
            return compute(x)
        return compute(x, length if name.endswith("2") else length[0])

    made.__doc__ = f"{name} over the last axis or axes."
    return made


SIGNAL = {name: _signal(name) for name in ("fft", "ifft", "fft2", "ifft2", "rfft", "irfft", "rfft2", "irfft2")}
