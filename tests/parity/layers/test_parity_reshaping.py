import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from side_by_side import assert_same_layer, pair

CASES = settings(max_examples=15, deadline=None)
FORMATS = st.sampled_from(["channels_last", "channels_first"])
AMOUNT = st.integers(0, 3)
MARGINS = AMOUNT | st.tuples(AMOUNT, AMOUNT) | st.tuples(st.tuples(AMOUNT, AMOUNT), st.tuples(AMOUNT, AMOUNT))


@CASES
@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=4), data_format=FORMATS)
def test_flatten(shape, data_format):
    assert_same_layer("Flatten", {"data_format": data_format}, (2, *shape), 0)


@pytest.mark.parametrize("target", [(12,), (3, 4), (-1, 2), (2, -1, 3), [6, 2], (-1,)])
def test_reshape(target):
    assert_same_layer("Reshape", {"target_shape": target}, (2, 4, 3), 0)


@pytest.mark.parametrize("shape", [(None, None, 3), (None, 4, None)])
@pytest.mark.parametrize("target", [(5, 3), (-1, 3), (-1,)])
def test_reshape_of_unknown_sizes(shape, target):
    ours, theirs = pair("Reshape", {"target_shape": target})
    assert tuple(ours.compute_output_shape(shape)) == tuple(theirs.compute_output_shape(shape))


@CASES
@given(dims=st.permutations([1, 2, 3]))
def test_permute(dims):
    assert_same_layer("Permute", {"dims": dims}, (2, 3, 4, 5), 0)


def test_repeat_vector():
    assert_same_layer("RepeatVector", {"n": 3}, (2, 4), 0)


@CASES
@given(padding=MARGINS, data_format=FORMATS)
def test_zero_padding(padding, data_format):
    assert_same_layer("ZeroPadding2D", {"padding": padding, "data_format": data_format}, (2, 5, 4, 3), 0)


@pytest.mark.parametrize("padding", [0, 2, (1, 3)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_zero_padding_of_series(padding, data_format):
    assert_same_layer("ZeroPadding1D", {"padding": padding, "data_format": data_format}, (2, 5, 3), 0)


@CASES
@given(cropping=MARGINS, data_format=FORMATS)
def test_cropping(cropping, data_format):
    assert_same_layer("Cropping2D", {"cropping": cropping, "data_format": data_format}, (2, 7, 8, 9), 0)


@pytest.mark.parametrize("cropping", [0, 2, (1, 0), (0, 3)])
def test_cropping_of_series(cropping):
    assert_same_layer("Cropping1D", {"cropping": cropping}, (2, 6, 3), 0)


@CASES
@given(
    size=st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4)),
    data_format=FORMATS,
    # bicubic: Keras on torch has other weights than TensorFlow, see tests/layers/test_reshaping.py
    interpolation=st.sampled_from(["nearest", "bilinear"]),
)
def test_upsampling(size, data_format, interpolation):
    arguments = {"size": size, "data_format": data_format, "interpolation": interpolation}
    assert_same_layer("UpSampling2D", arguments, (2, 3, 4, 3), 0)


def test_upsampling_of_series():
    assert_same_layer("UpSampling1D", {"size": 3}, (2, 4, 3), 0)


@pytest.mark.parametrize("name, arguments", [("UpSampling2D", {"size": 3}), ("ZeroPadding2D", {"padding": 2})])
@pytest.mark.parametrize("shape", [(None, None, None, 3), (None, 6, None, 3)])
def test_unknown_sizes_stay_unknown(name, arguments, shape):
    ours, theirs = pair(name, arguments)
    assert tuple(ours.compute_output_shape(shape)) == tuple(theirs.compute_output_shape(shape))


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_whole_numbers_stay_whole(dtype):
    x = np.arange(24).reshape(1, 2, 4, 3).astype(dtype)
    for name in ("Flatten", "UpSampling2D", "ZeroPadding2D"):
        ours, theirs = pair(name, {})
        assert ours(x).dtype == theirs(x).dtype
        np.testing.assert_array_equal(ours(x).numpy(), theirs(x).numpy())
