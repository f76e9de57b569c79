"""Convolution and pooling: windows moved over (B, ..., C), with TensorFlow's padding."""

import torch
import torch.nn.functional as F

from anmok import defaults
from anmok.compat.functions.calling import function
from anmok.compat.functions.values import floating, integers, sizes, tensor, tensors
from anmok.errors import ArgumentError, ShapeError
from anmok.layers.padding import pooling_windows, same_padding

_FIRST = ("NCW", "NCHW", "NCDHW", "channels_first")
_CONVOLUTIONS = (F.conv1d, F.conv2d, F.conv3d)
TRANSPOSED = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
_MAX = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
_MEAN = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)


def is_first(data_format):
    """Whether channels come before the spatial axes; None is what holds for the process."""
    return (data_format or defaults.image_data_format()) in _FIRST


def _channels_second(x, data_format):
    return x if is_first(data_format) else x.movedim(-1, 1)


def _channels_back(x, data_format):
    return x if is_first(data_format) else x.movedim(1, -1)


def _steps(given, rank, data_format, what):
    """One number for each of `rank` axes out of one number, as many, or those with batch and channels around them."""
    if given is None:
        return [1] * rank
    numbers = integers(given)
    if len(numbers) == 1:
        return numbers * rank
    if len(numbers) == rank + 2:
        inner, outer = (
            (numbers[2:], numbers[:2]) if is_first(data_format) else (numbers[1:-1], [numbers[0], numbers[-1]])
        )
        if outer != [1, 1]:
            raise ArgumentError(f"{what}: batch and channels must have 1, got {numbers}.")
        return inner
    if len(numbers) != rank:
        raise ArgumentError(f"{what}: expected 1, {rank} or {rank + 2} numbers, got {numbers}.")
    return numbers


def _padded(x, padding, windows, strides, dilations, value=0.0):
    """x (B, C, ...) with what 'SAME', 'VALID' or pairs of numbers add."""
    if isinstance(padding, (list, tuple)):
        pairs = [tuple(integers(pair)) for pair in padding]
        pairs = pairs[1:-1] if len(pairs) == x.ndim else pairs
    elif str(padding).lower() == "same":
        pairs = [same_padding(*axis) for axis in zip(x.shape[2:], windows, strides, dilations, strict=True)]
    elif str(padding).lower() == "valid":
        return x
    elif str(padding).lower() == "causal":
        pairs = [((windows[0] - 1) * dilations[0], 0)]
    else:
        raise ArgumentError(f"padding must be 'SAME' or 'VALID', got {padding!r}.")
    if not any(map(any, pairs)):
        return x
    return F.pad(x, [amount for pair in reversed(pairs) for amount in pair], value=value)


def _kernel_fits(x, kernel, channels):
    if x.shape[1] % channels:
        raise ShapeError(
            f"The kernel of shape {tuple(kernel.shape)} takes {channels} channels, but the input has {x.shape[1]}."
        )


@function
def conv(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution by a kernel (..., C, filters); a kernel for fewer channels than x has works on groups of them."""
    x, kernel = tensors(floating(x), kernel)
    rank = kernel.ndim - 2
    steps = _steps(strides, rank, data_format, "strides")
    spread = _steps(dilation_rate, rank, data_format, "dilations")
    x = _channels_second(x, data_format)
    _kernel_fits(x, kernel, kernel.shape[-2])
    groups = x.shape[1] // kernel.shape[-2]
    x = _padded(x, padding, kernel.shape[:rank], steps, spread)
    result = _CONVOLUTIONS[rank - 1](x, kernel.movedim((-1, -2), (0, 1)), None, steps, 0, spread, groups)
    return _channels_back(result, data_format)


@function
def depthwise_conv(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution of each channel by kernels (..., C, multiplier) of its own."""
    x, kernel = tensors(floating(x), kernel)
    rank = kernel.ndim - 2
    steps = _steps(strides, rank, data_format, "strides")
    spread = _steps(dilation_rate, rank, data_format, "dilations")
    x = _channels_second(x, data_format)
    channels, multiplier = kernel.shape[-2:]
    if x.shape[1] != channels:
        raise ShapeError(
            f"The kernel of shape {tuple(kernel.shape)} takes {channels} channels, the input has {x.shape[1]}."
        )
    stored = kernel.movedim((-2, -1), (0, 1)).reshape(channels * multiplier, 1, *kernel.shape[:rank])
    x = _padded(x, padding, kernel.shape[:rank], steps, spread)
    return _channels_back(_CONVOLUTIONS[rank - 1](x, stored, None, steps, 0, spread, channels), data_format)


@function
def separable_conv(
    x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """`depthwise_conv` followed by a mixing of the channels."""
    inner = depthwise_conv.implementation(x, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv.implementation(inner, pointwise_kernel, 1, "valid", data_format)


@function
def conv_transpose(x, kernel, output_shape=None, strides=1, padding="SAME", data_format=None, dilation_rate=1):
    """What the gradient of a convolution by a kernel (..., filters, C) does to x.

    output_shape: of the result; without it 'same' gives size * stride, 'valid' the least that holds all windows.
    """
    x, kernel = tensors(floating(x), kernel)
    rank = kernel.ndim - 2
    steps = _steps(strides, rank, data_format, "strides")
    spread = _steps(dilation_rate, rank, data_format, "dilations")
    x = _channels_second(x, data_format)
    _kernel_fits(x, kernel, kernel.shape[-1])
    spans = [(window - 1) * one + 1 for window, one in zip(kernel.shape[:rank], spread, strict=True)]
    padding = str(padding).lower()
    if output_shape is not None:
        wanted = sizes(output_shape)
        if len(wanted) == rank + 2:
            wanted = wanted[2:] if is_first(data_format) else wanted[1:-1]
    elif padding == "same":
        wanted = [size * step for size, step in zip(x.shape[2:], steps, strict=True)]
    else:
        wanted = [(n - 1) * s + max(span, s) for n, s, span in zip(x.shape[2:], steps, spans, strict=True)]
    result = TRANSPOSED[rank - 1](x, kernel.movedim((-1, -2), (0, 1)), None, steps, 0, 0, 1, spread)
    for axis, (want, window, step, one) in enumerate(zip(wanted, kernel.shape[:rank], steps, spread, strict=True), 2):
        before = same_padding(want, window, step, one)[0] if padding == "same" else 0
        have = result.shape[axis]
        if before + want > have:
            result = F.pad(result, [0, 0] * (result.ndim - 1 - axis) + [0, before + want - have])
        result = result.narrow(axis, before, want)
    return _channels_back(result, data_format)


@function
def max_pool(x, pool_size=2, strides=None, padding="valid", data_format=None):
    """The largest value of each window; with a window (1, 1, 1, k) of so many channels side by side."""
    over_channels = _channels_of_window(pool_size, strides, data_format)
    if over_channels > 1:
        x = tensor(x)
        if x.shape[-1] % over_channels:
            raise ArgumentError(f"pool_size: {over_channels} does not divide {x.shape[-1]} channels.")
        return x.unflatten(-1, (-1, over_channels)).amax(-1)
    return _pooled(x, pool_size, strides, padding, data_format, _MAX)


def _channels_of_window(pool_size, strides, data_format):
    """k of a window (1, 1, 1, k) that moves by k, as TensorFlow has it for the largest value over channels; else 1."""
    if data_format not in (None, "NHWC", "channels_last") or not isinstance(pool_size, (tuple, list)):
        return 1
    window = tuple(int(length) for length in pool_size)
    same = strides is not None and isinstance(strides, (tuple, list)) and tuple(map(int, strides)) == window
    return window[3] if same and len(window) == 4 and window[:3] == (1, 1, 1) else 1


@function
def average_pool(x, pool_size=2, strides=None, padding="valid", data_format=None):
    """The mean of each window, of the values that are not padding."""
    return _pooled(x, pool_size, strides, padding, data_format, _MEAN)


def _pooled(x, pool_size, strides, padding, data_format, kinds):
    x = tensor(x)
    x = x if x.is_floating_point() else x.float()
    rank = x.ndim - 2
    windows = _steps(pool_size, rank, data_format, "pool_size")
    steps = windows if strides is None else _steps(strides, rank, data_format, "strides")
    x = _channels_second(x, data_format)
    further = {"count_include_pad": False} if kinds is _MEAN else {}
    if str(padding).lower() == "valid":
        return _channels_back(kinds[rank - 1](x, windows, steps, ceil_mode=False, **further), data_format)
    if str(padding).lower() != "same":
        raise ArgumentError(f"padding must be 'SAME' or 'VALID', got {padding!r}.")
    added, dropped = pooling_windows(x.shape[2:], windows, steps)
    if all(2 * amount <= window for amount, window in zip(added, windows, strict=True)):
        result = kinds[rank - 1](x, windows, steps, added, ceil_mode=True, **further)
        for axis, count in enumerate(dropped, 2):
            result = result.narrow(axis, count, result.shape[axis] - count)
        return _channels_back(result, data_format)
    ones = [1] * rank
    if kinds is _MAX:
        lowest = torch.finfo(x.dtype).min
        return _channels_back(
            _MAX[rank - 1](_padded(x, "same", windows, steps, ones, lowest), windows, steps), data_format
        )
    total = _MEAN[rank - 1](_padded(x, "same", windows, steps, ones), windows, steps)
    share = _MEAN[rank - 1](_padded(torch.ones_like(x), "same", windows, steps, ones), windows, steps)
    return _channels_back(total / share, data_format)


@function
def adaptive_pool(x, output_size, data_format=None, kind="max"):
    """So many windows of nearly equal size that cover everything: their largest value, or their mean."""
    x = floating(x)
    rank = x.ndim - 2
    pools = {
        "max": (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d),
        "average": (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d),
    }[kind]
    result = pools[rank - 1](_channels_second(x, data_format), _steps(output_size, rank, data_format, "output_size"))
    return _channels_back(result, data_format)


@function
def extract_patches(x, sizes, strides=None, rates=1, padding="VALID", data_format=None):
    """Each window of images (B, H, W, C) as one vector, row by row, channels last: (B, H', W', h w C)."""
    x = tensor(x)
    x = x if not is_first(data_format) else x.movedim(1, -1)
    windows = _steps(sizes, 2, None, "sizes")
    steps = windows if strides is None else _steps(strides, 2, None, "strides")
    spread = _steps(rates, 2, None, "rates")
    x = _padded(x.movedim(-1, 1), padding, windows, steps, spread)
    batch, _, height, width = x.shape
    rows = (height - (windows[0] - 1) * spread[0] - 1) // steps[0] + 1
    columns = (width - (windows[1] - 1) * spread[1] - 1) // steps[1] + 1
    parts = [
        x[:, :, i * spread[0] : i * spread[0] + (rows - 1) * steps[0] + 1 : steps[0],
          j * spread[1] : j * spread[1] + (columns - 1) * steps[1] + 1 : steps[1]]
        for i in range(windows[0])
        for j in range(windows[1])
    ]  # fmt: skip
    patches = torch.stack(parts, 1).permute(0, 3, 4, 1, 2).reshape(batch, rows, columns, -1)
    return patches if not is_first(data_format) else patches.movedim(-1, 1)
