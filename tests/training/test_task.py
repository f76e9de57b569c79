"""One step at a time: gradients, updates and results against torch written out by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from anmok import layers, losses, mixed_precision, optimizers, regularizers
from anmok.models import Model, Sequential
from anmok.training.task import Task

X = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
Y = torch.arange(8) % 3
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _float32():
    mixed_precision.set_global_policy("float32")
    yield
    mixed_precision.set_global_policy("auto")


def dense(**last):
    L = layers
    return Sequential([L.Input((5,)), L.Dense(4, activation="relu"), L.Dense(3, **{"activation": "softmax", **last})])


def ready(model, loss="sparse_categorical_crossentropy", rewrite=True, **more):
    task = Task(model, optimizer=optimizers.SGD(0.1), loss=loss, **more)
    task.prepare(training=True, device=CPU, rewrite=model._rewrite(training=True) if rewrite else None)
    task.prepare(training=False, device=CPU)
    return task


def by_hand(model, loss):
    """Weights after one step of gradient descent, and the loss, by autograd on the plain model."""
    value = loss(model(X))
    gradients = torch.autograd.grad(value, model.trainable_weights)
    after = [(w - 0.1 * g).detach() for w, g in zip(model.trainable_weights, gradients, strict=True)]
    return value.item(), after


def crossentropy(scores):
    return F.nll_loss(scores.log(), Y)


LOSSES = {
    "sparse": ("sparse_categorical_crossentropy", Y, crossentropy),
    "one-hot": ("categorical_crossentropy", F.one_hot(Y, 3).float(), crossentropy),
    "smoothed": (
        losses.CategoricalCrossentropy(label_smoothing=0.3),
        F.one_hot(Y, 3).float(),
        lambda p: F.cross_entropy(p.log(), Y, label_smoothing=0.3),
    ),
    "mse": ("mse", F.one_hot(Y, 3).float(), lambda p: F.mse_loss(p, F.one_hot(Y, 3).float())),
}


@pytest.mark.parametrize("rewrite", [True, False])
@pytest.mark.parametrize("name", LOSSES)
def test_a_step(name, rewrite):
    loss, y, reference = LOSSES[name]
    model = dense()
    expected, after = by_hand(model, reference)
    task = ready(model, loss, rewrite, metrics=["acc"])
    accuracy = (model(X).argmax(-1) == Y).float().mean().item()
    for number in range(2):  # the first step prepares what the second uses
        if number:
            expected, after = by_hand(model, reference)
        assert task.train_step(X, y, None) == pytest.approx(expected, abs=1e-5)
        for weight, value in zip(model.trainable_weights, after, strict=True):
            torch.testing.assert_close(weight.detach(), value, atol=1e-6, rtol=1e-5)
        if not number:
            assert task.results() == pytest.approx({"acc": accuracy, "loss": expected}, abs=1e-5)


def test_weights_of_samples():
    weight = torch.rand(8)
    model = dense()
    expected, after = by_hand(model, lambda p: (F.nll_loss(p.log(), Y, reduction="none") * weight).mean())
    task = ready(model)
    assert task.train_step(X, Y, weight) == pytest.approx(expected, abs=1e-5)
    for mine, value in zip(model.trainable_weights, after, strict=True):
        torch.testing.assert_close(mine.detach(), value, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("rewrite", [True, False])
def test_regularizers_and_losses_of_activities(rewrite):
    model = dense(kernel_regularizer=regularizers.L2(0.1), activity_regularizer=regularizers.L1(0.2))

    def reference(scores):
        return crossentropy(scores) + 0.1 * model.layers[1].kernel.square().sum() + 0.2 * scores.abs().sum() / 8

    expected, after = by_hand(model, reference)
    task = ready(model, rewrite=rewrite)
    task.test_step(X, Y, None)
    assert task.results()["loss"] == pytest.approx(expected, abs=1e-5)
    for _ in range(2):
        expected, after = by_hand(model, reference)
        assert task.train_step(X, Y, None) == pytest.approx(expected, abs=1e-5)
        for mine, value in zip(model.trainable_weights, after, strict=True):
            torch.testing.assert_close(mine.detach(), value, atol=1e-6, rtol=1e-5)


def test_frozen_weights_stay_and_others_do_not_mind():
    model = dense()
    model.layers[0].trainable = False
    kept = model.get_weights()
    _, after = by_hand(model, crossentropy)
    ready(model).train_step(X, Y, None)
    assert len(after) == 2
    np.testing.assert_array_equal(model.get_weights()[0], kept[0])
    torch.testing.assert_close(model.trainable_weights[0].detach(), after[0], atol=1e-6, rtol=1e-5)


def test_a_network_in_one_chain_steps_without_autograd():
    assert ready(dense())._direct is not None
    assert ready(dense(kernel_regularizer="l2"))._direct is None
    x = layers.Input((5,))
    two = Model(x, [layers.Dense(3, activation="softmax")(x), layers.Dense(2)(x)])
    assert ready(two, ["sparse_categorical_crossentropy", None])._direct is None


def test_testing_changes_no_weight():
    model = dense()
    before = model.get_weights()
    task = ready(model, metrics=["acc"])
    task.test_step(X, Y, None)
    task.predict_step(X)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert task.results()["loss"] == pytest.approx(crossentropy(model(X)).item(), abs=1e-6)


def test_a_module_of_torch_alone():
    """The loop knows no Model: any module whose forward takes `training` will do."""

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(5, 3)

        def forward(self, x, training=False):
            return torch.softmax(self.linear(x), -1)

    module = Plain()
    task = Task(module, optimizer=optimizers.SGD(0.1), loss="sparse_categorical_crossentropy", metrics=["acc"])
    task.prepare(training=True, device=CPU)
    first = task.train_step(X, Y, None)
    for _ in range(30):
        last = task.train_step(X, Y, None)
    assert last < first
    assert set(task.results()) == {"loss", "acc"}
