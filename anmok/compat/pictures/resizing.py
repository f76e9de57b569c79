"""tf.image.resize and its kin, with TensorFlow's pixels."""

import enum
import functools

import cv2
import numpy as np
import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import integers, tensor
from anmok.compat.pictures.batches import on_batches
from anmok.compat.pictures.cutting import padded_to_box
from anmok.errors import ArgumentError, unknown_name
from anmok.layers import interpolation


class ResizeMethod(str, enum.Enum):
    """The names of the methods of `resize`."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


_METHODS = tuple(method.value for method in ResizeMethod)
_OLD_NUMBERS = {0: "bilinear", 1: "nearest", 2: "bicubic", 3: "area"}


@function(name="image_resize")
@on_batches
def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False):
    """Pictures at `size` (height, width): float32, but the format they have for method "nearest".

    antialias: average over what shrinks (bilinear and wider methods). preserve_aspect_ratio: the largest size that
    fits into `size` and has the picture's shape.
    """
    height, width = _size(size)
    if preserve_aspect_ratio:
        scale = min(height / images.shape[1], width / images.shape[2])
        height, width = round(scale * images.shape[1]), round(scale * images.shape[2])
    return resized(images, height, width, _method(method), bool(antialias))


@function(name="image_resize_with_pad")
@on_batches
def resize_with_pad(image, target_height, target_width, method="bilinear", antialias=False):
    """The whole picture in the middle of (target_height, target_width), zeros around it."""
    height, width = (np.float32(size) for size in image.shape[1:3])
    target = np.float32(target_height), np.float32(target_width)
    ratio = max(width / target[1], height / target[0])
    inner = height / ratio, width / ratio
    pads = [max(0, int(np.floor((whole - part) / np.float32(2)))) for whole, part in zip(target, inner, strict=True)]
    made = resized(image, int(np.floor(inner[0])), int(np.floor(inner[1])), _method(method), bool(antialias))
    return padded_to_box(made, *pads, int(target_height), int(target_width))


@function(name="image_crop_and_resize")
def crop_and_resize(image, boxes, box_indices, crop_size, method="bilinear", extrapolation_value=0.0):
    """Boxes (N, 4) of y1, x1, y2, x2 in 0..1 out of pictures (B, H, W, C): float32 (N, height, width, C).

    The corners of a box are the centres of the corner pixels of the result.
    """
    image, boxes = tensor(image).float(), tensor(boxes).float()
    if method not in ("bilinear", "nearest"):
        raise unknown_name("method of crop_and_resize", method, ("bilinear", "nearest"))
    height, width = _size(crop_size)
    return torch.stack(
        [
            _cropped(image[number], box, height, width, method, float(extrapolation_value))
            for number, box in zip(integers(box_indices), boxes, strict=True)
        ]
    )


def _cropped(picture, box, height, width, method, outside):
    rows, rows_inside = _places(box[0], box[2], height, picture.shape[0])
    columns, columns_inside = _places(box[1], box[3], width, picture.shape[1])
    if method == "nearest":
        made = picture[_nearest(rows, picture.shape[0])][:, _nearest(columns, picture.shape[1])]
    else:
        made = _between(_between(picture, rows, 0), columns, 1)
    inside = (rows_inside[:, None] & columns_inside[None])[..., None]
    return torch.where(inside, made, torch.tensor(outside))


def _places(start, stop, count, size):
    steps = torch.arange(count, dtype=torch.float32)
    if count > 1:
        places = start * (size - 1) + steps * ((stop - start) * (size - 1) / (count - 1))
    else:
        places = (0.5 * (start + stop) * (size - 1)).reshape(1)
    return places, (places >= 0) & (places <= size - 1)


def _nearest(places, size):
    return (places + 0.5).floor().long().clamp(0, size - 1)


def _between(picture, places, axis):
    below = places.floor().clamp(0, picture.shape[axis] - 1)
    above = places.ceil().clamp(0, picture.shape[axis] - 1)
    share = (places - below).reshape([-1 if place == axis else 1 for place in range(picture.ndim)])
    first, second = picture.index_select(axis, below.long()), picture.index_select(axis, above.long())
    return first + (second - first) * share


# What the methods do --------------------------------------------------------------------------------------------------


def resized(images, height, width, method, antialias=False):
    """Pictures (B, H, W, C) at (height, width) by a method's name."""
    if method == "nearest":
        rows, columns = (_picked(*pair) for pair in ((images.shape[1], height), (images.shape[2], width)))
        return images.index_select(1, rows.to(images.device)).index_select(2, columns.to(images.device))
    if method == "bilinear" and not antialias and _is_simple(images):
        return _by_opencv(images, height, width)
    images = images if images.is_floating_point() else images.float()
    images = images.float() if images.dtype in (torch.float16, torch.bfloat16) else images
    if method == "bilinear" and not antialias:
        made = interpolation.resize(images.permute(0, 3, 1, 2), height=height, width=width).permute(0, 2, 3, 1)
    else:
        rows = _weights(images.shape[1], height, method, antialias).to(images.device, images.dtype)
        columns = _weights(images.shape[2], width, method, antialias).to(images.device, images.dtype)
        made = torch.einsum("hi,bijc,wj->bhwc", rows, images, columns)
    return made.float()


def _is_simple(images):
    """Whether OpenCV may do it, without waking torch's threads: few channels on the processor, no gradient."""
    known = images.dtype in (torch.uint8, torch.float32, torch.int16, torch.int32, torch.int64)
    return known and images.device.type == "cpu" and not images.requires_grad and 1 <= images.shape[3] <= 4


def _by_opencv(images, height, width):
    made = np.empty((len(images), height, width, images.shape[3]), np.float32)
    for image, out in zip(images.numpy(), made, strict=True):
        image = np.ascontiguousarray(image, np.float32)
        out[:] = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR).reshape(out.shape)
    return torch.from_numpy(made)


@functools.lru_cache(maxsize=64)
def _picked(size, target):
    scale = np.float32(size) / np.float32(target)
    return torch.from_numpy(
        np.minimum(np.floor((np.arange(target, dtype=np.float32) + np.float32(0.5)) * scale), size - 1).astype(np.int64)
    )


def _triangle(t):
    return np.clip(1 - np.abs(t), 0, None)


def _mitchell(t):
    t = np.abs(t)
    near = (7 / 6 * t - 2) * t * t + 8 / 9
    far = ((-7 / 18 * t + 2) * t - 10 / 3) * t + 16 / 9
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


def _gaussian(t):
    return np.where(np.abs(t) < 1.5, np.exp(-2.0 * t * t), 0.0)  # a standard deviation of half a pixel


_KERNELS = {"bilinear": _triangle, "mitchellcubic": _mitchell, "gaussian": _gaussian}


@functools.lru_cache(maxsize=64)
def _weights(size, target, method, antialias):
    """(target, size): what each pixel contributes to each result."""
    if method == "area":
        return _shares(size, target)
    if method == "bicubic" and not antialias:
        return _tabled(size, target)
    if method not in _KERNELS:
        return interpolation.weights(size, target, method, antialias)
    scale = size / target
    stretch = max(scale, 1.0) if antialias else 1.0
    distances = (np.arange(size) + 0.5 - ((np.arange(target) + 0.5) * scale)[:, None]) / stretch
    weights = _KERNELS[method](distances)
    return torch.from_numpy((weights / weights.sum(1, keepdims=True)).astype(np.float32))


def _tabled(size, target):
    """Keys' cubic without antialias, as TensorFlow has it: weights for 1,024 steps between two pixels."""
    places = (np.arange(target, dtype=np.float32) + np.float32(0.5)) * np.float32(size / target) - np.float32(0.5)
    below = np.floor(places)
    centres = below + np.rint((places - below) * np.float32(1024)) / 1024
    t = np.abs(np.arange(size) - centres[:, None].astype(np.float64))
    far = np.where(t < 2, ((-0.5 * t + 2.5) * t - 4) * t + 2, 0.0)
    weights = np.where(t < 1, (1.5 * t - 2.5) * t * t + 1, far)
    return torch.from_numpy((weights / weights.sum(1, keepdims=True)).astype(np.float32))


def _shares(size, target):
    """How much of each pixel lies in each of `target` equal parts of the row."""
    edges = np.arange(target + 1) * (size / target)
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    overlap = np.clip(overlap, 0, None)
    return torch.from_numpy((overlap / overlap.sum(1, keepdims=True)).astype(np.float32))


def _method(method):
    name = _OLD_NUMBERS.get(method, method) if isinstance(method, int) else str(getattr(method, "value", method))
    if name.lower() not in _METHODS:
        raise unknown_name("method of tf.image.resize", method, _METHODS)
    return name.lower()


def _size(size):
    pair = integers(size)
    if len(pair) != 2 or min(pair) < 1:
        raise ArgumentError(f"tf.image.resize: expected size as (height, width) of 1 or more, got {size!r}.")
    return pair
