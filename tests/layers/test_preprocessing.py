import numpy as np
import pytest
import torch

from anmok import layers
from anmok.errors import ArgumentError, DataError, ShapeError, UnknownNameError


def test_pixels_become_floats_between_0_and_1():
    y = layers.Rescaling(1 / 255)(np.array([[0, 51, 255]], np.uint8))
    assert y.dtype is torch.float32
    np.testing.assert_allclose(y, [[0, 0.2, 1]], rtol=1e-6)


def test_rescaling_of_symbolic_pixels():
    y = layers.Rescaling(1 / 255)(layers.Input((8, 8, 3), dtype="uint8"))
    assert (y.shape, y.dtype) == ((None, 8, 8, 3), "float32")


def test_normalization_of_pixels_is_exact():
    """Keras sums float32 and loses digits; in uint8 the sums are exact in float64."""
    pixels = np.random.default_rng(0).integers(0, 256, (10_000, 4, 3)).astype(np.uint8)
    layer = layers.Normalization()
    layer.adapt(pixels)
    np.testing.assert_allclose(layer.mean.flatten(), pixels.mean((0, 1)), rtol=1e-6)
    np.testing.assert_allclose(layer.variance.flatten(), pixels.var((0, 1)), rtol=1e-6)
    y = layer(pixels)
    np.testing.assert_allclose(y.mean((0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(y.std((0, 1), correction=0), 1, rtol=1e-4)


def test_inverted_normalization_undoes_it():
    x = np.random.default_rng(0).normal(5, 3, size=(20, 4)).astype(np.float32)
    there, back = layers.Normalization(), layers.Normalization(invert=True)
    there.adapt(x)
    back.adapt(x)
    np.testing.assert_allclose(back(there(x)), x, rtol=1e-5)


def test_adapted_values_survive_state_dict_and_weights():
    x = np.random.default_rng(0).normal(5, 3, size=(20, 4)).astype(np.float32)
    first, second, third = (layers.Normalization() for _ in range(3))
    first.adapt(x)
    second.build((None, 4))
    second.set_weights(first.get_weights())
    third.build((None, 4))
    third.load_state_dict(first.state_dict())
    torch.testing.assert_close(second(x), first(x))
    torch.testing.assert_close(third(x), first(x))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"mean": 1.0}, "give both mean and variance or neither"),
        ({"mean": [1.0, 2.0], "variance": 1.0}, "must have the same shape"),
        ({"axis": None, "mean": [1.0], "variance": [1.0]}, "must have the same shape, of no more axes"),
    ],
)
def test_means_that_cannot_be_used(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        layers.Normalization(**arguments)


def test_data_that_cannot_be_adapted_to():
    layer = layers.Normalization(name="norm")
    with pytest.raises(DataError, match="Normalization 'norm': adapt\\(\\) got no data"):
        layer.adapt([])
    layer.build((None, 3))
    with pytest.raises(ShapeError, match="adapt\\(\\) got data of shape \\(5, 4\\), but the layer was built for"):
        layer.adapt(np.zeros((5, 4)))
    with pytest.raises(ArgumentError, match="was given its mean and variance"):
        layers.Normalization(mean=1.0, variance=1.0).adapt(np.zeros((5, 4)))


def test_a_box_is_cut_before_resizing():
    x = np.zeros((1, 4, 8, 1), np.float32)
    x[:, :, 2:6] = np.arange(4).reshape(4, 1, 1)
    cut = layers.Resizing(4, 4, crop_to_aspect_ratio=True)(x)
    np.testing.assert_array_equal(cut, x[:, :, 2:6])


def test_bars_are_added_before_resizing():
    y = layers.Resizing(8, 8, pad_to_aspect_ratio=True, fill_value=7.0)(np.ones((1, 4, 8, 1), np.float32))
    np.testing.assert_array_equal(y[0, :, 0, 0], [7, 7, 1, 1, 1, 1, 7, 7])


def test_whole_pixels_are_rounded_and_stay_in_range():
    pixels = np.array([0, 255, 0, 255], np.uint8).reshape(1, 1, 4, 1)
    y = layers.Resizing(1, 9, interpolation="bicubic")(pixels)
    assert y.dtype is torch.uint8 and y.min() == 0 and y.max() == 255


def test_one_image_without_a_batch():
    image = torch.rand(6, 8, 3)
    for layer in (layers.Resizing(3, 4), layers.CenterCrop(3, 4)):
        torch.testing.assert_close(layer(image), layer(image[None])[0])


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"height": 0}, ArgumentError, "height must be a whole number, at least 1"),
        ({"interpolation": "cubic"}, UnknownNameError, "Did you mean 'bicubic'"),
        ({"fill_mode": "reflect"}, UnknownNameError, "fill_mode"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, ArgumentError, "choose one"),
    ],
)
def test_arguments_that_cannot_be_honoured(arguments, error, message):
    with pytest.raises(error, match=message):
        layers.Resizing(**{"height": 4, "width": 4, **arguments})
