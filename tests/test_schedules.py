"""Schedules by hand calculation, and what they refuse."""

import math

import numpy as np
import pytest

from anmok import optimizers, schedules
from anmok.errors import ArgumentError


def test_restarts_fall_on_their_steps():
    schedule = schedules.CosineDecayRestarts(1.0, 10, t_mul=3.0, m_mul=0.5)
    for i, start in enumerate([0, 10, 40, 130, 400, 1210]):
        assert schedule(start) == pytest.approx(0.5**i)
        assert schedule(start + 5 * 3**i) == pytest.approx(0.5 * 0.5**i)
        assert schedule(start + 10 * 3**i - 1e-9) == pytest.approx(0.0, abs=1e-9)


def test_warm_up_then_half_a_cosine():
    schedule = schedules.CosineDecay(0.0, 100, warmup_target=1.0, warmup_steps=10)
    assert [schedule(step) for step in (0, 5, 10)] == [0.0, 0.5, 1.0]
    assert schedule(35) == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))
    assert schedule(10_000) == pytest.approx(0.0)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps must be greater than 0"),
        (lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]), "one value more than boundaries"),
        (lambda: schedules.PiecewiseConstantDecay([3, 2], [0.1, 0.2, 0.3]), "rising order"),
        (lambda: schedules.OneCycle(0.1, 10, anneal_strategy="cosine"), "'cos' or 'linear'"),
        (lambda: schedules.OneCycle(0.1, 10, pct_start=1.5), "in 0..1"),
    ],
)
def test_refusals_say_what_was_expected(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()


def test_schedules_are_reached_as_in_keras():
    from anmok.optimizers.schedules import ExponentialDecay

    assert ExponentialDecay is schedules.ExponentialDecay is optimizers.schedules.ExponentialDecay


def test_an_array_of_steps_gives_an_array_of_rates():
    steps = np.arange(6).reshape(2, 3) * 50
    for schedule in (schedules.InverseTimeDecay(0.1, 100, 1), schedules.PiecewiseConstantDecay([99, 150], [3, 2, 1])):
        expected = [[schedule(int(step)) for step in row] for row in steps]
        np.testing.assert_allclose(schedule(steps), expected, rtol=1e-6)
