"""Moving pixels about: arrays (B, H, W, C) in, arrays of the same shape and dtype out. Draw first, then apply."""

import cv2
import numpy as np

from anmok.errors import ShapeError


def draw_shifts(rng, count, *, pixels):
    """Whole offsets (count, 2) as (down, right), uniform in -pixels..pixels."""
    return rng.integers(-pixels, pixels, size=(count, 2), endpoint=True)


def draw_flips(rng, count):
    """Which of `count` images to mirror: bool (count,), each with probability 1/2."""
    return rng.random(count) < 0.5


def shift(images, offsets, *, fill=0):
    """Each image (B, H, W, C) moved by its row of `offsets` (B, 2), whole pixels (down, right).

    What moves out is lost; what comes in has the value `fill`.
    """
    images, offsets = np.asarray(images), np.asarray(offsets)
    if images.ndim != 4 or offsets.shape != (len(images), 2):
        raise ShapeError(
            f"shift: expected images (B, H, W, C) and offsets (B, 2), got {images.shape} and {offsets.shape}."
        )
    reach = int(np.abs(offsets).max(initial=0))
    if reach == 0:
        return images.copy()
    height, width = images.shape[1:3]
    margin = (reach, reach)
    padded = np.pad(images, ((0, 0), margin, margin, (0, 0)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    top, left = (reach - offsets).T
    moved = windows[np.arange(len(images)), top, left]  # (B, C, H, W)
    return np.ascontiguousarray(moved.transpose(0, 2, 3, 1))


def flip(images, which):
    """The images (B, H, W, C) where `which` (bool, (B,)) is true mirrored left to right, the others as they are."""
    images, which = np.asarray(images), np.asarray(which, bool)
    if images.ndim != 4 or which.shape != (len(images),):
        raise ShapeError(f"flip: expected images (B, H, W, C) and which (B,), got {images.shape} and {which.shape}.")
    return np.where(which[:, None, None, None], images[:, :, ::-1], images)


def fit_within(image, *, height, width):
    """One image uint8 (H, W, C) scaled, whole and undistorted, into (height, width, C).

    The bars that remain have the median of the picture's border, which is its background more often than not.
    """
    image = np.asarray(image)
    if image.ndim != 3:
        raise ShapeError(f"fit_within: expected one image (H, W, C), got {image.shape}.")
    scale = min(height / image.shape[0], width / image.shape[1])
    inner = max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))
    # Area averages have no aliasing when a picture shrinks; enlarging, they would show squares.
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, inner[::-1], interpolation=method).reshape(*inner, image.shape[2])
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    canvas = np.empty((height, width, image.shape[2]), image.dtype)
    canvas[:] = np.median(border, axis=0).astype(image.dtype)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    canvas[top : top + inner[0], left : left + inner[1]] = small
    return canvas
