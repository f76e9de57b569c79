"""Other shapes of the same values: reshaped, turned, put side by side, cut apart."""

import builtins

import torch
import torch.nn.functional as F

from anmok.compat.functions.calling import function
from anmok.compat.functions.sizes import sizes_of
from anmok.compat.functions.values import axes, integer, integers, sizes, tensor, tensors, torch_dtype
from anmok.errors import ArgumentError, ShapeError
from anmok.layers.merging import Concatenate
from anmok.layers.symbolic import KerasTensor


@function
def reshape(x, shape):
    """The values of x in another shape; -1 (or None) stands for the size that is left."""
    x = tensor(x)
    shape = sizes(shape)
    try:
        return x.reshape(shape)
    except RuntimeError as error:
        raise ShapeError(f"A tensor of shape {tuple(x.shape)} cannot be reshaped to {tuple(shape)}.") from error


@function
def ravel(x):
    """The values of x in one row."""
    return tensor(x).reshape(-1)


@function
def batch_flatten(x):
    """(B, ...) to (B, everything else)."""
    x = tensor(x)
    return x.reshape(x.shape[0], -1)


@function
def expand_dims(x, axis=-1):
    """x with new axes of length 1 at `axis` (counted in the result)."""
    x = tensor(x)
    places = integers(axis)
    rank = x.ndim + len(places)
    for place in sorted(place % rank for place in places):
        x = x.unsqueeze(place)
    return x


@function
def squeeze(x, axis=None):
    """x without its axes of length 1, or without those named; raises ShapeError where one is longer."""
    x = tensor(x)
    if axis is None or axis == []:
        return x.squeeze()
    for place in sorted(axes(axis, x.ndim), reverse=True):
        if x.shape[place] != 1:
            raise ShapeError(
                f"squeeze: axis {place} of a tensor of shape {tuple(x.shape)} is not 1 long, so it cannot go."
            )
        x = x.squeeze(place)
    return x


@function
def transpose(x, perm=None, conjugate=False):
    """The axes of x in the order `perm`, reversed without it."""
    x = tensor(x)
    order = range(x.ndim)[::-1] if perm is None else integers(perm)
    turned = x.permute(*order) if x.ndim else x
    return turned.conj().resolve_conj() if conjugate else turned


@function
def moveaxis(x, source, destination):
    """x with some axes moved to other places, the rest in order."""
    return torch.movedim(tensor(x), tuple(integers(source)), tuple(integers(destination)))


@function
def swapaxes(x, axis1, axis2):
    """x with two axes exchanged."""
    return torch.swapaxes(tensor(x), integer(axis1), integer(axis2))


def _concatenated(values, axis=-1, **_):
    """The layer for a list of symbolic tensors alone."""
    all_symbolic = (
        isinstance(values, (list, tuple))
        and len(values) > 1
        and builtins.all(isinstance(value, KerasTensor) and value.ndim > 1 for value in values)
    )
    formats = {value.dtype for value in values} if all_symbolic else ()
    return Concatenate(axis=integer(axis)) if len(formats) == 1 and integer(axis) != 0 else None


@function(layer=_concatenated)
def concat(values, axis=0):
    """Tensors one after the other along `axis`."""
    parts = tensors(*values) if isinstance(values, (list, tuple)) else list(tensor(values))
    try:
        return torch.cat(parts, integer(axis))
    except RuntimeError as error:
        if "device meta" in str(error):
            raise
        shapes = ", ".join(str(tuple(part.shape)) for part in parts)
        raise ShapeError(f"Tensors of shapes {shapes} cannot be joined along axis {axis}: {error}") from error


@function
def stack(values, axis=0):
    """Tensors of one shape along a new axis."""
    parts = tensors(*values) if isinstance(values, (list, tuple)) else list(tensor(values))
    return torch.stack(parts, integer(axis))


@function
def unstack(x, num=None, axis=0):
    """The list of what lies along `axis`."""
    x = tensor(x)
    if num is not None and integer(num) != x.shape[integer(axis)]:
        raise ShapeError(f"unstack: axis {axis} of a tensor of shape {tuple(x.shape)} has not num={num} entries.")
    return list(torch.unbind(x, integer(axis)))


@function
def split(x, num_or_size_splits, axis=0):
    """A list of parts along `axis`: so many equal ones, or of these sizes (one may be -1)."""
    x, axis = tensor(x), integer(axis)
    length = x.shape[axis]
    several = isinstance(num_or_size_splits, (list, tuple)) or getattr(num_or_size_splits, "ndim", 0) > 0
    if not several:
        count = integer(num_or_size_splits)
        if count < 1 or length % count:
            raise ShapeError(f"split: axis {axis} is {length} long, which cannot be divided into {count} equal parts.")
        return list(torch.split(x, length // count, axis)) if length else [x] * count
    parts = integers(num_or_size_splits)
    if -1 in parts:
        parts[parts.index(-1)] = length - builtins.sum(part for part in parts if part != -1)
    return list(torch.split(x, parts, axis))


@function
def split_at(x, indices_or_sections, axis=0):
    """A list of parts along `axis`: so many equal ones, or cut at these places (as in NumPy)."""
    if not isinstance(indices_or_sections, (list, tuple)) and getattr(indices_or_sections, "ndim", 0) == 0:
        return split.implementation(x, indices_or_sections, axis)
    return list(torch.tensor_split(tensor(x), integers(indices_or_sections), integer(axis)))


@function
def array_split(x, indices_or_sections, axis=0):
    """A list of parts along `axis`, so many of nearly equal length, the longer ones first (as in NumPy)."""
    cuts = indices_or_sections
    cuts = integers(cuts) if isinstance(cuts, (list, tuple)) or getattr(cuts, "ndim", 0) else integer(cuts)
    return list(torch.tensor_split(tensor(x), cuts, integer(axis)))


@function
def tile(x, multiples):
    """x repeated so many times along each axis."""
    return torch.tile(tensor(x), tuple(integers(multiples)))


@function
def repeat(x, repeats, axis=None):
    """Each entry along `axis` (None: of all values in a row) so many times in place."""
    x = tensor(x)
    repeats = integers(repeats)
    repeats = repeats[0] if len(repeats) == 1 else torch.tensor(repeats, device=x.device)
    return torch.repeat_interleave(x, repeats, dim=None if axis is None else integer(axis))


@function
def broadcast_to(x, shape):
    """x spread out to a larger shape."""
    return tensor(x).expand(sizes(shape))


_MODES = {"constant": "constant", "reflect": "reflect", "symmetric": "symmetric", "edge": "edge"}


@function
def pad(x, paddings, mode="constant", constant_values=0):
    """x with (before, after) values added on each axis: a constant, or its own, mirrored without or with the edge."""
    x = tensor(x)
    if isinstance(paddings, int):
        paddings = [(paddings, paddings)] * x.ndim
    pairs = paddings.tolist() if hasattr(paddings, "tolist") else list(paddings)
    if len(pairs) == 2 and not isinstance(pairs[0], (list, tuple)) and not hasattr(pairs[0], "tolist"):
        pairs = [pairs] * x.ndim
    pairs = [tuple(integers(pair)) * (1 if len(integers(pair)) == 2 else 2) for pair in pairs]
    pairs = pairs * x.ndim if len(pairs) == 1 else pairs
    if len(pairs) != x.ndim:
        raise ShapeError(f"pad: a tensor of {x.ndim} axes needs as many pairs of numbers, got {len(pairs)}.")
    mode = _MODES.get(str(mode).lower())
    if mode is None:
        raise ArgumentError("pad: expected mode 'CONSTANT', 'REFLECT', 'SYMMETRIC' or 'edge'.")
    if mode == "constant":
        value = 0 if constant_values is None else constant_values
        value = value.item() if hasattr(value, "item") else value
        return F.pad(x, [amount for pair in reversed(pairs) for amount in pair], value=value)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            x = x.index_select(axis, _mirrored(x.shape[axis], before, after, mode, x.device))
    return x


def _mirrored(length, before, after, mode, device):
    """Which entry stands at each place of an axis that goes on beyond its ends."""
    places = torch.arange(-before, length + after, device=device)
    if mode == "edge":
        return places.clamp(0, length - 1)
    most = length - (mode == "reflect")
    if max(before, after) > most:
        raise ShapeError(f"pad: {max(before, after)} values cannot be mirrored at an axis that is {length} long.")
    if mode == "symmetric":
        places = torch.where(places < 0, -1 - places, places)
        return torch.where(places >= length, 2 * length - 1 - places, places)
    places = places.abs()
    return torch.where(places >= length, 2 * (length - 1) - places, places)


@function
def reverse(x, axis):
    """x with the order along some axes turned round."""
    x = tensor(x)
    return x.flip(axes(axis, x.ndim))


@function
def roll(x, shift, axis=None):
    """x moved on by `shift` along some axes; what leaves at one end comes in at the other."""
    x = tensor(x)
    shift = integers(shift)
    if axis is None:
        return torch.roll(x, shift[0])
    places = integers(axis)
    return torch.roll(x, shift * len(places) if len(shift) == 1 else shift, places)


@function
def rot90(x, k=1, axes=(0, 1)):
    """x turned by k right angles in the plane of two axes."""
    return torch.rot90(tensor(x), integer(k), list(axes))


@function
def atleast(x, rank):
    """x with axes of length 1 put in front until it has that many."""
    x = tensor(x)
    return x.reshape([1] * (rank - x.ndim) + list(x.shape))


def shape(x, out_type="int32"):
    """The lengths of the axes of x, int32 (rank,); of a symbolic tensor a tuple, see sizes.Size."""
    if isinstance(x, KerasTensor):
        return sizes_of(x)
    return _shape(x, out_type)


@function
def _shape(x, out_type="int32"):
    x = tensor(x)
    return torch.tensor(list(x.shape), dtype=torch_dtype(out_type))


@function
def size(x, out_type="int32"):
    """How many values x has."""
    return torch.tensor(tensor(x).numel(), dtype=torch_dtype(out_type))


def rank(x):
    """How many axes x has, int32."""
    return _rank(x) if not isinstance(x, KerasTensor) else len(x.shape)


@function
def _rank(x):
    return torch.tensor(tensor(x).ndim, dtype=torch.int32)


@function
def ensure_shape(x, shape):
    """x itself; raises ShapeError where its shape is not this one (None is any size)."""
    x = tensor(x)
    wanted = list(shape)
    if len(wanted) != x.ndim or builtins.any(
        size is not None and size != length for size, length in zip(wanted, x.shape, strict=True)
    ):
        raise ShapeError(f"ensure_shape: expected {tuple(wanted)}, got {tuple(x.shape)}.")
    return x


@function
def meshgrid(*arrays, indexing="xy"):
    """A grid for each of several vectors, in which it varies along its own axis."""
    return list(torch.meshgrid(*[tensor(array).reshape(-1) for array in arrays], indexing=indexing))


@function
def depth_to_space(x, block_size, data_format="NHWC"):
    """(B, H, W, C b^2) to (B, H b, W b, C)."""
    x, b = _last(tensor(x), data_format), integer(block_size)
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height, width, b, b, channels // b**2).permute(0, 1, 3, 2, 4, 5)
    return _first(x.reshape(batch, height * b, width * b, -1), data_format)


@function
def space_to_depth(x, block_size, data_format="NHWC"):
    """(B, H b, W b, C) to (B, H, W, C b^2)."""
    x, b = _last(tensor(x), data_format), integer(block_size)
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height // b, b, width // b, b, channels).permute(0, 1, 3, 2, 4, 5)
    return _first(x.reshape(batch, height // b, width // b, -1), data_format)


def _last(x, data_format):
    return x.permute(0, 2, 3, 1) if data_format in ("NCHW", "channels_first") else x


def _first(x, data_format):
    return x.permute(0, 3, 1, 2) if data_format in ("NCHW", "channels_first") else x
