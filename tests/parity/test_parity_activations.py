import inspect
import warnings

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import activations

EXTREME = [-1e4, -88.0, -6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0, 20.5, 80.0, 1e4]
ARGUMENTS = [
    *[(name, {}) for name in sorted(keras.src.activations.ALL_OBJECTS_DICT) if name not in ("threshold", "sparsemax")],
    ("threshold", {"threshold": 0.3, "default_value": -7.0}),
    ("elu", {"alpha": 0.3}),
    ("celu", {"alpha": 2.5}),
    ("gelu", {"approximate": True}),
    ("glu", {"axis": 0}),
    ("leaky_relu", {"negative_slope": 0.01}),
    ("softmax", {"axis": 0}),
    ("softmax", {"axis": None}),
    ("softmax", {"axis": (0, 1)}),
    ("log_softmax", {"axis": 1}),
    ("log_softmax", {"axis": None}),
    ("soft_shrink", {"threshold": 1.5}),
    ("hard_shrink", {"threshold": 0.1}),
    ("squareplus", {"b": 0.5}),
]


def value_and_gradient(function, x, weights, **arguments):
    x = x.clone().requires_grad_()
    y = function(x, **arguments)
    (gradient,) = torch.autograd.grad((y * weights[: y.numel()].view(y.shape)).sum(), x)
    return y.detach(), gradient


def assert_same(name, x, **arguments):
    weights = torch.linspace(-1, 1, x.numel())
    ours = value_and_gradient(getattr(activations, name), x, weights, **arguments)
    theirs = value_and_gradient(getattr(keras.activations, name), x, weights, **arguments)
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name, arguments", ARGUMENTS, ids=str)
def test_values_and_gradients(name, arguments):
    draw = torch.Generator().manual_seed(1)
    assert_same(name, 3 * torch.randn(6, 4, 10, generator=draw), **arguments)


@pytest.mark.parametrize("name, arguments", [a for a in ARGUMENTS if a[0] != "exponential"], ids=str)
def test_values_and_gradients_at_extremes(name, arguments):
    assert_same(name, torch.tensor(EXTREME).repeat(2, 1), **arguments)


@given(
    slope=st.sampled_from([0.0, 0.1, 0.7]),
    top=st.sampled_from([None, 1.0, 6, 6.5]),
    threshold=st.sampled_from([0.0, 0.4, 1.0, -0.6]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=25, deadline=None)
def test_relu_with_all_its_arguments(slope, top, threshold, seed):
    x = 5 * torch.randn(50, generator=torch.Generator().manual_seed(seed))
    assert_same("relu", x, negative_slope=slope, max_value=top, threshold=threshold)


def test_rank_one_softmax_is_as_in_keras():
    x = torch.linspace(-2, 3, 7)
    torch.testing.assert_close(activations.softmax(x), keras.activations.softmax(x))


def test_sparsemax_where_keras_follows_the_paper():
    # One value far above the others: Keras' sum of cumulative sums has one term there, and is the paper's.
    noise = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    x = noise + 9 * torch.nn.functional.one_hot(torch.arange(5), 6)
    assert_same("sparsemax", x)
    keras_is_off = keras.activations.sparsemax(torch.tensor([[1.0, 0.5]])).sum()
    assert keras_is_off == 0.25 and activations.sparsemax([[1.0, 0.5]]).sum() == 1


def test_every_name_and_argument_of_keras_is_known():
    for name, theirs in keras.src.activations.ALL_OBJECTS_DICT.items():
        ours = activations.get(name)
        assert ours.__name__ == theirs.__name__
        assert getattr(activations, name) is ours
        mine = inspect.signature(ours).parameters
        for parameter in inspect.signature(theirs).parameters.values():
            assert mine[parameter.name].default == parameter.default
        assert activations.serialize(ours) == keras.activations.serialize(theirs)
        assert keras.activations.deserialize(activations.serialize(ours)) is theirs


def test_functions_of_ones_own_travel_both_ways():
    def square(x):
        return x**2

    theirs = keras.activations.serialize(square)
    assert activations.serialize(square) == theirs
    assert activations.deserialize(theirs, {"square": square}) is square
    assert keras.activations.deserialize(activations.serialize(square), {"square": square}) is square


def test_numbers_that_are_not_floats_give_keras_values():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("relu", "tanh", "sigmoid", "softsign"):
            ours = getattr(activations, name)(np.array([[1, -2, 3]]))
            theirs = getattr(keras.activations, name)(np.array([[1.0, -2.0, 3.0]], np.float32))
            torch.testing.assert_close(ours, theirs)
