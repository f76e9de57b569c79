"""Resizing images as TensorFlow does: pixels are squares, their centres at half coordinates.

TensorFlow's bicubic weights without antialias come from a table of 1,024 steps; ours are exact, so that the two differ
by some thousandths of the pixels' range there, and by rounding only everywhere else.
"""

import functools

import numpy as np
import torch
from torch.nn import functional as F

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


def _keys_cubic(t):
    """Keys 1981, equation 15 (a = -1/2), which TensorFlow takes for half-pixel centres; torch takes a = -3/4."""
    t = np.abs(t)
    near = (1.5 * t - 2.5) * t * t + 1
    far = ((-0.5 * t + 2.5) * t - 4) * t + 2
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


def _lanczos(radius):
    return lambda t: np.where(np.abs(t) < radius, np.sinc(t) * np.sinc(t / radius), 0.0)


_KERNELS = {
    "bilinear": lambda t: np.maximum(1 - np.abs(t), 0.0),
    "bicubic": _keys_cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


@functools.lru_cache(maxsize=64)
def weights(size, target, interpolation, antialias):
    """(target, size) float32: what each pixel gives to each result; weights beyond the edge are shared out."""
    scale = size / target
    stretch = max(scale, 1.0) if antialias else 1.0
    centres = (np.arange(target) + 0.5) * scale
    distances = (np.arange(size) + 0.5 - centres[:, None]) / stretch
    shares = _KERNELS[interpolation](distances)
    return torch.from_numpy((shares / shares.sum(1, keepdims=True)).astype(np.float32))


def resize(x, *, height, width, interpolation="bilinear", antialias=False):
    """Images (B, C, H, W) in floating point, resized to (B, C, height, width)."""
    if interpolation == "nearest":
        return F.interpolate(x, (height, width), mode="nearest-exact")
    # torch's antialias takes rows for columns where the result is one pixel wide.
    if interpolation == "bilinear" and not (antialias and width == 1):
        return F.interpolate(x, (height, width), mode="bilinear", align_corners=False, antialias=antialias)
    rows = weights(x.shape[2], height, interpolation, antialias).to(x.device, x.dtype)
    columns = weights(x.shape[3], width, interpolation, antialias).to(x.device, x.dtype)
    return torch.einsum("hi,bcij,wj->bchw", rows, x, columns)


def largest_box(height, width, *, like):
    """(top, left, height, width) of the centred box of the shape of `like` (height, width), as Keras cuts it."""
    target_height, target_width = like
    inner_height = max(min(height, int(width * target_height / target_width)), 1)
    inner_width = max(min(width, int(height * target_width / target_height)), 1)
    return (height - inner_height) // 2, (width - inner_width) // 2, inner_height, inner_width


def bars(height, width, *, like):
    """How much to add (above and below, left and right) to come near the shape of `like`, as Keras does it."""
    target_height, target_width = like
    outer_height = max(height, int(width * target_height / target_width))
    outer_width = max(width, int(height * target_width / target_height))
    return (outer_height - height) // 2, (outer_width - width) // 2
