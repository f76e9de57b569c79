"""NASNets against Keras', whose NASNetMobile refuses to be built on torch: its inner function does it."""

import functools

import pytest
from carried import check_carried
from keras.src.applications.nasnet import NASNet

from anmok import applications
from anmok.errors import ArgumentError

# What NASNetMobile passes on.
MOBILE = functools.partial(
    NASNet,
    penultimate_filters=1056,
    num_blocks=4,
    stem_block_filters=32,
    skip_reduction=False,
    filter_multiplier=2,
    default_size=224,
    name="nasnet_mobile",
)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"shape": (39, 32, 3), "classes": 7}, marks=pytest.mark.slow),
        pytest.param({"shape": (47, 61, 3), "include_top": False, "pooling": "max"}, marks=pytest.mark.slow),
    ],
    ids=["top", "no top"],
)
def test_nasnet_mobile_is_keras(arguments, tmp_path):
    check_carried("NASNetMobile", tmp_path, pixels=(-1, 1), build=MOBILE, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(32, 32, 3), (67, 50, 3)])
def test_nasnet_large_is_keras(shape, tmp_path):
    check_carried("NASNetLarge", tmp_path, shape, pixels=(-1, 1))


def test_published_sizes_without_top():
    assert applications.NASNetMobile(weights=None, include_top=False).input_shape == (None, 224, 224, 3)


def test_an_unknown_size_is_refused():
    with pytest.raises(ArgumentError, match=r"input_shape=\(224, 224, 3\)"):
        applications.NASNetMobile(weights=None, include_top=False, input_shape=(None, None, 3))
