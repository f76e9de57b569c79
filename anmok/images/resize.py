"""Bringing pictures to a size with the pixels of Keras' load_img, which are Pillow's."""

import functools
import numbers

import cv2
import numpy as np
from PIL import Image

from anmok.errors import ArgumentError, ShapeError, unknown_name
from anmok.images.decode import decode

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "hamming": Image.Resampling.HAMMING,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}
INTERPOLATIONS = tuple(_FILTERS)
# A JPEG is decoded reduced if so many times the target's size remains: photographs were then off by 0.3 grey levels in
# the mean with the filters that average.
_MARGIN = 3


def resize(image, *, size, interpolation="nearest", keep_aspect_ratio=False):
    """One image, uint8 or float32 (H, W, C), at (height, width) `size`: the same dtype, (height, width, C).

    The pixels are those of Keras' load_img (Pillow's): filters other than nearest average over what shrinks.
    keep_aspect_ratio: cut the largest box of the shape of `size` out of the middle first, as Keras does.
    Raises ArgumentError for a size or interpolation that is none, ShapeError for another kind of array.
    """
    height, width = image_size(size)
    check_interpolation(interpolation)
    image = np.asarray(image)
    if image.ndim != 3 or 0 in image.shape or image.dtype not in (np.uint8, np.float32):
        raise ShapeError(
            f"resize: expected one image (H, W, C), uint8 or float32, got {image.shape} {image.dtype}. "
            "A grey image needs its channel axis: image[..., None]."
        )
    return _resized(image, height, width, interpolation, keep_aspect_ratio)


def load(source, *, size=None, color_mode="rgb", interpolation="nearest", keep_aspect_ratio=False):
    """The picture in a file (path or bytes) as a flow shows it: uint8 (H, W, C), or (height, width, C) for a `size`.

    Pixels are those of `resize(decode(source))`, with one exception: a JPEG so large that three times the target
    remains is decoded at 1/2, 1/4 or 1/8, several times as fast. Filters that average differ by a third of a grey level
    in the mean then; 'nearest' takes averages of such blocks where it would take one pixel out of each.
    Raises as `decode` and `resize` do.
    """
    check_interpolation(interpolation)
    if size is None:
        return decode(source, color_mode=color_mode)
    height, width = image_size(size)
    image = decode(source, color_mode=color_mode, at_least=(_MARGIN * height, _MARGIN * width))
    return _resized(image, height, width, interpolation, keep_aspect_ratio)


def image_size(size, name="target_size"):
    """(height, width) as ints of 1 or more; raises ArgumentError, which calls the argument `name`."""
    try:
        pair = tuple(size)
    except TypeError:
        pair = ()
    if len(pair) != 2 or not all(isinstance(n, numbers.Integral) and not isinstance(n, bool) and n >= 1 for n in pair):
        raise ArgumentError(f"{name}: expected (height, width) of 1 or more pixels each, got {size!r}.")
    return int(pair[0]), int(pair[1])


def check_interpolation(interpolation):
    """Raise UnknownNameError unless it is one of INTERPOLATIONS."""
    if interpolation not in _FILTERS:
        raise unknown_name("interpolation", interpolation, INTERPOLATIONS)


def _largest_box(full_height, full_width, height, width):
    """(left, top, right, bottom) of Keras' centred cut of the shape of (height, width), which may be empty."""
    inner_height = min(full_height, full_width * height // width)
    inner_width = min(full_width, full_height * width // height)
    left, top = (full_width - inner_width) // 2, (full_height - inner_height) // 2
    return left, top, left + inner_width, top + inner_height


def _resized(image, height, width, interpolation, keep_aspect_ratio):
    box = (0, 0, image.shape[1], image.shape[0])
    if keep_aspect_ratio and image.shape[:2] != (height, width):
        box = _largest_box(*image.shape[:2], height, width)
    if interpolation == "nearest":
        return _nearest(image, height, width, box)
    if image.dtype == np.uint8 and image.shape[2] in (3, 4):
        return _by_pillow(image, height, width, interpolation, box)
    channels = [
        _by_pillow(np.ascontiguousarray(image[..., c]), height, width, interpolation, box)
        for c in range(image.shape[2])
    ]
    return np.stack(channels, axis=-1) if len(channels) > 1 else channels[0][..., None]


def _by_pillow(pixels, height, width, interpolation, box):
    """Pixels that Pillow has a mode for: uint8 (H, W), (H, W, 3), (H, W, 4), float32 (H, W)."""
    return np.array(Image.fromarray(pixels).resize((width, height), _FILTERS[interpolation], box))


def _nearest(image, height, width, box):
    left, top, right, bottom = box
    right, bottom = max(right, left + 1), max(bottom, top + 1)  # of an empty box Pillow takes its corner
    rows, rows_agree = _picks(top, bottom, height)
    columns, columns_agree = _picks(left, right, width)
    image = image[top:bottom, left:right]
    if image.shape[:2] == (height, width):
        return image.copy()
    if rows_agree and columns_agree and image.shape[2] <= 4:
        small = cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        return small.reshape(height, width, -1)
    return image.take(rows, axis=0).take(columns, axis=1)


@functools.lru_cache(maxsize=4096)
def _picks(start, stop, target):
    """(the pixels of start..stop that Pillow takes for each of `target`, from start; whether OpenCV takes the same)."""
    size = stop - start
    scale = size / target
    steps = np.full(target, scale)
    steps[0] = start + scale * 0.5
    # Pillow adds step to step, the rounding of which a product would not repeat.
    picked = np.clip(np.cumsum(steps).astype(np.int64) - start, 0, size - 1)
    ramp = np.arange(size, dtype=np.float32)[None]
    others = cv2.resize(ramp, (target, 1), interpolation=cv2.INTER_NEAREST_EXACT)[0]
    return picked, bool(np.array_equal(picked, others))
