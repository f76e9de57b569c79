"""Noise on one image (H, W, C), uint8 or float32 in 0..255; shape, dtype, range and alpha stay.

The noise itself is drawn first, for the colours of an image of a shape (H, W, C).
"""

import cv2
import numpy as np

from anmok.images.channels import between, rounded, without_alpha


def draw_gaussian_noise(rng, shape, *, std):
    """{"amounts": float32 (H, W, colours)}: normal, of a standard deviation uniform in the pair `std` (grey levels)."""
    deviation = np.float32(between(rng, std))
    return {"amounts": rng.standard_normal((*shape[:2], min(shape[2], 3)), np.float32) * deviation}


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
