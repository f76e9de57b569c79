"""Operators of ONNX that look at neighbourhoods: convolution, pooling, normalization. Channels are the second axis."""

import torch
from torch.nn import functional as F

from anmok.errors import FileFormatError, ShapeError

_CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
_MAXIMA = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_MEANS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def _settings(call, x, window):
    """(strides, dilations, padding before, padding after) for each axis of an image."""
    rank = x.dim() - 2
    if rank not in (1, 2, 3):
        raise ShapeError(f"{call.op} in an ONNX graph: expected images, got a tensor of shape {tuple(x.shape)}.")
    strides = call.get("strides") or [1] * rank
    dilations = call.get("dilations") or [1] * rank
    reach = [dilation * (size - 1) + 1 for dilation, size in zip(dilations, window, strict=True)]
    mode = call.get("auto_pad") or "NOTSET"
    if mode == "NOTSET":
        pads = call.get("pads") or [0] * 2 * rank
        return strides, dilations, pads[:rank], pads[rank:]
    if mode == "VALID":
        return strides, dilations, [0] * rank, [0] * rank
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise FileFormatError(f"{call.op} in an ONNX graph has the auto_pad {mode!r}.")
    total = [
        max(0, (-(-size // stride) - 1) * stride + length - size)
        for size, stride, length in zip(x.shape[2:], strides, reach, strict=True)
    ]
    less, more = [t // 2 for t in total], [t - t // 2 for t in total]
    return strides, dilations, *((less, more) if mode == "SAME_UPPER" else (more, less))


def _padded(x, before, after, value=0.0):
    if not any(before) and not any(after):
        return x
    pairs = [n for pair in zip(reversed(before), reversed(after), strict=True) for n in pair]
    return F.pad(x, pairs, value=value)


def _convolution(call, x, kernel, bias=None):
    strides, dilations, before, after = _settings(call, x, kernel.shape[2:])
    padding = before
    if before != after:
        x, padding = _padded(x, before, after), 0
    return _CONVOLUTIONS[x.dim() - 2](x, kernel, bias, strides, padding, dilations, call.get("group", 1))


def _transposed_convolution(call, x, kernel, bias=None):
    rank = x.dim() - 2
    strides = call.get("strides") or [1] * rank
    dilations = call.get("dilations") or [1] * rank
    extra = call.get("output_padding") or [0] * rank
    pads, mode, wanted = call.get("pads") or [0] * 2 * rank, call.get("auto_pad") or "NOTSET", call.get("output_shape")
    full = [
        (size - 1) * stride + dilation * (length - 1) + 1 + more
        for size, stride, dilation, length, more in zip(
            x.shape[2:], strides, dilations, kernel.shape[2:], extra, strict=True
        )
    ]
    if wanted is None and mode in ("SAME_UPPER", "SAME_LOWER"):
        wanted = [size * stride for size, stride in zip(x.shape[2:], strides, strict=True)]
    if wanted is not None:
        total = [max(0, length - size) for length, size in zip(full, wanted[-rank:], strict=True)]
        less, more = [t // 2 for t in total], [t - t // 2 for t in total]
        pads = less + more if mode == "SAME_UPPER" else more + less
    y = _TRANSPOSED[rank](x, kernel, None, strides, 0, extra, call.get("group", 1), dilations)
    for axis in range(rank):
        y = y.narrow(2 + axis, pads[axis], full[axis] - pads[axis] - pads[rank + axis])
    return y if bias is None else y + bias.reshape(-1, *[1] * rank)


def _window_places(call, x, window):
    """(strides, dilations, before, after, beyond): beyond is what ceil_mode adds after the padding."""
    strides, dilations, before, after = _settings(call, x, window)
    beyond = [0] * len(window)
    for axis, size in enumerate(x.shape[2:]) if call.get("ceil_mode", 0) else ():
        reach, stride = dilations[axis] * (window[axis] - 1) + 1, strides[axis]
        count = -(-(size + before[axis] + after[axis] - reach) // stride) + 1
        if (count - 1) * stride >= size + before[axis]:  # a window must begin before the padding at the end
            count -= 1
        beyond[axis] = max(0, (count - 1) * stride + reach - size - before[axis] - after[axis])
    return strides, dilations, before, after, beyond


def _max_pool(call, x):
    window = call.get("kernel_shape")
    if len([name for name in call.outputs if name]) > 1:
        raise FileFormatError("MaxPool in an ONNX graph gives indices, which are not known here.")
    strides, dilations, before, after, beyond = _window_places(call, x, window)
    x = _padded(x, before, [a + b for a, b in zip(after, beyond, strict=True)], value=float("-inf"))
    return _MAXIMA[x.dim() - 2](x, window, strides, 0, dilations)


def _average_pool(call, x):
    window, pool = call.get("kernel_shape"), _MEANS[x.dim() - 2]
    strides, dilations, before, after, beyond = _window_places(call, x, window)
    counts_padding = bool(call.get("count_include_pad", 0))
    if any(dilation > 1 for dilation in dilations):
        raise FileFormatError("AveragePool with dilations in an ONNX graph is not known here.")
    end = [a + b for a, b in zip(after, beyond, strict=True)]
    if not any(beyond) and (counts_padding or not any(before + after)):
        return pool(_padded(x, before, after), window, strides)
    counted = torch.ones((1, 1, *x.shape[2:]), dtype=x.dtype, device=x.device)
    counted = _padded(_padded(counted, before, after, float(counts_padding)), [0] * len(window), beyond)
    return pool(_padded(x, before, end), window, strides) / pool(counted, window, strides)


def _batch_normalization(call, x, scale, bias, mean, variance):
    # What ONNX calls momentum is what is kept; torch's is what is replaced.
    momentum = 1 - call.get("momentum", 0.9)
    return F.batch_norm(x, mean, variance, scale, bias, call.training, momentum, call.get("epsilon", 1e-5))


def _local_response(call, x):
    size, alpha = call.get("size"), call.get("alpha", 1e-4)
    before, after = (size - 1) // 2, size // 2
    squares = F.pad((x * x).movedim(1, -1), (before, after))
    total = squares.unfold(-1, size, 1).sum(-1).movedim(-1, 1)
    return x / (call.get("bias", 1.0) + alpha / size * total) ** call.get("beta", 0.75)


def _layer_normalization(call, x, scale, bias=None):
    axis = call.get("axis", -1) % x.dim()
    y = F.layer_norm(x, x.shape[axis:], None, None, call.get("epsilon", 1e-5)) * scale
    return y if bias is None else y + bias


def _instance_normalization(call, x, scale, bias):
    return F.instance_norm(x, None, None, scale, bias, True, 0.0, call.get("epsilon", 1e-5))


OPERATORS = {
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "GlobalAveragePool": lambda call, x: x.mean(tuple(range(2, x.dim())), keepdim=True),
    "GlobalMaxPool": lambda call, x: x.amax(tuple(range(2, x.dim())), keepdim=True),
    "InstanceNormalization": _instance_normalization,
    "LRN": _local_response,
    "LayerNormalization": _layer_normalization,
    "MaxPool": _max_pool,
}
