import numpy as np
import pytest
from scipy.stats import binomtest

from anmok.errors import ArgumentError
from anmok.evaluate.intervals import paired_interval, wilson_interval


@pytest.mark.parametrize("hits, total", [(0, 5), (5, 5), (1816, 2000), (7, 30)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_interval_is_scipys(hits, total, level):
    theirs = binomtest(hits, total).proportion_ci(level, method="wilson")
    assert wilson_interval(hits, total, level=level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_refusals():
    with pytest.raises(ArgumentError):
        wilson_interval(3, 2)
    with pytest.raises(ArgumentError):
        wilson_interval(0, 0)


def test_a_paired_interval_is_the_formula_by_hand():
    # 100 cases, 12 gained and 4 lost: (13 - 5) / 102 +- 1.96 sqrt((18 / 102 - (8 / 102)^2) / 102).
    first = np.array([False] * 12 + [True] * 4 + [True] * 84)
    second = np.array([True] * 12 + [False] * 4 + [True] * 84)
    reach = 1.959964 * np.sqrt((18 / 102 - (8 / 102) ** 2) / 102)
    assert paired_interval(first, second) == pytest.approx((8 / 102 - reach, 8 / 102 + reach), abs=1e-6)
    low, high = paired_interval(first, first)
    assert low == pytest.approx(-high) and 0 < high < 0.03


def test_a_paired_interval_holds_the_true_difference_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        kind = rng.random(80)
        first, second = kind < 0.75, (kind < 0.70) | (kind > 0.9)  # 0.75 and 0.80 are right
        low, high = paired_interval(first, second)
        held += low <= 0.05 <= high
    assert 930 <= held <= 990


def test_a_paired_interval_wants_the_same_cases():
    with pytest.raises(ArgumentError, match="hits of the same cases"):
        paired_interval([True], [True, False])
