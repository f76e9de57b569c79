"""Single pictures in Keras' words: load_img, save_img, img_to_array, array_to_img, smart_resize."""

import io
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from anmok import defaults, notices
from anmok.errors import ArgumentError, MissingFileError, ShapeError, unknown_name
from anmok.images.decode import COLOR_MODES, decode
from anmok.images.resize import check_interpolation, image_size, resize
from anmok.layers import interpolation as tensors


def load_img(
    path, color_mode="rgb", target_size=None, interpolation="nearest", keep_aspect_ratio=False, *, grayscale=None
):
    """A picture as a PIL image, as in Keras, and upright.

    path: str, Path, a path in bytes, io.BytesIO, or the bytes of the file themselves.
    color_mode: 'rgb', 'rgba' or 'grayscale'. target_size: (height, width), or None for the picture's own.
    interpolation: 'nearest', 'bilinear', 'bicubic', 'hamming', 'box' or 'lanczos'.
    keep_aspect_ratio: cut the largest box of the target's shape out of the middle instead of distorting.
    grayscale: Keras 2's spelling of color_mode='grayscale'.
    Unlike Keras, it turns the picture as its EXIF says, lays transparent pixels on white where the color_mode has no
    alpha, and has 8 bits for grey of 16. Raises MissingFileError and FileFormatError, naming the file.
    """
    if isinstance(color_mode, bool):  # Keras 2 had `grayscale` in this place
        color_mode, grayscale = "rgb", color_mode
    if grayscale is not None:
        notices.old_spelling("load_img(grayscale=...)", "load_img(color_mode='grayscale')")
        color_mode = "grayscale" if grayscale else color_mode
    if color_mode not in COLOR_MODES:
        raise unknown_name("color_mode", color_mode, COLOR_MODES)
    check_interpolation(interpolation)
    size = None if target_size is None else image_size(target_size)
    pixels = decode(_source(path), color_mode=color_mode)
    if size is not None:
        pixels = resize(pixels, size=size, interpolation=interpolation, keep_aspect_ratio=keep_aspect_ratio)
    return _picture(pixels)


def img_to_array(img, data_format=None, dtype=None):
    """The numbers of a picture (PIL image, array or tensor), as in Keras: (H, W, C), or (C, H, W) when channels first.

    data_format: 'channels_last' (the default) or 'channels_first'; that of the result for a PIL image, and of an array
    with three axes, whose order is changed from (H, W, C) all the same. dtype: 'float32' by default.
    """
    channels_first = _is_channels_first(data_format)
    x = _numbers(img, dtype or "float32")
    if x.ndim not in (2, 3):
        raise ShapeError(f"img_to_array: expected one image (H, W) or (H, W, C), got {x.shape}.")
    if x.ndim == 2:
        x = x[..., None]
    x = x.transpose(2, 0, 1) if channels_first else x
    return x if x.flags.writeable else x.copy()


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """One image (H, W, C) with C 1, 3 or 4 as a PIL image, as in Keras.

    scale: stretch the values so that the least becomes 0 and the greatest 255; without it they count as 0..255, and
    what is beyond is cut off. Fractions are dropped. Values above 255 with C = 1 make an image of 32 bits (mode 'I').
    """
    channels_first = _is_channels_first(data_format)
    x = _numbers(x, dtype or "float32")
    if x.ndim != 3:
        hint = " A grey image needs its channel axis: x[..., None]." if x.ndim == 2 else ""
        hint = " Of a batch, take one: x[0]." if x.ndim == 4 else hint
        raise ShapeError(f"array_to_img: expected one image (H, W, C), got {x.shape}.{hint}")
    if channels_first:
        x = x.transpose(1, 2, 0)
    if x.shape[2] not in (1, 3, 4) or x.size == 0:
        order = "channels_last" if channels_first else "channels_first"
        raise ShapeError(
            f"array_to_img: expected 1, 3 or 4 channels and pixels, got (height, width, channels) = {x.shape}. "
            f"Is it data_format={order!r}?"
        )
    if np.isnan(x).any():
        raise ArgumentError("array_to_img: the image contains NaN, which no pixel can show.")
    if scale:
        x = x - x.min()
        greatest = x.max()
        if greatest != 0:
            x = x / greatest
        x = x * 255
    if x.shape[2] == 1 and x.max() > 255:
        return Image.fromarray(x[..., 0].astype(np.int32))
    return _picture(np.clip(x, 0, 255).astype(np.uint8))


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Write one image (H, W, C) to a file, as in Keras.

    path: str, Path or a file object. file_format: 'png', 'jpeg', ...; by default what the suffix says. scale: as in
    array_to_img. kwargs: what Pillow's save takes, such as quality=95. JPEG has no transparency: it is dropped.
    """
    is_path = isinstance(path, (str, os.PathLike))
    if file_format is None and is_path:
        file_format = Path(path).suffix[1:]
    file_format = (file_format or "").upper()
    file_format = {"JPG": "JPEG", "TIF": "TIFF"}.get(file_format, file_format)
    Image.init()
    if file_format not in Image.SAVE:
        file_format = Image.EXTENSION.get(f".{file_format.lower()}", file_format)
    if file_format not in Image.SAVE:
        raise ArgumentError(
            f"save_img: expected a file name that ends in .png, .jpg or the like, or file_format='png', got "
            f"{os.fspath(path) if is_path else type(path).__name__!r} and {file_format.lower()!r}."
        )
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and file_format == "JPEG":
        notices.once("JPEG without alpha", "save_img: JPEG has no transparency; the picture is saved without its own.")
        image = image.convert("RGB")
    try:
        image.save(path, format=file_format, **kwargs)
    except FileNotFoundError:
        raise MissingFileError(f"save_img: there is no folder {os.path.dirname(os.fspath(path))}.") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise ArgumentError(f"save_img: a picture of mode {image.mode} cannot be saved as {file_format}.") from error


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last"):
    """Images brought to (height, width) `size` undistorted, as in Keras: cut out of the middle, then resized.

    x: (H, W, C) or (B, H, W, C), array or tensor; the result is of the same kind and dtype. interpolation: 'nearest',
    'bilinear', 'bicubic', 'lanczos3' or 'lanczos5', without averaging over what shrinks (TensorFlow's resize).
    """
    channels_first = _is_channels_first(data_format)
    height, width = image_size(size, "size")
    if interpolation not in tensors.INTERPOLATIONS:
        raise unknown_name("interpolation", interpolation, tensors.INTERPOLATIONS)
    is_tensor = torch.is_tensor(x)
    images = x if is_tensor else torch.from_numpy(np.array(x))
    if images.ndim not in (3, 4) or 0 in images.shape:
        hint = " A grey image needs its channel axis: x[..., None]." if images.ndim == 2 else ""
        raise ShapeError(
            f"smart_resize: expected an image (H, W, C) or a batch (B, H, W, C), got {tuple(images.shape)}.{hint}"
        )
    dtype, is_single = images.dtype, images.ndim == 3
    images = images[None] if is_single else images
    images = images if channels_first else images.permute(0, 3, 1, 2)
    top, left, inner_height, inner_width = tensors.largest_box(*images.shape[2:], like=(height, width))
    images = images[..., top : top + inner_height, left : left + inner_width]
    images = images if dtype in (torch.float32, torch.float64) else images.float()
    images = tensors.resize(images, height=height, width=width, interpolation=interpolation)
    if not dtype.is_floating_point:
        limits = torch.iinfo(dtype)
        images = images.round().clamp(limits.min, limits.max)
    images = (images if channels_first else images.permute(0, 2, 3, 1)).to(dtype)
    images = images[0] if is_single else images
    return images if is_tensor else images.contiguous().numpy()


def _source(path):
    """What `decode` reads, of all that load_img takes."""
    if isinstance(path, io.BytesIO):
        return path.getvalue()
    if isinstance(path, (bytes, bytearray)):
        # A path never has a zero byte; the first bytes of every image file of one block or more do.
        return bytes(path) if b"\0" in path else os.fsdecode(bytes(path))
    if isinstance(path, (str, os.PathLike)):
        return path
    hint = f" {type(path).__name__}: array_to_img makes a picture of an array." if hasattr(path, "shape") else ""
    raise ArgumentError(f"load_img: expected a path, io.BytesIO or bytes, got {type(path).__name__}.{hint}")


def _picture(pixels):
    """uint8 (H, W, C) as a PIL image of mode L, RGB or RGBA."""
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    return Image.fromarray(np.ascontiguousarray(pixels))


def _numbers(x, dtype):
    """An array of what Keras' functions take: PIL images, arrays, lists, tensors."""
    if torch.is_tensor(x):
        x = x.detach().cpu()
        x = x.float() if x.dtype is torch.bfloat16 else x
        x = x.numpy()
    dtype = str(dtype).removeprefix("torch.") if isinstance(dtype, torch.dtype) else dtype
    try:
        return np.asarray(x, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"expected an image of numbers, got {type(x).__name__} and {dtype=}: {error}.") from error


def _is_channels_first(data_format):
    data_format = data_format or defaults.image_data_format()
    if data_format not in defaults.DATA_FORMATS:
        raise unknown_name("data_format", data_format, defaults.DATA_FORMATS)
    return data_format == "channels_first"
