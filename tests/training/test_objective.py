"""Losses and metrics matched to outputs: by name, by place, shared; and how their results are named and listed."""

import pytest
import torch

from anmok import losses, metrics
from anmok.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from anmok.training.objective import Objective, RunningMean, free_name

A, B = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [2.0]])
ZERO = torch.zeros(2, 1)
NAMES = ["a", "b"]


def objective(**given):
    return Objective(**{"loss": "mse", "output_names": NAMES, **given})


def test_a_running_mean_counts_samples():
    mean = RunningMean()
    assert mean.result() == 0.0
    mean.add(1.0, 3)
    mean.add(torch.tensor(5.0), 1)
    assert mean.result() == 2.0
    mean.reset()
    assert mean.result() == 0.0


@pytest.mark.parametrize(
    "given, total",
    [
        ({"loss": "mse"}, 5.0 + 2.0),
        ({"loss": ["mse", "mae"]}, 5.0 + 1.0),
        ({"loss": {"b": "mae", "a": "mse"}}, 5.0 + 1.0),
        ({"loss": ["mse", None]}, 5.0),
        ({"loss": {"b": "mse"}}, 2.0),
        ({"loss": "mse", "loss_weights": [0.5, 2]}, 2.5 + 4.0),
        ({"loss": "mse", "loss_weights": {"b": 3.0}}, 5.0 + 6.0),
        ({"loss": [losses.MeanSquaredError(), lambda y, p: (y - p).abs() + 1]}, 5.0 + 2.0),
    ],
)
@pytest.mark.parametrize("form", [list, tuple, dict])
def test_losses_of_several_outputs(given, total, form):
    y = dict(zip(NAMES, (A, B), strict=True)) if form is dict else form([A, B])
    loss = objective(**given).loss(y, [ZERO, ZERO])
    assert loss.item() == pytest.approx(total)


def test_parts_and_metrics_are_named_by_output_and_sorted():
    made = objective(metrics=[["mae"], ["mae", "mse"]], weighted_metrics={"a": "mae"})
    loss = made.loss([A, B], [ZERO, ZERO])
    made.update(loss.item(), 2, [A, B], [ZERO, ZERO])
    assert made.results() == {
        "a_loss": 5.0, "a_mae": 2.0, "a_weighted_mae": 2.0, "b_loss": 2.0, "b_mae": 1.0, "b_mse": 2.0, "loss": 7.0,
    }  # fmt: skip
    assert list(made.results()) == sorted(made.results())
    assert list(made.listed(made.results())) == [
        "loss", "a_loss", "b_loss", "a_mae", "a_weighted_mae", "b_mae", "b_mse",
    ]  # fmt: skip


def test_one_output_lists_metrics_as_they_were_given():
    made = Objective("mse", metrics=["mse", "mae"])
    made.update(made.loss(A, ZERO).item(), 2, A, ZERO)
    assert list(made.listed(made.results())) == ["loss", "mse", "mae"]
    assert [metric.name for metric in made.metrics] == ["mse", "mae"]


def test_results_are_means_over_samples_until_reset():
    made = Objective("mse", metrics=["mae"])
    for y in (A[:1] * 2, torch.zeros(3, 1)):
        made.update(made.loss(y, torch.zeros_like(y)).item(), len(y), y, torch.zeros_like(y))
    assert made.results() == {"loss": 1.0, "mae": 0.5}
    made.reset()
    assert made.results() == {"loss": 0.0, "mae": 0.0}


@pytest.mark.parametrize(
    "names, expected",
    [
        ([("", "acc", False), ("", "acc", False)], ["acc", "acc_1"]),
        ([("", "acc", False), ("", "acc", True), ("", "acc", True)], ["acc", "weighted_acc", "weighted_acc_1"]),
        ([("a_", "acc", False), ("a_", "acc", True)], ["a_acc", "a_weighted_acc"]),
        ([("", "acc", True)], ["acc"]),
    ],
)
def test_names_that_are_taken(names, expected):
    taken = set()
    assert [free_name(prefix, name, taken, weighted=weighted) for prefix, name, weighted in names] == expected


@pytest.mark.parametrize(
    "labels, outputs, kind",
    [
        (torch.tensor([0, 2]), torch.full((2, 3), 1 / 3), metrics.SparseCategoricalAccuracy),
        (torch.eye(3)[:2], torch.full((2, 3), 1 / 3), metrics.CategoricalAccuracy),
        (torch.tensor([0.0, 1.0]), torch.full((2, 1), 0.4), metrics.BinaryAccuracy),
    ],
)
def test_acc_becomes_the_accuracy_that_fits(labels, outputs, kind):
    made = Objective(None, metrics=["acc"])
    made.prepare(labels, outputs)
    assert [type(metric) for metric in made.metrics] == [kind]


def test_weights_of_samples_in_every_form():
    plain = objective().loss([A, B], [ZERO, ZERO], torch.tensor([1.0, 0.0]))
    assert plain.item() == pytest.approx(0.5 + 0.0)
    listed = objective().loss([A, B], [ZERO, ZERO], [torch.tensor([1.0, 0.0]), None])
    assert listed.item() == pytest.approx(0.5 + 2.0)
    named = objective().loss([A, B], [ZERO, ZERO], {"b": torch.tensor([0.0, 0.5])})
    assert named.item() == pytest.approx(5.0 + 1.0)
    single = Objective("mse", output_names=["a"]).loss([A], ZERO, [torch.tensor([1.0, 0.0])])
    assert single.item() == pytest.approx(0.5)


def test_extra_terms_are_added_and_may_be_all_there_is():
    assert Objective("mse").loss(A, ZERO, extra=[torch.tensor(1.0), torch.tensor(2.0)]).item() == 8.0
    assert Objective(None).loss(None, ZERO, extra=[torch.tensor(2.0)]).item() == 2.0


def test_outputs_in_a_dict_have_their_own_names():
    made = Objective({"x": "mse", "y": "mae"}, metrics={"y": ["mse"]}, output_names=None)
    outputs = {"y": ZERO, "x": ZERO}
    loss = made.loss({"x": A, "y": B}, outputs)
    made.update(loss.item(), 2, {"x": A, "y": B}, outputs)
    assert made.results() == {"loss": 6.0, "x_loss": 5.0, "y_loss": 1.0, "y_mse": 2.0}


def test_what_does_not_match_is_said():
    with pytest.raises(UnknownNameError, match=r"output in loss 'c'. Known: a, b"):
        objective(loss={"c": "mse"}).loss([A, B], [ZERO, ZERO])
    with pytest.raises(UnknownNameError, match="output in metrics 'c'"):
        objective(metrics={"c": "mae"}).loss([A, B], [ZERO, ZERO])
    with pytest.raises(ShapeError, match=r"2 outputs \(a, b\), y has 3"):
        objective().loss([A, B, A], [ZERO, ZERO])
    with pytest.raises(ArgumentError, match=r"loss_weights: expected a list or dict for a, b, got 2.0"):
        objective(loss_weights=2.0).loss([A, B], [ZERO, ZERO])
    with pytest.raises(ArgumentError, match="sample_weight: expected one entry for each output"):
        objective().loss([A, B], [ZERO, ZERO], [torch.ones(2)])
    with pytest.raises(ArgumentError, match="Output 'b' has a loss but no targets"):
        objective().loss({"a": A}, [ZERO, ZERO])
    with pytest.raises(ArgumentError, match="There is no loss to minimise"):
        Objective(None).loss(None, ZERO)
    with pytest.raises(DataError, match=r"labels must be 0\.\.2, found 5"):
        Objective("sparse_categorical_crossentropy").loss(torch.tensor([0, 5]), torch.full((2, 3), 1 / 3))
