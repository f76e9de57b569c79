"""Focal crossentropies, which count easy samples less (Lin et al. 2017, arXiv:1708.02002), as in Keras."""

import torch.nn.functional as F

from anmok.losses.crossentropy import (
    bits_crossentropy,
    check_axis,
    check_label_smoothing,
    clipped,
    log_probabilities,
    smooth_bits,
    smooth_categories,
)
from anmok.losses.loss import EPSILON, NamedLoss, _registry, logits_beneath, loss_function, matching_pair


@loss_function
def binary_focal_crossentropy(
    y_true,
    y_pred,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """Mean over `axis` of (1 - p_t) ** gamma x binary crossentropy; with balancing x alpha for 1, 1 - alpha for 0."""
    logits = logits_beneath(y_pred, "sigmoid", from_logits)
    y_true, scores = matching_pair(y_true, y_pred if logits is None else logits, "binary_focal_crossentropy")
    y_true = smooth_bits(y_true, label_smoothing)
    if logits is None:
        p, values = scores, bits_crossentropy(clipped(scores), y_true)
    else:
        p, values = scores.sigmoid(), F.binary_cross_entropy_with_logits(scores, y_true, reduction="none")
    p_t = y_true * p + (1 - y_true) * (1 - p)
    # The slope of x ** gamma is infinite at 0 for gamma < 1.
    values = (1.0 - p_t).clamp_min(EPSILON) ** gamma * values
    if apply_class_balancing:
        values = (y_true * alpha + (1 - y_true) * (1 - alpha)) * values
    return values.mean(axis)


@loss_function
def categorical_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """Sum over `axis` of alpha (1 - p) ** gamma x crossentropy; alpha a number or one for each class."""
    check_axis(axis)
    logs = log_probabilities(y_pred, axis, from_logits)
    y_true, logs = matching_pair(y_true, logs, "categorical_focal_crossentropy")
    y_true = smooth_categories(y_true, label_smoothing, axis)
    if isinstance(alpha, (list, tuple)):
        alpha = logs.new_tensor(alpha)
    return -(alpha * (1.0 - clipped(logs.exp())) ** gamma * y_true * logs).sum(axis)


class BinaryFocalCrossentropy(NamedLoss):
    """Binary focal crossentropy, as in Keras."""

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        check_axis(axis)
        check_label_smoothing(label_smoothing)
        settings = {
            "apply_class_balancing": apply_class_balancing,
            "alpha": alpha,
            "gamma": gamma,
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(binary_focal_crossentropy, reduction, name, dtype, **settings)


class CategoricalFocalCrossentropy(NamedLoss):
    """Focal crossentropy with one-hot labels (B, K), as in Keras; `alpha` a number or K numbers."""

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        check_axis(axis)
        check_label_smoothing(label_smoothing)
        settings = {
            "alpha": alpha,
            "gamma": gamma,
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, **settings)


_registry.add(BinaryFocalCrossentropy)
_registry.add(CategoricalFocalCrossentropy)
_registry.add(binary_focal_crossentropy)
_registry.add(categorical_focal_crossentropy)
