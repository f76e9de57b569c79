"""Noise on one image (H, W, C), uint8 or float32 in 0..255; shape, dtype, range and alpha stay.

The noise itself is drawn first, for the colours of an image of a shape (H, W, C).
"""

import functools

import cv2
import numpy as np

from anmok.images.channels import between, rounded, without_alpha

_RANKS = 65_536


def draw_gaussian_noise(rng, shape, *, std):
    """{"amounts": float32 (H, W, colours)}: normal, of a standard deviation uniform in the pair `std` (grey levels)."""
    deviation = np.float32(between(rng, std))
    ranks = rng.integers(_RANKS, size=(*shape[:2], min(shape[2], 3)), dtype=np.uint16)
    return {"amounts": np.take(_normal(), ranks) * deviation}


@functools.cache
def _normal():
    """The quantiles (k + 1/2) / 65,536 of the normal distribution, float32, scaled to a deviation of 1.

    A look-up of one of them is a draw, in a fifth of the time that exact draws take; none lies beyond 4.3.
    """
    from scipy import special

    quantiles = special.ndtri((np.arange(_RANKS) + 0.5) / _RANKS)
    return (quantiles / quantiles.std()).astype(np.float32)


def draw_salt_and_pepper(rng, shape, *, amount):
    """{"salt", "pepper"}: bool (H, W), pixels that turn white and black; `amount` (a pair) is the part of both."""
    part, chances = between(rng, amount), rng.random(shape[:2], np.float32)
    return {"salt": chances < part / 2, "pepper": chances >= 1 - part / 2}


@without_alpha
def add_noise(image, *, amounts):
    """image + amounts, cut to 0..255; amounts: float32 (H, W, colours), in grey levels."""
    if image.dtype == np.uint8:
        return cv2.add(image, amounts, dtype=cv2.CV_8U).reshape(image.shape)
    return rounded(image + amounts, image)


@without_alpha
def salt_and_pepper(image, *, salt, pepper):
    """White where `salt`, black where `pepper` (bool (H, W))."""
    result = image.copy()
    result[salt] = 255
    result[pepper] = 0
    return result
