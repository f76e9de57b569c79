"""EfficientNets of both versions against Keras'."""

import keras
import pytest
from carried import check_carried, check_whole_models
from keras.src.applications import efficientnet as of_keras
from keras.src.applications import efficientnet_v2 as of_keras_2

from anmok.applications import efficientnet, efficientnet_v2
from anmok.errors import ArgumentError

SMALL = (32, 32, 3)


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("EfficientNetB0", {"shape": (39, 45, 1), "include_top": False, "pooling": "avg"}),
        ("EfficientNetB1", {"shape": SMALL, "include_top": False, "input_shape": None}),
        ("EfficientNetV2B0", {"shape": (32, 32, 1), "include_top": False, "pooling": "max"}),
        ("EfficientNetV2B1", {"shape": SMALL, "include_preprocessing": False}),
    ],
)
def test_efficientnet_is_keras(name, arguments, tmp_path):
    check_carried(name, tmp_path, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *(f"EfficientNetB{number}" for number in range(2, 8)),
        *(f"EfficientNetV2{size}" for size in ("B2", "B3", "S", "M", "L")),
    ],
)
def test_large_efficientnet_is_keras(name, tmp_path):
    check_carried(name, tmp_path, SMALL)


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("EfficientNetB0", {"shape": SMALL, "classes": 7}),
        ("EfficientNetV2B0", {"shape": (33, 40, 3), "classes": 7}),
    ],
)
def test_whole_models_travel_both_ways(name, arguments, tmp_path):
    ours, theirs, images = check_carried(name, tmp_path, **arguments)
    check_whole_models(ours, theirs, tmp_path, images)


def settings(model):
    return [(layer.name, tuple(layer.output.shape), getattr(layer, "rate", None)) for layer in model.layers]


def test_width_depth_and_rates_are_keras():
    arguments = {
        "width_coefficient": 0.7,
        "depth_coefficient": 1.3,
        "default_size": 64,
        "dropout_rate": 0,
        "drop_connect_rate": 0.5,
        "depth_divisor": 16,
        "activation": "relu",
        "weights": None,
        "classes": 3,
    }
    keras.utils.clear_session()
    rows = [{**row, "repeats": 1 + row["repeats"] % 2} for row in of_keras.DEFAULT_BLOCKS_ARGS[1:5]]
    ours = efficientnet.EfficientNet(**arguments, blocks_args=rows)
    theirs = of_keras.EfficientNet(**arguments, blocks_args=rows)
    assert settings(ours)[3:] == settings(theirs)[3:]
    rows = [{**row, "num_repeat": 2} for row in of_keras_2.DEFAULT_BLOCKS_ARGS["efficientnetv2-m"][1:6]]
    arguments |= {"min_depth": 24, "bn_momentum": 0.5, "include_preprocessing": False}
    ours = efficientnet_v2.EfficientNetV2(**arguments, blocks_args=rows)
    theirs = of_keras_2.EfficientNetV2(**arguments, blocks_args=rows)
    assert settings(ours)[1:] == settings(theirs)[1:]
    assert ours.get_layer("stem_bn").momentum == 0.5


def test_published_weights_of_another_size_are_refused():
    with pytest.raises(ArgumentError, match="weights=None"):
        efficientnet.EfficientNet(1.0, 1.0, 224)
    with pytest.raises(ArgumentError, match="efficientnetv2-b0"):
        efficientnet_v2.EfficientNetV2(1.0, 1.0, 224, weights=None)
