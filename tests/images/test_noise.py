"""Noise by its moments, and what happens at black and white."""

import numpy as np
import pytest

from anmok.images import noise


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_noise_is_added_and_cut(channels, dtype):
    image = np.random.default_rng(0).integers(0, 256, (40, 30, channels)).astype(dtype)
    drawn = noise.draw_gaussian_noise(np.random.default_rng(1), image.shape, std=(30, 30))
    exact = np.clip(image + drawn["amounts"].astype(np.float64), 0, 255)
    ours = noise.add_noise(image, **drawn)
    assert ours.dtype == dtype and np.abs(ours - exact).max() <= (0.5001 if dtype == np.uint8 else 1e-4)


def test_noise_has_the_drawn_deviation_and_no_color():
    rng = np.random.default_rng(0)
    amounts = noise.draw_gaussian_noise(rng, (200, 200, 3), std=(10, 10))["amounts"]
    assert abs(amounts.mean()) < 0.1 and abs(amounts.std() - 10) < 0.1
    inside = [(np.abs(amounts) < 10 * width).mean() for width in (0.5, 1, 2, 3)]
    assert np.abs(np.array(inside) - (0.3829, 0.6827, 0.9545, 0.9973)).max() < 0.004
    assert np.abs(np.corrcoef(amounts.reshape(-1, 3).T) - np.eye(3)).max() < 0.02
    spreads = [noise.draw_gaussian_noise(rng, (30, 30, 1), std=(0, 20))["amounts"].std() for _ in range(200)]
    assert min(spreads) < 1 and 18.5 < max(spreads) < 21.5


def test_salt_and_pepper_in_equal_parts():
    image = np.full((200, 200, 3), 128, np.uint8)
    drawn = noise.draw_salt_and_pepper(np.random.default_rng(0), image.shape, amount=(0.1, 0.1))
    changed = noise.salt_and_pepper(image, **drawn)
    white, black = (changed == 255).all(axis=2), (changed == 0).all(axis=2)
    assert 0.045 < white.mean() < 0.055 and 0.045 < black.mean() < 0.055
    assert (changed[~white & ~black] == 128).all()
    every = noise.draw_salt_and_pepper(np.random.default_rng(0), (20, 20, 3), amount=(1, 1))
    assert (every["salt"] ^ every["pepper"]).all()
    none = noise.draw_salt_and_pepper(np.random.default_rng(0), (20, 20, 3), amount=(0, 0))
    assert not (none["salt"] | none["pepper"]).any()


def test_alpha_gets_no_noise():
    image = np.random.default_rng(0).integers(0, 256, (20, 20, 4), np.uint8)
    drawn = noise.draw_gaussian_noise(np.random.default_rng(1), image.shape, std=(30, 30))
    changed = noise.add_noise(image, **drawn)
    assert np.array_equal(changed[..., 3], image[..., 3]) and not np.array_equal(changed, image)
