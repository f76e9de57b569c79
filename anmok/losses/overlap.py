"""Losses out of the overlap of two masks in 0..1, for segmentation (as in Keras)."""

from anmok.losses.loss import EPSILON, NamedLoss, _registry, loss_function, pair


def _sum(values, axis):
    return values.sum() if axis is None else values.sum(axis)


@loss_function
def dice(y_true, y_pred, axis=None):
    """1 - 2 |A and B| / (|A| + |B|), sums over `axis` (None: all, giving a scalar)."""
    y_true, y_pred = pair(y_true, y_pred)
    return 1 - 2.0 * _sum(y_true * y_pred, axis) / (_sum(y_true, axis) + _sum(y_pred, axis) + EPSILON)


@loss_function
def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """1 - both / (both + alpha x only in y_true + beta x only in y_pred) (Salehi et al. 2017, as in Keras)."""
    y_true, y_pred = pair(y_true, y_pred)
    both = _sum(y_true * y_pred, axis)
    only_true = _sum((1 - y_pred) * y_true, axis)
    only_predicted = _sum(y_pred * (1 - y_true), axis)
    return 1 - both / (both + only_true * alpha + only_predicted * beta + EPSILON)


class Dice(NamedLoss):
    """Dice loss, as in Keras; `axis=(1, 2, 3)` gives one value an image."""

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(NamedLoss):
    """Tversky loss, as in Keras."""

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)


_registry.add(Dice)
_registry.add(Tversky)
_registry.add(dice)
_registry.add(tversky)
