"""Prediction on the rewritten graph against layer by layer, and folded weights that follow the weights."""

from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from random_networks import build, recipes, scatter

from anmok import layers
from anmok.models import Model, Sequential
from anmok.models.fast import folded, onednn
from anmok.models.fast.inference import inference_forward


def fast_form(model):
    """What `predict` runs in the model's place."""
    return model._rewrite(training=False)(torch.float32)


def images(seed=0, count=6, size=(13, 12, 2)):
    return torch.randn((count, *size), generator=torch.Generator().manual_seed(seed))


def assert_near(found, expected):
    """Equal but for rounding, which is relative to the largest numbers that took part."""
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5 * max(1.0, float(expected.abs().max())))


@settings(max_examples=60, deadline=None)
@given(recipes())
def test_outputs(recipe):
    model = build(recipe, outputs=2)
    forward = fast_form(model)
    with torch.inference_mode(), mock.patch.object(folded, "_SMALL", 0):
        expected, found = model(images(recipe[3])), forward(images(recipe[3]), training=False)
    for mine, reference in zip(found, expected, strict=True):
        assert_near(mine, reference)
    # What was read twice was not written over.
    with torch.inference_mode(), mock.patch.object(folded, "_SMALL", 0):
        again = forward(images(recipe[3]), training=False)
    for mine, first in zip(again, found, strict=True):
        assert torch.equal(mine, first)


@settings(max_examples=20, deadline=None)
@given(recipes())
def test_bfloat16_is_as_close_as_autocast(recipe):
    model, x = build(recipe), images(recipe[3])
    with torch.inference_mode(), mock.patch.object(folded, "_SMALL", 0):
        expected = model(x)
        fast = inference_forward(model, torch.bfloat16)(x, training=False).float()
        with torch.autocast("cpu", torch.bfloat16):
            layer_by_layer = model(x).float()
    assert (fast - expected).abs().mean() <= 1.5 * (layer_by_layer - expected).abs().mean() + 0.02


@settings(max_examples=20, deadline=None)
@given(recipes())
def test_outputs_without_onednn(recipe):
    model = build(recipe, outputs=2)
    with mock.patch.object(onednn, "serves", return_value=False), torch.inference_mode():
        expected, found = model(images(recipe[3])), fast_form(model)(images(recipe[3]), training=False)
    for mine, reference in zip(found, expected, strict=True):
        assert_near(mine, reference)


def residual_network(size=(32, 32)):
    """The parts of ResNet and MobileNetV2: zeros before strides, pooling of zeros, shortcuts, ReLU6, depthwise."""
    L = layers
    inputs = L.Input((*size, 3))
    x = L.Conv2D(8, 7, strides=2)(L.ZeroPadding2D(3)(inputs))
    x = L.ReLU()(L.BatchNormalization()(x))
    start = x = L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(x))
    x = L.BatchNormalization()(L.Conv2D(8, 3, padding="same", use_bias=False)(x))
    start = x = L.Activation("relu")(L.Add()([start, x]))
    x = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(24, 1)(x)))
    x = L.ReLU(6.0)(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same", use_bias=False)(x)))
    x = L.Add()([start, L.BatchNormalization()(L.Conv2D(8, 1)(x))])
    x = L.DepthwiseConv2D(3, strides=2)(L.ZeroPadding2D(((0, 1), (0, 1)))(x))
    x = L.ReLU(6.0)(L.BatchNormalization()(x))
    model = Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(x)))
    scatter(model, 5)
    return model


def test_only_convolutions_poolings_and_dense_are_left():
    model = residual_network()
    forward = fast_form(model)
    kinds = [type(getattr(operation, "layer", operation)).__name__ for operation in forward._operations]
    assert kinds == [
        "Conv2D", "MaxPooling2D", "Conv2D", "Conv2D", "DepthwiseConv2D", "Conv2D", "DepthwiseConv2D",
        "LayerOperation", "Dense",
    ]  # fmt: skip
    # The first convolution with a sum reads what it adds; the second reads something else.
    sums = [operation.overwrites_addend for operation in forward._operations if getattr(operation, "addend", None)]
    assert sums == [False, True]
    x = images(0, 4, (32, 32, 3))
    with torch.inference_mode():
        for _ in range(2):
            torch.testing.assert_close(forward(x, training=False), model(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("by_onednn", [True, False])
def test_other_sizes_of_batch_and_images(by_onednn):
    model = residual_network(size=(None, None))
    with torch.inference_mode(), mock.patch.object(onednn, "serves", return_value=by_onednn):
        forward = fast_form(model)
        for count, height, width in [(3, 32, 32), (1, 32, 32), (0, 32, 32), (2, 33, 32), (3, 47, 50), (3, 32, 32)]:
            x = images(count, count, (height, width, 3))
            torch.testing.assert_close(forward(x, training=False), model(x), rtol=1e-5, atol=1e-6)


def test_an_addend_is_kept_for_those_who_look_at_it_later():
    x = layers.Input((8, 8, 3))
    start = layers.Conv2D(4, 3, padding="same", activation="relu", name="start")(x)
    view = layers.Reshape((64, 4))(start)
    total = layers.Add()([start, layers.Conv2D(4, 1)(start)])
    model = Model(x, [layers.GlobalAveragePooling2D()(total), layers.GlobalAveragePooling1D()(view), start])
    scatter(model, 1)
    data = images(2, 3, (8, 8, 3))
    with torch.inference_mode():
        for mine, expected in zip(fast_form(model)(data, training=False), model(data), strict=True):
            torch.testing.assert_close(mine, expected, rtol=1e-5, atol=1e-6)


def convnet():
    L = layers
    model = Sequential(
        [
            L.Input((13, 12, 2)), L.Conv2D(4, 3, use_bias=False), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(),
            L.Conv2D(5, 3, padding="same"), L.BatchNormalization(scale=False), L.Activation("relu"), L.Dropout(0.3),
            L.GlobalAveragePooling2D(), L.Dense(6), L.BatchNormalization(), L.Dense(3, activation="softmax"),
        ]
    )  # fmt: skip
    scatter(model, 3)
    return model


def test_batch_normalization_is_gone():
    forward = fast_form(convnet())
    left = [type(operation._step.layer).__name__ for operation in forward._operations if hasattr(operation, "_step")]
    assert left == ["GlobalAveragePooling2D"]


@pytest.fixture
def model(float32):
    model = convnet()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    return model


X = images(1, 20).numpy()
Y = np.arange(20) % 3


def assert_up_to_date(model):
    with torch.no_grad():
        expected = model(torch.from_numpy(X)).numpy()
    found = model.predict(X, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    return found


CHANGES = {
    "set_weights": lambda m: m.set_weights([w * 0.7 for w in m.get_weights()]),
    "set_weights of a layer": lambda m: m.layers[0].set_weights([w * 0.7 for w in m.layers[0].get_weights()]),
    "moving mean": lambda m: m.layers[1].moving_mean.assign(np.full(4, 0.3)),
    "fit": lambda m: m.fit(X, Y, verbose=0),
    "train_on_batch": lambda m: m.train_on_batch(X, Y),
    "optimizer of torch": lambda m: by_torch(m),
    "load_state_dict": lambda m: m.load_state_dict({k: v * 0.7 for k, v in m.state_dict().items()}),
    "call in training": lambda m: m(torch.from_numpy(X), training=True),
}


def by_torch(model):
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model.train()
    torch.nn.functional.nll_loss(model(torch.from_numpy(X)).log(), torch.from_numpy(Y)).backward()
    optimizer.step()
    model.eval()


@pytest.mark.parametrize("change", CHANGES)
def test_folded_weights_follow(model, change):
    before = assert_up_to_date(model)
    assert_up_to_date(model)
    CHANGES[change](model)
    after = assert_up_to_date(model)
    assert np.abs(after - before).max() > 1e-4
    model.evaluate(X, Y, verbose=0)
    CHANGES[change](model)
    assert_up_to_date(model)


def test_folded_weights_are_kept_while_nothing_changes(model):
    kept = fast_form(model)
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    assert fast_form(model) is kept


def test_validation_within_fit_sees_the_weights_of_each_epoch(model):
    history = model.fit(X, Y, epochs=3, verbose=0, validation_data=(X, Y)).history
    assert len(set(history["val_loss"])) == 3
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(X, Y, verbose=0)[0], abs=1e-6)


def test_hooks_are_called_in_prediction(model):
    heard = []
    handle = model.layers[2].register_forward_hook(lambda layer, inputs, output: heard.append(tuple(output.shape)))
    model.predict(X, verbose=0)
    handle.remove()
    model.predict(X, verbose=0)
    assert heard == [(20, 11, 10, 4)]


def test_inputs_are_not_written_over():
    x = layers.Input((4, 4, 2))
    model = Model(x, [layers.ReLU()(x), layers.MaxPooling2D()(x), layers.Add()([x, layers.ReLU()(x)])])
    data = images(0, 3, (4, 4, 2)).numpy()
    kept = data.copy()
    relu, pooled, both = model.predict(data, verbose=0)
    np.testing.assert_array_equal(data, kept)
    np.testing.assert_array_equal(relu, np.maximum(kept, 0))
    np.testing.assert_array_equal(both, kept + np.maximum(kept, 0))
    assert pooled.shape == (3, 2, 2, 2)
