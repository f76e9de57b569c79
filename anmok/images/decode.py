"""Pixels out of image files, upright: JPEG by OpenCV, everything else and every doubtful case by Pillow.

OpenCV decodes a JPEG of 234 x 176 in 115 us, Pillow in 180 with the way into an array; their pixels are the same. But
OpenCV may fill what is missing of a cut file with grey, so that only whole files of the common kind go to it.
"""

import importlib
import io
import os
import struct
import warnings
import zlib

import cv2
import numpy as np
from PIL import Image

from anmok.errors import ArgumentError, FileFormatError, MissingFileError, unknown_name
from anmok.images.jpeg import ends, read_header
from anmok.images.tiff import is_whole

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".tif", ".tiff")
# The largest photograph a telephone takes has just under 200 million pixels (600 MB as RGB).
PIXEL_LIMIT = 200_000_000
COLOR_MODES = ("rgb", "rgba", "grayscale")

# Format, how it is known, the Pillow class that reads it. The classes are called directly: Image.open would ask forty
# other readers too, and would warn of large pictures before we have refused them.
_FORMATS = (
    ("JPEG", lambda data: data.startswith(b"\xff\xd8\xff"), "JpegImagePlugin", "JpegImageFile"),
    ("PNG", lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), "PngImagePlugin", "PngImageFile"),
    ("GIF", lambda data: data[:6] in (b"GIF87a", b"GIF89a"), "GifImagePlugin", "GifImageFile"),
    ("WebP", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", "WebPImagePlugin", "WebPImageFile"),
    ("TIFF", lambda data: data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "TiffImagePlugin", "TiffImageFile"),
    ("PPM", lambda data: data[:1] == b"P" and data[1:2] in b"123456", "PpmImagePlugin", "PpmImageFile"),
    ("BMP", lambda data: data.startswith(b"BM"), "BmpImagePlugin", "BmpImageFile"),
)
# What is met under the name of a photograph, and is none of the above.
_STRANGERS = (
    ("HEIC", lambda data: data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftyphevc")),
    ("AVIF", lambda data: data[4:12] in (b"ftypavif", b"ftypavis")),
    ("JPEG XL", lambda data: data.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL "))),
    ("a Photoshop file", lambda data: data.startswith(b"8BPS")),
    ("SVG", lambda data: b"<svg" in data[:500]),
    ("a web page", lambda data: data[:500].lstrip().lower().startswith((b"<!doctype html", b"<html"))),
    ("a PDF", lambda data: data.startswith(b"%PDF")),
    ("a zip file", lambda data: data.startswith(b"PK\x03\x04")),
)
# All that Pillow's readers raise on damaged files.
_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, AttributeError, OverflowError,
           ArithmeticError, RuntimeError, struct.error, zlib.error, Image.DecompressionBombError)  # fmt: skip
# Orientations of EXIF, and what turns the stored picture upright.
_TURNS = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_REDUCED = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
# OpenCV older than 4.11 gives blue, green, red alone.
_READ_RGB = getattr(cv2, "IMREAD_COLOR_RGB", None)

# Pillow warns of odd tags in TIFF and PNG files, which say nothing of the pixels.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.(Tiff|Png|Jpeg|WebP|Gif)ImagePlugin")


def decode(source, *, color_mode="rgb", at_least=None, background=(255, 255, 255), pixel_limit=PIXEL_LIMIT):
    """Pixels of an image file, upright by its EXIF: bytes or a path to uint8 (H, W, C) in 0..255.

    Reads JPEG, PNG, BMP, GIF (first frame), WebP, TIFF (first page) and PPM/PGM/PBM. 16 bits a channel lose the lower
    eight.
    color_mode: 'rgb' (C = 3, in that order), 'rgba' (C = 4) or 'grayscale' (C = 1, by Pillow's weights, as in Keras).
    at_least: (height, width); a JPEG comes back at 1/2, 1/4 or 1/8 of its size (rounded down) where it is in neither
    direction below these.
    background: (red, green, blue) on which transparent pixels are laid for 'rgb' and 'grayscale'.
    pixel_limit: the most height x width that is decoded at all.
    Raises MissingFileError when there is no such file and FileFormatError when it is no image, damaged, cut short or
    beyond the limit; both name it. (Pillow's own LOAD_TRUNCATED_IMAGES, when set, lets cut files pass.)
    """
    if color_mode not in COLOR_MODES:
        raise unknown_name("color_mode", color_mode, COLOR_MODES)
    data, name = _open(source)
    header = _common_jpeg(data)
    if header is not None:
        _refuse_bomb(name, header.height, header.width, pixel_limit)
        found = _by_opencv(data, header, color_mode, at_least)
        if found is not None:
            return found
    return _by_pillow(data, name, color_mode, background, pixel_limit)


def check(path, *, pixel_limit=PIXEL_LIMIT):
    """Raise as `decode` would where the file cannot be decoded.

    JPEG and PNG files with a sound beginning and end pass on these alone, a matter of microseconds; all others are
    decoded.
    """
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(4096)
            file.seek(max(len(head), os.fstat(file.fileno()).st_size - 64))
            tail = (head + file.read())[-64:]
    except OSError as error:
        raise _unreadable(path, error) from None
    name = os.fspath(path)
    if head.startswith(b"\xff\xd8\xff"):
        header = read_header(head)
        if header is not None and header.is_common and header.components in (1, 3) and header.height and header.width:
            _refuse_bomb(name, header.height, header.width, pixel_limit)
            if ends(tail):
                return
    elif head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR" and len(head) >= 33:
        width, height = struct.unpack_from(">II", head, 16)
        _refuse_bomb(name, height, width, pixel_limit)
        if height and width and tail.endswith(b"IEND\xae\x42\x60\x82") and _sum_of_header_is_right(head):
            return
    decode(path, pixel_limit=pixel_limit)


def _open(source):
    """(bytes, name) of bytes or of the file at a path, which Python opens whatever its letters."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data, name = bytes(source), "the bytes given"
    elif isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        try:
            with open(source, "rb", buffering=0) as file:
                data = file.readall()
        except OSError as error:
            raise _unreadable(source, error) from None
    else:
        raise ArgumentError(f"expected the path of an image file, or its bytes, got {type(source).__name__}.")
    if len(data) == 0:
        raise FileFormatError(f"{name}: expected an image, found nothing (0 bytes).")
    return data, name


def _unreadable(path, error):
    if isinstance(error, FileNotFoundError):
        return MissingFileError(f"There is no image at {os.fspath(path)}.")
    return FileFormatError(f"{os.fspath(path)} cannot be read: {error.strerror}.")


def _refuse_bomb(name, height, width, pixel_limit):
    if height * width > pixel_limit:
        raise FileFormatError(
            f"{name}: the picture is {height:,} x {width:,} = {height * width:,} pixels, more than the limit of "
            f"{pixel_limit:,}. Make it smaller, or raise pixel_limit if you trust it."
        )


def _common_jpeg(data):
    """The header of a JPEG that OpenCV may decode, None for every other file."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    header = read_header(data)
    if header is None or not header.is_common or header.components not in (1, 3) or not header.height * header.width:
        return None
    return header if ends(data[max(header.scan, len(data) - 64) :]) else None


def _by_opencv(data, header, color_mode, at_least):
    factor = 1 if at_least is None else _factor(header, at_least)
    flags = _REDUCED[factor] if factor > 1 else cv2.IMREAD_COLOR if _READ_RGB is None else _READ_RGB
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    if image is None:
        return None
    if factor > 1 or _READ_RGB is None:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
    if factor > 1:
        # A last row or column that is not whole is a mixture with what lies beyond the picture.
        image = image[: header.height // factor, : header.width // factor]
    if header.orientation in _TURNS:
        image = _TURNS[header.orientation](image)
    return _colored(image, color_mode)


def _factor(header, at_least):
    """8, 4 or 2 where a JPEG reduced by it still has (height, width) `at_least` when upright, else 1."""
    height, width = at_least if header.orientation < 5 else at_least[::-1]
    for factor in (8, 4, 2):
        if header.height // factor >= height and header.width // factor >= width:
            return factor
    return 1


def _colored(image, color_mode):
    """RGB uint8 (H, W, 3) without transparency as the color_mode asks."""
    if color_mode == "rgb":
        return image
    if color_mode == "rgba":
        return cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    # OpenCV's weights differ from Pillow's by a grey level at one pixel of eight hundred.
    return np.asarray(Image.fromarray(image).convert("L"))[..., None]


def _by_pillow(data, name, color_mode, background, pixel_limit):
    _, _, module, reader = next((row for row in _FORMATS if row[1](data)), (None,) * 4)
    if module is None:
        kind = next((f" They look like {kind}." for kind, knows in _STRANGERS if knows(data)), "")
        raise FileFormatError(
            f"{name}: expected an image such as JPEG or PNG; these {len(data):,} bytes are none.{kind}"
        )
    if module == "WebPImagePlugin":
        # Its reader makes room for the pixels at once.
        _refuse_bomb(name, *_webp_size(data), pixel_limit)
    if module == "TiffImagePlugin" and not is_whole(data):
        raise FileFormatError(f"{name}: the image is damaged or cut short (it points beyond its own end).")
    try:
        with getattr(importlib.import_module(f"PIL.{module}"), reader)(io.BytesIO(data)) as image:
            _refuse_bomb(name, image.height, image.width, pixel_limit)
            image.load()
            orientation = image.getexif().get(0x0112, 1)
            pixels = _laid_out(image, name, color_mode, background)
    except (ArgumentError, FileFormatError):
        raise
    except MemoryError:
        raise FileFormatError(f"{name}: there is not memory enough for the picture's {len(data):,} bytes.") from None
    except _DAMAGE as error:
        raise FileFormatError(f"{name}: the image is damaged or cut short ({error}).") from error
    if orientation in _TURNS:
        pixels = _TURNS[orientation](pixels)
    return pixels.reshape(*pixels.shape[:2], -1)


def _laid_out(image, name, color_mode, background):
    """The pixels of a loaded Pillow image, 8 bits a channel, transparency as the color_mode wants it."""
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        image = _of_eight_bits(image, name)
    if "transparency" not in image.info and image.mode not in ("RGBA", "LA", "PA", "RGBa", "La"):
        if color_mode == "grayscale":
            return np.asarray(image if image.mode == "L" else image.convert("L"))
        return np.asarray(image.convert("RGBA" if color_mode == "rgba" else "RGB"))
    pixels = np.asarray(image.convert("RGBA"))
    if color_mode == "rgba":
        return pixels
    return _colored(_over(pixels, background), color_mode)


def _of_eight_bits(image, name):
    """A grey image of 16 bits with the upper eight; Pillow's own conversion would make white of all above 255."""
    values = np.asarray(image)
    if image.mode == "F" or (image.mode == "I" and image.format == "TIFF"):
        raise FileFormatError(
            f"{name}: a {image.format} with pixels of {values.dtype} of unknown range. Save it with 8 or 16 bits."
        )
    grey = (values >> 8).astype(np.uint8)
    key = image.info.get("transparency")
    if key is None:
        return Image.fromarray(grey)
    return Image.fromarray(np.stack([grey, np.where(values == key, 0, 255).astype(np.uint8)], axis=-1))


def _over(pixels, background):
    """RGBA uint8 (H, W, 4) laid on one colour: uint8 (H, W, 3), rounded."""
    background = np.asarray(background)
    if background.shape != (3,) or background.min() < 0 or background.max() > 255:
        raise ArgumentError(f"background: expected (red, green, blue) in 0..255, got {background.tolist()!r}.")
    color, alpha = pixels[..., :3], pixels[..., 3:].astype(np.uint32)
    if alpha.min() == 255:
        return np.ascontiguousarray(color)
    return ((color * alpha + background.astype(np.uint32) * (255 - alpha) + 127) // 255).astype(np.uint8)


def _webp_size(data):
    """(height, width) of a WebP file, (0, 0) where they cannot be read (RFC 9649, section 2)."""
    try:
        if data[12:16] == b"VP8X":
            return int.from_bytes(data[27:30], "little") + 1, int.from_bytes(data[24:27], "little") + 1
        if data[12:16] == b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
        width, height = struct.unpack_from("<HH", data, 26)
        return height & 0x3FFF, width & 0x3FFF
    except struct.error:
        return 0, 0


def _sum_of_header_is_right(head):
    return zlib.crc32(head[12:29]) == int.from_bytes(head[29:33], "big")
