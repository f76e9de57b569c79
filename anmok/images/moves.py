"""Moves of one image as six numbers, cheap to draw and to chain; `geometry.warp` then moves the pixels once.

A move (a, b, e, c, d, f) says where a pixel (x, y) of the result comes from: (a x + b y + e, c x + d y + f). It is the
matrix of geometry.py row by row. Unlike Keras' numbers there, the ones here say what happens to the picture: positive
degrees turn it counter-clockwise (as Pillow's rotate), it moves right and down, and scale 2 shows it twice as large.
"""

import math

import cv2
import numpy as np

from anmok.images.channels import between
from anmok.images.geometry import warp

STILL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_METHODS = {0: cv2.INTER_NEAREST, 1: cv2.INTER_LINEAR}


def draw_turn(rng, *, degrees):
    """{"degrees": uniform in the pair `degrees`}."""
    return {"degrees": between(rng, degrees)}


def draw_shift(rng, shape, *, x, y):
    """{"right", "down"}: pixels, uniform in the pairs `x` of the width and `y` of the height of `shape` (H, W, C)."""
    return {"right": between(rng, x) * shape[1], "down": between(rng, y) * shape[0]}


def draw_shear(rng, *, x, y):
    """{"x", "y"}: degrees, each uniform in its pair."""
    return {"x": between(rng, x), "y": between(rng, y)}


def draw_scale(rng, *, factor, keep_ratio):
    """{"scale": (across, down)}, uniform in the pair `factor`; one number for both with keep_ratio."""
    across = between(rng, factor)
    return {"scale": (across, across if keep_ratio else between(rng, factor))}


def move(height, width, *, degrees=0.0, shift=(0.0, 0.0), shear=(0.0, 0.0), scale=(1.0, 1.0)):
    """The move that scales, shears, turns, then shifts an image of that size, all about its centre.

    degrees: counter-clockwise. shift: pixels (right, down). shear: degrees (x, y); row y of the result shows the row
    moved left by y tan(x), as Pillow's (1, tan(x), 0, 0, 1, 0). scale: (across, down), above 1 enlarges.
    """
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    tan_x, tan_y = (math.tan(math.radians(part)) for part in shear)
    # scale^-1 @ shear @ turn^-1, written out.
    top, left = 1.0 + tan_x * tan_y, tan_x
    a, b = (top * cos + left * sin) / scale[0], (left * cos - top * sin) / scale[0]
    c, d = (tan_y * cos + sin) / scale[1], (cos - tan_y * sin) / scale[1]
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    from_x, from_y = middle_x + shift[0], middle_y + shift[1]
    return a, b, middle_x - a * from_x - b * from_y, c, d, middle_y - c * from_x - d * from_y


def mirrored(height, width, *, horizontal=False, vertical=False):
    """The move that mirrors an image of that size left to right, top to bottom, or both."""
    return (
        -1.0 if horizontal else 1.0, 0.0, width - 1.0 if horizontal else 0.0,
        0.0, -1.0 if vertical else 1.0, height - 1.0 if vertical else 0.0,
    )  # fmt: skip


def chained(first, second):
    """The one move that does what `first`, then `second` does; what left the picture in between is not lost."""
    a, b, e, c, d, f = first
    g, h, k, m, n, o = second
    return a * g + b * m, a * h + b * n, a * k + b * o + e, c * g + d * m, c * h + d * n, c * k + d * o + f


def flip(image, *, horizontal=False, vertical=False):
    """`image` (H, W, C) mirrored left to right, top to bottom, or both; the image itself for neither."""
    if not horizontal and not vertical:
        return image
    code = -1 if horizontal and vertical else 1 if horizontal else 0
    return cv2.flip(image, code).reshape(image.shape)


def moved(image, place, *, fill_mode="nearest", cval=0.0, order=1):
    """`image` (H, W, C) after the move `place`; fill_mode, cval and order as in geometry.warp.

    Mirroring and standing still are exact and take no warp. Where cval fills, alpha is 0.
    """
    height, width = image.shape[:2]
    if place == STILL:
        return image
    for horizontal, vertical in ((True, False), (False, True), (True, True)):
        if place == mirrored(height, width, horizontal=horizontal, vertical=vertical):
            return flip(image, horizontal=horizontal, vertical=vertical)
    matrix = np.array(place, np.float64).reshape(2, 3)
    if fill_mode == "constant" and order in _METHODS:
        # geometry.warp ends the picture at the last pixel's centre, as SciPy; here it fades out over that pixel, which
        # takes a third of the time.
        around = (cval, cval, cval, 0.0)[: image.shape[2]] if image.shape[2] > 1 else cval
        flags = _METHODS[order] | cv2.WARP_INVERSE_MAP
        result = cv2.warpAffine(
            image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=around
        )
        return result.reshape(image.shape)
    return warp(image, matrix, fill_mode=fill_mode, cval=cval, order=order)
