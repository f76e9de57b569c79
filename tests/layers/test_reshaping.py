import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import layers
from anmok.errors import ArgumentError, ShapeError, UnknownNameError
from anmok.layers.interpolation import resize


def test_flatten_is_channels_last():
    x = torch.arange(12.0).reshape(1, 2, 2, 3)
    assert layers.Flatten()(x)[0].tolist() == list(range(12))
    assert layers.Flatten(data_format="channels_first")(x.permute(0, 3, 1, 2))[0].tolist() == list(range(12))


def test_flatten_after_convolution_is_a_view():
    y = layers.Conv2D(4, 3)(torch.rand(2, 8, 8, 3))
    assert layers.Flatten()(y).data_ptr() == y.data_ptr()


def test_flatten_of_an_empty_batch():
    assert layers.Flatten()(torch.zeros(0, 3, 4)).shape == (0, 12)


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    target=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize(
    "method, filter", [("bicubic", PIL.Image.Resampling.BICUBIC), ("lanczos3", PIL.Image.Resampling.LANCZOS)]
)
def test_resampling_is_pillows(method, filter, sizes, target, seed):
    """Pillow, like TensorFlow with antialias=True, has Keys' cubic with a = -1/2 and shares out weights at the edge."""
    x = np.random.default_rng(seed).normal(size=sizes).astype(np.float32)
    expected = np.asarray(PIL.Image.fromarray(x).resize(target[::-1], filter))
    options = {"height": target[0], "width": target[1], "interpolation": method, "antialias": True}
    np.testing.assert_allclose(resize(torch.tensor(x)[None, None], **options)[0, 0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [(2, 2), (3, 1)])
def test_bicubic_upsampling_is_pillows(size):
    """Keras on torch takes a = -3/4 here, as torch does; TensorFlow, which we follow, a = -1/2."""
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    expected = PIL.Image.fromarray(x).resize((4 * size[1], 5 * size[0]), PIL.Image.Resampling.BICUBIC)
    y = layers.UpSampling2D(size, interpolation="bicubic")(x[None, :, :, None])
    np.testing.assert_allclose(y[0, :, :, 0], np.asarray(expected), rtol=1e-4, atol=1e-5)


def test_bicubic_without_antialias_against_a_slow_loop():
    def keys(t):
        t = abs(t)
        if t < 1:
            return 1.5 * t**3 - 2.5 * t**2 + 1
        return -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2 if t < 2 else 0.0

    x = np.random.default_rng(0).normal(size=11)
    expected = []
    for i in range(4):
        centre = (i + 0.5) * 11 / 4 - 0.5
        weights = [keys(j - centre) for j in range(11)]
        expected.append(np.dot(weights, x) / sum(weights))
    y = layers.Resizing(1, 4, interpolation="bicubic")(x.astype(np.float32)[None, None, :, None])
    np.testing.assert_allclose(y.flatten(), expected, rtol=1e-5)


def test_cropping_undoes_padding():
    x = torch.rand(2, 4, 5, 3)
    margins = ((1, 0), (2, 3))
    torch.testing.assert_close(layers.Cropping2D(margins)(layers.ZeroPadding2D(margins)(x)), x)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: layers.Reshape((-1, -1)), ArgumentError, "only one size of target_shape may be -1"),
        (lambda: layers.Permute((0, 1)), ArgumentError, r"dims must hold 1..n, each once"),
        (lambda: layers.RepeatVector(0), ArgumentError, "n must be a whole number, at least 1"),
        (lambda: layers.ZeroPadding2D(-1), ArgumentError, "padding"),
        (lambda: layers.ZeroPadding2D((1, 2, 3)), ArgumentError, "padding must be a whole number, or 2 of them"),
        (lambda: layers.UpSampling2D(interpolation="billinear"), UnknownNameError, "Did you mean 'bilinear'"),
    ],
)
def test_arguments_that_cannot_be_honoured(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "layer, shape, message",
    [
        (layers.Reshape((5, 2), name="r"), (3, 4), r"Reshape 'r': samples of shape \(3, 4\) have 12 numbers.*\(5, 2\)"),
        (layers.Reshape((-1, 5)), (3, 4), "12 numbers"),
        (layers.Cropping2D(2, name="c"), (4, 9, 3), "Cropping2D 'c': cropping=.* leaves nothing"),
        (layers.RepeatVector(2), (3, 4), r"expected \(batch, features\)"),
        (layers.Permute((2, 1)), (3, 4, 5), "expects 3 axes"),
    ],
)
def test_shapes_that_do_not_fit(layer, shape, message):
    with pytest.raises(ShapeError, match=message):
        layer(layers.Input(shape))
    with pytest.raises(ShapeError, match=message):
        type(layer).from_config(layer.get_config())(torch.zeros(2, *shape))
