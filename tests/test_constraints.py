import numpy as np
import pytest
import torch

from anmok import constraints, notices
from anmok.errors import ArgumentError, UnknownNameError

W = np.array([[3.0, -0.3], [4.0, 0.4]], np.float32)  # columns of length 5 and 0.5


@pytest.mark.parametrize(
    "constraint, expected",
    [
        (constraints.MaxNorm(), [[1.2, -0.3], [1.6, 0.4]]),
        (constraints.MaxNorm(1.0, axis=[0, 1]), W / np.sqrt(25.25)),
        (constraints.MaxNorm(1.0, axis=None), W / np.sqrt(25.25)),
        (constraints.NonNeg(), [[3.0, 0.0], [4.0, 0.4]]),
        (constraints.UnitNorm(), [[0.6, -0.6], [0.8, 0.8]]),
        (constraints.MinMaxNorm(1.0, 2.0), [[1.2, -0.6], [1.6, 0.8]]),
        (constraints.MinMaxNorm(1.0, 2.0, rate=0.5), [[2.1, -0.45], [2.8, 0.6]]),
    ],
)
def test_by_hand(constraint, expected):
    for weight in (W, W.tolist(), torch.tensor(W)):
        np.testing.assert_allclose(constraint(weight).numpy(), expected, rtol=1e-6)


def test_each_filter_of_a_convolution_is_bounded():
    w = torch.randn(3, 3, 4, 6, generator=torch.Generator().manual_seed(0)) * torch.linspace(0.01, 1, 6)
    bounded = constraints.MaxNorm(2, axis=[0, 1, 2])(w)
    norms = w.square().sum((0, 1, 2)).sqrt()
    torch.testing.assert_close(bounded.square().sum((0, 1, 2)).sqrt(), norms.clamp(max=2), rtol=1e-5, atol=1e-6)


def test_long_vectors_keep_their_digits():
    w = torch.rand(200_000, 2, generator=torch.Generator().manual_seed(0))
    for axis, kernel in ((0, w), (1, w.T)):
        lengths = constraints.UnitNorm(axis)(kernel).double().square().sum(axis).sqrt()
        torch.testing.assert_close(lengths, torch.ones(2, dtype=torch.float64), rtol=1e-6, atol=0)


def test_zeros_stay_zeros():
    for name in ("max_norm", "unit_norm", "min_max_norm", "non_neg"):
        assert not constraints.get(name)(torch.zeros(3, 2)).any()


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: constraints.MaxNorm(-1), "max_value must be a number >= 0, got -1"),
        (lambda: constraints.MaxNorm(float("nan")), "max_value must be a number >= 0, got nan"),
        (lambda: constraints.MaxNorm("2"), "max_value must be a number >= 0, got '2'"),
        (lambda: constraints.MinMaxNorm(2, 1), "max_value must be a number >= 2, got 1"),
        (lambda: constraints.MinMaxNorm(rate=1.5), "rate must be a number from 0 to 1, got 1.5"),
        (lambda: constraints.UnitNorm(axis="0"), r"axis must be an int or a list of ints, .* got '0'"),
    ],
)
def test_what_cannot_be_honoured_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_old_names():
    assert constraints.maxnorm is constraints.max_norm is constraints.MaxNorm
    assert constraints.nonneg is constraints.NonNeg and constraints.unitnorm is constraints.UnitNorm
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"maxnorm\(m=\.\.\.\) is an old spelling") as said:
        assert constraints.maxnorm(m=3).max_value == 3
    assert said[0].filename == __file__


def test_get():
    assert constraints.get(None) is None
    for name in ("MaxNorm", "max_norm", "maxnorm"):
        assert isinstance(constraints.get(name), constraints.MaxNorm)
    for name in ("nonneg", "non_neg", constraints.NonNeg):
        assert isinstance(constraints.get(name), constraints.NonNeg)
    assert constraints.get(torch.relu) is torch.relu
    with pytest.raises(UnknownNameError, match=r"Unknown constraint 'unit_nom'\. Did you mean 'unit_norm'\?"):
        constraints.get("unit_nom")


def test_a_class_of_ones_own():
    class Halved(constraints.Constraint):
        def __call__(self, w):
            return w / 2

    config = constraints.serialize(constraints.get(Halved))
    assert config["registered_name"] == "Halved"
    assert constraints.deserialize(config, custom_objects={"Halved": Halved})(4.0) == 2
    assert constraints.Constraint()(W) is W
