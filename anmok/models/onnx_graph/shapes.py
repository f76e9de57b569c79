"""Operators of ONNX that move numbers and tell shapes, and those that reduce axes."""

import math

import torch
from torch.nn import functional as F

from anmok.errors import FileFormatError
from anmok.layers import noise

_MOST_HOST = 1 << 20  # of numbers made out of nothing but a shape
# By ONNX' number of the format; every float is computed as float32.
_FORMATS = {
    1: torch.float32, 10: torch.float32, 11: torch.float32, 16: torch.float32, 2: torch.uint8, 3: torch.int8,
    5: torch.int16, 6: torch.int32, 7: torch.int64, 9: torch.bool,
}  # fmt: skip
_PADDINGS = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def _numbers(value):
    """A list of int out of an attribute or a tensor of whole numbers; None as it is."""
    if value is None or isinstance(value, list):
        return value
    if not torch.is_tensor(value):
        return [int(value)]
    if value.is_meta or value.is_floating_point():
        raise FileFormatError("a shape in an ONNX graph depends on the images themselves, which is not known here.")
    return [int(number) for number in value.reshape(-1).tolist()]


def _flatten(call, x):
    axis = call.get("axis", 1)
    axis = axis + x.dim() if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), -1)


def _reshape(call, x, shape=None):
    lengths = _numbers(call.get("shape") if shape is None else shape)
    if not call.get("allowzero", 0):
        lengths = [x.shape[axis] if length == 0 else length for axis, length in enumerate(lengths)]
    if call.sizes and lengths and lengths[0] == call.sizes[0] and x.dim() and x.shape[0] == call.sizes[1]:
        lengths[0] = call.sizes[1]  # the batch it was exported with
    return x.reshape(lengths)


def _transpose(call, x):
    return x.permute(call.get("perm") or list(reversed(range(x.dim()))))


def _squeeze(call, x, axes=None):
    axes = _numbers(call.get("axes") if axes is None else axes)
    if axes is None:
        axes = [axis for axis, length in enumerate(x.shape) if length == 1]
    for axis in axes:
        if x.shape[axis] != 1:
            raise ValueError(f"axis {axis} has {x.shape[axis]} entries and cannot be squeezed")
    return x.squeeze(tuple(axes)) if axes else x


def _unsqueeze(call, x, axes=None):
    axes = _numbers(call.get("axes") if axes is None else axes)
    rank = x.dim() + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


def _concat(call, *tensors):
    device = next((tensor.device for tensor in tensors if tensor.device.type != "cpu"), tensors[0].device)
    return torch.cat([tensor.to(device) for tensor in tensors], call.get("axis", 1))


def _pad(call, x, pads=None, value=None, axes=None):
    pads = _numbers(call.get("pads") if pads is None else pads)
    mode = _PADDINGS[call.get("mode", "constant")]
    axes = [axis % x.dim() for axis in _numbers(axes) or range(x.dim())]
    before, after = [0] * x.dim(), [0] * x.dim()
    for place, axis in enumerate(axes):
        before[axis], after[axis] = pads[place], pads[place + len(axes)]
    pairs = [n for pair in zip(reversed(before), reversed(after), strict=True) for n in pair]
    if mode == "constant":
        fill = call.get("value", 0.0) if value is None else value
        fill = 0.0 if torch.is_tensor(fill) and fill.is_meta else float(fill)
        return F.pad(x, pairs, value=fill)
    while pairs and not any(pairs[-2:]):  # torch pads the last axes only
        pairs = pairs[:-2]
    return F.pad(x, pairs, mode=mode) if pairs else x


def _shape(call, x):
    return torch.tensor(x.shape[call.get("start", 0) : call.get("end")], dtype=torch.int64)


def _gather(call, x, indices):
    axis = call.get("axis", 0) % max(x.dim(), 1)
    indices = indices.to(x.device, torch.int64)
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    return x.index_select(axis, indices.reshape(-1)).reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _slice(call, x, starts=None, ends=None, axes=None, steps=None):
    starts = _numbers(call.get("starts") if starts is None else starts)
    ends = _numbers(call.get("ends") if ends is None else ends)
    axes = _numbers(call.get("axes") if axes is None else axes) or list(range(len(starts)))
    steps = _numbers(steps) or [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        places = range(x.shape[axis])[start:end:step]
        if step > 0:
            x = x.movedim(axis, 0)[places.start : places.stop : step].movedim(0, axis)
        else:
            x = x.index_select(axis, torch.tensor(list(places), device=x.device, dtype=torch.int64))
    return x


def _split(call, x, lengths=None):
    axis = call.get("axis", 0)
    lengths = _numbers(call.get("split") if lengths is None else lengths)
    if lengths is None:
        count = call.get("num_outputs") or len(call.outputs)
        lengths = -(-x.shape[axis] // count)
    return torch.split(x, lengths, axis)


def _expand(call, x, shape):
    lengths = _numbers(shape)
    if call.sizes and lengths and lengths[0] == call.sizes[0] and len(lengths) == x.dim():
        lengths[0] = call.sizes[1]
    return x.expand(torch.broadcast_shapes(x.shape, tuple(lengths)))


def _constant_of_shape(call, shape):
    lengths, value = _numbers(shape), call.get("value")
    dtype = torch.float32
    if value is not None:
        dtype = getattr(torch, value["dtype"]) if value["dtype"] not in ("float16", "float64") else torch.float32
    if math.prod(lengths) > _MOST_HOST:
        raise FileFormatError(f"an ONNX graph makes a constant of shape {tuple(lengths)}, too large for settings.")
    return torch.full(lengths, value["values"][0] if value is not None else 0.0, dtype=dtype)


def _range(call, start, end, step):
    start, end, step = (value.item() for value in (start, end, step))
    if step == 0 or abs((end - start) / step) > _MOST_HOST:
        raise FileFormatError(f"an ONNX graph counts from {start} to {end} by {step}, too much for settings.")
    return torch.arange(start, end, step)


def _cast(call, x):
    to = call.get("to")
    if to not in _FORMATS:
        raise FileFormatError(f"Cast in an ONNX graph: the format number {to!r} is not known here.")
    return x.to(_FORMATS[to])


def _dropout(call, x, ratio=None, training=None):
    rate = call.get("ratio", 0.5) if ratio is None else ratio
    rate = 0.5 if torch.is_tensor(rate) and rate.is_meta else float(rate)
    if not call.training or x.is_meta or rate == 0:
        return x, torch.ones_like(x, dtype=torch.bool)
    mask = noise.keep_mask(tuple(x.shape), rate, like=x)
    return x * mask, mask != 0


def _tile(call, x, repeats):
    return x.repeat(_numbers(repeats))


def _reduce(function):
    def run(call, x, axes=None):
        axes = _numbers(call.get("axes") if axes is None else axes)
        if not axes:
            if call.get("noop_with_empty_axes", 0):
                return x
            axes = list(range(x.dim()))
        return function(x, tuple(axes), bool(call.get("keepdims", 1)))

    return run


def _product(x, axes, keep):
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def _arg_max(call, x):
    axis = call.get("axis", 0)
    if call.get("select_last_index", 0):
        return x.shape[axis] - 1 - x.flip(axis).argmax(axis, keepdim=bool(call.get("keepdims", 1)))
    return x.argmax(axis, keepdim=bool(call.get("keepdims", 1)))


def _depth_to_space(call, x):
    n, (batch, channels, height, width) = call.get("blocksize"), x.shape
    if call.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, n)
    x = x.reshape(batch, n, n, channels // n**2, height, width).permute(0, 3, 4, 1, 5, 2)
    return x.reshape(batch, channels // n**2, height * n, width * n)


def _space_to_depth(call, x):
    n, (batch, channels, height, width) = call.get("blocksize"), x.shape
    x = x.reshape(batch, channels, height // n, n, width // n, n).permute(0, 3, 5, 1, 2, 4)
    return x.reshape(batch, channels * n**2, height // n, width // n)


# Inputs that are read as numbers, to know what is done with the others.
SETTINGS = {
    "ConstantOfShape": (0,), "Expand": (1,), "Pad": (1, 2, 3), "Range": (0, 1, 2), "Reshape": (1,), "Split": (1,),
    "Slice": (1, 2, 3, 4), "Squeeze": (1,), "Tile": (1,), "Unsqueeze": (1,),
    **{f"Reduce{name}": (1,) for name in ("L2", "Max", "Mean", "Min", "Prod", "Sum")},
}  # fmt: skip
OPERATORS = {
    "ArgMax": _arg_max,
    "Cast": _cast,
    "CastLike": lambda call, x, like: x.to(like.dtype),
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "DepthToSpace": _depth_to_space,
    "Dropout": _dropout,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": lambda call, x: x,
    "Pad": _pad,
    "Range": _range,
    "ReduceL2": _reduce(lambda x, axes, keep: torch.linalg.vector_norm(x, 2, axes, keep)),
    "ReduceMax": _reduce(lambda x, axes, keep: x.amax(axes, keep)),
    "ReduceMean": _reduce(lambda x, axes, keep: x.mean(axes, keep)),
    "ReduceMin": _reduce(lambda x, axes, keep: x.amin(axes, keep)),
    "ReduceProd": _reduce(_product),
    "ReduceSum": _reduce(lambda x, axes, keep: x.sum(axes, keep)),
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": lambda call, x: torch.tensor(x.numel()),
    "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
