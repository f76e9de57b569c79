"""Areas under curves over many thresholds, and one rate where another reaches a given value (as in Keras)."""

import numpy as np
import torch

from anmok.errors import ArgumentError, ShapeError, unknown_name
from anmok.losses.loss import EPSILON, as_tensor, divide_no_nan
from anmok.metrics.confusion import ThresholdCounts, are_even
from anmok.metrics.metric import _registry

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "majoring", "minoring")


def _inner_thresholds(count):
    return [i / (count - 1) for i in range(1, count - 1)]


class AUC(ThresholdCounts):
    """Area under the ROC, precision-recall or precision-recall-gain curve, by thresholds, as in Keras.

    thresholds: in 0..1, in place of `num_thresholds` even ones. multi_label: the mean of one area a label, weighted by
    `label_weights`. from_logits: predictions go through a sigmoid first.
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        # Keras' enums carry their spelling as `value`.
        curve, summation_method = getattr(curve, "value", curve), getattr(summation_method, "value", summation_method)
        self.curve = str(curve).upper()
        if self.curve not in CURVES:
            raise unknown_name("curve", curve, CURVES)
        self.summation_method = str(summation_method).lower()
        if self.summation_method not in SUMMATIONS:
            raise unknown_name("summation_method", summation_method, SUMMATIONS)
        if num_labels and not multi_label:
            raise ArgumentError("num_labels belongs to multi_label=True; leave it out.")
        if thresholds is None and num_thresholds <= 1:
            raise ArgumentError(f"Expected num_thresholds > 1, got {num_thresholds}.")
        inner = _inner_thresholds(num_thresholds) if thresholds is None else sorted(thresholds)
        if any(not 0 <= t <= 1 for t in inner):
            raise ArgumentError(f"Expected thresholds in 0..1, got {thresholds}.")
        self._init_thresholds = thresholds
        self.num_thresholds = len(inner) + 2
        self.thresholds = [-EPSILON, *inner, 1.0 + EPSILON]
        even = thresholds is None or are_even(np.array([0.0, *inner, 1.0]))
        super().__init__(self.thresholds, even=even, name=name, dtype=dtype)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else as_tensor(label_weights).float()
        self.from_logits = from_logits
        self._is_built = not multi_label or bool(num_labels)
        if self._is_built:
            self._add_counts(*([num_labels] if multi_label else []))

    @torch.no_grad()
    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = as_tensor(y_pred)
        if not self._is_built:
            if y_pred.dim() != 2:
                raise ShapeError(f"{self.name}: multi_label needs (batch, labels), got shape {tuple(y_pred.shape)}.")
            self._add_counts(y_pred.shape[1])
            self._is_built = True
        if self.from_logits:
            y_pred = y_pred.float().sigmoid()
        label_weights = None if self.multi_label else self.label_weights
        self._collect(y_true, y_pred, sample_weight, multi_label=self.multi_label, label_weights=label_weights)

    def result(self):
        if not self._is_built:
            return torch.zeros(())
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._over_labels(self._interpolated_precision())
        x, y = self._points()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2
        else:
            pick = torch.minimum if self.summation_method == "minoring" else torch.maximum
            heights = pick(y[:-1], y[1:])
        return self._over_labels((x[:-1] - x[1:]) * heights)

    def _points(self):
        """(x, y) of the curve at each threshold, x falling."""
        tp, fp, tn, fn = self.true_positives, self.false_positives, self.true_negatives, self.false_negatives
        recall = divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            return divide_no_nan(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, divide_no_nan(tp, tp + fp)
        # Flach and Kull 2015: both axes scaled harmonically between the always-positive classifier and a perfect one.
        odds = divide_no_nan(tp + fn, tn + fp)
        recall_gain = (1.0 - odds * divide_no_nan(fn, tp)).masked_fill(tp == 0, 0.0)
        precision_gain = (1.0 - odds * divide_no_nan(fp, tp)).masked_fill(tp == 0, 1.0)
        return recall_gain.clamp_min(0.0), precision_gain

    def _interpolated_precision(self):
        """Areas between thresholds with true positives linear in the predicted ones (Davis and Goadrich 2006)."""
        tp, predicted = self.true_positives, self.true_positives + self.false_positives
        gained = tp[:-1] - tp[1:]
        slope = divide_no_nan(gained, (predicted[:-1] - predicted[1:]).clamp_min(0))
        intercept = tp[1:] - slope * predicted[1:]
        both = (predicted[:-1] > 0) & (predicted[1:] > 0)
        ratio = divide_no_nan(predicted[:-1], predicted[1:].clamp_min(0)).masked_fill(~both, 1.0)
        return divide_no_nan(
            slope * (gained + intercept * ratio.log()), (tp[1:] + self.false_negatives[1:]).clamp_min(0)
        )

    def _over_labels(self, areas):
        areas = areas.sum(0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        weights = self.label_weights.to(areas.device)
        return divide_no_nan((areas * weights).sum(), weights.sum())

    def get_config(self):
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
        }
        return config if self._init_thresholds is None else {**config, "thresholds": self.thresholds[1:-1]}


class _RateAtRate(ThresholdCounts):
    """The highest `wanted` rate among the thresholds where the `given` rate is at least as asked."""

    _direction = "up"
    given = wanted = None

    def __init__(self, value, num_thresholds, class_id, name, dtype):
        if not 0 <= value <= 1:
            raise ArgumentError(f"Expected {self.given} in 0..1, got {value}.")
        if num_thresholds <= 0:
            raise ArgumentError(f"Expected num_thresholds > 0, got {num_thresholds}.")
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self.thresholds = [0.5] if num_thresholds == 1 else [0.0, *_inner_thresholds(num_thresholds), 1.0]
        super().__init__(self.thresholds, even=num_thresholds > 1, name=name, dtype=dtype, class_id=class_id)
        self._add_counts()
        setattr(self, self.given, value)

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._collect(y_true, y_pred, sample_weight)

    def result(self):
        tp, fp, tn, fn = self.true_positives, self.false_positives, self.true_negatives, self.false_negatives
        recall = divide_no_nan(tp, tp + fn)
        rates = {
            "sensitivity": recall,
            "recall": recall,
            "specificity": divide_no_nan(tn, tn + fp),
            "precision": divide_no_nan(tp, tp + fp),
        }
        return rates[self.wanted].masked_fill(rates[self.given] < self.value, 0.0).amax()

    def get_config(self):
        own = {"num_thresholds": self.num_thresholds, self.given: self.value, "class_id": self.class_id}
        return {**super().get_config(), **own}


class SensitivityAtSpecificity(_RateAtRate):
    """Best sensitivity where specificity is at least as given, as in Keras."""

    given, wanted = "specificity", "sensitivity"

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_RateAtRate):
    """Best specificity where sensitivity is at least as given, as in Keras."""

    given, wanted = "sensitivity", "specificity"

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_RateAtRate):
    """Best precision where recall is at least as given, as in Keras."""

    given, wanted = "recall", "precision"

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_RateAtRate):
    """Best recall where precision is at least as given, as in Keras."""

    given, wanted = "precision", "recall"

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)


_registry.add(AUC)
_registry.add(SensitivityAtSpecificity)
_registry.add(SpecificityAtSensitivity)
_registry.add(PrecisionAtRecall)
_registry.add(RecallAtPrecision)
