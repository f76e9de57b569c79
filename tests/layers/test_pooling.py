import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import layers
from anmok.errors import ShapeError, UnknownNameError


def pooled(x, window, stride, how):
    """'same' pooling of a matrix as TensorFlow defines it: only what lies inside counts."""
    counts = [-(-size // stride) for size in x.shape]
    befores = [max((n - 1) * stride + window - size, 0) // 2 for n, size in zip(counts, x.shape, strict=True)]
    result = np.zeros(counts)
    for i in range(counts[0]):
        for j in range(counts[1]):
            top, left = i * stride - befores[0], j * stride - befores[1]
            result[i, j] = how(x[max(top, 0) : top + window, max(left, 0) : left + window])
    return result


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    window=st.integers(1, 5),
    stride=st.integers(1, 4),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("name, how", [("MaxPooling2D", np.max), ("AveragePooling2D", np.mean)])
def test_same_pooling_against_a_slow_loop(name, how, sizes, window, stride, seed):
    x = np.random.default_rng(seed).normal(size=sizes)
    layer = getattr(layers, name)(window, strides=stride, padding="same")
    result = layer(x[None, :, :, None].astype(np.float32))[0, :, :, 0].numpy()
    np.testing.assert_allclose(result, pooled(x, window, stride, how), rtol=1e-5, atol=1e-6)


def test_same_average_of_series():
    y = layers.AveragePooling1D(2, strides=1, padding="same")(np.array([[[2.0], [4.0], [9.0]]]))
    assert y.flatten().tolist() == [3.0, 6.5, 9.0]  # the last window has one real step


def test_maximum_of_negative_values_at_the_edge():
    y = layers.MaxPooling2D(2, strides=1, padding="same")(-torch.ones(1, 3, 3, 1))
    assert (y == -1).all()


def test_gradient_of_a_same_average_is_shared_by_real_pixels():
    x = torch.ones(1, 3, 3, 1, requires_grad=True)
    layers.AveragePooling2D(2, padding="same")(x).sum().backward()
    np.testing.assert_allclose(x.grad[0, :, :, 0], [[0.25, 0.25, 0.5], [0.25, 0.25, 0.5], [0.5, 0.5, 1]])


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D"])
def test_no_copy_is_needed_between_layers(name):
    assert getattr(layers, name)(2)(torch.rand(2, 8, 8, 3)).is_contiguous()


def test_aliases_are_the_same_classes():
    assert layers.MaxPool2D is layers.MaxPooling2D and layers.AvgPool1D is layers.AveragePooling1D
    assert layers.GlobalMaxPool2D is layers.GlobalMaxPooling2D
    assert type(layers.get("MaxPool2D")) is layers.MaxPooling2D


def test_a_window_larger_than_its_input():
    with pytest.raises(ShapeError, match="MaxPooling2D 'pool5': its window of 2x2 is larger than its input, 1x1"):
        layers.MaxPooling2D(name="pool5")(layers.Input((1, 1, 64)))


def test_a_forgotten_axis():
    with pytest.raises(ShapeError, match=r"GlobalAveragePooling2D 'gap': expected \(batch, height, width, channels\)"):
        layers.GlobalAveragePooling2D(name="gap")(layers.Input((64,)))


def test_unknown_padding():
    with pytest.raises(UnknownNameError, match="Did you mean 'valid'"):
        layers.MaxPooling2D(padding="vaild")
