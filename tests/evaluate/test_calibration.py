import numpy as np
import pytest
import torch

from anmok.evaluate.calibration import expected_calibration_error, reliability


def test_a_hand_calculation():
    # Confidences 0.95 (right), 0.95 (wrong), 0.6 (right): |0.95 - 0.5| * 2/3 + |0.6 - 1| * 1/3
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.4, 0.6]])
    labels = np.array([0, 1, 1])
    assert expected_calibration_error(labels, probabilities) == pytest.approx(0.45 * 2 / 3 + 0.4 / 3)
    rows = reliability(labels, probabilities)
    assert rows[:, 0].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    assert rows[9].tolist() == pytest.approx([2, 0.95, 0.5])


def test_a_slow_loop_agrees():
    rng = np.random.default_rng(0)
    probabilities = torch.softmax(torch.from_numpy(rng.normal(size=(200, 5)) * 2), dim=1).numpy()
    labels = rng.integers(0, 5, 200)
    total = 0.0
    for low in np.arange(15) / 15:
        inside = [
            (p.max(), p.argmax() == y)
            for p, y in zip(probabilities, labels, strict=True)
            if low < p.max() <= low + 1 / 15
        ]
        if inside:
            confidence, right = np.array(inside, float).T
            total += len(inside) / 200 * abs(confidence.mean() - right.mean())
    assert expected_calibration_error(labels, probabilities, bins=15) == pytest.approx(total)
