"""load_img and its family against Keras' own, on the same files and arrays."""

import io
import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from anmok.images.resize import INTERPOLATIONS, load
from anmok.preprocessing import pictures as ours

theirs = keras.utils
SIDES = st.integers(1, 60)


def picture(height, width, channels, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels)


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(SIDES, SIDES), st.none() | st.tuples(SIDES, SIDES), st.sampled_from(["rgb", "rgba", "grayscale"]),
    st.sampled_from(INTERPOLATIONS), st.booleans(), st.sampled_from(["PNG", "JPEG", "BMP"]), st.sampled_from([1, 3]),
)  # fmt: skip
def test_load_img(shape, size, color_mode, interpolation, keep_aspect_ratio, form, channels):
    file = encoded(picture(*shape, channels), form)
    options = {"color_mode": color_mode, "interpolation": interpolation, "keep_aspect_ratio": keep_aspect_ratio}
    wanted = theirs.load_img(file, target_size=size, **options)
    found = ours.load_img(file, target_size=size, **options)
    assert found.mode == wanted.mode and found.size == wanted.size
    assert np.array_equal(np.asarray(found), np.asarray(wanted))
    flowed = load(file.getvalue(), size=size, **options)
    if form != "JPEG" or interpolation in ("nearest", "box"):  # else it may be decoded reduced
        assert np.array_equal(flowed, theirs.img_to_array(wanted))


@pytest.mark.parametrize("kind", ["P", "1", "CMYK"])
@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
def test_load_img_of_other_kinds(kind, color_mode):
    image = picture(20, 30, 3).convert(kind)
    file = encoded(image, "JPEG" if kind == "CMYK" else "PNG")
    wanted = theirs.load_img(file, color_mode=color_mode, target_size=(15, 15))
    found = ours.load_img(file, color_mode=color_mode, target_size=(15, 15))
    assert np.array_equal(np.asarray(found), np.asarray(wanted))


@pytest.mark.parametrize("data_format", [None, "channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", [None, "float32", "float64", "uint8", "int32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_img_to_array(data_format, dtype, channels):
    image = picture(5, 7, channels)
    for source in (image, np.asarray(image)):
        wanted = theirs.img_to_array(source, data_format=data_format, dtype=dtype)
        found = ours.img_to_array(source, data_format=data_format, dtype=dtype)
        assert found.dtype == wanted.dtype and found.shape == wanted.shape and np.array_equal(found, wanted)


@settings(max_examples=150, deadline=None)
@given(
    SIDES, SIDES, st.sampled_from([1, 3, 4]), st.booleans(), st.booleans(), st.sampled_from([1.0, 100.0, 255.0, 900.0]),
    st.sampled_from([None, "float32", "float64"]), st.integers(0, 99),
)  # fmt: skip
def test_array_to_img(height, width, channels, channels_first, scale, reach, dtype, seed):
    rng = np.random.default_rng(seed)
    low = -reach if scale else 0
    reach = reach if scale or channels == 1 else min(reach, 255.0)
    x = rng.uniform(low, reach, (channels, height, width) if channels_first else (height, width, channels))
    options = {"data_format": "channels_first" if channels_first else "channels_last", "scale": scale, "dtype": dtype}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow, of the way Keras calls it
        wanted = theirs.array_to_img(x, **options)
    found = ours.array_to_img(x, **options)
    assert found.mode == wanted.mode and found.size == wanted.size
    assert np.array_equal(np.asarray(found), np.asarray(wanted))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.jpeg", "a.bmp", "a.gif", "a.tif", "a.webp"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [True, False])
def test_save_img_writes_the_same_file(name, channels, scale, tmp_path):
    x = np.asarray(picture(9, 13, channels), np.float32).reshape(9, 13, channels) / 2
    for folder, library in (("ours", ours), ("theirs", theirs)):
        (tmp_path / folder).mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "a.tif" and library is theirs:  # Keras knows no .tif
                library.save_img(tmp_path / folder / name, x, scale=scale, file_format="tiff")
            else:
                library.save_img(tmp_path / folder / name, x, scale=scale)
    assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()


@settings(max_examples=100, deadline=None)
@given(
    st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES), st.sampled_from(["nearest", "bilinear"]), st.booleans(),
    st.booleans(), st.sampled_from(["uint8", "float32"]),
)  # fmt: skip
def test_smart_resize(shape, size, interpolation, is_batch, channels_first, dtype):
    x = np.random.default_rng(0).integers(0, 256, (2, *shape, 3)).astype(dtype)
    x = x.transpose(0, 3, 1, 2) if channels_first else x
    x = x if is_batch else x[0]
    options = {"interpolation": interpolation, "data_format": "channels_first" if channels_first else "channels_last"}
    wanted = keras.preprocessing.image.smart_resize(x, size, **options)
    found = ours.smart_resize(x, size, **options)
    assert found.shape == wanted.shape and found.dtype == wanted.dtype
    assert np.abs(found.astype(float) - wanted).max() <= (1 if dtype == "uint8" else 1e-3)
