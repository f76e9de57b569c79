import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from side_by_side import assert_same_config, assert_same_layer, pair

from anmok import layers

CASES = settings(max_examples=20, deadline=None)
FORMATS = st.sampled_from(["channels_last", "channels_first"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"scale": 1 / 255},
        {"scale": 1 / 127.5, "offset": -1},
        {"scale": [1.0, 2.0, 3.0], "offset": [0.5, 0.0, -1.0]},
        {"scale": np.array([1.0, 2.0, 3.0], np.float32), "offset": 3},
    ],
)
def test_rescaling(arguments):
    ours, theirs = assert_same_layer("Rescaling", arguments, (2, 4, 5, 3), 0)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3)).astype(np.uint8)
    np.testing.assert_allclose(ours(pixels).numpy(), theirs(pixels).numpy(), rtol=1e-6)


@CASES
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    interpolation=st.sampled_from(["nearest", "bilinear"]),
    aspect=st.sampled_from([{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 0.5}]),
    antialias=st.booleans(),
    data_format=FORMATS,
    seed=st.integers(0, 999),
)
def test_resizing(size, sizes, interpolation, aspect, antialias, data_format, seed):
    if size[1] == 1 and interpolation == "bilinear":
        antialias = False  # Keras has torch's mistake there; see test_one_column_with_antialias
    arguments = {"height": size[0], "width": size[1], "interpolation": interpolation, **aspect}
    arguments |= {"antialias": antialias, "data_format": data_format}
    shape = (2, *sizes, 3) if data_format == "channels_last" else (2, 3, *sizes)
    ours, theirs = assert_same_layer("Resizing", arguments, shape, seed)
    pixels = np.random.default_rng(seed).integers(0, 256, shape[1:]).astype(np.uint8)
    assert ours(pixels).dtype == theirs(pixels).dtype
    np.testing.assert_array_equal(ours(pixels).numpy(), theirs(pixels).numpy())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("sizes", "height"), [((8, 6), 2), ((3, 8), 3), ((2, 2), 3), ((7, 1), 2)])
def test_one_column_with_antialias(channels, sizes, height):
    """torch's antialias is wrong where the result is one pixel wide; held to a loop over pixels instead."""
    pixels = np.random.default_rng(0).random((2, *sizes, channels), "float32")
    ours = layers.Resizing(height, 1, antialias=True)(pixels).numpy()
    rows = _triangle(sizes[0], height) @ np.moveaxis(pixels, 1, -2)  # B, W, height, C
    expected = np.einsum("w,bwhc->bhc", _triangle(sizes[1], 1)[0], rows)
    np.testing.assert_allclose(ours[:, :, 0], expected, atol=1e-5)


def _triangle(size, target):
    """(target, size): what each pixel gives, by a loop."""
    scale = size / target
    width = max(scale, 1.0)
    made = np.zeros((target, size))
    for row in range(target):
        for pixel in range(size):
            made[row, pixel] = max(0.0, 1 - abs(pixel + 0.5 - (row + 0.5) * scale) / width)
        made[row] /= made[row].sum()
    return made


@CASES
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    data_format=FORMATS,
)
def test_center_crop(size, sizes, data_format):
    arguments = {"height": size[0], "width": size[1], "data_format": data_format}
    shape = (2, *sizes, 3) if data_format == "channels_last" else (2, 3, *sizes)
    ours, theirs = assert_same_layer("CenterCrop", arguments, shape, 0)
    pixels = np.random.default_rng(0).integers(0, 256, shape[1:]).astype(np.uint8)
    np.testing.assert_allclose(ours(pixels).numpy(), theirs(pixels).numpy(), rtol=1e-5, atol=1e-4)


@CASES
@given(
    axis=st.sampled_from([-1, None, 1, (1, 3), (-1, -2), 3, (1, 2, 3)]),
    invert=st.booleans(),
    seed=st.integers(0, 999),
)
def test_adapted_normalization(axis, invert, seed):
    rng = np.random.default_rng(seed)
    data = rng.normal(3, 2, size=(17, 3, 4, 2)).astype(np.float32)
    ours, theirs = pair("Normalization", {"axis": axis, "invert": invert})
    ours.adapt(data)
    theirs.adapt(data)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=1e-5)
    np.testing.assert_allclose(ours(data).detach().numpy(), theirs(data).detach().numpy(), rtol=1e-4, atol=1e-5)
    assert_same_config(ours, theirs)


@pytest.mark.parametrize(
    "arguments",
    [
        {"mean": 3.0, "variance": 2.0},
        {"mean": [1.0, 2.0], "variance": [4.0, 0.0], "invert": True},
        {"axis": (1, 3), "mean": [1.0, 2.0], "variance": [4.0, 9.0]},
        {"axis": None, "mean": 1.5, "variance": 4.0},
        {"axis": (3, 2), "mean": np.arange(8.0).reshape(4, 2), "variance": np.arange(1.0, 9.0).reshape(4, 2)},
    ],
)
def test_given_normalization(arguments):
    ours, theirs = pair("Normalization", arguments)
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 2)).astype(np.float32)
    np.testing.assert_allclose(ours(x).numpy(), theirs(x).numpy(), rtol=1e-5, atol=1e-5)
    assert ours.get_weights() == theirs.get_weights() == []
    assert_same_config(ours, theirs)


@pytest.mark.parametrize("as_pairs", [False, True])
def test_normalization_adapts_to_batches(as_pairs):
    data = np.random.default_rng(0).normal(100, 1, size=(50, 4)).astype(np.float32)
    batches = [(part, np.zeros(len(part))) if as_pairs else part for part in np.split(data, [7, 30, 48])]
    ours, theirs = layers.Normalization(), keras.layers.Normalization()
    ours.adapt(iter(batches))
    theirs.adapt(data.astype(np.float64))
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5)
