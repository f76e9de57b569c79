"""What a classifier gets right, and what it takes for what."""

import numpy as np

from anmok.errors import DataError


def confusion_matrix(labels, predicted, *, classes):
    """Counts int64 (classes, classes); row: what it is, column: what it was taken for."""
    labels, predicted = _checked(labels, predicted, classes)
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def class_report(confusion):
    """Per class: dict of float64 (K,) 'precision', 'recall', 'f1' and int64 'support'; 0 where undefined.

    As scikit-learn's precision_recall_fscore_support with zero_division=0, from a confusion matrix (K, K).
    """
    confusion = np.asarray(confusion)
    hits, support, calls = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return {
        "precision": _ratio(hits, calls),
        "recall": _ratio(hits, support),
        "f1": _ratio(2 * hits, calls + support),
        "support": support,
    }


def worst_mistakes(labels, probabilities, *, count=20):
    """Indices of the wrong predictions the model was surest of, surest first; at most `count`.

    labels: int (N,). probabilities: (N, K).
    """
    probabilities = np.asarray(probabilities)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != np.asarray(labels).reshape(-1))
    return wrong[np.argsort(-confidence[wrong], kind="stable")][:count]


def _checked(labels, predicted, classes):
    labels, predicted = np.asarray(labels).reshape(-1).astype(np.int64), np.asarray(predicted).astype(np.int64)
    if labels.shape != predicted.shape:
        raise DataError(f"Expected as many predictions as labels, got {predicted.shape} and {labels.shape}.")
    for what, values in (("Labels", labels), ("Predictions", predicted)):
        if values.size and not (values.min() >= 0 and values.max() < classes):
            raise DataError(f"{what} must lie in 0..{classes - 1}, found {values.min()}..{values.max()}.")
    return labels, predicted


def _ratio(part, whole):
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
