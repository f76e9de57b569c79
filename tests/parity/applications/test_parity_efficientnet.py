"""EfficientNets of both versions against Keras'."""

import keras
import numpy as np
import pytest
import torch
from carried import check_carried, check_whole_models, difference, randomize
from keras.src.applications import efficientnet as of_keras
from keras.src.applications import efficientnet_v2 as of_keras_2
from same_network import save_legacy_weights

from anmok.applications import efficientnet, efficientnet_v2, published
from anmok.errors import ArgumentError

SMALL = (32, 32, 3)


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("EfficientNetB0", {"shape": (39, 45, 1), "include_top": False, "pooling": "avg"}),
        pytest.param(
            "EfficientNetB1", {"shape": SMALL, "include_top": False, "input_shape": None}, marks=pytest.mark.slow
        ),
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


def test_training_moves_the_same_statistics():
    """Without dropout: outputs of a training step, and what batch normalization remembers of it."""
    rows = [{**of_keras.DEFAULT_BLOCKS_ARGS[2], "repeats": 2, "filters_in": 16}]
    arguments = {"width_coefficient": 1.0, "depth_coefficient": 1.0, "default_size": 32, "dropout_rate": 0}
    arguments |= {"drop_connect_rate": 0, "blocks_args": rows, "weights": None, "classes": 3}
    ours, theirs = efficientnet.EfficientNet(**arguments), of_keras.EfficientNet(**arguments)
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3)).astype("float32")
    randomize(theirs, 0, images)
    ours.set_weights(theirs.get_weights())
    with torch.no_grad():
        np.testing.assert_allclose(ours(images, training=True), theirs(images, training=True).numpy(), atol=1e-4)
    for weight, twin in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(weight, twin, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("include_top", [True, False])
def test_imagenets_weights_are_used_as_by_keras(include_top, tmp_path, monkeypatch):
    """The file stands in for the published one; with it, both scale the pixels once more."""
    arguments = {"include_top": include_top, "pooling": None if include_top else "avg"}
    images = np.random.default_rng(0).uniform(0, 255, (2, 224, 224, 3)).astype("float32")
    theirs = keras.applications.EfficientNetB0(weights=None, **arguments)
    randomize(theirs, 0, images)
    published_file = published.FILES["efficientnetb0"][0 if include_top else 1]
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path))
    place = tmp_path / "models" / published_file.name
    place.parent.mkdir()
    save_legacy_weights(theirs, place)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *_, **__: str(place))
    pair = tuple(file._replace(digest=None) for file in published.FILES["efficientnetb0"])
    monkeypatch.setitem(published.FILES, "efficientnetb0", pair)
    assert difference(efficientnet.EfficientNetB0(**arguments), theirs, images) > 1e-3
    theirs = keras.applications.EfficientNetB0(**arguments)
    assert difference(efficientnet.EfficientNetB0(**arguments), theirs, images) < 1e-4


def test_published_weights_of_another_size_are_refused():
    with pytest.raises(ArgumentError, match="weights=None"):
        efficientnet.EfficientNet(1.0, 1.0, 224)
    with pytest.raises(ArgumentError, match="efficientnetv2-b0"):
        efficientnet_v2.EfficientNetV2(1.0, 1.0, 224, weights=None)
