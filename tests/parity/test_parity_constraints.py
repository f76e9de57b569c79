import inspect

import keras
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import constraints

lengths = st.floats(0, 5)
axes = st.sampled_from([0, 1, [0, 1], [0, 1, 2], -1])
configurations = st.one_of(
    st.tuples(st.just("MaxNorm"), st.fixed_dictionaries({"max_value": lengths, "axis": axes})),
    st.tuples(st.just("UnitNorm"), st.fixed_dictionaries({"axis": axes})),
    st.tuples(st.just("NonNeg"), st.just({})),
    st.tuples(
        st.just("MinMaxNorm"),
        st.fixed_dictionaries(
            {"min_value": lengths, "max_value": st.floats(5, 9), "rate": st.floats(0, 1), "axis": axes}
        ),
    ),
)


@given(configurations, st.integers(0, 999), st.sampled_from([1e-6, 0.1, 1, 100]))
@settings(max_examples=25, deadline=None)
def test_value_and_config(configuration, seed, scale):
    name, arguments = configuration
    ours, theirs = getattr(constraints, name)(**arguments), getattr(keras.constraints, name)(**arguments)
    w = scale * torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(seed))
    w[..., 0] = 0
    torch.testing.assert_close(ours(w), theirs(w), rtol=1e-5, atol=1e-6)

    assert ours.get_config() == theirs.get_config()
    assert constraints.serialize(ours) == keras.constraints.serialize(theirs)
    assert constraints.deserialize(keras.constraints.serialize(theirs)).get_config() == ours.get_config()
    assert keras.constraints.deserialize(constraints.serialize(ours)).get_config() == theirs.get_config()


@pytest.mark.parametrize("name", ["MaxNorm", "UnitNorm", "NonNeg", "MinMaxNorm"])
def test_names_and_defaults_are_those_of_keras(name):
    ours, theirs = getattr(constraints, name), getattr(keras.constraints, name)
    assert ours().get_config() == theirs().get_config()
    mine = inspect.signature(ours).parameters
    for parameter in inspect.signature(theirs).parameters.values():
        assert mine[parameter.name].default == parameter.default


def test_every_name_of_keras_is_known():
    for name, theirs in keras.src.constraints.ALL_OBJECTS_DICT.items():
        if theirs is not keras.constraints.Constraint:
            assert type(constraints.get(name)).__name__ == theirs.__name__
