import numpy as np
import pytest
import torch

from anmok import layers
from anmok.errors import ArgumentError, ShapeError

ELEMENTWISE = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
EXPECTED = list(zip(ELEMENTWISE, [[5, 2], [-3, 8], [4, -15], [2.5, 1], [4, 5], [1, -3]], strict=True))


@pytest.mark.parametrize("name, expected", EXPECTED)
def test_elementwise_by_hand(name, expected):
    a, b = torch.tensor([[1.0, 5.0]]), torch.tensor([[4.0, -3.0]])
    assert getattr(layers, name)()([a, b]).tolist() == [expected]
    assert getattr(layers, name.lower())([a, b]).tolist() == [expected]


def test_dot_by_loops():
    a, b = np.random.default_rng(0).normal(size=(2, 2, 3, 4)).astype("float32")
    result = layers.Dot(axes=(1, 2))([a, b.transpose(0, 2, 1)])
    expected = [
        [[sum(a[n, k, i] * b[n, k, j] for k in range(3)) for j in range(4)] for i in range(4)] for n in range(2)
    ]
    np.testing.assert_allclose(result, expected, atol=1e-5)
    cosine = layers.dot([torch.tensor([[3.0, 4.0]]), torch.tensor([[4.0, 3.0]])], axes=1, normalize=True)
    assert cosine.tolist() == [[pytest.approx(24 / 25)]]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_shapes_that_differ_are_both_named_when_the_model_is_built(name):
    a, b = layers.Input((8, 8, 16)), layers.Input((8, 8, 32))
    shapes = r"the same shape, got \(None, 8, 8, 16\) and \(None, 8, 8, 32\)"
    with pytest.raises(ShapeError, match=f"{name} 'join': expected inputs of {shapes}"):
        getattr(layers, name)(name="join")([a, b])


def test_concatenation_of_unequal_shapes():
    a, b = layers.Input((8, 8, 16)), layers.Input((7, 8, 16))
    with pytest.raises(ShapeError, match=r"except on axis -1, got \(None, 8, 8, 16\) and \(None, 7, 8, 16\)"):
        layers.Concatenate()([a, b])
    assert layers.Concatenate(axis=1)([a, b]).shape == (None, 15, 8, 16)
    with pytest.raises(ShapeError, match="same shape except on axis"):
        layers.Concatenate()([a, layers.Input((16,))])
    with pytest.raises(ArgumentError, match=r"axis 4 does not exist in an input of 4 axes"):
        layers.Concatenate(axis=4)([a, a])


def test_a_built_layer_names_the_shapes_too():
    layer = layers.Add()
    layer([torch.ones(2, 3), torch.ones(2, 3)])
    with pytest.raises(ShapeError, match=r"got \(2, 3\) and \(2, 4\)"):
        layer([torch.ones(2, 3), torch.ones(2, 4)])
    joined = layers.Concatenate()
    joined([torch.ones(2, 3), torch.ones(2, 3)])
    with pytest.raises(ShapeError, match=r"got \(2, 3\) and \(5, 3\)"):
        joined([torch.ones(2, 3), torch.ones(5, 3)])


def test_unknown_lengths_may_be_anything():
    a, b = layers.Input((None, None, 4)), layers.Input((6, 6, 4))
    assert layers.Add()([a, b]).shape == (None, 6, 6, 4)
    assert layers.Add()([a, a]).shape == (None, None, None, 4)
    assert layers.Multiply()([a, layers.Input((1, 1, 4))]).shape == (None, None, None, 4)
    assert layers.Add()([layers.Input((4,), batch_size=8), layers.Input((4,))]).shape == (8, 4)
    assert layers.Concatenate()([a, b]).shape == (None, 6, 6, 8)
    assert layers.Dot(1)([layers.Input((None, 3)), layers.Input((5, 2))]).shape == (None, 3, 2)
    assert layers.Concatenate()([a, layers.Input((None, None, 2))]).shape == (None, None, None, 6)


def test_how_many_and_what():
    x = layers.Input((3,))
    with pytest.raises(ArgumentError, match=r"Add 'sum' is called on a list of tensors.*got one of shape \(None, 3\)"):
        layers.Add(name="sum")(x)
    with pytest.raises(ArgumentError, match="expected 2 inputs, got 3"):
        layers.Subtract()([x, x, x])
    with pytest.raises(ArgumentError, match="expected 2 inputs, got 1"):
        layers.Dot(1)([x])
    with pytest.raises(ArgumentError, match=r"axes must lie in 1..1 \(0 is the batch\)"):
        layers.Dot(0)([x, x])
    with pytest.raises(ArgumentError, match="axes must be a whole number or two of them"):
        layers.Dot((1, 2, 3))
    with pytest.raises(ShapeError, match=r"one length on axes 1, got \(None, 3\) and \(None, 5\)"):
        layers.Dot(1)([x, layers.Input((5,))])


def test_operators_on_symbolic_tensors():
    x = layers.Input((4,))
    y = (2 * x + 1 - x / 2) ** 2
    assert y.shape == (None, 4)
    assert isinstance(y.node.layer, layers.Operation)
    assert (x + x)[:, 1:3].shape == (None, 2)
