import pytest
from scipy.stats import binomtest

from anmok.errors import ArgumentError
from anmok.evaluate.intervals import wilson_interval


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
