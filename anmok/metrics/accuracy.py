"""Shares of right answers (as in Keras)."""

import torch

from anmok.errors import ArgumentError
from anmok.losses.loss import as_tensor, same_rank
from anmok.metrics.metric import _functions, _registry
from anmok.metrics.reduction import NamedMetric


def accuracy(y_true, y_pred):
    """1.0 where labels and predictions are equal, else 0.0."""
    y_pred = as_tensor(y_pred)
    y_true, y_pred = same_rank(as_tensor(y_true, like=y_pred), y_pred)
    return (y_true == y_pred).float()


def _binary_matches(y_true, y_pred, threshold):
    y_true, y_pred = same_rank(y_true, y_pred)
    return (y_pred > threshold) == y_true


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """1.0 where (y_pred > threshold) is the label, 0 or 1, else 0.0."""
    y_pred = as_tensor(y_pred)
    return _binary_matches(as_tensor(y_true, like=y_pred), y_pred, threshold).float()


def categorical_accuracy(y_true, y_pred):
    """1.0 where the highest of K predictions is the highest of the one-hot labels; shape (B, ...) without K."""
    y_pred = as_tensor(y_pred)
    return (as_tensor(y_true, like=y_pred).argmax(-1) == y_pred.argmax(-1)).float()


def _sparse_labels(y_true, y_pred):
    """Class numbers without the axis of 1 that they may end in."""
    return y_true.squeeze(-1) if y_true.dim() == y_pred.dim() and y_true.shape[-1] == 1 else y_true


def sparse_categorical_accuracy(y_true, y_pred):
    """1.0 where the highest of K predictions is at the class number; shape (B, ...) without K."""
    y_pred = as_tensor(y_pred)
    matches = (y_pred.argmax(-1) == _sparse_labels(as_tensor(y_true, like=y_pred), y_pred)).float()
    return matches.squeeze(-1) if matches.dim() > 1 and matches.shape[-1] == 1 else matches


def _in_top_k(labels, y_pred, k):
    lowest = y_pred.topk(min(k, y_pred.shape[-1]), dim=-1).values[..., -1]
    return y_pred.gather(-1, labels.unsqueeze(-1)).squeeze(-1) >= lowest


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1.0 where the one-hot label is among the k highest predictions."""
    y_pred = as_tensor(y_pred)
    return _in_top_k(as_tensor(y_true, like=y_pred).argmax(-1), y_pred, k).float()


def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """1.0 where the class number is among the k highest predictions.

    from_sorted_ids: `y_pred` holds class numbers, best first, in place of scores.
    """
    y_pred = as_tensor(y_pred)
    y_true = _sparse_labels(as_tensor(y_true, like=y_pred), y_pred)
    if from_sorted_ids:
        return (y_pred[..., :k] == y_true.unsqueeze(-1)).any(-1).float()
    return _in_top_k(y_true.long(), y_pred, k).float()


class Accuracy(NamedMetric):
    """Share of predictions equal to their labels, as in Keras; for class probabilities see the other accuracies."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype, "up")


class BinaryAccuracy(NamedMetric):
    """Share of y_pred > threshold that equal the label, as in Keras."""

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        if threshold is not None and not isinstance(threshold, (int, float)):
            raise ArgumentError(f"Expected threshold to be a number, got {threshold!r}.")
        super().__init__(binary_accuracy, name, dtype, "up", threshold=threshold)

    def update_state(self, y_true, y_pred, sample_weight=None):
        if sample_weight is None and isinstance(y_pred, torch.Tensor) and y_pred.dim():
            matches = _binary_matches(as_tensor(y_true, like=y_pred), y_pred, self.threshold)
            self._add_matches(matches, matches[0].numel() if matches.dim() > 1 and len(matches) else 1)
        else:
            super().update_state(y_true, y_pred, sample_weight)


class CategoricalAccuracy(NamedMetric):
    """Share of samples whose highest prediction is at the one-hot label, as in Keras."""

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype, "up")

    def update_state(self, y_true, y_pred, sample_weight=None):
        if sample_weight is None and isinstance(y_pred, torch.Tensor) and y_pred.dim() == 2:
            self._add_matches(y_pred.argmax(1) == as_tensor(y_true, like=y_pred).argmax(-1))
        else:
            super().update_state(y_true, y_pred, sample_weight)


class SparseCategoricalAccuracy(NamedMetric):
    """Share of samples whose highest prediction is at the class number, as in Keras."""

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype, "up")

    def update_state(self, y_true, y_pred, sample_weight=None):
        if sample_weight is None and isinstance(y_pred, torch.Tensor) and y_pred.dim() == 2:
            self._add_matches(y_pred.argmax(1) == _sparse_labels(as_tensor(y_true, like=y_pred), y_pred))
        else:
            super().update_state(y_true, y_pred, sample_weight)


class TopKCategoricalAccuracy(NamedMetric):
    """Share of samples whose one-hot label is among the k highest predictions, as in Keras."""

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name, dtype, "up", k=k)


class SparseTopKCategoricalAccuracy(NamedMetric):
    """Share of samples whose class number is among the k highest predictions, as in Keras."""

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        settings = {"k": k, "from_sorted_ids": from_sorted_ids}
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, "up", **settings)


for _class in (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
):
    _registry.add(_class)
for _function in (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    top_k_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
):
    _functions.add(_function)
