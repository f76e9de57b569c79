import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from anmok.errors import ArgumentError, ShapeError, UnknownNameError
from anmok.images import resize as resizing
from anmok.images.decode import decode
from anmok.images.resize import INTERPOLATIONS, image_size, load, resize

FILTERS = {name: getattr(Image.Resampling, name.upper()) for name in INTERPOLATIONS}
SIDES = st.integers(1, 90)


def pillow(image, height, width, interpolation, box=None):
    """uint8 by the modes L, RGB and RGBA; anything else channel by channel."""
    if image.dtype == np.uint8 and image.shape[2] in (1, 3, 4):
        pixels = image[..., 0] if image.shape[2] == 1 else image
        found = Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), FILTERS[interpolation], box)
        return np.asarray(found).reshape(height, width, -1)
    channels = [Image.fromarray(np.ascontiguousarray(image[..., c])) for c in range(image.shape[2])]
    return np.stack([c.resize((width, height), FILTERS[interpolation], box) for c in channels], axis=-1)


@settings(max_examples=150, deadline=None)
@given(
    SIDES, SIDES, SIDES, SIDES, st.sampled_from([1, 2, 3, 4, 5]), st.sampled_from(INTERPOLATIONS), st.booleans(),
    st.integers(0, 99),
)  # fmt: skip
def test_pixels_are_those_of_pillow(height, width, new_height, new_width, channels, interpolation, is_float, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    if is_float:
        image = image.astype(np.float32) - 20.5
    before = image.copy()
    found = resize(image, size=(new_height, new_width), interpolation=interpolation)
    assert found.dtype == image.dtype and found.shape == (new_height, new_width, channels)
    assert np.array_equal(found, pillow(image, new_height, new_width, interpolation))
    found[:] = 0  # it is the caller's own
    assert np.array_equal(image, before)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 4000), st.integers(1, 700))
def test_nearest_takes_pillows_pixels_at_any_size(size, target):
    ramp = np.arange(size, dtype=np.int32)
    theirs = np.asarray(Image.fromarray(ramp[None]).resize((target, 1), Image.Resampling.NEAREST))[0]
    picked, opencv_agrees = resizing._picks(0, size, target)
    assert np.array_equal(picked, theirs)
    row = (np.arange(size) % 251).astype(np.uint8)[None, :, None]
    assert np.array_equal(resize(row, size=(1, target))[0, :, 0], theirs % 251), opencv_agrees


def test_nearest_does_without_opencv_where_it_differs(monkeypatch):
    image = np.random.default_rng(0).integers(0, 256, (31, 57, 3), np.uint8)
    wanted = resize(image, size=(20, 20))
    picks = resizing._picks
    monkeypatch.setattr(resizing, "_picks", lambda *sizes: (picks(*sizes)[0], False))
    assert np.array_equal(resize(image, size=(20, 20)), wanted)


@settings(max_examples=100, deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(INTERPOLATIONS))
def test_keeping_the_aspect_ratio_cuts_out_of_the_middle(height, width, new_height, new_width, interpolation):
    inner_height = min(height, width * new_height // new_width)
    inner_width = min(width, height * new_width // new_height)
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    box = (left, top, left + inner_width, top + inner_height)
    found = resize(image, size=(new_height, new_width), interpolation=interpolation, keep_aspect_ratio=True)
    assert np.array_equal(found, pillow(image, new_height, new_width, interpolation, box))


@pytest.mark.parametrize("size", [(0, 5), (5, -1), 5, (5,), (5, 5, 3), (5.0, 5), None, "ab", (True, 5)])
def test_a_size_that_is_none_is_refused_in_words(size):
    words = r"target_size: expected \(height, width\) of 1 or more pixels each, got "
    with pytest.raises(ArgumentError, match=words):
        resize(np.zeros((3, 3, 3), np.uint8), size=size)
    if size is not None:
        with pytest.raises(ArgumentError, match=words):
            load(b"", size=size)


def test_what_is_no_image_is_refused():
    with pytest.raises(ShapeError, match=r"got \(3, 3\) uint8.*image\[..., None\]"):
        resize(np.zeros((3, 3), np.uint8), size=(2, 2))
    with pytest.raises(ShapeError, match=r"got \(3, 3, 3\) float64"):
        resize(np.zeros((3, 3, 3)), size=(2, 2))
    with pytest.raises(UnknownNameError, match="Did you mean 'bilinear'"):
        resize(np.zeros((3, 3, 3), np.uint8), size=(2, 2), interpolation="biliner")
    assert image_size(np.array([3, 4])) == (3, 4)


def photograph(height, width):
    """Something with edges and texture, as a JPEG."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(40, 216, (-(-height // 25), -(-width // 25), 3), np.uint8)
    image = np.kron(blocks, np.ones((25, 25, 1), np.uint8))[:height, :width]
    image = image + rng.integers(-20, 21, image.shape)
    buffer = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@pytest.mark.parametrize("keep_aspect_ratio", [False, True])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_load_is_decoding_and_resizing(interpolation, keep_aspect_ratio, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(photograph(304, 416))
    options = {"size": (40, 50), "interpolation": interpolation, "keep_aspect_ratio": keep_aspect_ratio}
    for color_mode in ("rgb", "rgba", "grayscale"):
        found = load(path, color_mode=color_mode, **options).astype(int)
        exact = resize(decode(path, color_mode=color_mode), **options)
        if interpolation == "nearest":  # which takes single pixels, here averages of 2 x 2
            whole = decode(path, color_mode=color_mode).astype(np.float32)
            halved = whole.reshape(152, 2, 208, 2, -1).mean(axis=(1, 3))
            exact = resize(halved, **options)
            assert np.abs(found - exact).mean() < 3
        else:  # the picture is half noise, of which a box with hard edges takes other pixels
            assert 0 < np.abs(found - exact).mean() < (3 if interpolation == "box" else 0.9)
    nearly = {**options, "size": (102, 100)}
    assert np.array_equal(load(path, **nearly), resize(decode(path), **nearly))
    assert np.array_equal(load(path), decode(path))
