import inspect

import keras
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import regularizers

factors = st.floats(0, 10)


def numbers(config):
    return {key: pytest.approx(value, rel=1e-6) if key != "mode" else value for key, value in config.items()}


configurations = st.one_of(
    st.tuples(st.just("L1"), st.fixed_dictionaries({"l1": factors})),
    st.tuples(st.just("L2"), st.fixed_dictionaries({"l2": factors})),
    st.tuples(st.just("L1L2"), st.fixed_dictionaries({"l1": factors, "l2": factors})),
    st.tuples(
        st.just("OrthogonalRegularizer"),
        st.fixed_dictionaries({"factor": factors, "mode": st.sampled_from(["rows", "columns"])}),
    ),
)


@given(configurations, st.integers(2, 9), st.integers(2, 9), st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_penalty_gradient_and_config(configuration, rows, columns, seed):
    name, arguments = configuration
    ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    w = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    w[0] = 0
    penalties, gradients = [], []
    for regularizer in (ours, theirs):
        leaf = w.clone().requires_grad_()
        penalties.append(regularizer(leaf))
        penalty = penalties[-1]
        gradients.append(torch.autograd.grad(penalty, leaf)[0] if penalty.requires_grad else torch.zeros_like(w))
    torch.testing.assert_close(*penalties, rtol=1e-6, atol=1e-6)
    # Keras' gradient through 1 / 0 is NaN in a row of zeros.
    torch.testing.assert_close(gradients[0][1:], gradients[1][1:], rtol=1e-5, atol=1e-5)

    # Keras rounds some factors to float32 before it writes them.
    assert ours.get_config() == numbers(theirs.get_config())
    ours_read = regularizers.deserialize(keras.regularizers.serialize(theirs))
    assert ours_read.get_config() == numbers(ours.get_config())
    written = regularizers.serialize(ours)
    assert written.keys() == keras.regularizers.serialize(theirs).keys()
    theirs_read = keras.regularizers.deserialize(written)
    assert type(theirs_read) is type(theirs)
    assert theirs_read.get_config() == numbers(theirs.get_config())


@pytest.mark.parametrize("name", ["L1", "L2", "L1L2", "OrthogonalRegularizer"])
def test_names_and_defaults_are_those_of_keras(name):
    ours, theirs = getattr(regularizers, name), getattr(keras.regularizers, name)
    assert ours().get_config() == numbers(theirs().get_config())
    mine = inspect.signature(ours).parameters
    for parameter in inspect.signature(theirs).parameters.values():
        assert mine[parameter.name].default == parameter.default


def test_every_name_of_keras_is_known():
    for name, theirs in keras.src.regularizers.ALL_OBJECTS_DICT.items():
        if theirs is not keras.regularizers.Regularizer:
            assert type(regularizers.get(name)).__name__ == theirs.__name__


@pytest.mark.parametrize("name", ["L1", "L2", "L1L2", "OrthogonalRegularizer"])
@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf"), "a"])
def test_what_keras_refuses_is_refused(name, wrong):
    for package in (keras.regularizers, regularizers):
        with pytest.raises(ValueError):
            getattr(package, name)(wrong)
