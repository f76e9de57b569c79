"""The loops with a task that only writes down what it is asked, and ten numbers as data."""

import numpy as np
import pytest
import torch

from anmok import random
from anmok.callbacks import CallbackList, LambdaCallback
from anmok.notices import AnmokWarning
from anmok.training import loop
from anmok.training.adapters import adapt
from anmok.training.progress import Progress


class Recorder:
    """A task: remembers batches and places, has the sum of the batch as its loss."""

    device = torch.device("cpu")

    def __init__(self, losses=None):
        self.heard, self.total, self.weights = [], 0.0, []
        self.losses = iter(losses) if losses is not None else None

    def train_step(self, x, y, sample_weight):
        self.heard.append(("train", random._step.place, x.flatten().tolist()))
        self.total += float(x.sum())
        return next(self.losses) if self.losses is not None else self.total

    def test_step(self, x, y, sample_weight):
        self.heard.append(("test", x.flatten().tolist()))
        self.total += float(x.sum())

    def predict_step(self, x):
        return {"double": 2 * x, "pair": [x, -x]}

    def results(self):
        return {"loss": self.total, "acc": 0.5}

    def reset(self):
        self.total = 0.0


X = np.arange(5, dtype="float32")[:, None]


def run(task, *, epochs=2, first=(0, 0), callbacks=(), validate=lambda epoch: None, stopped=lambda: False, source=None):
    loop.fit(
        task,
        source or adapt(X, batch_size=2),
        epochs=epochs,
        first=first,
        prepare=lambda: task.heard.append("prepare"),
        listeners=CallbackList(list(callbacks)),
        progress=Progress(3, epochs, verbose=0),
        validate=validate,
        stopped=stopped,
    )
    return task.heard


def steps(heard):
    return [entry[1] for entry in heard if entry[0] == "train"]


def test_epochs_and_steps_in_order_each_with_its_place():
    heard = run(Recorder())
    assert heard == [
        "prepare", ("train", (0, 0), [0, 1]), ("train", (0, 1), [2, 3]), ("train", (0, 2), [4]),
        "prepare", ("train", (1, 0), [0, 1]), ("train", (1, 1), [2, 3]), ("train", (1, 2), [4]),
    ]  # fmt: skip


def test_entering_in_the_middle():
    assert steps(run(Recorder(), epochs=3, first=(1, 2))) == [(1, 2), (2, 0), (2, 1), (2, 2)]
    assert steps(run(Recorder(), epochs=1, first=(1, 0))) == []


def test_a_listener_that_restored_a_training_says_where_to_go_on():
    class Restored(LambdaCallback):
        resume_from = None

        def on_train_begin(self, logs=None):
            self.resume_from = (1, 1)

    assert steps(run(Recorder(), callbacks=[Restored()])) == [(1, 1), (1, 2)]


def test_a_later_round_draws_at_other_places():
    source = adapt(X, batch_size=3)
    source.round = 2
    assert steps(run(Recorder(), epochs=1, source=source)) == [(2 << 20, 0), (2 << 20, 1)]


def test_stopping_in_the_middle_of_an_epoch_still_ends_it():
    task, events = Recorder(), []
    listen = LambdaCallback(
        on_epoch_end=lambda epoch, logs: events.append((epoch, logs)), on_train_end=lambda logs: events.append(logs)
    )
    run(task, callbacks=[listen], stopped=lambda: len(steps(task.heard)) >= 2)
    assert steps(task.heard) == [(0, 0), (0, 1)]
    assert events == [(0, {"acc": 0.5, "loss": 6.0}), {"acc": 0.5, "loss": 6.0}]


def test_logs_are_sorted_and_hold_the_validation():
    seen = []
    listen = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(list(logs)))
    run(Recorder(), callbacks=[listen], validate=lambda epoch: {"val_loss": 1.0, "val_acc": 0.1} if epoch else None)
    assert seen == [["acc", "loss"], ["acc", "loss", "val_acc", "val_loss"]]


def test_results_begin_anew_each_epoch():
    seen = []
    run(Recorder(), callbacks=[LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]))])
    assert seen == [10.0, 10.0]


def test_the_step_whose_loss_is_no_number_is_named_once():
    losses = [1.0, float("nan"), float("nan")] * 2
    with pytest.warns(AnmokWarning, match="loss became nan in epoch 1, step 2") as said:
        run(Recorder(losses))
    assert len(said) == 1


def test_a_weight_that_is_no_number_is_named_once():
    task = Recorder()
    task.weights = [torch.ones(3), torch.tensor([1.0, float("inf")])]
    with pytest.warns(AnmokWarning, match=r"weight '\(2,\)' has NaN or infinite values since epoch 1") as said:
        run(task)
    assert len(said) == 1


def test_a_sum_that_overflows_is_no_infinite_weight(recwarn):
    task = Recorder()
    task.weights = [torch.full((4,), 3e38)]
    run(task)
    assert not recwarn.list


def test_evaluate_begins_anew_and_reads_everything():
    task = Recorder()
    task.total = 99.0
    logs = loop.evaluate(task, adapt(X, batch_size=2), listeners=CallbackList(), progress=Progress(3, 1, verbose=0))
    assert logs == {"loss": 10.0, "acc": 0.5}
    assert task.heard == [("test", [0, 1]), ("test", [2, 3]), ("test", [4])]


def test_predict_joins_batches_in_the_outputs_structure():
    source = adapt(X, batch_size=2, labelled=False)
    found = loop.predict(Recorder(), source, listeners=CallbackList(), progress=Progress(3, 1, verbose=0))
    np.testing.assert_array_equal(found["double"], 2 * X)
    np.testing.assert_array_equal(found["pair"][1], -X)
