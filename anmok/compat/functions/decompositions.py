"""Matrices taken apart: inverses, determinants, factors, solutions of equations."""

import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import floating, tensors
from anmok.errors import ArgumentError


@function
def inv(x, adjoint=False):
    """The inverse matrix."""
    x = floating(x)
    return torch.linalg.inv(x.mH if adjoint else x)


@function
def pinv(x, rcond=None):
    """The pseudo-inverse of Moore and Penrose."""
    return torch.linalg.pinv(floating(x), rcond=rcond) if rcond is not None else torch.linalg.pinv(floating(x))


@function
def det(x):
    """The determinant."""
    return torch.linalg.det(floating(x))


@function
def slogdet(x):
    """(sign, logarithm of the absolute value) of the determinant."""
    return tuple(torch.linalg.slogdet(floating(x)))


@function
def logdet(x):
    """The logarithm of the determinant of a positive definite matrix."""
    return torch.linalg.slogdet(floating(x)).logabsdet


@function
def cholesky(x, upper=False):
    """The triangular matrix that, times its transpose, is x."""
    return torch.linalg.cholesky(floating(x), upper=upper)


@function
def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor x is."""
    return torch.cholesky_inverse(floating(x), upper=upper)


@function
def solve(a, b, adjoint=False):
    """x of a x = b."""
    a, b = tensors(a, b)
    return torch.linalg.solve(a.mH if adjoint else a, b)


@function
def solve_triangular(a, b, lower=False):
    """x of a x = b for a triangular a."""
    a, b = tensors(a, b)
    if b.ndim == a.ndim - 1:
        return torch.linalg.solve_triangular(a, b.unsqueeze(-1), upper=not lower).squeeze(-1)
    return torch.linalg.solve_triangular(a, b, upper=not lower)


@function
def lstsq(a, b, rcond=None):
    """The x for which a x is nearest to b."""
    a, b = tensors(a, b)
    vector = b.ndim == 1
    found = torch.linalg.pinv(a) if rcond is None else torch.linalg.pinv(a, rcond=rcond)
    result = found @ (b.unsqueeze(-1) if vector else b)
    return result.squeeze(-1) if vector else result


@function
def qr(x, mode="reduced"):
    """(Q, R): an orthogonal and an upper triangular matrix whose product x is."""
    if mode not in ("reduced", "complete"):
        raise ArgumentError(f"qr: mode must be 'reduced' or 'complete', got {mode!r}.")
    return tuple(torch.linalg.qr(floating(x), mode))


@function
def svd(x, full_matrices=True, compute_uv=True):
    """(U, singular values, V transposed), or the singular values alone (as in NumPy and Keras)."""
    if not compute_uv:
        return torch.linalg.svdvals(floating(x))
    return tuple(torch.linalg.svd(floating(x), full_matrices=full_matrices))


@function
def svd_of_tensorflow(x, full_matrices=False, compute_uv=True):
    """(singular values, U, V), or the singular values alone (as in TensorFlow)."""
    if not compute_uv:
        return torch.linalg.svdvals(floating(x))
    u, s, vh = torch.linalg.svd(floating(x), full_matrices=full_matrices)
    return s, u, vh.mH


@function
def eigh(x):
    """(eigenvalues, eigenvectors) of a symmetric matrix, the values rising."""
    return tuple(torch.linalg.eigh(floating(x)))


@function
def eig(x):
    """(eigenvalues, eigenvectors) of a square matrix, complex."""
    return tuple(torch.linalg.eig(floating(x)))


@function
def matrix_rank(x, tol=None):
    """How many singular values are above the tolerance, int32."""
    found = torch.linalg.matrix_rank(floating(x)) if tol is None else torch.linalg.matrix_rank(floating(x), tol=tol)
    return found.to(torch.int32)


@function
def matrix_exp(x):
    """e to the power of a matrix."""
    return torch.linalg.matrix_exp(floating(x))


@function
def eigenvalues(x):
    """The eigenvalues of a symmetric matrix, rising."""
    return torch.linalg.eigvalsh(floating(x))


@function
def lstsq_of_tensorflow(a, b):
    """The x for which a x is nearest to b, columns of b each."""
    return lstsq.implementation(a, b)


@function
def qr_of_tensorflow(x, full_matrices=False):
    """(Q, R): an orthogonal and an upper triangular matrix whose product x is."""
    return tuple(torch.linalg.qr(floating(x), "complete" if full_matrices else "reduced"))


@function
def triangular_solve(a, b, lower=True, adjoint=False):
    """x of a x = b for a triangular a, lower or upper."""
    a, b = tensors(a, b)
    return torch.linalg.solve_triangular(a.mH if adjoint else a, b, upper=lower if adjoint else not lower)
