"""Which channels of an image are colours, and what a number drawn from a range is."""

import functools

import numpy as np

# Rec. 601, as Pillow's "L" and OpenCV's RGB2GRAY.
LUMA = np.array([0.299, 0.587, 0.114])


def without_alpha(function):
    """Let a function of the colours of an image (H, W, 1 or 3) take (H, W, 4) too: alpha comes out as it went in."""

    @functools.wraps(function)
    def of_colors(image, **arguments):
        if image.shape[2] != 4:
            return function(image, **arguments)
        result = image.copy()
        result[..., :3] = function(np.ascontiguousarray(image[..., :3]), **arguments)
        return result

    return of_colors


def between(rng, bounds):
    """A float, uniform in low <= x < high; `bounds` is (low, high), and low itself where they are equal."""
    low, high = bounds
    return low + (high - low) * rng.random()


def rounded(values, like):
    """Float `values` as an array of the dtype of `like`: cut to 0..255, and rounded if that is uint8."""
    values = np.clip(values, 0, 255)
    return np.rint(values).astype(np.uint8) if like.dtype == np.uint8 else values.astype(np.float32, copy=False)
