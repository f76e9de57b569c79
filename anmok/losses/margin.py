"""Hinge losses; labels -1 and 1, or 0 and 1, which are then read as -1 and 1 (as in Keras)."""

import torch

from anmok.losses.loss import NamedLoss, _registry, loss_function, pair


def _signs(y_true):
    is_binary = ((y_true == 0) | (y_true == 1)).all()
    return torch.where(is_binary, 2.0 * y_true - 1.0, y_true)


@loss_function
def hinge(y_true, y_pred):
    """Mean over the last axis of max(1 - y_true y_pred, 0)."""
    y_true, y_pred = pair(y_true, y_pred)
    return (1.0 - _signs(y_true) * y_pred).clamp_min(0.0).mean(-1)


@loss_function
def squared_hinge(y_true, y_pred):
    """Mean over the last axis of max(1 - y_true y_pred, 0) ** 2."""
    y_true, y_pred = pair(y_true, y_pred)
    return (1.0 - _signs(y_true) * y_pred).clamp_min(0.0).square().mean(-1)


@loss_function
def categorical_hinge(y_true, y_pred):
    """max(highest wrong score - right score + 1, 0) for one-hot labels (B, K)."""
    y_true, y_pred = pair(y_true, y_pred)
    right = (y_true * y_pred).sum(-1)
    wrong = ((1.0 - y_true) * y_pred).amax(-1)
    return (wrong - right + 1.0).clamp_min(0.0)


class Hinge(NamedLoss):
    """Hinge loss, as in Keras."""

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(NamedLoss):
    """Squared hinge loss, as in Keras."""

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(NamedLoss):
    """Hinge loss over classes, one-hot labels (B, K), as in Keras."""

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, reduction, name, dtype)


_registry.add(Hinge)
_registry.add(SquaredHinge)
_registry.add(CategoricalHinge)
_registry.add(hinge)
_registry.add(squared_hinge)
_registry.add(categorical_hinge)
