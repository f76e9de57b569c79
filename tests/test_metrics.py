"""State and names of metrics, what their updates must not do, and the words for wrong input."""

import copy
import pickle

import numpy as np
import pytest
import torch

from anmok import losses, metrics, notices
from anmok.errors import ArgumentError, ShapeError, UnknownNameError


def scores(seed=0, batch=8, classes=3):
    torch.manual_seed(seed)
    return torch.randint(0, classes, (batch,)), torch.randn(batch, classes).softmax(-1)


@pytest.mark.parametrize("form", ["(B,)", "(B, 1)", "one-hot", "float", "array", "weights of one"])
def test_accuracies_take_labels_in_every_form(form):
    y_true, y_pred = scores()
    by_hand = np.mean([int(row.argmax()) == int(label) for label, row in zip(y_true, y_pred, strict=True)])
    metric = metrics.CategoricalAccuracy() if form == "one-hot" else metrics.SparseCategoricalAccuracy()
    labels = {"(B, 1)": y_true[:, None], "one-hot": torch.eye(3)[y_true], "float": y_true.float()}.get(form, y_true)
    weights = torch.ones(8) if form == "weights of one" else None
    if form == "array":
        labels, y_pred = labels.numpy(), y_pred.numpy()
    assert float(metric(labels, y_pred, weights)) == pytest.approx(by_hand)


@pytest.mark.parametrize("true_shape", [(6,), (6, 1)])
@pytest.mark.parametrize("pred_shape", [(6,), (6, 1)])
def test_binary_accuracy_never_compares_each_with_each(true_shape, pred_shape):
    y_true = torch.tensor([0.0, 1, 1, 0, 1, 0]).view(true_shape)
    y_pred = torch.tensor([0.1, 0.9, 0.2, 0.5, 0.6, 0.7]).view(pred_shape)
    assert float(metrics.BinaryAccuracy()(y_true, y_pred)) == pytest.approx(4 / 6)
    assert float(metrics.get("mse")(y_true, y_pred)) == pytest.approx((0.01 + 0.01 + 0.64 + 0.25 + 0.16 + 0.49) / 6)


def test_the_mean_of_an_epoch_weighs_batches_by_their_samples():
    metric = metrics.Mean(name="loss")
    metric.update_state(torch.tensor(1.0, requires_grad=True), 3)
    metric.update_state(torch.tensor(5.0), sample_weight=1)
    assert float(metric.result()) == 2.0
    assert [float(state) for state in metric.variables] == [8.0, 4.0]
    assert not metric.total.requires_grad
    metric.update_state(4.0)
    assert float(metric.result()) == pytest.approx(12 / 5)
    metric.reset_state()
    assert float(metric.result()) == 0.0


UPDATES = [
    (metrics.SparseCategoricalAccuracy, False),
    (metrics.SparseCategoricalCrossentropy, False),
    (metrics.CategoricalAccuracy, True),
    (metrics.BinaryAccuracy, True),
    (metrics.Precision, True),
    (metrics.AUC, True),
    (metrics.F1Score, True),
    (metrics.R2Score, True),
    (metrics.RootMeanSquaredError, True),
    (metrics.CategoricalCrossentropy, True),
]


@pytest.mark.parametrize("cls, one_hot", UPDATES)
@pytest.mark.parametrize("weighted", [False, True])
def test_state_keeps_no_gradient_and_survives_inference_mode(cls, one_hot, weighted):
    y_true, y_pred = scores()
    y_true = torch.eye(3)[y_true] if one_hot else y_true
    weights = torch.rand(8) if weighted else None
    metric, twice = cls(), cls()
    with torch.inference_mode():
        metric.update_state(y_true, y_pred, weights)
        assert torch.isfinite(metric.result()).all()
    metric.update_state(y_true, y_pred.clone().requires_grad_(), weights)
    for _ in range(2):
        twice.update_state(y_true, y_pred, weights)
    torch.testing.assert_close(metric.result(), twice.result(), rtol=1e-5, atol=1e-6)
    assert not any(state.requires_grad for state in metric.variables) and not metric.result().requires_grad


@pytest.mark.parametrize("cls, one_hot", UPDATES)
def test_updates_do_not_wait_for_the_device(cls, one_hot, monkeypatch):
    y_true, y_pred = scores()
    y_true = torch.eye(3)[y_true] if one_hot else y_true
    metric = cls()
    metric.update_state(y_true, y_pred)

    def refuse(self, *args):
        raise AssertionError("the value of a tensor was asked for")

    for reader in ("item", "tolist", "numpy", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, reader, refuse)
    metric.update_state(y_true, y_pred)
    metric.update_state(y_true, y_pred, torch.ones(8))


def test_probabilities_beneath_which_logits_lie():
    logits = torch.tensor([[200.0, 0.0]])
    y_pred = logits.softmax(-1)
    y_pred.logits, y_pred.logits_of = logits, "softmax"
    assert float(metrics.SparseCategoricalCrossentropy()(torch.tensor([1]), y_pred)) == 200


class Hits(metrics.Metric):
    """A user's metric in Keras' way."""

    def __init__(self, name="hits", **kwargs):
        super().__init__(name=name, **kwargs)
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.seen = self.add_weight(shape=(2,), initializer="ones", name="seen")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.hits.assign_add(torch.sum(y_true == y_pred))
        self.seen.assign(self.seen + 1.0)

    def result(self):
        return self.hits / self.seen[0]


def test_custom_metrics():
    metric = Hits()
    y = torch.tensor([1, 2, 3])
    assert float(metric(y, y)) == 1.5
    assert [tuple(state.shape) for state in metric.variables] == [(), (2,)]
    other = copy.deepcopy(metric)
    other.update_state(y, y)
    assert float(other.result()) == 2 and float(metric.result()) == 1.5
    assert float(pickle.loads(pickle.dumps(metrics.get("auc"))).result()) == 0
    before = [state.clone() for state in metric.variables]
    after = metric.stateless_update_state(before, y, y)
    assert float(metric.stateless_result(after)) == 2 and float(metric.result()) == 1.5
    assert [state.sum().item() for state in metric.stateless_reset_state()] == [0, 0]
    metric.reset_state()
    assert float(metric.hits) == 0
    assert type(metric.hits + 1) is torch.Tensor


def test_a_metric_inside_a_metric_is_part_of_its_state():
    class Outer(metrics.Metric):
        def __init__(self):
            super().__init__(name="outer")
            self.inner = metrics.Mean()

    outer = Outer()
    outer.inner.update_state(3.0)
    assert len(outer.variables) == 2
    outer.reset_state()
    assert float(outer.inner.result()) == 0


def test_unnamed_metrics_are_counted():
    metrics.forget_names()
    assert [metrics.AUC().name, metrics.AUC().name, metrics.Precision().name] == ["auc", "auc_1", "precision"]
    metrics.forget_names()


def test_old_spellings():
    notices.forget()

    class Old(metrics.Metric):
        def __init__(self):
            super().__init__("old")
            self.total = self.add_weight("total", initializer="zeros")

    with pytest.warns(notices.AnmokWarning, match="add_weight"):
        metric = Old()
    assert metric.name == "old" and metric.total.label == "total"
    with pytest.warns(notices.AnmokWarning, match="reset_state"):
        metric.reset_states()


def test_crossentropy_follows_the_loss():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    metric = metrics.resolve("ce", loss, (4,), (4, 3))
    assert metric.name == "ce" and metric.from_logits
    y_true, logits = torch.tensor([0, 2]), torch.randn(2, 3)
    assert float(metric(y_true, logits)) == pytest.approx(float(loss(y_true, logits)), rel=1e-6)
    assert type(metrics.resolve("crossentropy", None, (4, 1), (4, 1))) is metrics.BinaryCrossentropy
    assert type(metrics.resolve("crossentropy", None, (4, 3), (4, 3))) is metrics.CategoricalCrossentropy


def test_accuracy_of_logits_is_pointed_out():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"BinaryAccuracy\(threshold=0\.0\)"):
        metrics.resolve("accuracy", losses.BinaryCrossentropy(from_logits=True), (4,), (4, 1))


def test_a_loss_object_is_a_metric_too():
    metric = metrics.resolve(losses.MeanSquaredError(name="squares"), None, (2,), (2, 1))
    assert metric.name == "squares"
    assert float(metric(torch.tensor([1.0, 2.0]), torch.tensor([[2.0], [4.0]]))) == 2.5


@pytest.mark.parametrize(
    "action, error, message",
    [
        (lambda: metrics.get("acuracy"), UnknownNameError, "Did you mean 'accuracy'"),
        (lambda: metrics.resolve(None, None, (1,), (1,)), ArgumentError, "got None"),
        (lambda: metrics.Precision(thresholds=[0.5, 1.5]), ArgumentError, r"thresholds in 0\.\.1, got \[1\.5\]"),
        (lambda: metrics.AUC(curve="ROK"), UnknownNameError, "Did you mean 'ROC'"),
        (lambda: metrics.AUC(num_labels=3), ArgumentError, "multi_label=True"),
        (lambda: metrics.AUC(num_thresholds=1), ArgumentError, "num_thresholds > 1, got 1"),
        (lambda: metrics.F1Score(average="makro"), UnknownNameError, "Did you mean 'macro'"),
        (lambda: metrics.FBetaScore(beta=0), ArgumentError, "beta to be a number > 0, got 0"),
        (lambda: metrics.F1Score(threshold=2), ArgumentError, "got 2"),
        (lambda: metrics.SensitivityAtSpecificity(1.2), ArgumentError, r"specificity in 0\.\.1, got 1\.2"),
        (lambda: metrics.R2Score(num_regressors=-1), ArgumentError, "num_regressors >= 0, got -1"),
        (lambda: metrics.IoU(2, [2]), ArgumentError, r"target_class_ids in 0\.\.1, got \[2\]"),
        (lambda: metrics.Mean(dtype="float31", name="x"), UnknownNameError, "Did you mean 'float32'"),
        (
            lambda: metrics.Precision()(torch.zeros(4), torch.zeros(4, 3)),
            ShapeError,
            r"shape \(4, 3\), got \(4,\)\. Class numbers .* utils\.to_categorical\(y, 3\)",
        ),
        (lambda: metrics.F1Score()(torch.zeros(4), torch.zeros(4, 3)), ShapeError, r"to_categorical\(y, 3\)"),
        (lambda: metrics.Precision(class_id=3)(*[torch.zeros(4, 3)] * 2), ShapeError, "class_id=3"),
        (lambda: metrics.R2Score()(torch.zeros(4, 2), torch.zeros(4, 3)), ShapeError, r"\(4, 2\) and \(4, 3\)"),
        (
            lambda: metrics.Precision()(*[torch.zeros(4, 3)] * 2, torch.ones(5)),
            ShapeError,
            r"sample_weight of shape \(5,\) does not fit predictions of shape \(4, 3\)",
        ),
        (
            lambda: metrics.Mean()(torch.zeros(4), torch.ones(5)),
            ShapeError,
            r"sample_weight of shape \(5,\) does not fit values of shape \(4,\)",
        ),
    ],
)
def test_wrong_input(action, error, message):
    with pytest.raises(error, match=message):
        action()
