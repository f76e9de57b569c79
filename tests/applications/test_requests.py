"""What applications refuse, in words, and what they make of their arguments."""

import numpy as np
import pytest

import anmok
from anmok import applications, layers, notices
from anmok.errors import ArgumentError

NETWORKS = ["VGG16", "ResNet50", "MobileNet", "MobileNetV2", "MobileNetV3Small", "DenseNet121"]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"weights": "imagnet"}, "weights must be None .* got 'imagnet'"),
        ({"weights": "no/such/file.h5"}, "path of a file that exists"),
        ({"weights": 3}, "weights must be"),
        ({"classes": 5}, "for 1000 classes, got classes=5.*include_top=False"),
        ({"classes": 0, "weights": None}, "classes must be a whole number above 0"),
        ({"classifier_activation": "sigmoid"}, "'softmax', or None for logits, got 'sigmoid'"),
        ({"pooling": "mean", "include_top": False}, "None, 'avg' or 'max', got 'mean'"),
        ({"input_tensor": np.zeros((1, 224, 224, 3))}, "input_tensor must be symbolic.*got ndarray"),
        ({"input_shape": (31, 64, 3), "include_top": False}, r"at least 32 x 32 .*got shape \(31, 64, 3\)"),
        ({"input_shape": (64, 31, 3), "include_top": False, "weights": None}, "at least 32 x 32"),
        ({"input_shape": (64, 64, 1), "include_top": False}, r"3 channels, got shape \(64, 64, 1\).*np.repeat"),
        ({"input_shape": (64, 64), "weights": None}, r"must be \(height, width, channels\)"),
        ({"input_shape": (64, 64, None), "weights": None}, r"must be \(height, width, channels\)"),
        ({"input_shape": 224}, r"must be \(height, width, channels\)"),
    ],
)
def test_arguments_that_cannot_be_honoured(network, arguments, words):
    with pytest.raises(ArgumentError, match=words):
        getattr(applications, network)(**arguments)


def test_the_tensor_and_the_shape_must_agree():
    with pytest.raises(ArgumentError, match=r"\(None, 96, 96, 3\), as input_shape says; got \(None, 64, 64, 3\)"):
        applications.MobileNetV2(input_tensor=anmok.Input((64, 64, 3)), input_shape=(96, 96, 3), weights=None)
    with pytest.raises(ArgumentError, match=r"\(batch, height, width, channels\)"):
        applications.MobileNetV2(input_tensor=anmok.Input((64,)), weights=None, include_top=False)
    with pytest.raises(ArgumentError, match="at least 32 x 32"):
        applications.MobileNetV2(input_tensor=anmok.Input((16, 64, 3)), weights=None, include_top=False)


@pytest.mark.parametrize("network", ["VGG16", "ResNet50V2", "DenseNet121"])
def test_imagenets_top_is_for_imagenets_size(network):
    with pytest.raises(ArgumentError, match=r"input_shape=\(224, 224, 3\), got \(64, 64, 3\)"):
        getattr(applications, network)(input_shape=(64, 64, 3))
    with pytest.raises(ArgumentError, match=r"must be known, got input_shape=\(None, 64, 3\)"):
        getattr(applications, network)(input_shape=(None, 64, 3), weights=None)


@pytest.mark.parametrize(
    "network, arguments, words",
    [
        ("MobileNet", {"alpha": 0.3}, "alpha 0.25, 0.5, 0.75 or 1.0, got 0.3"),
        ("MobileNet", {"depth_multiplier": 2}, "depth_multiplier=1, got 2"),
        ("MobileNetV2", {"alpha": 0.25}, "alpha 0.35, .*got 0.25"),
        ("MobileNetV3Small", {"alpha": 0.5}, "got alpha=0.5"),
        ("MobileNetV3Large", {"alpha": 0.75, "minimalistic": True}, "minimalistic=True"),
    ],
)
def test_widths_that_are_not_published(network, arguments, words):
    with pytest.raises(ArgumentError, match=words):
        getattr(applications, network)(**arguments)


def test_what_does_nothing_is_said():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="pooling='avg' does nothing with include_top=True"):
        applications.MobileNet(weights=None, input_shape=(32, 32, 3), alpha=0.25, pooling="avg")
    with pytest.warns(notices.AnmokWarning, match="classes=5 does nothing with include_top=False"):
        applications.MobileNet(weights=None, input_shape=(32, 32, 3), alpha=0.25, include_top=False, classes=5)


def test_an_input_tensor_brings_what_stands_before_it():
    start = anmok.Input((16, 16, 3))
    larger = layers.UpSampling2D(4)(layers.Rescaling(2.0)(start))
    model = applications.MobileNetV2(input_tensor=larger, weights=None, include_top=False, pooling="avg")
    alone = applications.MobileNetV2(input_shape=(64, 64, 3), weights=None, include_top=False, pooling="avg")
    alone.set_weights(model.get_weights())
    assert model.input is start
    images = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3)).astype("float32")
    expected = alone.predict(2 * images.repeat(4, axis=1).repeat(4, axis=2), verbose=0)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_two_inputs_before_the_tensor():
    left, right = anmok.Input((32, 32, 3)), anmok.Input((32, 32, 3))
    tensor = layers.Add()([left, right])
    model = applications.MobileNet(input_tensor=tensor, weights=None, include_top=False, alpha=0.25)
    assert model.inputs == [left, right]


def test_a_frozen_base_is_not_trained():
    base = applications.MobileNet(
        input_shape=(32, 32, 3), include_top=False, weights=None, alpha=0.25, pooling="avg", name="base"
    )
    base.trainable = False
    model = anmok.Sequential([base, layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = base.get_weights()
    images = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3)).astype("float32")
    model.fit(images, np.zeros(4), epochs=1, batch_size=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))
    bias = model.layers[-1].get_weights()[1]
    assert bias[0] > 0 > bias[1]
    assert len(model.trainable_weights) == 2


def test_a_saved_application_is_the_same(tmp_path):
    model = applications.MobileNetV3Small(weights=None, input_shape=(32, 32, 3), classes=3)
    model.save(tmp_path / "m.keras")
    again = anmok.models.load_model(tmp_path / "m.keras")
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(again.predict(images, verbose=0), model.predict(images, verbose=0), rtol=1e-5)
