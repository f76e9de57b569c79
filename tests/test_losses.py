"""Losses from logits, their reductions and names, and the words for labels that cannot be learned."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from anmok import layers, losses, models, notices
from anmok.errors import ArgumentError, DataError, ShapeError, UnknownNameError


def with_logits(activation, logits):
    y = torch.softmax(logits, -1) if activation == "softmax" else torch.sigmoid(logits)
    y.logits, y.logits_of = logits, activation
    return y


def test_crossentropies_use_the_logits_beneath_and_stay_finite():
    logits = torch.tensor([[1000.0, 0.0, -1000.0]], requires_grad=True)
    y_pred = with_logits("softmax", logits)
    assert losses.SparseCategoricalCrossentropy()(torch.tensor([2]), y_pred).item() == 2000
    assert losses.CategoricalCrossentropy()(torch.eye(3)[[2]], y_pred).item() == 2000
    assert losses.sparse_categorical_crossentropy(torch.tensor([2]), y_pred).tolist() == [2000]
    y_pred = with_logits("sigmoid", logits)
    assert losses.BinaryCrossentropy()(torch.tensor([[0.0, 1, 1]]), y_pred).item() == pytest.approx(
        (1000 + np.log(2) + 1000) / 3
    )
    loss = losses.BinaryCrossentropy()(torch.tensor([[0.0, 1, 1]]), y_pred)
    (gradient,) = torch.autograd.grad(loss, logits)
    torch.testing.assert_close(gradient, torch.tensor([[1.0, -0.5, -1.0]]) / 3)


def test_logits_of_a_softmax_are_no_use_to_binary_crossentropy():
    y_pred = with_logits("softmax", torch.tensor([[2.0, 0.0], [1.0, -3.0]]))
    y_true = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    by_hand = F.binary_cross_entropy(y_pred, y_true)
    torch.testing.assert_close(losses.BinaryCrossentropy()(y_true, y_pred), by_hand)
    y_pred = with_logits("sigmoid", torch.tensor([[2.0, 0.0], [1.0, -3.0]]))
    by_hand = F.nll_loss((y_pred / y_pred.sum(-1, keepdim=True)).log(), torch.tensor([0, 1]))
    torch.testing.assert_close(losses.SparseCategoricalCrossentropy()(torch.tensor([0, 1]), y_pred), by_hand)


@pytest.mark.parametrize("labels", ["(B,)", "(B, 1)", "int32", "float", "array"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_fast_path_is_the_slow_path(labels, weighted, smoothing):
    torch.manual_seed(0)
    logits, y = torch.randn(6, 4), torch.randint(0, 4, (6,))
    weights = torch.rand(6) if weighted else None
    each = F.cross_entropy(logits, y, reduction="none", label_smoothing=smoothing)
    by_hand = (each * weights).mean() if weighted else each.mean()
    y = {"(B,)": y, "(B, 1)": y[:, None], "int32": y.int(), "float": y.float(), "array": y.numpy()}[labels]
    loss = losses.SparseCategoricalCrossentropy(label_smoothing=smoothing)
    torch.testing.assert_close(loss(y, with_logits("softmax", logits), weights), by_hand)
    torch.testing.assert_close(
        losses.SparseCategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)(y, logits, weights), by_hand
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_logits_are_widened_first(dtype):
    torch.manual_seed(0)
    logits = torch.randn(5, 4).to(dtype)
    y, bits = torch.randint(0, 4, (5,)), torch.randint(0, 2, (5, 4))
    for loss, labels, expected in [
        (losses.SparseCategoricalCrossentropy(), y, F.cross_entropy(logits.float(), y)),
        (losses.CategoricalCrossentropy(), F.one_hot(y), F.cross_entropy(logits.float(), y)),
        (losses.BinaryCrossentropy(), bits, F.binary_cross_entropy_with_logits(logits.float(), bits.float())),
    ]:
        activation = "sigmoid" if isinstance(loss, losses.BinaryCrossentropy) else "softmax"
        value = loss(labels, with_logits(activation, logits))
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, expected)
        torch.testing.assert_close(loss(labels, with_logits(activation, logits), torch.ones(5)), expected)


def test_ignored_classes_leave_no_trace_in_value_or_gradient():
    logits = torch.randn(4, 3, requires_grad=True)
    y = torch.tensor([0, 255, 2, 255])
    loss = losses.SparseCategoricalCrossentropy(ignore_class=255)
    for y_pred in (with_logits("softmax", logits), torch.softmax(logits, -1)):
        value = loss(y, y_pred)
        torch.testing.assert_close(value, F.cross_entropy(logits[[0, 2]], y[[0, 2]]))
        (gradient,) = torch.autograd.grad(value, logits)
        assert gradient[[1, 3]].abs().sum() == 0 and torch.isfinite(gradient).all()


def test_sample_weights_by_hand():
    y_true, y_pred, weights = torch.tensor([1.0, 2.0]), torch.tensor([[2.0], [4.0]]), torch.tensor([1.0, 3.0])
    values = {"sum_over_batch_size": (1 + 12) / 2, "mean": 6.5, "sum": 13, "mean_with_sample_weight": 13 / 4}
    for reduction, expected in values.items():
        assert losses.MeanSquaredError(reduction=reduction)(y_true, y_pred, weights).item() == expected
    each = losses.MeanSquaredError(reduction="none")(y_true, y_pred, weights)
    assert each.tolist() == [1, 12]
    with pytest.raises(ShapeError, match=r"sample_weight of shape \(3,\) does not fit losses of shape \(2,\)"):
        losses.MeanSquaredError()(y_true, y_pred, torch.ones(3))


def test_the_old_reduction_is_understood():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="sum_over_batch_size"):
        assert losses.MeanSquaredError(reduction="auto").reduction == "sum_over_batch_size"
    with pytest.raises(UnknownNameError, match="Did you mean 'sum'"):
        losses.MeanSquaredError(reduction="sun")


@pytest.mark.parametrize(
    "identifier, cls, name",
    [
        ("mse", losses.MeanSquaredError, "mse"),
        (losses.mean_squared_error, losses.MeanSquaredError, "mean_squared_error"),
        (losses.Huber, losses.Huber, "huber_loss"),
        ("sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy, "sparse_categorical_crossentropy"),
        ({"class_name": "Huber", "config": {"delta": 2.0}}, losses.Huber, "huber_loss"),
        (lambda y_true, y_pred: (y_true - y_pred).abs(), losses.LossFunctionWrapper, "lambda"),
    ],
)
def test_as_loss(identifier, cls, name):
    loss = losses.as_loss(identifier)
    assert type(loss) is cls and loss.name == name
    assert losses.as_loss(loss) is loss and losses.as_loss(None) is None


@pytest.mark.parametrize(
    "y_true, y_pred, name",
    [
        ((8,), (8, 1), "BinaryCrossentropy"),
        ((8,), (8, 5), "SparseCategoricalCrossentropy"),
        ((8, 1), (8, 5), "SparseCategoricalCrossentropy"),
        ((8, 5), (8, 5), "CategoricalCrossentropy"),
    ],
)
def test_crossentropy_is_chosen_by_the_shapes(y_true, y_pred, name):
    assert type(losses.as_loss("crossentropy", y_true, y_pred)).__name__ == name


def test_a_function_becomes_a_loss_over_the_batch():
    def cubes(y_true, y_pred):
        return (y_true - y_pred).abs() ** 3

    value = losses.as_loss(cubes)(np.array([0, 0]), torch.tensor([1.0, 2.0]))
    assert value.item() == 4.5


def test_unknown_names_and_arguments():
    with pytest.raises(UnknownNameError, match="Did you mean 'categorical_crossentropy'"):
        losses.get("categorical_crosentropy")
    with pytest.raises(ArgumentError, match=r"label_smoothing in 0\.\.1, got 2"):
        losses.CategoricalCrossentropy(label_smoothing=2)
    with pytest.raises(ArgumentError, match="shapes of labels and output"):
        losses.as_loss("crossentropy")
    with pytest.raises(ShapeError, match=r"predictions' shape \(2, 3\), got \(2, 2\)"):
        losses.CategoricalCrossentropy()(torch.zeros(2, 2), torch.ones(2, 3))


SPARSE, CATEGORICAL = losses.SparseCategoricalCrossentropy(), losses.CategoricalCrossentropy()
BINARY, SQUARED = losses.BinaryCrossentropy(), losses.MeanSquaredError()
NAN = float("nan")


@pytest.mark.parametrize(
    "loss, y_true, outputs, message",
    [
        (SPARSE, [0, 9, 12], (None, 10), r"labels must be 0\.\.9, found 12 \(e\.g\. at index 2\).*needs 13"),
        (SPARSE, [1, 2, 3], (None, 3), r"found 3 \(e\.g\. at index 2\)\. They seem to be counted from 1: subtract 1"),
        (SPARSE, [0, -1, 1, -1], (None, 3), r"0\.\.2, found -1 \(e\.g\. at index 1, 2 in all\).*from 0"),
        (SPARSE, [[0], [5]], (None, 3), r"found 5 \(e\.g\. at index 1\)"),
        (SPARSE, [0.5, 1], (None, 3), r"whole numbers 0\.\.2, found 0\.5"),
        (SPARSE, [0, NAN], (None, 3), r"finite numbers, found nan \(e\.g\. at index 1\)"),
        (SPARSE, np.eye(3), (None, 3), r"\(3, 3\) are one-hot\. Use loss='categorical_crossentropy'"),
        (SPARSE, np.zeros((4, 2)), (None, 3), r"shape \(batch\); got labels of shape \(4, 2\) .* \(batch, 3\)"),
        (CATEGORICAL, [0, 1, 2], (None, 3), r"\(3,\) are class numbers\. Use .*sparse_.*to_categorical\(y, 3\)"),
        (CATEGORICAL, [[0], [1]], (None, 3), "class numbers"),
        (CATEGORICAL, np.eye(4), (None, 3), r"shape \(batch, 3\); got labels of shape \(4, 4\)"),
        (CATEGORICAL, [[0, 2.0]], (None, 2), r"lie in 0\.\.1, found 2\.0 \(e\.g\. at index \(0, 1\)\)"),
        (CATEGORICAL, [[NAN, 1.0]], (None, 2), "finite"),
        (BINARY, [0, 1, 2], (None, 1), r"lie in 0\.\.1, found 2 .*sparse_categorical_crossentropy"),
        (BINARY, [-1, 1], (None, 1), r"found -1 .*\(y \+ 1\) / 2"),
        (BINARY, [0, 3, 1], (None, 4), r"over 4 units takes labels of shape \(batch, 4\).*got \(3,\)"),
        (BINARY, [[0, 1]], (None, 1), r"output's shape \(batch, 1\); got labels of shape \(1, 2\)"),
        (SQUARED, [1.0, np.inf], (None, 1), r"finite numbers, found inf"),
        (SQUARED, [1.0, 2.0], (None, 3), r"shape \(batch, 3\); got labels of shape \(2,\)"),
        (SQUARED, ["cat", "dog"], (None, 1), r"must be numbers, got <U3 \(e\.g\. .*'cat'.*return_inverse"),
    ],
)
def test_labels_that_cannot_be_learned(loss, y_true, outputs, message):
    with pytest.raises(DataError, match=message):
        losses.check_labels(loss, np.asarray(y_true), outputs)
    if np.asarray(y_true).dtype.kind != "U":
        with pytest.raises(DataError, match=message):
            losses.check_labels(loss, torch.as_tensor(np.asarray(y_true)), outputs)


@pytest.mark.parametrize(
    "loss, y_true, outputs",
    [
        (SPARSE, [0, 1, 2], (None, 3)),
        (SPARSE, [[0.0], [2.0]], (2, 3)),
        (SPARSE, np.zeros((2, 4, 4), "uint8"), (None, 4, 4, 3)),
        (losses.SparseCategoricalCrossentropy(ignore_class=255), [0, 255], (None, 3)),
        (CATEGORICAL, [[0.5, 0.5]], (None, 2)),
        (BINARY, [True, False], (None, 1)),
        (BINARY, [[0, 1, 1]], (None, 3)),
        (SQUARED, [1.0, -7.0], (None, 1)),
        (SQUARED, [[[1.0]]], (None, 1)),
        (losses.as_loss(lambda y_true, y_pred: y_pred), [NAN], (None, 7)),
        (SPARSE, np.zeros(0, int), (None, 3)),
    ],
)
def test_labels_that_can(loss, y_true, outputs):
    losses.check_labels(loss, np.asarray(y_true), outputs)


@pytest.mark.parametrize(
    "loss, units, activation, message",
    [
        (SQUARED, 1, "softmax", "always 1.*sigmoid"),
        (BINARY, 1, "softmax", "always 1.*sigmoid"),
        (SPARSE, 1, "sigmoid", "one unit for each class.*binary_crossentropy"),
        (SPARSE, 10, "sigmoid", "sum to 1.*ends in sigmoid.*activation='softmax'"),
        (CATEGORICAL, 10, "sigmoid", "sum to 1.*ends in sigmoid.*activation='softmax'"),
        (CATEGORICAL, 10, "linear", r"ends in linear.*'softmax'.*CategoricalCrossentropy\(from_logits=True\)"),
        (BINARY, 1, "linear", r"ends in linear.*'sigmoid'.*BinaryCrossentropy\(from_logits=True\)"),
        (losses.CategoricalCrossentropy(from_logits=True), 10, "softmax", "from_logits=True.*ends in softmax"),
    ],
)
def test_outputs_that_cannot_serve_the_loss(loss, units, activation, message):
    with pytest.raises(ArgumentError, match=message):
        losses.check_output(loss, units, activation)


@pytest.mark.parametrize(
    "loss, units, activation",
    [
        (SPARSE, 10, "softmax"),
        (SPARSE, 10, None),
        (BINARY, 1, "sigmoid"),
        (BINARY, 2, "softmax"),
        (BINARY, 5, "hard_sigmoid"),
        (SQUARED, 1, "linear"),
        (losses.BinaryCrossentropy(from_logits=True), 1, "linear"),
    ],
)
def test_outputs_that_can(loss, units, activation):
    losses.check_output(loss, units, activation)


def test_class_numbers_of_pixels_have_a_gradient_whatever_the_memory_looks_like():
    rng = np.random.default_rng(0)
    scores = torch.from_numpy(rng.normal(size=(2, 3, 4, 5)).astype("float32"))
    labels = torch.from_numpy(rng.integers(0, 5, (2, 3, 4, 1)))
    gradients = []
    for predictions in (scores, scores.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)):
        predictions = predictions.clone(memory_format=torch.preserve_format).requires_grad_()
        losses.SparseCategoricalCrossentropy(from_logits=True)(labels, predictions).backward()
        gradients.append(predictions.grad)
    one_hot = torch.nn.functional.one_hot(labels[..., 0], 5)
    for gradient in gradients:
        torch.testing.assert_close(gradient, (scores.softmax(-1) - one_hot) / 24)


def test_noise_on_the_labels_is_no_mistake_and_other_numbers_are():
    """People who train GANs add noise to 0 and 1; the value is that of the formula."""
    labels, p = np.array([[1.04], [-0.03], [0.9]]), np.array([[0.8], [0.3], [0.6]])
    expected = -(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean()
    assert float(losses.BinaryCrossentropy()(labels, p)) == pytest.approx(expected, rel=1e-5)
    model = models.Sequential([layers.Input((1,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    assert np.isfinite(model.train_on_batch(np.ones((3, 1)), labels))
    for wrong in (2.0, -1.0):
        with pytest.raises(DataError, match=r"0\.\.1"):
            model.fit(np.ones((3, 1)), np.array([[0.0], [1.0], [wrong]]), verbose=0)
