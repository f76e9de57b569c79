"""Inception v3 and Inception-ResNet v2 against Keras'."""

import pytest
from carried import check_carried, check_whole_models


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": (75, 75, 3), "classes": 7},
        pytest.param({"shape": (75, 91, 1), "include_top": False, "pooling": "max"}, marks=pytest.mark.slow),
    ],
    ids=["top", "no top"],
)
def test_inception_is_keras(arguments, tmp_path):
    check_carried("InceptionV3", tmp_path, pixels=(-1, 1), **arguments)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [{"shape": (75, 75, 3)}, {"shape": (75, 80, 3), "include_top": False, "input_shape": None}],
    ids=["top", "no top"],
)
def test_inception_resnet_is_keras(arguments, tmp_path):
    ours, theirs, images = check_carried("InceptionResNetV2", tmp_path, pixels=(-1, 1), **arguments)
    check_whole_models(ours, theirs, tmp_path, images)
