"""Limits on gradients: lists of tensors in, new lists out. Nothing here waits for a value of a tensor."""

import torch


def by_value(grads, limit):
    """Every element within -limit..limit."""
    return list(torch._foreach_clamp_min(torch._foreach_clamp_max(grads, limit), -limit))


def by_norm(grads, limit):
    """Each gradient scaled down so that its own L2 norm is at most `limit`."""
    norms = torch._foreach_norm(grads)
    scales = torch._foreach_div(
        [torch.full_like(norm, limit) for norm in norms], torch._foreach_clamp_min(norms, limit)
    )
    return list(torch._foreach_mul(grads, list(scales)))


def by_global_norm(grads, limit):
    """All gradients scaled by one factor so that the L2 norm of all of them together is at most `limit`.

    An infinite norm makes everything NaN, as in Keras, so that it does not go unnoticed.
    """
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
    scale = limit / norm.clamp_min(limit) + (norm - norm)
    return list(torch._foreach_mul(grads, scale))
