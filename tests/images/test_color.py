"""Colours against Pillow's ImageEnhance, colorsys and formulas."""

import colorsys

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from anmok.errors import ShapeError
from anmok.images import color

FACTORS = [0.0, 0.3, 0.8, 1.0, 1.25, 2.5]


def picture(channels=3, dtype=np.uint8, height=23, width=31):
    """Every level and many colours, from grey to vivid."""
    rng = np.random.default_rng(5)
    gray = rng.integers(0, 256, (height, width, 1))
    spread = rng.integers(0, 120, (height, width, 1))
    return np.clip(gray + spread * rng.uniform(-1, 1, (height, width, channels)), 0, 255).astype(dtype)


def pillows(image, enhancer, factor):
    mode = image[..., 0] if image.shape[2] == 1 else image
    return np.asarray(enhancer(Image.fromarray(mode)).enhance(factor)).reshape(image.shape)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name, enhancer", [
    ("brightness", ImageEnhance.Brightness), ("contrast", ImageEnhance.Contrast), ("saturation", ImageEnhance.Color),
])  # fmt: skip
def test_factors_are_pillows(name, enhancer, channels, factor):
    image = picture(channels)
    ours = getattr(color, name)(image, factor=factor)
    assert ours.dtype == np.uint8 and ours.shape == image.shape
    theirs = pillows(image, enhancer, factor)
    # Pillow cuts fractions off, and its grey may differ by one level, which the factor multiplies.
    off = np.abs(ours.astype(int) - theirs)
    assert off.max() <= 1 + abs(1 - factor)
    assert (off > 1).mean() < 0.01
    if channels == 4:
        assert np.array_equal(ours[..., 3], image[..., 3])


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_float_images_get_the_same_colors_unrounded(name):
    image = picture(3)
    for factor in FACTORS:
        whole = getattr(color, name)(image, factor=factor)
        fine = getattr(color, name)(image.astype(np.float32), factor=factor)
        assert fine.dtype == np.float32 and fine.min() >= 0 and fine.max() <= 255
        assert np.abs(fine - whole).max() < 1.01 + abs(1 - factor) * 0.5
    assert np.abs(getattr(color, name)(image.astype(np.float32), factor=1.0) - image).max() < 1e-4


@pytest.mark.parametrize("shift", [-0.5, -0.2, 0.0, 0.04, 1 / 3, 0.5])
def test_hue_is_colorsys(shift):
    image = picture(3, np.float32, 7, 9)
    slow = np.empty_like(image)
    for index in np.ndindex(image.shape[:2]):
        h, s, v = colorsys.rgb_to_hsv(*(image[index] / 255))
        slow[index] = np.array(colorsys.hsv_to_rgb((h + shift) % 1, s, v)) * 255
    assert np.abs(color.hue(image, shift=shift) - slow).max() < 0.01
    # Circle, saturation and value in 256 steps each: a few levels at most.
    off = np.abs(color.hue(image.astype(np.uint8), shift=shift) - slow)
    assert off.max() < 6 and off.mean() < 1.5


def test_red_goes_round_by_thirds():  # of 256 steps, of which one is six levels
    red = np.full((2, 2, 3), (250, 0, 0), np.uint8)
    assert np.abs(color.hue(red, shift=1 / 3)[0, 0].astype(int) - (0, 250, 0)).max() <= 6
    assert np.abs(color.hue(red, shift=-1 / 3)[0, 0].astype(int) - (0, 0, 250)).max() <= 6


def test_gray_images_have_no_color_to_change():
    gray = picture(1)
    for same in (color.hue(gray, shift=0.2), color.saturation(gray, factor=3), color.grayscale(gray)):
        assert np.array_equal(same, gray) and not np.shares_memory(same, gray)
    with pytest.raises(ShapeError, match=r"rgb_shift: expected an image with three colours, got \(23, 31, 1\)"):
        color.rgb_shift(gray, shift=(1, 2, 3))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_grayscale_is_pillows(dtype):
    image = picture()
    theirs = np.asarray(Image.fromarray(image).convert("L"))[..., None].repeat(3, axis=2)
    assert np.abs(color.grayscale(image.astype(dtype)) - theirs.astype(float)).max() <= 1
    rgba = picture(4)
    assert np.array_equal(color.grayscale(rgba)[..., 3], rgba[..., 3])


@pytest.mark.parametrize("gamma", [0.4, 1.0, 2.2])
def test_gamma_is_the_power(gamma):
    image = picture(1)
    exact = 255 * (image / 255.0) ** gamma
    assert np.abs(color.gamma(image, gamma=gamma) - exact).max() <= 0.5
    assert np.abs(color.gamma(image.astype(np.float32), gamma=gamma) - exact).max() < 1e-3


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_rgb_shift_adds_to_each_color(dtype):
    image = picture(4, dtype)
    exact = np.clip(image[..., :3] + np.array([20.0, -30.0, 0.0]), 0, 255)
    ours = color.rgb_shift(image, shift=(20.0, -30.0, 0.0))
    assert np.abs(ours[..., :3] - exact).max() < 1e-3 and np.array_equal(ours[..., 3], image[..., 3])


def test_jitter_is_its_parts_in_the_drawn_order():
    image = picture()
    drawn = {"brightness": 1.6, "contrast": 0.6, "hue": 0.1}
    one = color.color_jitter(image, order=("brightness", "contrast", "hue"), **drawn)
    by_hand = color.hue(color.contrast(color.brightness(image, factor=1.6), factor=0.6), shift=0.1)
    assert np.array_equal(one, by_hand)
    assert not np.array_equal(color.color_jitter(image, order=("contrast", "hue", "brightness"), **drawn), one)


def test_draws_fill_their_ranges_evenly():
    rng = np.random.default_rng(0)
    for values in (
        [color.draw_factor(rng, factor=(0.5, 1.5))["factor"] for _ in range(2000)],
        [color.draw_gamma(rng, gamma=(0.5, 1.5))["gamma"] for _ in range(2000)],
        [color.draw_hue(rng, shift=(0.5, 1.5))["shift"] for _ in range(2000)],
        [color.draw_rgb_shift(rng, shift=(0.5, 1.5))["shift"][2] for _ in range(2000)],
    ):
        counts, _ = np.histogram(values, bins=10, range=(0.5, 1.5))
        assert counts.sum() == 2000 and counts.min() > 140
    red, green, blue = color.draw_rgb_shift(rng, shift=(-20, 20))["shift"]
    assert len({red, green, blue}) == 3


def test_jitter_draws_every_order_and_nothing_without_a_range():
    rng = np.random.default_rng(0)
    draws = [color.draw_color_jitter(rng, brightness=(0.8, 1.2), contrast=(0.8, 1.2), hue=(0, 0.1)) for _ in range(600)]
    orders = [draw["order"] for draw in draws]
    assert len(set(orders)) == 6 and min(map(orders.count, set(orders))) > 60
    assert all(set(draw) == {"order", "brightness", "contrast", "hue"} for draw in draws)
    assert color.draw_color_jitter(rng) == {"order": ()}
