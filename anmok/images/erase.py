"""Covering boxes of one image (H, W, C), uint8 or float32 in 0..255; shape, dtype, range and alpha stay."""

import math

import cv2
import numpy as np

from anmok.errors import ShapeError
from anmok.images.channels import between, rounded, without_alpha

FILLS = ("noise", "mean")
_TRIES = 10


def draw_cutout(rng, shape, *, holes, size):
    """{"boxes"}: `holes` squares of `size` pixels (or of that part of the shorter side, if size is a float).

    The middle of each is any pixel, so that squares reach over the edge and are cut there: DeVries and Taylor 2017.
    """
    side = size if isinstance(size, int) else max(1, round(size * min(shape[:2])))
    boxes = []
    for _ in range(holes):
        top, left = int(rng.integers(shape[0])) - side // 2, int(rng.integers(shape[1])) - side // 2
        bottom, right = min(top + side, shape[0]), min(left + side, shape[1])
        top, left = max(top, 0), max(left, 0)
        boxes.append((top, left, bottom - top, right - left))
    return {"boxes": tuple(boxes)}


def draw_erasing(rng, shape, *, area, ratio):
    """{"boxes"}: one box (top, left, height, width) that lies in the image whole; Zhong et al. 2017, algorithm 1.

    area: pair, its part of the image's area, uniform. ratio: pair, height / width, uniform in its logarithm (as in
    torchvision; the paper draws the ratio itself, which prefers tall boxes). None, if ten draws did not fit.
    """
    height, width = shape[:2]
    log_ratio = math.log(ratio[0]), math.log(ratio[1])
    for _ in range(_TRIES):
        pixels, form = height * width * between(rng, area), math.exp(between(rng, log_ratio))
        tall, wide = round(math.sqrt(pixels * form)), round(math.sqrt(pixels / form))
        if 0 < tall <= height and 0 < wide <= width:
            top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
            return {"boxes": ((top, left, tall, wide),)}
    return {"boxes": ()}


def draw_fills(rng, shape, boxes, *, fill):
    """{"fills"}, one a box: uint8 (height, width, colours), each level as likely, for 'noise'; else `fill` itself."""
    if fill != "noise":
        return {"fills": (fill,) * len(boxes)}
    colors = min(shape[2], 3)
    return {"fills": tuple(rng.integers(0, 256, (tall, wide, colors), np.uint8) for _, _, tall, wide in boxes)}


@without_alpha
def erase(image, *, boxes, fills):
    """`boxes` of (top, left, height, width) covered, each by its one of `fills`.

    A fill is a level, one level a colour, an array (height, width, colours), or 'mean', the image's mean colour.
    """
    result = image.copy()
    for (top, left, tall, wide), fill in zip(boxes, fills, strict=True):
        value = np.array(cv2.mean(image)[: image.shape[2]]) if isinstance(fill, str) else np.asarray(fill)
        if value.ndim and value.shape[-1] != image.shape[2]:
            raise ShapeError(f"erase: a fill of {value.shape[-1]} colours does not fit an image {image.shape}.")
        result[top : top + tall, left : left + wide] = value if value.dtype == np.uint8 else rounded(value, image)
    return result
