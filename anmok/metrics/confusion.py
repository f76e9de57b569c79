"""True and false positives and negatives at thresholds, and precision and recall out of them (as in Keras)."""

import math

import numpy as np
import torch

from anmok.errors import ArgumentError, ShapeError
from anmok.losses.loss import EPSILON, as_tensor, divide_no_nan, same_rank
from anmok.metrics.metric import Metric, _registry

COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


def are_even(thresholds):
    """Whether thresholds (sorted, two and more steps) divide 0..1 evenly; Keras then sorts predictions into buckets."""
    steps = len(thresholds) - 1
    return steps >= 2 and np.allclose(thresholds, np.arange(steps + 1) / steps, atol=EPSILON)


def check_thresholds(thresholds, default):
    """`thresholds` (None, a number or several in 0..1) as a list."""
    if thresholds is None:
        return [default]
    thresholds = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    wrong = [t for t in thresholds if t is None or not 0 <= t <= 1]
    if wrong:
        raise ArgumentError(f"Expected thresholds in 0..1, got {wrong}.")
    return thresholds


def _only_top_k(y_pred, k):
    kept = torch.zeros_like(y_pred, dtype=torch.bool).scatter_(-1, y_pred.topk(k, dim=-1).indices, True)
    return y_pred.masked_fill(~kept, -math.inf)


def _spread_weights(y_true, y_pred, sample_weight):
    weight = as_tensor(sample_weight, like=y_pred).float().unsqueeze(-1)
    _, weight = same_rank(y_true, weight, expand_rank_1=False)
    try:
        return weight.broadcast_to(y_pred.shape)
    except RuntimeError as error:
        raise ShapeError(
            f"sample_weight of shape {tuple(as_tensor(sample_weight).shape)} does not fit predictions of shape "
            f"{tuple(y_pred.shape)}."
        ) from error


def _sums_by_bucket(y_true, y_pred, weight, steps, *, lowest):
    """Weights above each of the even thresholds: (..., 2, T) for label 0 and 1, and their totals (..., 2)."""
    shape = y_pred.shape[1:]
    # Slot s holds what is above the first s thresholds, those equal to a threshold not above it.
    slots = (y_pred.clamp(0.0, 1.0) * (steps - 1)).ceil().long().clamp_(lowest, steps - 1)
    slots += y_true.long() * steps
    if shape:
        slots += torch.arange(shape[0], device=slots.device) * (2 * steps)
    sums = weight.new_zeros((shape[0] if shape else 1) * 2 * steps)
    sums = sums.index_add_(0, slots.flatten(), weight.flatten()).view(*shape, 2, steps)
    from_slot = sums.flip(-1).cumsum(-1).flip(-1)
    above = torch.cat([from_slot[..., 1:], torch.zeros_like(from_slot[..., :1])], -1)
    return above, from_slot[..., 0]


def _sums_by_comparison(y_true, y_pred, weight, limits):
    by_label = torch.stack([weight * ~y_true, weight * y_true], -1)
    is_above = y_pred.unsqueeze(-1) > limits
    # No matrix product: autocast would count in bfloat16.
    above = (by_label.unsqueeze(-1) * is_above.unsqueeze(-2)).sum(0)
    return above, by_label.sum(0)


class ThresholdCounts(Metric):
    """A metric whose state is some of the four counts at each threshold.

    collected: names out of COUNTS, which become attributes, State of shape (T,).
    """

    collected = COUNTS

    def __init__(self, thresholds, *, even, name, dtype, top_k=None, class_id=None):
        super().__init__(name=name, dtype=dtype)
        self._limits = torch.tensor(np.asarray(thresholds, dtype=np.float64), dtype=torch.float32)
        self._even = even
        self._lowest = 1 if float(thresholds[0]) < 0 else 0
        self._top_k = top_k
        self._class_id = class_id

    def _add_counts(self, *shape):
        for name in self.collected:
            setattr(self, name, self.add_variable((len(self._limits), *shape), name=name))

    @torch.no_grad()
    def _collect(self, y_true, y_pred, sample_weight, *, multi_label=False, label_weights=None):
        y_pred = as_tensor(y_pred).float()
        y_pred, y_true = same_rank(y_pred, as_tensor(y_true, like=y_pred))
        if y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{self.name}: expected labels of the predictions' shape {tuple(y_pred.shape)}, got "
                f"{tuple(y_true.shape)}. Class numbers must be made one-hot first: utils.to_categorical(y, "
                f"{y_pred.shape[-1] if y_pred.dim() else 1})."
            )
        weight = None if sample_weight is None else _spread_weights(y_true, y_pred, sample_weight)
        if self._top_k is not None:
            y_pred = _only_top_k(y_pred, self._top_k)
        if self._class_id is not None:
            if y_pred.dim() < 2 or not -y_pred.shape[-1] <= self._class_id < y_pred.shape[-1]:
                raise ShapeError(
                    f"{self.name}: class_id={self._class_id} needs predictions (batch, classes) with that class, "
                    f"got shape {tuple(y_pred.shape)}."
                )
            y_true, y_pred = y_true[..., self._class_id], y_pred[..., self._class_id]
            if weight is not None:
                weight = weight[..., self._class_id]
        weight = torch.ones_like(y_pred) if weight is None else weight
        if label_weights is not None:
            weight = weight * label_weights.to(weight.device)
        y_true = y_true != 0
        if not multi_label:
            y_true, y_pred, weight = y_true.flatten(), y_pred.flatten(), weight.flatten()
        if self._even:
            above, total = _sums_by_bucket(y_true, y_pred, weight, len(self._limits), lowest=self._lowest)
        else:
            self._limits = self._limits.to(y_pred.device)
            above, total = _sums_by_comparison(y_true, y_pred, weight, self._limits)
        self._store(above, total)

    def _store(self, above, total):
        for name in self.collected:
            label = 1 if name in ("true_positives", "false_negatives") else 0
            counted = above[..., label, :]
            if name.endswith("negatives"):
                counted = total[..., label, None] - counted
            getattr(self, name).assign_add(counted.movedim(-1, 0))

    def reset_state(self):
        for state in self.variables:
            state.zero_()


class _Count(ThresholdCounts):
    def __init__(self, thresholds=None, name=None, dtype=None):
        self.init_thresholds = thresholds
        self.thresholds = check_thresholds(thresholds, 0.5)
        super().__init__(self.thresholds, even=are_even(self.thresholds), name=name, dtype=dtype)
        self._add_counts()

    @property
    def accumulator(self):
        return getattr(self, self.collected[0])

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._collect(y_true, y_pred, sample_weight)

    def result(self):
        return self.accumulator[0].clone() if len(self.thresholds) == 1 else self.accumulator.clone()

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """Weighted number of labels 1 predicted above each threshold, as in Keras."""

    collected = ("true_positives",)


class FalsePositives(_Count):
    """Weighted number of labels 0 predicted above each threshold, as in Keras."""

    collected = ("false_positives",)


class TrueNegatives(_Count):
    """Weighted number of labels 0 predicted not above each threshold, as in Keras."""

    collected = ("true_negatives",)


class FalseNegatives(_Count):
    """Weighted number of labels 1 predicted not above each threshold, as in Keras."""

    collected = ("false_negatives",)


class _Ratio(ThresholdCounts):
    """True positives over themselves and the second count."""

    _direction = "up"

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        # With top_k and no threshold every one of the k counts as predicted.
        self.thresholds = check_thresholds(thresholds, 0.5 if top_k is None else -1e10)
        even = are_even(self.thresholds)
        super().__init__(self.thresholds, even=even, name=name, dtype=dtype, top_k=top_k, class_id=class_id)
        self._add_counts()

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._collect(y_true, y_pred, sample_weight)

    def result(self):
        right, wrong = (getattr(self, name) for name in self.collected)
        ratio = divide_no_nan(right, right + wrong)
        return ratio[0] if len(self.thresholds) == 1 else ratio

    def get_config(self):
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


class Precision(_Ratio):
    """Share of the predicted that are labelled 1, as in Keras; predictions and labels (B,), (B, 1) or (B, K)."""

    collected = ("true_positives", "false_positives")


class Recall(_Ratio):
    """Share of the labelled 1 that are predicted, as in Keras; predictions and labels (B,), (B, 1) or (B, K)."""

    collected = ("true_positives", "false_negatives")


for _class in (TruePositives, FalsePositives, TrueNegatives, FalseNegatives, Precision, Recall):
    _registry.add(_class)
