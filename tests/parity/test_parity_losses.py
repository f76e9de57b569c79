"""Every loss with every reduction against Keras on torch: values and gradients."""

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import losses

REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]
SIGNED = [
    "MeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "CosineSimilarity",
    "Huber",
    "LogCosh",
]
POSITIVE = ["MeanSquaredLogarithmicError", "Poisson"]
HINGES = ["Hinge", "SquaredHinge", "CategoricalHinge"]
BINARY = ["BinaryCrossentropy", "BinaryFocalCrossentropy"]
CATEGORICAL = ["CategoricalCrossentropy", "CategoricalFocalCrossentropy", "KLDivergence"]
few = settings(max_examples=25, deadline=None)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True)).astype("float32")


def sigmoid(x):
    return (1 / (1 + np.exp(-x))).astype("float32")


def normal(rng, shape):
    return rng.normal(size=shape).astype("float32")


@st.composite
def situations(draw):
    """(rng, y_true and y_pred shapes, shape of the weights or None, reduction)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    batch, steps, classes = draw(st.integers(1, 5)), draw(st.integers(2, 3)), draw(st.integers(2, 6))
    y_true, y_pred = draw(
        st.sampled_from(
            [
                ((batch, classes), (batch, classes)),
                ((batch, 1), (batch, 1)),
                ((batch,), (batch, 1)),
                ((batch, 1), (batch,)),
                ((batch, steps, classes), (batch, steps, classes)),
                ((batch, steps), (batch, steps, 1)),
            ]
        )
    )
    full = (batch, steps) if len(y_true) == 3 else (batch,)
    weights = draw(st.sampled_from([None, full, full + (1,), (batch,) if len(full) == 1 else (batch, 1)]))
    return rng, y_true, y_pred, weights, draw(st.sampled_from(REDUCTIONS))


def both(name, arguments, y_true, y_pred, weights=None):
    """(ours, Keras') of (loss, gradient of y_pred)."""
    answers = []
    for module in (losses, keras.losses):
        x = torch.tensor(y_pred, requires_grad=True)
        loss = getattr(module, name)(**arguments)(y_true, x, sample_weight=weights)
        torch.as_tensor(loss).sum().backward()
        answers.append((loss.detach().numpy(), x.grad.numpy()))
    return answers


def assert_same(name, arguments, y_true, y_pred, weights=None, rtol=1e-5):
    ours, theirs = both(name, arguments, y_true, y_pred, weights)
    assert ours[0].shape == theirs[0].shape
    np.testing.assert_allclose(ours[0], theirs[0], rtol=rtol, atol=1e-5)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4, atol=1e-4)


def draw_weights(rng, shape):
    return None if shape is None else rng.uniform(0, 2, size=shape).astype("float32")


@pytest.mark.parametrize("name", SIGNED)
@given(situations(), st.floats(0.1, 2.0))
@few
def test_regression(name, situation, delta):
    rng, true_shape, pred_shape, weights, reduction = situation
    arguments = {"reduction": reduction, **({"delta": delta} if name == "Huber" else {})}
    assert_same(name, arguments, normal(rng, true_shape), normal(rng, pred_shape), draw_weights(rng, weights))


@pytest.mark.parametrize("name", POSITIVE)
@given(situations())
@few
def test_regression_of_positive_numbers(name, situation):
    rng, true_shape, pred_shape, weights, reduction = situation
    y_true, y_pred = (rng.uniform(0.01, 3, shape).astype("float32") for shape in (true_shape, pred_shape))
    assert_same(name, {"reduction": reduction}, y_true, y_pred, draw_weights(rng, weights))


@pytest.mark.parametrize("name", HINGES)
@pytest.mark.parametrize("lowest", [0, -1])
@given(situations().filter(lambda s: len(s[1]) == len(s[2])))
@few
def test_hinges(name, lowest, situation):
    rng, _, shape, weights, reduction = situation
    y_true = np.where(rng.random(shape) < 0.5, lowest, 1).astype("float32")
    assert_same(name, {"reduction": reduction}, y_true, normal(rng, shape), draw_weights(rng, weights))


@st.composite
def focal_arguments(draw, name):
    arguments = {"from_logits": draw(st.booleans()), "label_smoothing": draw(st.sampled_from([0.0, 0.1, 0.3]))}
    if "Focal" in name:
        arguments |= {"alpha": draw(st.floats(0.1, 0.9)), "gamma": draw(st.floats(1.0, 3.0))}
    if name == "BinaryFocalCrossentropy":
        arguments["apply_class_balancing"] = draw(st.booleans())
    return arguments


@pytest.mark.parametrize("name", BINARY)
@given(st.data())
@few
def test_binary_crossentropies(name, data):
    rng, true_shape, pred_shape, weights, reduction = data.draw(situations())
    arguments = {"reduction": reduction, **data.draw(focal_arguments(name))}
    y_true, y_pred = (rng.random(true_shape) < 0.5).astype("float32"), normal(rng, pred_shape)
    assert_same(
        name, arguments, y_true, y_pred if arguments["from_logits"] else sigmoid(y_pred), draw_weights(rng, weights)
    )


@pytest.mark.parametrize("name", CATEGORICAL)
@given(st.data())
@few
def test_categorical_crossentropies(name, data):
    rng, _, shape, weights, reduction = data.draw(situations().filter(lambda s: s[1] == s[2] and s[1][-1] > 1))
    arguments = {"reduction": reduction}
    if name != "KLDivergence":
        arguments |= data.draw(focal_arguments(name))
    y_true, y_pred = softmax(normal(rng, shape)), normal(rng, shape)
    assert_same(
        name, arguments, y_true, y_pred if arguments.get("from_logits") else softmax(y_pred), draw_weights(rng, weights)
    )


@given(situations().filter(lambda s: s[1] == s[2] and s[1][-1] > 1), st.booleans(), st.booleans(), st.booleans())
@few
def test_sparse_categorical_crossentropy(situation, from_logits, with_axis, ignores):
    rng, _, shape, weights, reduction = situation
    labels = rng.integers(0, shape[-1], shape[:-1] + ((1,) if with_axis else ()))
    arguments = {"reduction": reduction, "from_logits": from_logits}
    if ignores and not with_axis:
        labels[rng.random(labels.shape) < 0.3] = 255
        arguments["ignore_class"] = 255
        weights = shape[:-1] if weights else None  # Keras cannot spread weights over a mask
    y_pred = normal(rng, shape)
    y_pred = y_pred if from_logits else softmax(y_pred)
    if not (ignores and not from_logits):
        assert_same("SparseCategoricalCrossentropy", arguments, labels, y_pred, draw_weights(rng, weights))
    else:  # Keras divides 0 by 0 for ignored samples and has no gradient then; its values are right
        with torch.no_grad():
            sample_weight = draw_weights(rng, weights)
            ours, theirs = (
                module.SparseCategoricalCrossentropy(**arguments)(labels, y_pred, sample_weight).numpy()
                for module in (losses, keras.losses)
            )
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("from_logits", [True, False])
def test_sparse_label_smoothing_is_that_of_one_hot_labels(from_logits):
    rng = np.random.default_rng(0)
    y_pred = normal(rng, (6, 5)) if from_logits else softmax(normal(rng, (6, 5)))
    labels = rng.integers(0, 5, 6)
    arguments = {"from_logits": from_logits, "label_smoothing": 0.2}
    ours = losses.SparseCategoricalCrossentropy(**arguments)(labels, y_pred)
    theirs = keras.losses.CategoricalCrossentropy(**arguments)(np.eye(5, dtype="float32")[labels], y_pred)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.parametrize("name", ["CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
@pytest.mark.parametrize("from_logits", [True, False])
def test_class_axis_in_the_middle(name, from_logits):
    rng = np.random.default_rng(1)
    x = normal(rng, (2, 4, 3))
    y_pred = x if from_logits else np.moveaxis(softmax(np.moveaxis(x, 1, -1)), -1, 1).copy()
    labels = rng.integers(0, 4, (2, 3))
    if name == "CategoricalCrossentropy":
        labels = np.moveaxis(np.eye(4, dtype="float32")[labels], -1, 1).copy()
    assert_same(name, {"from_logits": from_logits, "axis": 1}, labels, y_pred)


@pytest.mark.parametrize("name", ["Dice", "Tversky"])
@pytest.mark.parametrize("axis", [None, (1, 2)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_overlaps(name, axis, reduction):
    rng = np.random.default_rng(2)
    arguments = {"axis": axis, "reduction": reduction, **({"alpha": 0.3, "beta": 0.8} if name == "Tversky" else {})}
    y_true, y_pred = (rng.random((3, 4, 5)) < 0.5).astype("float32"), sigmoid(normal(rng, (3, 4, 5)))
    assert_same(name, arguments, y_true, y_pred)


def test_generalized_crossentropy():
    rng = np.random.default_rng(3)
    y_pred, labels = softmax(normal(rng, (6, 4))), rng.integers(0, 4, 6)
    assert_same("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, labels, y_pred)


@pytest.mark.parametrize(
    "name, theirs",
    [
        ("mse", keras.losses.mean_squared_error),
        ("MAE", keras.losses.mean_absolute_error),
        ("mape", keras.losses.mean_absolute_percentage_error),
        ("MSLE", keras.losses.mean_squared_logarithmic_error),
        ("logcosh", keras.losses.log_cosh),
        ("kullback_leibler_divergence", keras.losses.kl_divergence),
        ("huber", keras.losses.huber),
        ("cosine_similarity", keras.losses.cosine_similarity),
        ("bce", keras.losses.binary_crossentropy),
        ("poisson", keras.losses.poisson),
        ("hinge", keras.losses.hinge),
        ("categorical_crossentropy", keras.losses.categorical_crossentropy),
    ],
)
def test_functions_take_arrays(name, theirs):
    rng = np.random.default_rng(4)
    y_true, y_pred = softmax(normal(rng, (3, 4))), softmax(normal(rng, (3, 4)))
    for ours in (losses.get(name), getattr(losses, name)):
        np.testing.assert_allclose(ours(y_true, y_pred).numpy(), theirs(y_true, y_pred).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in losses.__all__ if hasattr(keras.losses, name)])
def test_configs_go_both_ways(name):
    cls = getattr(losses, name)
    # Keras cannot read its own generalized crossentropy back.
    if not isinstance(cls, type) or name in ("Loss", "LossFunctionWrapper", "CategoricalGeneralizedCrossEntropy"):
        return
    loss, theirs = cls(), getattr(keras.losses, name)()
    assert {**loss.get_config(), **theirs.get_config()} == loss.get_config()
    there = keras.losses.deserialize(losses.serialize(loss))
    back = losses.deserialize(keras.losses.serialize(there))
    assert type(back) is cls and back.get_config() == loss.get_config()


def test_every_string_of_keras_is_known():
    from keras.src.losses import ALL_OBJECTS_DICT

    left_out = {"CTC", "ctc", "Circle", "circle", "Loss"}
    wanted = {name for name, thing in ALL_OBJECTS_DICT.items() if name not in left_out | {"LossFunctionWrapper"}}
    for name in wanted:
        assert isinstance(losses.get(name), losses.Loss) == isinstance(keras.losses.get(name), keras.losses.Loss), name


def test_custom_losses():
    class Ours(losses.Loss):
        def call(self, y_true, y_pred):
            return ((y_true - y_pred) ** 4).mean(-1)

    class Theirs(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return ((y_true - y_pred) ** 4).mean(-1)

    rng = np.random.default_rng(5)
    y_true, y_pred, weights = rng.integers(0, 3, (6, 2)), normal(rng, (6, 2)), rng.random(6)
    for reduction in REDUCTIONS:
        ours = Ours(reduction=reduction)(y_true, y_pred, weights)
        theirs = Theirs(reduction=reduction)(y_true, y_pred, weights)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
