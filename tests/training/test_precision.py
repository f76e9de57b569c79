"""Which format is trained in, and the scaling of float16's losses."""

import numpy as np
import pytest
import torch

from anmok import layers, mixed_precision, optimizers
from anmok.models import Sequential
from anmok.training import precision
from anmok.training.precision import LossScale, training_format

CPU = torch.device("cpu")
X = np.random.default_rng(0).normal(size=(16, 8, 8, 1)).astype("float32")
Y = np.arange(16) % 2


@pytest.fixture(autouse=True)
def _policy():
    yield
    mixed_precision.set_global_policy("auto")


def convnet():
    L = layers
    return Sequential(
        [L.Input((8, 8, 1)), L.Conv2D(4, 3, activation="relu"), L.Flatten(), L.Dense(2, activation="softmax")]
    )


@pytest.mark.parametrize("able", [True, False])
@pytest.mark.parametrize(
    "policy, of_convnet, of_dense",
    [
        ("auto", "bfloat16 if able", None),
        ("float32", None, None),
        ("mixed_bfloat16", torch.bfloat16, torch.bfloat16),
        ("mixed_float16", torch.float16, torch.float16),
        ("float64", None, None),
    ],
)
def test_the_format_follows_policy_processor_and_size(monkeypatch, able, policy, of_convnet, of_dense):
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda device: able)
    mixed_precision.set_global_policy(policy)
    if of_convnet == "bfloat16 if able":
        of_convnet = torch.bfloat16 if able else None
    assert training_format(convnet(), CPU) is of_convnet
    assert training_format(Sequential([layers.Input((4,)), layers.Dense(3)]), CPU) is of_dense


def test_one_layer_in_a_mixed_policy_is_enough():
    model = Sequential([layers.Input((4,)), layers.Dense(3, dtype="mixed_bfloat16"), layers.Dense(3, dtype="float32")])
    assert training_format(model, CPU) is torch.bfloat16


@pytest.mark.parametrize("policy", ["auto", "float32", "mixed_bfloat16", "mixed_float16", "float64"])
@pytest.mark.parametrize("eager", [False, True])
def test_every_policy_trains_to_about_the_same(policy, eager):
    def trained(name):
        mixed_precision.set_global_policy(name)
        model = convnet()
        mixed_precision.set_global_policy("auto")
        model.set_weights(start)
        model.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy", run_eagerly=eager)
        history = model.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0, validation_data=(X, Y)).history
        return model, history

    start = convnet().get_weights()
    _, expected = trained("float32")
    model, found = trained(policy)
    np.testing.assert_allclose(found["loss"], expected["loss"], atol=0.02)
    np.testing.assert_allclose(found["val_loss"], expected["val_loss"], atol=0.02)
    kept = "float64" if policy == "float64" else "float32"
    assert {weight.dtype for weight in model.weights} == {getattr(torch, kept)}
    assert model.predict(X, verbose=0).dtype.name in ("float32", kept)


def test_auto_evaluates_and_predicts_in_float32():
    model = convnet()
    assert model(torch.from_numpy(X)).dtype is torch.float32
    expected = model(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, atol=1e-6)


def test_a_loss_scale_halves_on_overflow_and_doubles_after_good_steps():
    scale = LossScale(initial=8.0, growth_steps=3)
    gradients = [torch.tensor([16.0]), None]
    assert scale.unscale(gradients)
    assert gradients[0].item() == 2.0
    assert not scale.unscale([torch.tensor([float("inf")])])
    assert scale.scale == 4.0
    for _ in range(3):
        assert scale.unscale([torch.tensor([1.0])])
    assert scale.scale == 8.0
    assert not scale.unscale([torch.tensor([float("nan")]), torch.tensor([1.0])])


def test_steps_that_overflow_are_left_out():
    mixed_precision.set_global_policy("mixed_float16")
    model = convnet()
    model.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    model.train_on_batch(X, Y)
    task = model._task
    task._loss_scale.scale = 2.0**40
    before = model.get_weights()
    model.train_on_batch(X, Y)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert task._loss_scale.scale == 2.0**39
