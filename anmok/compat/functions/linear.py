"""Matrices: products, norms, decompositions."""

import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import axes, floating, integer, integers, tensor, tensors
from anmok.errors import ArgumentError


@function
def matmul(a, b, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False):
    """The matrix product over the last two axes, each factor turned if asked for."""
    a, b = tensors(a, b)
    a = a.mT if transpose_a else a.mH if adjoint_a else a
    b = b.mT if transpose_b else b.mH if adjoint_b else b
    return torch.matmul(a, b)


@function
def dot(x, y):
    """The sum of products over the last axis of x and the last but one of y (as in NumPy and Keras)."""
    x, y = tensors(x, y)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    if y.ndim <= 2:
        return torch.matmul(x, y)
    return torch.tensordot(x, y, ([x.ndim - 1], [y.ndim - 2]))


@function
def batch_dot(x, y, axes=None):
    """For each sample the sum of products over one axis of x and one of y, as in Keras' old backend."""
    x, y = tensors(x, y)
    if axes is None:
        axes = (1, 1) if y.ndim == 2 else (x.ndim - 1, y.ndim - 2)
    first, second = (axes, axes) if isinstance(axes, int) else (integer(axes[0]), integer(axes[1]))
    first, second = first % x.ndim, second % y.ndim
    flat_x = x.movedim(first, -1).reshape(x.shape[0], -1, x.shape[first])
    flat_y = y.movedim(second, 1).reshape(y.shape[0], y.shape[second], -1)
    kept_x = [size for axis, size in enumerate(x.shape) if axis not in (0, first)]
    kept_y = [size for axis, size in enumerate(y.shape) if axis not in (0, second)]
    result = torch.bmm(flat_x, flat_y).reshape(x.shape[0], *kept_x, *kept_y)
    return result.unsqueeze(-1) if result.ndim == 1 else result


@function
def tensordot(a, b, axes=2):
    """The sum of products over so many last and first axes, or over the pairs of axes named."""
    a, b = tensors(a, b)
    if isinstance(axes, (list, tuple)):
        return torch.tensordot(a, b, [integers(part) for part in axes])
    return torch.tensordot(a, b, integer(axes))


@function
def einsum(equation, *inputs, optimize=None):
    """Products and sums by Einstein's notation."""
    del optimize  # how, not what
    return torch.einsum(equation, *tensors(*inputs))


@function
def inner(x, y):
    """The sum of products over the last axes of both."""
    x, y = tensors(x, y)
    return x * y if x.ndim == 0 or y.ndim == 0 else torch.tensordot(x, y, ([x.ndim - 1], [y.ndim - 1]))


@function
def outer(x, y):
    """The product of each value of x with each of y."""
    x, y = tensors(x, y)
    return torch.outer(x.reshape(-1), y.reshape(-1))


@function
def vdot(x, y):
    """The sum of products of all values, those of x conjugated."""
    x, y = tensors(x, y)
    return (x.reshape(-1).conj() * y.reshape(-1)).sum()


@function
def cross(x, y, axis=-1):
    """The cross product of vectors of length 3 along `axis`."""
    x, y = torch.broadcast_tensors(*tensors(x, y))
    return torch.linalg.cross(x, y, dim=integer(axis))


@function
def kron(x, y):
    """The Kronecker product."""
    return torch.kron(*tensors(x, y))


@function
def norm(x, ord="euclidean", axis=None, keepdims=False):
    """The norm of vectors along `axis`, or of matrices in two axes; ord: 'euclidean', 'fro', 'nuc' or a number."""
    x = floating(x)
    if ord in ("euclidean", None) or (ord == "fro" and axis is None):
        return torch.linalg.vector_norm(x, dim=axes(axis, x.ndim), keepdim=keepdims)
    dims = axes(axis, x.ndim)
    if (axis is None and x.ndim > 2) or (isinstance(ord, (int, float)) and axis is None and x.ndim != 2):
        result = torch.linalg.vector_norm(x.reshape(-1), ord)
        return result.reshape([1] * x.ndim) if keepdims else result
    if len(dims) == 2:
        return torch.linalg.matrix_norm(x, ord, dim=dims, keepdim=keepdims)
    return torch.linalg.vector_norm(x, ord, dim=dims, keepdim=keepdims)


@function
def flat_norm(x, ord="euclidean", axis=None, keepdims=False):
    """`norm`, which without `axis` takes all values as one vector, as TensorFlow does."""
    if axis is None:
        x = floating(x)
        result = torch.linalg.vector_norm(x.reshape(-1), 2 if ord in ("euclidean", "fro") else ord)
        return result.reshape([1] * x.ndim) if keepdims else result
    return norm.implementation(x, ord, axis, keepdims)


@function
def l2_normalize(x, axis=None, epsilon=1e-12):
    """x over its Euclidean length along `axis`, which counts as at least the root of epsilon."""
    x = floating(x)
    length = (x * x).sum(axes(axis, x.ndim), keepdim=True).clamp_min(epsilon)
    return x * torch.rsqrt(length)


@function
def normalize(x, axis=-1, order=2, epsilon=None):
    """x over its norm of that order along `axis`."""
    x = floating(x)
    length = torch.linalg.vector_norm(x, order, dim=axes(axis, x.ndim), keepdim=True)
    return x / length.clamp_min(torch.finfo(x.dtype).eps if epsilon is None else epsilon)


@function
def normalize_with_norm(x, ord="euclidean", axis=None):
    """(x over its norm along `axis`, that norm)."""
    length = flat_norm.implementation(x, ord, axis, True)
    return floating(x) / length, length


@function
def diag(x, k=0):
    """A matrix with x on its k-th diagonal, or of a matrix that diagonal (as in NumPy)."""
    return torch.diag(tensor(x), integer(k))


@function
def diagflat(x, k=0):
    """A matrix with all values of x on its k-th diagonal."""
    return torch.diagflat(tensor(x), integer(k))


@function
def matrix_diag(x):
    """Matrices with the last axis of x on their diagonals."""
    return torch.diag_embed(tensor(x))


@function
def matrix_diag_part(x):
    """The diagonals of matrices."""
    return torch.diagonal(tensor(x), 0, -2, -1)


@function
def matrix_set_diag(x, diagonal):
    """Matrices with another diagonal."""
    x = tensor(x)
    result = x.clone()
    torch.diagonal(result, 0, -2, -1).copy_(tensor(diagonal))
    return result


@function
def band_part(x, num_lower, num_upper):
    """x with 0 beyond so many diagonals below and above the main one (-1: all are kept)."""
    x = tensor(x)
    across = torch.arange(x.shape[-1], device=x.device) - torch.arange(x.shape[-2], device=x.device)[:, None]
    lower, upper = integer(num_lower), integer(num_upper)
    kept = torch.ones_like(across, dtype=torch.bool)
    if lower >= 0:
        kept &= across >= -lower
    if upper >= 0:
        kept &= across <= upper
    return torch.where(kept, x, torch.zeros((), dtype=x.dtype, device=x.device))


@function
def tril(x, k=0):
    """x with 0 above the k-th diagonal."""
    return torch.tril(tensor(x), integer(k))


@function
def triu(x, k=0):
    """x with 0 below the k-th diagonal."""
    return torch.triu(tensor(x), integer(k))


@function
def trace(x, offset=0, axis1=-2, axis2=-1):
    """The sum of the diagonal."""
    x = tensor(x)
    on_diagonal = torch.diagonal(x, integer(offset), integer(axis1), integer(axis2))
    return on_diagonal.sum(-1, dtype=torch.int32 if x.dtype is torch.bool else x.dtype)


@function
def cdist(x, y, p=2.0):
    """The distance of each row of x from each row of y."""
    return torch.cdist(*tensors(floating(x), floating(y)), p=p)


def _in_ratio(x, limit, length):
    """x made shorter by limit / length where that is below 1."""
    return x * (limit / torch.maximum(length, limit))


@function
def clip_by_norm(t, clip_norm, axes=None):
    """t, made shorter where its Euclidean length (along `axes`) is above clip_norm."""
    t = floating(t)
    limit = tensor(clip_norm).to(t.dtype)
    dims = None if axes is None else integers(axes)
    squares = (t * t).sum(dims, keepdim=True) if dims is not None else (t * t).sum()
    positive = squares > 0
    return _in_ratio(t, limit, torch.where(positive, torch.where(positive, squares, 1.0).sqrt(), squares))


@function
def global_norm(t_list):
    """The Euclidean length of all tensors of a list together; None counts nothing."""
    return torch.stack([(floating(t) ** 2).sum() for t in t_list if t is not None]).sum().sqrt()


@function
def clip_by_global_norm(t_list, clip_norm, use_norm=None):
    """(tensors made shorter by one factor where their length together is above clip_norm, that length)."""
    length = global_norm.implementation(t_list) if use_norm is None else tensor(use_norm)
    limit = tensor(clip_norm).to(length.dtype)
    return [None if t is None else _in_ratio(floating(t), limit, length) for t in t_list], length


@function
def vander(x, N=None, increasing=False):
    """The powers of each value of a vector, falling unless `increasing`."""
    return torch.vander(tensor(x), N=N, increasing=increasing)


@function
def cosine_of(x, y, axis=-1):
    """The cosine of the angle between vectors along `axis`."""
    x, y = tensors(x, y)
    return (l2_normalize.implementation(x, axis) * l2_normalize.implementation(y, axis)).sum(axis)


@function
def cov(x, rowvar=True):
    """Covariances between the rows of a matrix (with n - 1)."""
    x = floating(x)
    return torch.cov(x if rowvar else x.T)


@function
def corrcoef(x):
    """Pearson's correlations between the rows of a matrix."""
    return torch.corrcoef(floating(x))


@function
def correlate(x, y, mode="valid"):
    """The cross-correlation of two vectors: 'valid', 'same' or 'full' (as in NumPy)."""
    x, y = tensors(x, y)
    x, y = (x, y) if x.is_floating_point() else (x.float(), y.float())
    swapped = len(x) < len(y)
    longer, shorter = (y, x) if swapped else (x, y)
    extra = {"valid": (0, 0), "full": (len(shorter) - 1,) * 2}.get(mode)
    if extra is None:
        if mode != "same":
            raise ArgumentError(f"correlate: mode must be 'valid', 'same' or 'full', got {mode!r}.")
        before = (len(shorter) - 1) // 2 if swapped else len(shorter) // 2
        extra = (before, len(shorter) - 1 - before)
    padded = torch.nn.functional.pad(longer, extra)
    result = torch.nn.functional.conv1d(padded[None, None], shorter[None, None]).reshape(-1)
    return result.flip(0) if swapped else result


@function
def matrix_transpose(x):
    """Matrices with rows and columns exchanged."""
    return tensor(x).mT


@function
def adjoint(x):
    """Matrices with rows and columns exchanged and values conjugated."""
    return tensor(x).mH.resolve_conj()


@function
def matvec(a, b):
    """Matrices times vectors."""
    a, b = tensors(a, b)
    return (a @ b.unsqueeze(-1)).squeeze(-1)


@function
def tensor_diag(x):
    """A matrix with a vector on its diagonal."""
    return torch.diag(tensor(x))
