"""Whether a confidence of 80 % is right 80 times in a hundred."""

import numpy as np


def reliability(labels, probabilities, *, bins=10):
    """Rows of (count, mean confidence, accuracy) float64 (bins, 3), for equal steps of the top class' confidence.

    labels: int (N,). probabilities: (N, K). An empty bin has a row of zeros.
    """
    probabilities = np.asarray(probabilities, np.float64)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == np.asarray(labels).reshape(-1)
    # Bins are (low, high], as in Guo et al. 2017.
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    filled = np.maximum(count, 1)
    sums = (np.bincount(place, weights=values, minlength=bins) for values in (confidence, right))
    return np.stack([count, *(total / filled for total in sums)], axis=1)


def expected_calibration_error(labels, probabilities, *, bins=10):
    """Mean gap between confidence and accuracy over the bins, weighted by their counts (Guo et al. 2017, eq. 3)."""
    count, confidence, accuracy = reliability(labels, probabilities, bins=bins).T
    return float(np.abs(confidence - accuracy) @ count / max(count.sum(), 1))
