"""Pictures out of the bytes of files, and bytes out of pictures: what tf.io and tf.image have of it.

As in TensorFlow, JPEG files are not turned by their EXIF, and transparency is dropped or kept, never laid on a ground.
"""

import io

import cv2
import numpy as np
import torch
from PIL import Image, ImageSequence

from anmok.compat.functions.calling import function
from anmok.compat.functions.faces import clothed
from anmok.compat.functions.values import tensor, torch_dtype
from anmok.compat.pictures.batches import converted, need
from anmok.compat.texts import StringTensor, bytes_of
from anmok.errors import ArgumentError, FileFormatError
from anmok.images.decode import PIXEL_LIMIT
from anmok.images.jpeg import read_header

_READ_RGB = getattr(cv2, "IMREAD_COLOR_RGB", None)  # from OpenCV 4.11 on
_GREY = np.array([9798, 19235, 3735])
_MARKS = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF8", "bmp": b"BM"}


def decode_jpeg(
    contents, channels=0, ratio=1, fancy_upscaling=True, try_recover_truncated=False, acceptable_fraction=1,
    dct_method="", name=None,
):  # fmt: skip
    """uint8 (H, W, C) of a JPEG's bytes; a PNG, GIF (first picture) or BMP passes as well, as in TensorFlow.

    channels: 0 as in the file, 1 grey, 3 colours. ratio: 1, 2, 4 or 8, by which the picture is reduced.
    """
    reduced = {1: 0, 2: 2, 4: 4, 8: 8}.get(int(ratio))
    need(reduced is not None, f"decode_jpeg: expected ratio 1, 2, 4 or 8, got {ratio}.")
    need(
        not try_recover_truncated, "decode_jpeg: a damaged file is an error here: try_recover_truncated must be False."
    )
    return clothed(_decoded(contents, channels, "decode_jpeg", reduced=reduced))


def decode_png(contents, channels=0, dtype="uint8", name=None):
    """(H, W, C) of a PNG's bytes, uint8 or uint16; channels: 0 as in the file, 1, 2, 3 or 4."""
    return clothed(_decoded(contents, channels, "decode_png", dtype=torch_dtype(dtype)))


def decode_bmp(contents, channels=0, name=None):
    """uint8 (H, W, C) of a BMP's bytes."""
    return clothed(_decoded(contents, channels, "decode_bmp"))


def decode_gif(contents, name=None):
    """uint8 (pictures, H, W, 3) of a GIF's bytes."""
    data = bytes_of(contents)
    if _kind(data) != "gif":
        raise FileFormatError("decode_gif: these bytes are no GIF.")
    return clothed(torch.from_numpy(_frames(data)))


def decode_image(contents, channels=None, dtype="uint8", name=None, expand_animations=True):
    """(H, W, C) of a JPEG, PNG, BMP or GIF; of a GIF (pictures, H, W, 3) unless expand_animations is False.

    dtype: whole numbers, or floats, for which white is 1.0.
    """
    data, dtype = bytes_of(contents), torch_dtype(dtype)
    if _kind(data) == "gif" and expand_animations:
        need(channels in (None, 0, 3), "decode_image: a GIF has 3 channels.")
        made = torch.from_numpy(_frames(data))
    else:
        made = _decoded(
            data, channels or 0, "decode_image", dtype=torch.uint16 if dtype is torch.uint16 else torch.uint8
        )
    return clothed(converted(made, dtype))


def _kind(data):
    return next((kind for kind, mark in _MARKS.items() if data.startswith(mark)), None)


def _decoded(contents, channels, asked, *, dtype=torch.uint8, reduced=0):
    data, channels = bytes_of(contents), int(channels or 0)
    need(channels in (0, 1, 2, 3, 4), f"{asked}: expected channels 0, 1, 3 or 4, got {channels}.")
    need(dtype in (torch.uint8, torch.uint16), f"{asked}: expected dtype uint8 or uint16, got {dtype}.")
    kind = _kind(data)
    if kind is None:
        raise FileFormatError(f"{asked}: expected the bytes of a JPEG, PNG, GIF or BMP file, got {data[:12]!r}...")
    _refuse_bomb(data, asked)
    if kind == "gif":
        image = _frames(data, most=1)[0]
    else:
        image = _by_opencv(data, kind, channels, reduced)
        if image is None:
            raise FileFormatError(f"{asked}: the {kind.upper()} is damaged or cut short.")
    if dtype is torch.uint8 and image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    elif dtype is torch.uint16 and image.dtype == np.uint8:
        image = image.astype(np.uint16) * 257
    return torch.from_numpy(np.ascontiguousarray(_with_channels(image, channels, asked)))


def _by_opencv(data, kind, channels, reduced):
    """The pixels, RGB in order, or None. A JPEG comes grey or in colours as asked, by its own conversion."""
    if kind == "jpeg" and not data.rstrip(b"\0").endswith(b"\xff\xd9") and b"\xff\xd9" not in data[-64:]:
        return None
    if kind == "jpeg" and channels == 3 and not reduced and _READ_RGB is not None:
        return cv2.imdecode(np.frombuffer(data, np.uint8), _READ_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    flags = cv2.IMREAD_UNCHANGED if not reduced else None
    if kind == "jpeg" and (channels == 1 or reduced):
        color = channels != 1
        names = {0: "", 2: "REDUCED_{}_2", 4: "REDUCED_{}_4", 8: "REDUCED_{}_8"}[reduced].format(
            "COLOR" if color else "GRAYSCALE"
        )
        flags = getattr(cv2, f"IMREAD_{names or 'GRAYSCALE'}")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags | (0 if flags < 0 else cv2.IMREAD_IGNORE_ORIENTATION))
    if image is None:
        return None
    if image.ndim == 2:
        return image[..., None]
    order = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}.get(image.shape[2])
    return image if order is None else cv2.cvtColor(image, order)


def _with_channels(image, channels, asked):
    have = image.shape[2]
    if channels in (0, have):
        return image
    if channels == 3:
        return np.repeat(image, 3, 2) if have == 1 else image[..., :3]
    if channels == 4:
        white = np.full((*image.shape[:2], 1), np.iinfo(image.dtype).max, image.dtype)
        return np.concatenate([np.repeat(image, 3, 2) if have == 1 else image[..., :3], white], 2)
    if channels == 1:
        # As libpng has it: 15 bits of fraction, cut off.
        return (image[..., :3].astype(np.int64) @ _GREY >> 15).astype(image.dtype)[..., None]
    raise ArgumentError(f"{asked}: a picture of {have} channels cannot be had with {channels}.")


def _refuse_bomb(data, asked):
    header = read_header(data) if data.startswith(_MARKS["jpeg"]) else None
    if header is not None and 0 < header.height * header.width <= PIXEL_LIMIT:
        return
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError):
        raise FileFormatError(f"{asked}: the picture is damaged or cut short.") from None
    if width * height > PIXEL_LIMIT:
        raise FileFormatError(f"{asked}: {height:,} x {width:,} pixels are more than the limit of {PIXEL_LIMIT:,}.")


def _frames(data, most=None):
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for frame in ImageSequence.Iterator(image):
            frames.append(np.asarray(frame.convert("RGB")))
            if len(frames) == most:
                break
    return np.stack(frames)


def is_jpeg(contents, name=None):
    """Whether the bytes are a JPEG's."""
    return clothed(torch.tensor(bytes_of(contents).startswith(_MARKS["jpeg"])))


# Bytes out of pictures ------------------------------------------------------------------------------------------------


def encode_jpeg(
    image, format="", quality=95, progressive=False, optimize_size=False, chroma_downsampling=True,
    density_unit="in", x_density=300, y_density=300, xmp_metadata="", name=None,
):  # fmt: skip
    """The bytes of a JPEG of uint8 (H, W, 1) or (H, W, 3)."""
    need(not xmp_metadata, "encode_jpeg: xmp_metadata is not covered.")
    need(format in ("", "grayscale", "rgb"), f"encode_jpeg: expected format '', 'grayscale' or 'rgb', got {format!r}.")
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if chroma_downsampling else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    settings = [
        cv2.IMWRITE_JPEG_QUALITY, int(quality), cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive),
        cv2.IMWRITE_JPEG_OPTIMIZE, int(optimize_size), cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling,
    ]  # fmt: skip
    return _encoded(image, ".jpg", (1, 3), settings, "encode_jpeg")


def encode_png(image, compression=-1, name=None):
    """The bytes of a PNG of uint8 or uint16 (H, W, 1 to 4)."""
    settings = [] if compression < 0 else [cv2.IMWRITE_PNG_COMPRESSION, int(compression)]
    return _encoded(image, ".png", (1, 3, 4), settings, "encode_png")


def _encoded(image, suffix, channels, settings, asked):
    image = tensor(image)
    known = (torch.uint8, torch.uint16) if suffix == ".png" else (torch.uint8,)
    if image.dtype not in known or image.ndim != 3 or image.shape[2] not in channels:
        raise ArgumentError(
            f"{asked}: expected uint8 (height, width, channels) with {' or '.join(map(str, channels))} channels, got "
            f"{str(image.dtype).removeprefix('torch.')} {tuple(image.shape)}."
        )
    pixels = image.contiguous().numpy()
    if image.shape[2] > 1:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    return StringTensor(cv2.imencode(suffix, pixels, settings)[1].tobytes())


@function(name="image_adjust_jpeg_quality")
def adjust_jpeg_quality(image, jpeg_quality):
    """The picture as it is after being written as a JPEG of that quality and read again."""
    image = tensor(image)
    data = encode_jpeg(converted(image, torch.uint8, saturate=True), quality=int(jpeg_quality))
    return converted(_decoded(data, image.shape[2], "adjust_jpeg_quality"), image.dtype)
