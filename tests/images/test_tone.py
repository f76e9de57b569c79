"""Tones against Pillow's ImageOps and OpenCV."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from anmok.images import tone


def picture(channels=3, low=30, high=190, height=37, width=29):
    rng = np.random.default_rng(2)
    return np.clip(rng.normal((low + high) / 2, (high - low) / 6, (height, width, channels)), low, high).astype(
        np.uint8
    )


def pillows(image, operation, *arguments):
    plane = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    return np.asarray(operation(plane, *arguments)).reshape(image.shape)


PAIRS = [
    (tone.invert, {}, ImageOps.invert, ()),
    (tone.autocontrast, {}, ImageOps.autocontrast, ()),
    (tone.equalize, {}, ImageOps.equalize, ()),
    *((tone.posterize, {"bits": bits}, ImageOps.posterize, (bits,)) for bits in (1, 3, 4, 7, 8)),
    *((tone.solarize, {"threshold": level}, ImageOps.solarize, (level,)) for level in (0, 110, 128, 255, 256)),
]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("ours, arguments, theirs, positional", PAIRS)
def test_the_pixels_are_pillows(ours, arguments, theirs, positional, channels):
    for image in (
        picture(channels), picture(channels, 0, 255), picture(channels, 0, 255, 3, 4),
        np.full((5, 6, channels), 77, np.uint8), np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(channels, 2),
    ):  # fmt: skip
        before = image.copy()
        assert np.array_equal(ours(image, **arguments), pillows(image, theirs, *positional))
        assert np.array_equal(image, before)
        fine = ours(image.astype(np.float32), **arguments)
        assert fine.dtype == np.float32
        # Pillow cuts off what is left of a stretch; a float image keeps it.
        assert np.abs(fine - pillows(image, theirs, *positional)).max() <= (1 if ours is tone.autocontrast else 1e-3)


@pytest.mark.parametrize("ours, arguments, theirs, positional", [*PAIRS[:4], PAIRS[-2]])
def test_alpha_stays(ours, arguments, theirs, positional):
    image = picture(4)
    changed = ours(image, **arguments)
    assert np.array_equal(changed[..., 3], image[..., 3])
    assert np.array_equal(changed[..., :3], ours(np.ascontiguousarray(image[..., :3]), **arguments))


def test_equalize_flattens():
    skewed = (np.random.default_rng(0).beta(2, 6, (200, 200, 1)) * 255).astype(np.uint8)
    counts, _ = np.histogram(tone.equalize(skewed), bins=8, range=(0, 256))
    assert counts.max() < 1.2 * counts.min()


def test_clahe_of_one_tile_without_a_limit_is_equalisation():
    gray = picture(1, height=64, width=64)
    ours = tone.clahe(gray, clip_limit=1000.0, tiles=1).astype(int)
    assert np.abs(ours[..., 0] - cv2.equalizeHist(gray)).max() <= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_clahe_lifts_contrast_within_the_limit_and_keeps_colors(dtype):
    image = picture(3, 90, 140, 64, 64).astype(dtype)
    spreads = [tone.clahe(image, clip_limit=limit, tiles=4).std() for limit in (1.0, 2.0, 4.0)]
    assert image.std() < spreads[1] < spreads[2] and spreads[0] < spreads[1]
    pixels = image.astype(np.uint8)
    changed = tone.clahe(image, clip_limit=3.0).astype(np.uint8)
    assert changed.shape == image.shape
    lab, before = (cv2.cvtColor(x, cv2.COLOR_RGB2Lab).astype(int) for x in (changed, pixels))
    assert np.abs(lab[..., 1:] - before[..., 1:]).mean() < 2 < np.abs(lab[..., 0] - before[..., 0]).mean()
    assert tone.clahe(picture(1), clip_limit=2.0).shape == (37, 29, 1)


def test_draws_reach_both_ends():
    rng = np.random.default_rng(0)
    bits = [tone.draw_bits(rng, bits=(4, 7))["bits"] for _ in range(400)]
    assert set(bits) == {4, 5, 6, 7} and min(map(bits.count, set(bits))) > 60
    thresholds = [tone.draw_threshold(rng, threshold=(100, 200))["threshold"] for _ in range(500)]
    assert 100 <= min(thresholds) < 102 and 198 < max(thresholds) < 200
    limits = [tone.draw_clip_limit(rng, clip_limit=(1, 4))["clip_limit"] for _ in range(500)]
    assert 1 <= min(limits) < 1.05 and 3.95 < max(limits) < 4
