"""Blurring and sharpening one image (H, W, C), uint8 or float32 in 0..255; shape, dtype, range and alpha stay."""

import math

import cv2
import numpy as np

from anmok.images.channels import between, rounded, without_alpha

# Pillow's ImageFilter.SMOOTH, what its Sharpness blends with.
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
_DELTA = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
_LARGEST_FLOAT_MEDIAN = 5  # of OpenCV


def draw_size(rng, *, size):
    """{"size": an odd number of pixels in the pair `size` (both odd), each as likely as another}."""
    return {"size": size[0] + 2 * int(rng.integers((size[1] - size[0]) // 2 + 1))}


def draw_sigma(rng, *, sigma):
    """{"sigma": pixels, uniform in the pair `sigma`}."""
    return {"sigma": between(rng, sigma)}


@without_alpha
def blur(image, *, size):
    """The mean of the size x size pixels about each (size odd); beyond the edge the picture is mirrored (dcb|abcd)."""
    return cv2.blur(image, (size, size), borderType=cv2.BORDER_REFLECT_101).reshape(image.shape)


@without_alpha
def gaussian_blur(image, *, sigma):
    """Convolved with a Gaussian of standard deviation `sigma` pixels, cut off at 3 sigma; edges mirrored (dcb|abcd)."""
    if sigma <= 0:
        return image.copy()
    size = 2 * max(1, math.ceil(3 * sigma)) + 1
    kernel = cv2.getGaussianKernel(size, sigma, cv2.CV_32F)
    # Half the time of GaussianBlur, and weights finer than its 1/256.
    result = cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101).reshape(image.shape)
    return result if image.dtype == np.uint8 else rounded(result, image)


@without_alpha
def median_blur(image, *, size):
    """The median of the size x size pixels about each (size odd); beyond the edge the edge goes on."""
    if image.dtype == np.uint8 or size <= _LARGEST_FLOAT_MEDIAN:
        return cv2.medianBlur(image, size).reshape(image.shape)
    reach = size // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    return np.median(windows, axis=(3, 4)).astype(image.dtype)


@without_alpha
def sharpness(image, *, factor):
    """smooth + factor * (image - smooth), as Pillow's ImageEnhance.Sharpness: 0 smooths, 1 keeps, above 1 sharpens.

    The outermost pixels stay as they are.
    """
    result = image.copy()
    if min(image.shape[:2]) > 2:
        kernel = factor * _DELTA + (1 - factor) * _SMOOTH
        filtered = cv2.filter2D(image, -1, kernel).reshape(image.shape)[1:-1, 1:-1]
        result[1:-1, 1:-1] = filtered if image.dtype == np.uint8 else rounded(filtered, image)
    return result
