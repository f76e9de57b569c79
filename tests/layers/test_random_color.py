import colorsys

import numpy as np
import pytest
import torch

from anmok import layers
from anmok.errors import AnmokError
from anmok.layers import coloring

SHAPE = (4000, 4, 4, 3)


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def drawn(layer, seed=0):
    return layer.draw(np.random.default_rng(seed), SHAPE)


def view(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def test_hue_and_saturation_are_pythons():
    colors = np.concatenate([pixels(50, 3), np.eye(3, dtype=np.float32), [[0, 0, 0], [0.4, 0.4, 0.4], [1, 1, 0]]])
    planes = coloring.hue_saturation_value(view(colors.reshape(1, -1, 1, 3).astype(np.float32)))
    theirs = np.array([colorsys.rgb_to_hsv(*color) for color in colors.tolist()])
    np.testing.assert_allclose(np.stack([plane[0, :, 0] for plane in planes], 1), theirs, atol=1e-6)
    back = coloring.red_green_blue(*planes)[0, :, :, 0].numpy()
    np.testing.assert_allclose(back.T, colors, atol=1e-6)


@pytest.mark.parametrize("turn", [-1.3, -0.5, 0.2, 1.0])
def test_hue_turned_is_pythons(turn):
    colors = pixels(40, 3)
    turned = coloring.turn_hue(view(colors.reshape(1, 40, 1, 3)), torch.full((1, 1, 1, 1), turn))
    theirs = [
        colorsys.hsv_to_rgb((h + turn) % 1, s, v) for h, s, v in (colorsys.rgb_to_hsv(*c) for c in colors.tolist())
    ]
    np.testing.assert_allclose(turned[0, :, :, 0].T, theirs, atol=1e-5)


@pytest.mark.parametrize(
    "layer, name, lower, upper",
    [
        (layers.RandomBrightness(0.2), "addends", -51, 51),
        (layers.RandomBrightness((0.1, 0.3), value_range=(-1, 1)), "addends", 0.2, 0.6),
        (layers.RandomContrast(0.2), "factors", 0.8, 1.2),
        (layers.RandomContrast((0.1, 0.5)), "factors", 0.9, 1.5),
        (layers.RandomColorDegeneration(0.4), "amounts", 0, 0.4),
        (layers.RandomHue((0, 0.4)), "turns", -0.2, 0.2),
    ],
)
def test_ranges_are_reached(layer, name, lower, upper):
    values, width = drawn(layer)[name], upper - lower
    assert lower <= values.min() < lower + 0.01 * width and upper - 0.01 * width < values.max() <= upper
    assert abs(values.mean() - (lower + upper) / 2) < 0.03 * width


def test_saturation_goes_from_grey_by_no_change_to_the_strongest():
    x = pixels(1, 5, 5, 3)
    for strength, expected in ((0.0, 0.0), (0.5, None), (1.0, 1.0)):
        y = layers.RandomSaturation((strength, strength), value_range=(0, 1))(x, training=True)
        _, saturation, value = coloring.hue_saturation_value(y.permute(0, 3, 1, 2))
        np.testing.assert_allclose(value[0], x[0].max(-1), atol=1e-6)
        if expected is None:
            np.testing.assert_allclose(y, x, atol=1e-6)
        else:
            np.testing.assert_allclose(saturation, expected, atol=1e-5)
    factors = drawn(layers.RandomSaturation(0.5))["factors"]
    assert 0 <= factors.min() < 0.01 and 0.98 < factors.max() <= 1


@pytest.mark.parametrize("factor, share", [(0.0, 0), (1.0, 1), (0.3, 0.3)])
def test_the_probability_of_grey(factor, share):
    assert np.mean(drawn(layers.RandomGrayscale(factor))["grey"]) == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("factor, share", [(0.0, 0), ((1.0, 1.0), 1), (1.0, 0.5), ((0.2, 0.4), 0.3)])
def test_the_probability_of_negatives(factor, share):
    assert np.mean(drawn(layers.RandomInvert(factor))["inverted"]) == pytest.approx(share, abs=0.03)


def test_grey_and_negative_by_hand():
    x = np.array([[[[10.0, 20.0, 30.0]]]], np.float32)
    grey = layers.RandomGrayscale(1.0)(x, training=True)
    np.testing.assert_allclose(grey, np.full((1, 1, 1, 3), 2.989 + 11.74 + 3.42), rtol=1e-6)
    np.testing.assert_array_equal(layers.RandomInvert((1.0, 1.0))(x, training=True), 255 - x)


def test_pixels_of_whole_numbers_get_darker_without_turning_around():
    dark = layers.RandomBrightness((-0.1, -0.1))(np.full((1, 2, 2, 3), 10, np.uint8), training=True)
    np.testing.assert_array_equal(dark, 0)


def test_contrast_keeps_the_mean_of_each_channel():
    x = (pixels(3, 8, 8, 3) * 100 + 80).astype(np.float32)
    y = layers.RandomContrast((0.5, 0.5), seed=1)(x, training=True).numpy()
    np.testing.assert_allclose(y.mean((1, 2)), x.mean((1, 2)), rtol=1e-5)
    ratios = y.std((1, 2)) / x.std((1, 2))
    np.testing.assert_allclose(ratios, ratios[:, :1].repeat(3, 1), rtol=1e-5)
    assert ratios.min() >= 0.5 and ratios.max() <= 1.5 and np.ptp(ratios[:, 0]) > 0.05


def test_jitter_is_its_parts_in_order():
    x = pixels(4, 6, 6, 3) * 255
    factors = {"brightness": 0.2, "contrast": 0.3, "saturation": 0.7, "hue": 0.2}
    jitter = layers.RandomColorJitter(**{f"{name}_factor": factor for name, factor in factors.items()})
    values = jitter.draw(np.random.default_rng(0), x.shape)
    tensors = {part: {k: torch.from_numpy(v).float() for k, v in own.items()} for part, own in values.items()}
    y = view(x)
    for name, kind in (
        ("brightness", "Brightness"),
        ("contrast", "Contrast"),
        ("saturation", "Saturation"),
        ("hue", "Hue"),
    ):
        y = getattr(layers, f"Random{kind}")(factors[name]).apply(y, **tensors[name])
    torch.testing.assert_close(jitter.apply(view(x), **tensors), y)
    assert list(layers.RandomColorJitter(hue_factor=0.1).draw(np.random.default_rng(0), x.shape)) == ["hue"]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: layers.RandomBrightness(2), "RandomBrightness: factor must be a number, or two of them, from -1 to 1"),
        (lambda: layers.RandomContrast(-0.1), "from 0 to 1; got -0.1"),
        (lambda: layers.RandomHue(0.1, value_range=(1, 1)), "value_range must be the lowest and the highest"),
        (lambda: layers.RandomHue(0.1, value_range=255), "such as (0, 255) or (0, 1); got 255"),
        (lambda: layers.RandomGrayscale(1.5), "factor must be a number from 0 to 1; got 1.5"),
        (lambda: layers.RandomColorJitter(hue_factor=3), "RandomHue: factor"),
        (lambda: layers.RandomHue(0.1)(np.zeros((1, 2, 2, 1)), training=True), "expected RGB images, of 3 channels"),
        (lambda: layers.RandomGrayscale()(np.zeros((1, 2, 2, 4)), training=True), "of 1 or 3 channels, got 4"),
    ],
)
def test_what_cannot_be_honoured_is_refused(make, words):
    with pytest.raises(AnmokError, match=words.replace("(", r"\(").replace(")", r"\)")):
        make()
