"""MobileNets of all three versions against Keras'."""

import keras
import pytest
from same_network import check_same_network, check_same_outputs

from anmok import applications, files

PUBLISHED = files.home() / "models" / "mobilenet_1_0_224_tf.h5"


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("MobileNet", {"shape": (33, 40, 3)}),
        ("MobileNet", {"alpha": 0.25, "depth_multiplier": 2, "dropout": 0.3, "classes": 5}),
        ("MobileNet", {"alpha": 0.5, "include_top": False, "pooling": "avg", "shape": (32, 32, 4)}),
        ("MobileNetV2", {"classes": 12}),
        ("MobileNetV2", {"alpha": 0.35, "include_top": False, "shape": (47, 50, 3)}),
        ("MobileNetV2", {"alpha": 1.4, "include_top": False, "pooling": "max", "input_shape": None}),
        ("MobileNetV3Small", {}),
        ("MobileNetV3Small", {"minimalistic": True, "dropout_rate": 0, "include_preprocessing": False, "classes": 3}),
        ("MobileNetV3Small", {"alpha": 1.3, "shape": (45, 64, 3), "classifier_activation": "softmax"}),
        ("MobileNetV3Large", {"alpha": 0.75, "input_shape": None}),
        ("MobileNetV3Large", {"include_top": False, "pooling": "avg", "shape": (39, 33, 3)}),
    ],
)
def test_mobilenet_is_keras(name, arguments, tmp_path):
    check_same_network(name, tmp_path, **arguments)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the weights of MobileNet are not on this machine")
def test_the_published_file_gives_keras_scores():
    theirs = keras.applications.MobileNet(weights=str(PUBLISHED))
    check_same_outputs(theirs, applications.MobileNet(weights="imagenet"), (224, 224, 3))
