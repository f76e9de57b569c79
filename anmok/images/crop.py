"""Cutting a part out of an image (H, W, C), uint8 or float32. Draw first, then apply."""

import math

import cv2

from anmok.errors import ArgumentError, ShapeError, unknown_name
from anmok.images.channels import between

_PADDING = {"constant": cv2.BORDER_CONSTANT, "nearest": cv2.BORDER_REPLICATE, "reflect": cv2.BORDER_REFLECT}
PADDING_MODES = tuple(_PADDING)
_TRIES = 10


def draw_crop(rng, shape, *, height, width):
    """{"top", "left"} of a box (height, width), each place in an image of `shape` (H, W, C) as likely as another."""
    check_holds(shape, height=height, width=width)
    top = int(rng.integers(shape[0] - height + 1))
    return {"top": top, "left": int(rng.integers(shape[1] - width + 1)), "height": height, "width": width}


def center_box(shape, *, height, width):
    """{"top", "left", "height", "width"} of the middle box; a spare row or column stays below, right (as in Keras)."""
    check_holds(shape, height=height, width=width)
    return {"top": (shape[0] - height) // 2, "left": (shape[1] - width) // 2, "height": height, "width": width}


def draw_resized_crop(rng, shape, *, area, ratio):
    """{"top", "left", "height", "width"} of a box of a part of the area, as in Inception's training.

    area: pair, the part of the image's area, uniform. ratio: pair, width / height, uniform in its logarithm. A box
    that does not fit is drawn again; after ten such the middle box of the nearest allowed ratio is taken.
    Szegedy et al. 2014, section 6; the particulars as in torchvision's RandomResizedCrop.
    """
    height, width = shape[:2]
    log_ratio = math.log(ratio[0]), math.log(ratio[1])
    for _ in range(_TRIES):
        pixels, form = height * width * between(rng, area), math.exp(between(rng, log_ratio))
        wide, tall = round(math.sqrt(pixels * form)), round(math.sqrt(pixels / form))
        if 0 < wide <= width and 0 < tall <= height:
            return draw_crop(rng, shape, height=tall, width=wide)
    form = min(max(width / height, ratio[0]), ratio[1])
    wide, tall = min(width, round(height * form)), min(height, round(width / form))
    return center_box(shape, height=max(tall, 1), width=max(wide, 1))


def crop(image, *, top, left, height, width):
    """The box (height, width) of `image` (H, W, C) whose upper left pixel is (top, left), as an array of its own."""
    if top < 0 or left < 0 or top + height > image.shape[0] or left + width > image.shape[1]:
        raise ShapeError(
            f"crop: a box of {height} x {width} at row {top}, column {left} does not lie in an image {image.shape}."
        )
    return image[top : top + height, left : left + width].copy()


def pad(image, *, rows, columns, mode="constant", value=0):
    """`image` (H, W, C) with `rows` (above, below) and `columns` (left, right) added.

    mode: 'constant' (`value`), 'nearest' (the edge goes on) or 'reflect' (dcba|abcd|dcba).
    """
    if mode not in _PADDING:
        raise unknown_name("padding mode", mode, _PADDING)
    result = cv2.copyMakeBorder(image, *rows, *columns, _PADDING[mode], value=[float(value)] * image.shape[2])
    return result.reshape(image.shape[0] + sum(rows), image.shape[1] + sum(columns), image.shape[2])


def resized_crop(image, *, top, left, height, width, size):
    """The box of `crop` in the size (H, W): area averages where it shrinks, linear where it grows."""
    box = crop(image, top=top, left=left, height=height, width=width)
    if box.shape[:2] == tuple(size):
        return box
    shrinks = height >= size[0] and width >= size[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(box, (size[1], size[0]), interpolation=method).reshape(*size, image.shape[2])


def check_holds(shape, *, height, width):
    """Raise ShapeError unless an image of `shape` holds a box (height, width)."""
    if height < 1 or width < 1:
        raise ArgumentError(f"crop: expected a height and width >= 1, got {height} x {width}.")
    if height > shape[0] or width > shape[1]:
        raise ShapeError(
            f"crop: an image of {shape[0]} x {shape[1]} pixels has no box of {height} x {width}. "
            "Resize or pad it first, or cut a smaller one."
        )
