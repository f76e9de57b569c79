"""Functions that only Keras 3's ops have, or that it has with other arguments than TensorFlow."""

import torch
import torch.nn.functional as F

from anmok.compat.functions import arrangement, calling, creation, linear, picking, reduce, windows
from anmok.compat.functions.values import (
    common_format,
    floating,
    integer,
    integers,
    sizes,
    tensor,
    tensors,
    torch_dtype,
)
from anmok.errors import ArgumentError
from anmok.layers.convolution_transpose import crops


def function(implementation):
    """As `calling.function`, under a name of its own in files."""
    return calling.function(implementation, name=f"keras_{implementation.__name__.strip('_')}")


@function
def append(x1, x2, axis=None):
    """x2 after x1 along `axis` (None: all values of both in a row)."""
    x1, x2 = tensors(x1, x2)
    return torch.cat([x1.reshape(-1), x2.reshape(-1)] if axis is None else [x1, x2], 0 if axis is None else axis)


@function
def arange(start, stop=None, step=1, dtype=None):
    """start, start + step, ... below `stop` (one number alone is the stop)."""
    return creation.range_.implementation(start, stop, 1 if step is None else step, dtype)


@function
def argpartition(x, kth, axis=-1):
    """Places such that the kth smallest value stands where it would in order, int32."""
    del kth  # in full order it does
    return picking.argsort.implementation(x, axis)


@function
def convert_to_tensor(x, dtype=None):
    """x as a tensor."""
    return tensor(x, dtype=torch_dtype(dtype))


@function
def copy(x):
    """A tensor of the same values."""
    return tensor(x).clone()


@function
def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors of length 3 (or 2) along an axis of each (as in NumPy)."""
    axisa, axisb, axisc = (axis,) * 3 if axis is not None else (axisa, axisb, axisc)
    x1, x2 = tensors(x1, x2)
    x1, x2 = x1.movedim(axisa, -1), x2.movedim(axisb, -1)
    if x1.shape[-1] == 2 and x2.shape[-1] == 2:
        return x1[..., 0] * x2[..., 1] - x1[..., 1] * x2[..., 0]
    x1, x2 = (F.pad(x, (0, 3 - x.shape[-1])) for x in (x1, x2))
    return torch.linalg.cross(*torch.broadcast_tensors(x1, x2), dim=-1).movedim(-1, axisc)


@function
def split_along(x, indices_or_sections, axis=0):
    """A list of parts along `axis`."""
    return arrangement.split_at.implementation(x, indices_or_sections, axis)


@function
def hstack(xs):
    """Tensors side by side: along axis 1, vectors along axis 0."""
    return torch.hstack(tensors(*xs))


@function
def vstack(xs):
    """Tensors one below the other; vectors become rows."""
    return torch.vstack(tensors(*xs))


@function
def dstack(xs):
    """Tensors one behind the other, along axis 2."""
    return torch.dstack(tensors(*xs))


@function
def flip(x, axis=None):
    """x with the order along some axes (None: all) turned round."""
    x = tensor(x)
    return arrangement.reverse.implementation(x, list(range(x.ndim)) if axis is None else axis)


@function
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """So many numbers at equal distances; with retstep also the distance."""
    made = creation.linspace.implementation(start, stop, num, endpoint, dtype).movedim(0, axis)
    if not retstep:
        return made
    start, stop = (floating(end) for end in (start, stop))
    return made, (stop - start) / max(num - 1 if endpoint else num, 1)


@function
def log_of_spaces(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """Powers of `base` whose exponents are at equal distances."""
    return creation.logspace.implementation(start, stop, num, endpoint, base, dtype).movedim(0, axis)


@function
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """Numbers from `start` to `stop` of which each is the same multiple of the one before."""
    return creation.geomspace.implementation(start, stop, num, endpoint, dtype).movedim(0, axis)


@function
def moments(x, axes, keepdims=False, synchronized=False):
    """(mean, variance) along `axes`."""
    if synchronized:
        raise ArgumentError("moments: synchronized=True needs several devices, which there are not.")
    return reduce.moments.implementation(x, axes, None, keepdims)


@function
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """Vectors with 1 at the place of each class number."""
    _dense(sparse)
    return picking.one_hot.implementation(x, num_classes, axis=axis, dtype=dtype or "float32")


@function
def multi_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """Vectors with 1 at the places of all class numbers along `axis`."""
    _dense(sparse)
    return picking.multi_hot.implementation(x, num_classes, axis, dtype or "float32")


def _dense(sparse):
    if sparse:
        raise ArgumentError("Sparse tensors are not supported; leave sparse=True out.")


@function
def round_(x, decimals=0):
    """The nearest number with so many decimals; the even one of two."""
    x = tensor(x)
    if not x.is_floating_point():
        return x if decimals >= 0 else (x.double() / 10**-decimals).round().mul(10**-decimals).to(x.dtype)
    return torch.round(x, decimals=integer(decimals))


@function
def scatter(indices, values, shape):
    """A tensor of 0 of that shape with `values` added at rows of coordinates."""
    return picking.scatter_nd.implementation(indices, values, shape)


@function
def scatter_update(x, indices, updates, reduction=None):
    """x with `updates` put in (or with reduction 'add' added) at rows of coordinates."""
    if reduction not in (None, "add"):
        raise ArgumentError(f"scatter_update: reduction must be None or 'add', got {reduction!r}.")
    put = picking.tensor_scatter_nd_add if reduction else picking.tensor_scatter_nd_update
    return put.implementation(x, indices, updates)


@function
def slice_(x, start_indices, shape):
    """The box of x that begins at `start_indices`, of that shape."""
    return picking.slice_.implementation(x, start_indices, shape)


@function
def where(condition, x1=None, x2=None):
    """x1 where the condition holds, x2 elsewhere; without them the places where it holds, one vector for each axis."""
    if x1 is None and x2 is None:
        return picking.nonzero.implementation(condition)
    return picking.where.implementation(condition, x1, x2)


@function
def view_(x, dtype=None):
    """The same bits read in another number format."""
    return tensor(x).view(torch_dtype(dtype))


@function
def view_as_complex(x):
    """Complex numbers out of a last axis (real, imaginary)."""
    return torch.view_as_complex(floating(x).contiguous())


@function
def view_as_real(x):
    """A last axis (real, imaginary) out of complex numbers."""
    return torch.view_as_real(tensor(x))


@function
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Patches (B, C k, L) added up to images (B, C, H, W), as torch does it."""
    return F.fold(tensor(x), sizes(output_size), *(_pair(v) for v in (kernel_size, dilation, padding, stride)))


@function
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The patches (B, C k, L) of images (B, C, H, W), as torch does it."""
    return F.unfold(tensor(x), *(_pair(v) for v in (kernel_size, dilation, padding, stride)))


def _pair(value):
    numbers = integers(value)
    return numbers * 2 if len(numbers) == 1 else numbers


@function
def conv_transpose(x, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    """Transposed convolution by a kernel (..., filters, C), of the size that Keras' layers give."""
    x, kernel = tensors(floating(x), kernel)
    rank = kernel.ndim - 2
    first = data_format == "channels_first"
    steps, spread = (integers(v) * (rank if len(integers(v)) == 1 else 1) for v in (strides, dilation_rate))
    extra = [None] * rank if output_padding is None else integers(output_padding)
    extra = extra * rank if len(extra) == 1 else extra
    x = x if first else x.movedim(-1, 1)
    result = windows.TRANSPOSED[rank - 1](x, kernel.movedim((-1, -2), (0, 1)), None, steps, 0, 0, 1, spread)
    for axis, entry in enumerate(zip(kernel.shape[:rank], steps, spread, extra, strict=True), 2):
        window, step, one, more = entry
        before, after = crops(window, step, one, padding, more)
        if after < 0:
            result = F.pad(result, [0, 0] * (result.ndim - 1 - axis) + [0, -after])
        result = result.narrow(axis, before, result.shape[axis] - before - max(after, 0))
    return result if first else result.movedim(1, -1)


@function
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices (as in NumPy)."""
    x = floating(x)
    if axis is None and ord is not None and x.ndim <= 2:
        compute = torch.linalg.matrix_norm if x.ndim == 2 else torch.linalg.vector_norm
        return compute(x, ord, keepdim=keepdims)
    return linear.norm.implementation(x, ord, axis, keepdims)


@function
def matmul(x1, x2):
    """The matrix product over the last two axes."""
    return torch.matmul(*tensors(x1, x2))


@function
def trace(x, offset=0, axis1=0, axis2=1):
    """The sum of the diagonal in the plane of two axes."""
    return linear.trace.implementation(x, offset, axis1, axis2)


@function
def meshgrid(*x, indexing="xy"):
    """A grid for each of several vectors, in which it varies along its own axis."""
    common = [tensor(part) for part in x]
    kind = common_format([part.dtype for part in common])
    return arrangement.meshgrid.implementation(*[part.to(kind) for part in common], indexing=indexing)
