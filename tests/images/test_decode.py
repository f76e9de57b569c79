import io
import struct

import cv2
import numpy as np
import pytest

from anmok.errors import FileFormatError, MissingFileError, UnknownNameError
from anmok.images.decode import decode


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


def png(image):
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def with_orientation(jpeg, orientation):
    """The JPEG with an EXIF block of one entry: orientation."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    block = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def test_pixels_come_back_in_rgb_order(picture):
    assert np.array_equal(decode(png(picture)), picture)


def test_paths_outside_ascii_open(picture, tmp_path):
    path = tmp_path / "고양이 é.png"
    path.write_bytes(png(picture))
    assert np.array_equal(decode(path), picture)
    assert np.array_equal(decode(str(path)), picture)


def test_grey_has_one_channel_with_the_luma_of_bt601(picture):
    grey = decode(png(picture), color_mode="grayscale")
    assert grey.shape == (5, 7, 1) and grey.dtype == np.uint8
    assert np.abs(grey[..., 0] - picture @ [0.299, 0.587, 0.114]).max() <= 1


def test_grey_files_have_three_channels_in_rgb():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    data = cv2.imencode(".png", grey)[1].tobytes()
    assert np.array_equal(decode(data), np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize("color_mode", ["rgb", "grayscale"])
@pytest.mark.parametrize(
    "orientation, upright", [(1, lambda a: a), (3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1))]
)
def test_exif_turns_the_picture_upright(color_mode, orientation, upright):
    image = np.zeros((16, 32, 3), np.uint8)
    image[:8, :16] = 255
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    plain = decode(jpeg, color_mode=color_mode)
    assert np.array_equal(decode(with_orientation(jpeg, orientation), color_mode=color_mode), upright(plain))


def test_errors_name_the_file(tmp_path):
    with pytest.raises(MissingFileError, match=r"no image at .*nowhere\.jpg"):
        decode(tmp_path / "nowhere.jpg")
    text = tmp_path / "notes.jpg"
    text.write_text("not a picture")
    with pytest.raises(FileFormatError, match=r"notes\.jpg: expected an image such as JPEG or PNG; these 13 bytes"):
        decode(text)
    with pytest.raises(FileFormatError, match=r"0 bytes"):
        decode(io.BytesIO().getvalue())
    with pytest.raises(FileFormatError, match="cannot be read"):
        decode(tmp_path)


def test_unknown_color_mode_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'grayscale'"):
        decode(b"", color_mode="greyscale")
