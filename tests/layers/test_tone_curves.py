import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from anmok import layers
from anmok.errors import ArgumentError


def pictures(count=3, seed=0):
    return np.random.default_rng(seed).integers(30, 200, (count, 12, 13, 3)).astype(np.uint8)


def pillows(function, x, *arguments):
    return np.stack([np.asarray(function(Image.fromarray(image), *arguments)) for image in x])


@pytest.mark.parametrize("bits", range(1, 9))
def test_posterized_is_pillows(bits):
    x = pictures()
    y = layers.RandomPosterization(bits)(x, training=True)
    np.testing.assert_array_equal(y, pillows(ImageOps.posterize, x, bits))


def test_bits_are_drawn_below_the_upper_one():
    bits = layers.RandomPosterization((2, 6)).draw(np.random.default_rng(0), (1000, 4, 4, 3))["bits"]
    assert set(bits.tolist()) == {2, 3, 4, 5}


@pytest.mark.parametrize("threshold", [0, 60, 128])
def test_solarized_is_pillows(threshold):
    x = pictures()
    part = threshold / 255
    y = layers.Solarization(threshold_factor=(part, part))(x, training=True)
    np.testing.assert_array_equal(y.round(), pillows(ImageOps.solarize, x, threshold))


def test_solarization_adds_before_and_draws_in_the_unit_of_pixels():
    x = np.full((1, 1, 1, 3), 0.25, np.float32)
    y = layers.Solarization((0.5, 0.5), (0.8, 0.8), value_range=(0, 1))(x, training=True)
    np.testing.assert_allclose(y, 0.75, rtol=1e-5)
    values = layers.Solarization(0.2, (0.4, 0.6)).draw(np.random.default_rng(0), (4000, 4, 4, 3))
    assert values["additions"].min() < 1 and 50 < values["additions"].max() <= 51
    assert 102 <= values["thresholds"].min() < 103 and 152 < values["thresholds"].max() <= 153


@pytest.mark.parametrize("training", [True, False])
def test_stretched_is_pillows(training):
    x = pictures()
    x[1, ..., 0] = 7  # a channel of one value stays
    y = layers.AutoContrast()(x, training=training).numpy()
    assert np.abs(y - pillows(ImageOps.autocontrast, x)).max() <= 1


def test_equalized_is_opencvs():
    x = np.random.default_rng(0).normal(100, 20, (2, 64, 64, 3)).clip(0, 255).astype(np.uint8)
    x[1, ..., 2] = 50
    y = layers.Equalization()(x, training=True).numpy()
    theirs = [np.stack([cv2.equalizeHist(plane) for plane in np.moveaxis(image, 2, 0)], 2) for image in x]
    assert np.abs(y - np.stack(theirs)).max() <= 1  # a half may be rounded either way
    np.testing.assert_array_equal(y[1, ..., 2], 50)


def test_an_image_is_equalized_by_itself_whatever_it_comes_with():
    x = pictures(4)
    layer = layers.Equalization()
    np.testing.assert_array_equal(layer(x, training=True)[2], layer(x[2], training=True))


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: layers.RandomPosterization(9), "from 1 to 8; got 9"),
        (lambda: layers.Solarization(2), "addition_factor"),
        (lambda: layers.Equalization(bins=1), "bins must be a whole number, at least 2"),
    ],
)
def test_what_cannot_be_honoured_is_refused(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()
