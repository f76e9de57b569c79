import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_twins import compare, random_inputs

from anmok import layers

few = settings(max_examples=25, deadline=None)
ELEMENTWISE = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    count=st.integers(2, 4),
    data=st.data(),
    seed=st.integers(0, 999),
)
@few
def test_elementwise(name, shape, count, data, seed):
    shapes = [tuple(shape)]
    for _ in range(1 if name == "Subtract" else count - 1):
        # Axes of length 1 stretch, and missing axes are added after the batch.
        dropped = data.draw(st.integers(0, len(shape) - 2))
        stretched = [data.draw(st.sampled_from([1, length])) for length in shape[1 + dropped :]]
        shapes.append((shape[0], *stretched))
    compare(name, {}, shapes, seed=seed)


@given(
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    data=st.data(),
    seed=st.integers(0, 999),
)
@few
def test_concatenate(shape, lengths, data, seed):
    axis = data.draw(st.sampled_from([-1, *range(1, len(shape))]))
    shapes = []
    for length in lengths:
        shape[axis] = length
        shapes.append(tuple(shape))
    if len(set(shapes)) > 1 and any(1 in s[1:] for s in shapes):
        return  # Keras' check removes axes of length 1 and then refuses some of these
    compare("Concatenate", {"axis": axis}, shapes, seed=seed)


@given(
    first=st.lists(st.integers(2, 4), min_size=2, max_size=4),
    second=st.lists(st.integers(2, 4), min_size=2, max_size=4),
    normalize=st.booleans(),
    data=st.data(),
    seed=st.integers(0, 999),
)
@few
def test_dot(first, second, normalize, data, seed):
    axes = [data.draw(st.integers(1, len(first) - 1)), data.draw(st.integers(1, len(second) - 1))]
    second[0], second[axes[1]] = first[0], first[axes[0]]
    compare("Dot", {"axes": axes, "normalize": normalize}, [tuple(first), tuple(second)], seed=seed)


@pytest.mark.parametrize("axes", [1, -1])
def test_dot_with_one_axis_for_both(axes):
    compare("Dot", {"axes": axes}, [(3, 4), (3, 4)])


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"])
def test_functions(name):
    pair = random_inputs([(3, 5), (3, 5)], 4)
    mine = getattr(layers, name)(pair)
    np.testing.assert_allclose(mine, getattr(keras.layers, name)(pair), rtol=1e-6, atol=1e-6)
