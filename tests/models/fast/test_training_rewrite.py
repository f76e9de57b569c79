"""Training on the rewritten graph against training layer by layer."""

import contextlib
import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import IMAGE_KINDS, build, recipes, scatter

from anmok import activations, layers, losses, mixed_precision, random
from anmok.models import Model, Sequential
from anmok.models.fast.training import training_forward

# Where operations change places, the generator of a step is asked in another order.
ONE_AFTER_ANOTHER = tuple(
    kind for kind in IMAGE_KINDS if not kind.startswith(("add", "concatenate", "noise")) and "functional" not in kind
)
WITHOUT_DROPOUT = tuple(kind for kind in IMAGE_KINDS if kind not in ("dropout", "spatial", "noise", "nested"))


def step(model, forward, x, seed=0):
    """Outputs, gradients of a random projection, extra losses and state after one step of training."""
    x = x.clone().requires_grad_()
    model._clear_losses()
    with random.training_step(1, 2):
        outputs = forward(x, training=True)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    source = torch.Generator().manual_seed(seed)
    loss = sum((y.float() * torch.randn(y.shape, generator=source)).mean() for y in outputs) + sum(model.losses)
    weights = model.trainable_weights
    gradients = torch.autograd.grad(loss, [x, *weights], allow_unused=True)
    return [y.detach().float() for y in outputs], gradients, [w.numpy() for w in model.non_trainable_weights]


def assert_same_step(model, x, tolerance):
    forward = training_forward(model, torch.float32)
    before = model.get_weights()
    expected = step(model, model, x)
    model.set_weights(before)
    if forward is None:
        return False
    found = step(model, forward, x)
    for mine, reference in zip(found[0], expected[0], strict=True):
        torch.testing.assert_close(mine, reference, rtol=tolerance, atol=tolerance)
    for mine, reference, weight in zip(found[1], expected[1], [None, *model.trainable_weights], strict=True):
        assert (mine is None) == (reference is None), weight
        if mine is not None:
            assert mine.shape == reference.shape
            torch.testing.assert_close(mine, reference, rtol=10 * tolerance, atol=tolerance)
    for mine, reference in zip(found[2], expected[2], strict=True):
        np.testing.assert_allclose(mine, reference, rtol=tolerance, atol=tolerance)
    return True


def images(seed=0, count=6, size=(13, 12, 2)):
    return torch.randn((count, *size), generator=torch.Generator().manual_seed(seed))


@settings(max_examples=40, deadline=None)
@given(recipes(WITHOUT_DROPOUT), st.integers(1, 2))
def test_outputs_gradients_and_statistics(recipe, outputs):
    assert_same_step(build(recipe, outputs=outputs), images(recipe[3]), 2e-5)


@settings(max_examples=30, deadline=None)
@given(recipes(ONE_AFTER_ANOTHER))
def test_dropout_draws_the_same_masks(recipe):
    assert_same_step(build(recipe), images(recipe[3]), 2e-5)


@settings(max_examples=15, deadline=None)
@given(recipes(ONE_AFTER_ANOTHER))
def test_bfloat16_is_as_close_as_autocast(recipe):
    model = build(recipe)
    forward = training_forward(model, torch.bfloat16) or model
    before = model.get_weights()

    def errors(forward, context):
        model.set_weights(before)
        with context:
            outputs, gradients, _ = step(model, forward, images())
        given = [*outputs, *(g for g in gradients if g is not None)]
        assert all(g.dtype is torch.float32 for g in given)
        return torch.stack(
            [(mine - exact).norm() / (exact.norm() + 0.1) for mine, exact in zip(given, reference, strict=True)]
        )

    outputs, gradients, _ = step(model, model, images())
    reference = [*outputs, *(g for g in gradients if g is not None)]
    found = errors(forward, contextlib.nullcontext())
    by_torch = errors(model, torch.autocast("cpu", torch.bfloat16))
    assert found.mean() < 3 * by_torch.mean() + 0.05


def test_a_whole_network_is_one_chain():
    L = layers
    model = Sequential(
        [
            L.Input((13, 12, 2)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(), L.Dropout(0.25),
            L.Conv2D(5, 3), L.BatchNormalization(), L.Activation("relu"), L.MaxPooling2D(), L.Flatten(),
            L.Dense(7, activation="relu"), L.Dropout(0.5), L.Dense(3),
        ]
    )  # fmt: skip
    scatter(model)
    forward = training_forward(model, torch.float32)
    assert forward.direct is not None
    assert [type(piece).__name__ for piece in forward.direct.chain.pieces] == [
        "ConvolutionPiece", "ConvolutionPiece", "BatchNormalizationPiece", "FlattenPiece", "DensePiece", "DensePiece",
    ]  # fmt: skip
    assert assert_same_step(model, images(), 1e-5)


def fitted(model, **arguments):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 13, 12, 2)).astype("float32"), rng.integers(0, 3, 30)
    random.set_seed(5)
    history = model.fit(x, y, batch_size=8, epochs=2, verbose=0, **arguments).history
    return history, model.get_weights()


@settings(max_examples=12, deadline=None)
@given(recipes(ONE_AFTER_ANOTHER), st.booleans())
def test_fit_with_and_without_the_rewrite(recipe, from_logits):
    mixed_precision.set_global_policy("float32")
    try:
        model = build(recipe)
        if from_logits:
            model.layers[-1].activation = activations.linear
        plain = copy.deepcopy(model)
        loss = losses.SparseCategoricalCrossentropy(from_logits=from_logits)
        model.compile("sgd", loss, metrics=["accuracy"])
        plain.compile("sgd", loss, metrics=["accuracy"], run_eagerly=True)
        (found, weights), (expected, plain_weights) = fitted(model), fitted(plain)
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-4)
        for mine, reference in zip(weights, plain_weights, strict=True):
            np.testing.assert_allclose(mine, reference, atol=1e-4)
    finally:
        mixed_precision.set_global_policy("auto")


def test_what_somebody_listens_to_stays_a_layer():
    model = build((["conv relu", "pool", "conv relu"], "average", ["dense relu"], 0))
    heard = []
    handle = model.layers[1].register_forward_hook(lambda layer, inputs, output: heard.append(output.shape))
    model.compile("sgd", "sparse_categorical_crossentropy")
    fitted(model)
    assert len(heard) == 8
    assert_same_step(model, images(), 1e-5)
    handle.remove()
    fitted(model)
    assert len(heard) == 8 + 2  # once more in assert_same_step, with and without


def test_layers_of_ones_own_class_stay():
    class Doubled(layers.Dense):
        def call(self, x):
            return 2 * super().call(x)

    x = layers.Input((4,))
    model = Model(x, layers.Dense(3)(Doubled(5, activation="relu")(x)))
    scatter(model)
    assert assert_same_step(model, torch.randn(5, 4), 1e-6)


@pytest.mark.parametrize("size", [(28, 28, 1), (7, 5, 3), (2, 2, 8)])
def test_image_sizes(size):
    x = layers.Input(size)
    y = layers.MaxPooling2D()(layers.Conv2D(4, 3, padding="same", activation="relu")(x))
    model = Model(x, layers.Dense(3)(layers.Flatten()(y)))
    scatter(model)
    assert assert_same_step(model, images(size=size), 1e-5)


def test_a_single_sample_and_an_odd_last_batch():
    model = build((["conv relu", "pool", "batch"], "flatten", ["dense relu", "dropout"], 1))
    for count in (1, 3):
        assert_same_step(model, images(count=count), 1e-5)
