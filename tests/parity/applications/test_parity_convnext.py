"""ConvNeXts against Keras'."""

import pytest
from carried import check_carried, check_whole_models
from keras.src.applications.convnext import ConvNeXt as ConvNeXtOfKeras

from anmok.applications import convnext
from anmok.errors import ArgumentError


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": (32, 32, 3), "classes": 7},
        {"shape": (45, 39, 3), "include_top": False, "input_shape": None},
        {"shape": (32, 32, 1), "include_top": False, "pooling": "max", "include_preprocessing": False, "name": "mine"},
    ],
    ids=["top", "no top", "grey"],
)
def test_convnext_is_keras(arguments, tmp_path):
    check_carried("ConvNeXtTiny", tmp_path, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge"])
def test_large_convnext_is_keras(name, tmp_path):
    check_carried(name, tmp_path, (32, 32, 3))


def test_stochastic_depth_and_whole_models_travel_both_ways(tmp_path):
    ours, theirs, images = check_carried(
        "ConvNeXtTiny",
        tmp_path,
        (32, 32, 3),
        ours=lambda **given: convnext.ConvNeXt([1, 2, 1, 1], [4, 8, 12, 16], 0.4, name="small", **given),
        build=lambda **given: ConvNeXtOfKeras([1, 2, 1, 1], [4, 8, 12, 16], 0.4, name="small", **given),
    )
    check_whole_models(ours, theirs, tmp_path, images)


def test_published_weights_of_another_size_are_refused():
    with pytest.raises(ArgumentError, match="weights=None"):
        convnext.ConvNeXt([1, 2, 1, 1], [4, 8, 12, 16], weights="imagenet", weights_name="convnext_tiny")
