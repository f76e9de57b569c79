"""Blurs against SciPy, sharpness against Pillow."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy import ndimage

from anmok.images import blur


def picture(channels=3, dtype=np.uint8, height=21, width=26):
    return np.random.default_rng(3).integers(0, 256, (height, width, channels)).astype(dtype)


def of_planes(image, function):
    return np.stack([function(plane) for plane in np.moveaxis(image.astype(np.float64), -1, 0)], axis=-1)


cases = pytest.mark.parametrize("channels, dtype", [(1, np.uint8), (3, np.uint8), (1, np.float32), (3, np.float32)])


@cases
@pytest.mark.parametrize("size", [1, 3, 7])
def test_blur_is_scipys(size, channels, dtype):
    image = picture(channels, dtype)
    exact = of_planes(image, lambda plane: ndimage.uniform_filter(plane, size, mode="mirror"))
    ours = blur.blur(image, size=size)
    assert ours.dtype == dtype and np.abs(ours - exact).max() < (0.51 if dtype == np.uint8 else 1e-3)


@cases
@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.7])
def test_gaussian_blur_is_scipys(sigma, channels, dtype):
    image = picture(channels, dtype)
    radius = max(1, int(np.ceil(3 * sigma)))
    exact = of_planes(image, lambda plane: ndimage.gaussian_filter(plane, sigma, mode="mirror", radius=radius))
    ours = blur.gaussian_blur(image, sigma=sigma)
    assert ours.dtype == dtype and np.abs(ours - exact).max() < (0.6 if dtype == np.uint8 else 1e-2)


def test_no_blur_is_a_copy():
    image = picture()
    for same in (blur.gaussian_blur(image, sigma=0), blur.blur(image, size=1), blur.median_blur(image, size=1)):
        assert np.array_equal(same, image) and not np.shares_memory(same, image)


@cases
@pytest.mark.parametrize("size", [3, 5, 9])
def test_median_blur_is_scipys(size, channels, dtype):
    image = picture(channels, dtype)
    exact = of_planes(image, lambda plane: ndimage.median_filter(plane, size, mode="nearest"))
    ours = blur.median_blur(image, size=size)
    assert ours.dtype == dtype and np.array_equal(ours, exact)


@pytest.mark.parametrize("factor", [0.0, 0.6, 1.0, 1.9, 4.0])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sharpness_is_pillows(channels, factor):
    image = picture(channels)
    plane = image[..., 0] if channels == 1 else image
    theirs = np.asarray(ImageEnhance.Sharpness(Image.fromarray(plane)).enhance(factor)).reshape(image.shape)
    ours = blur.sharpness(image, factor=factor)
    # Pillow rounds the smoothed image before it blends, and cuts off the blend.
    assert np.abs(ours.astype(int) - theirs).max() <= 1 + 0.5 * abs(1 - factor)
    fine = blur.sharpness(image.astype(np.float32), factor=factor)
    assert np.abs(fine - theirs).max() <= 1 + 0.5 * abs(1 - factor)
    if factor == 1:
        assert np.array_equal(ours, image)


def test_alpha_stays():
    image = picture(4)
    for changed in (
        blur.blur(image, size=5), blur.gaussian_blur(image, sigma=2), blur.median_blur(image, size=3),
        blur.sharpness(image, factor=3),
    ):  # fmt: skip
        assert np.array_equal(changed[..., 3], image[..., 3]) and not np.array_equal(changed, image)


def test_sizes_are_odd_and_all_are_drawn():
    rng = np.random.default_rng(0)
    sizes = [blur.draw_size(rng, size=(3, 9))["size"] for _ in range(400)]
    assert set(sizes) == {3, 5, 7, 9} and min(map(sizes.count, set(sizes))) > 60
    assert blur.draw_size(rng, size=(5, 5)) == {"size": 5}
    sigmas = [blur.draw_sigma(rng, sigma=(0.5, 2))["sigma"] for _ in range(500)]
    assert 0.5 <= min(sigmas) < 0.52 and 1.98 < max(sigmas) < 2
