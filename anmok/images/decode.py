"""Pixels out of image files."""

import os
from pathlib import Path

import cv2
import numpy as np

from anmok.errors import FileFormatError, MissingFileError, unknown_name

# OpenCV turns the picture upright (EXIF) and brings 16 bits to 8 with both of these.
_FLAGS = {"rgb": cv2.IMREAD_COLOR, "grayscale": cv2.IMREAD_GRAYSCALE}


def decode(source, *, color_mode="rgb"):
    """Pixels of an image file, upright: bytes or a path to uint8 (H, W, C) in 0..255.

    color_mode: 'rgb' (C = 3, in that order) or 'grayscale' (C = 1). Transparency is dropped. Raises MissingFileError
    when there is no such file and FileFormatError when it is not an image; both name it.
    """
    if color_mode not in _FLAGS:
        raise unknown_name("color_mode", color_mode, _FLAGS)
    if isinstance(source, (bytes, bytearray, memoryview)):
        data, name = source, "the bytes given"
    else:
        data, name = _read(source), os.fspath(source)
    if len(data) == 0:
        raise FileFormatError(f"{name}: expected an image, found nothing (0 bytes).")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS[color_mode])
    except cv2.error as error:
        raise FileFormatError(f"{name}: the image cannot be decoded ({error.err or error}).") from error
    if image is None:
        raise FileFormatError(f"{name}: expected an image such as JPEG or PNG; these {len(data):,} bytes are none.")
    return image[..., None] if color_mode == "grayscale" else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _read(path):
    # cv2.imread does not open every path that Python opens (Korean names on Windows).
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f"There is no image at {os.fspath(path)}.") from None
    except OSError as error:
        raise FileFormatError(f"{os.fspath(path)} cannot be read: {error.strerror}.") from error
