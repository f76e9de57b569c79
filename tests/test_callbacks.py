"""Callbacks: who is called, what is written, what is restored, what is said."""

import json
import os
import types

import numpy as np
import pytest
import torch

from anmok import callbacks, notices, optimizers, schedules
from anmok.callbacks import events
from anmok.errors import ArgumentError, TrainingError, UnknownNameError


@pytest.fixture(autouse=True)
def everything_is_said_anew():
    notices.forget()


class FakeModel:
    """A model of one weight w that minimises (w - 3)^2; its loss is its only metric."""

    graph = None

    def __init__(self, **arguments):
        self.w = torch.nn.Parameter(torch.zeros(2))
        self.optimizer = optimizers.Adam(**{"learning_rate": 0.1, **arguments})
        self.optimizer.build([self.w])
        self.stop_training = False
        self.saved = []

    def get_weights(self):
        return [self.w.detach().numpy().copy()]

    def set_weights(self, weights):
        self.w.data.copy_(torch.tensor(weights[0]))

    def save(self, path, overwrite=True):
        self.saved.append(path)

    save_weights = save

    def save_training_state(self, path, epoch, step):
        torch.save({"w": self.w.data, "optimizer": self.optimizer.state_dict(), "place": (epoch, step)}, path)

    def load_training_state(self, path):
        saved = torch.load(path)
        self.w.data.copy_(saved["w"])
        self.optimizer.load_state_dict(saved["optimizer"])
        return saved["place"]

    def fit(self, listeners, *, epochs=6, steps=4, die_at=None):
        """Train as `fit` does; die_at=(epoch, step) raises before that step."""
        listeners.set_params({"epochs": epochs, "steps": steps, "verbose": 0})
        self.stop_training = False
        listeners.on_train_begin()
        first_epoch, first_step = listeners.resume_from or (0, 0)
        for epoch in range(first_epoch, epochs):
            listeners.on_epoch_begin(epoch)
            for step in range(first_step if epoch == first_epoch else 0, steps):
                if (epoch, step) == die_at:
                    raise SystemError("killed")
                noise = torch.tensor(np.random.default_rng([epoch, step]).normal(size=2), dtype=torch.float32)
                listeners.on_train_batch_begin(step)
                self.optimizer.apply([2 * (self.w.detach() - 3) + noise])
                listeners.on_train_batch_end(step, {"loss": self.loss()})
            listeners.on_epoch_end(epoch, {"loss": self.loss(), "val_loss": abs(epoch - 2.0)})
            if self.stop_training:
                break
        listeners.on_train_end()

    def loss(self):
        return (self.w.detach() - 3).square().mean()


def train(*list_of_callbacks, model=None, **arguments):
    model = model or FakeModel()
    model.fit(callbacks.CallbackList(list(list_of_callbacks), model=model), **arguments)
    return model


# Who is called ------------------------------------------------------------------------------------------------------


def test_only_overridden_hooks_are_called():
    heard = []

    class Old(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            heard.append(("batch", batch, type(logs["loss"])))

        def on_epoch_end(self, epoch, logs={}):  # noqa: B006
            heard.append(("epoch", epoch, sorted(logs)))

    silent = callbacks.CallbackList([callbacks.History(), callbacks.ModelCheckpoint("x.keras")], model=FakeModel())
    assert not silent.wants_batch_hooks
    assert silent.hears("on_epoch_end")
    listeners = callbacks.CallbackList(Old(), model=FakeModel())
    assert listeners.wants_batch_hooks
    assert listeners.hears("on_train_batch_end")
    assert not listeners.hears("on_train_batch_begin")
    listeners.model.fit(listeners, epochs=1, steps=2)
    assert heard == [("batch", 0, float), ("batch", 1, float), ("epoch", 0, ["loss", "val_loss"])]


def test_functions_put_on_a_callback_are_heard():
    epochs = []
    train(callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch)), epochs=2)
    late = callbacks.Callback()
    late.on_epoch_begin = lambda epoch, logs=None: epochs.append(-epoch)
    train(callbacks.LambdaCallback(on_train_begin=lambda logs: None), [late, []], epochs=2)
    assert epochs == [0, 1, 0, -1]
    with pytest.raises(UnknownNameError, match="Did you mean 'on_epoch_end'"):
        callbacks.LambdaCallback(on_epochs_end=print)


def test_a_subclass_may_hear_what_its_class_is_deaf_to():
    batches = []

    class Own(callbacks.ModelCheckpoint):
        def on_train_batch_end(self, batch, logs=None):
            batches.append(batch)

    train(Own("x.keras"), epochs=1, steps=3)
    assert batches == [0, 1, 2]


def test_history_and_order():
    history = callbacks.History()
    model = train(history, callbacks.ReduceLROnPlateau(), callbacks.BackupAndRestore("unused", save_freq=10**6))
    assert history.epoch == list(range(6))
    assert history.history["val_loss"] == [2.0, 1.0, 0.0, 1.0, 2.0, 3.0]
    assert model.history is history
    listeners = callbacks.CallbackList([callbacks.BackupAndRestore("x"), callbacks.TerminateOnNaN()], add_history=True)
    assert [type(c).__name__ for c in listeners] == ["TerminateOnNaN", "History", "BackupAndRestore"]


# What is said -------------------------------------------------------------------------------------------------------


def test_a_metric_that_is_not_there_is_said_once_with_those_that_are():
    with pytest.warns(notices.AnmokWarning) as heard:
        train(callbacks.EarlyStopping(monitor="val_acc"))
    assert len(heard) == 1
    assert "'val_acc', which is not measured without validation data. Available: loss, val_loss" in str(
        heard[0].message
    )


def test_acc_and_accuracy_are_one():
    stopping = callbacks.EarlyStopping(monitor="val_acc", patience=1)
    stopping.set_model(FakeModel())
    stopping.on_train_begin()
    with pytest.warns(notices.AnmokWarning, match="'val_accuracy', the same metric"):
        for epoch, value in enumerate([0.5, 0.7, 0.6]):
            stopping.on_epoch_end(epoch, {"val_accuracy": value})
    assert stopping.best == 0.7
    assert stopping.stopped_epoch == 2


def test_the_metric_itself_knows_its_direction():
    metric = types.SimpleNamespace(name="mine", _direction="up")
    monitor = callbacks.MonitorCallback("val_mine")
    monitor.set_model(types.SimpleNamespace(metrics=[metric]))
    assert monitor.is_improvement(2.0, 1.0)
    unknown = callbacks.EarlyStopping("val_mine")
    unknown.set_model(types.SimpleNamespace(metrics=[]))
    with pytest.raises(ArgumentError, match="pass mode='max' or mode='min'"):
        unknown.is_improvement(2.0, 1.0)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: callbacks.ModelCheckpoint("model.pt"), r"ends in \.keras or \.h5 or \.hdf5"),
        (lambda: callbacks.ModelCheckpoint("m.keras", save_weights_only=True), r"\.weights\.h5"),
        (lambda: callbacks.ModelCheckpoint("m.keras", save_freq="batch"), "'epoch' or a number"),
        (lambda: callbacks.ModelCheckpoint("m.keras", moniter="x"), "Did you mean 'monitor'"),
        (lambda: callbacks.EarlyStopping(mode="best"), "'auto', 'min' or 'max'"),
        (lambda: callbacks.ReduceLROnPlateau(factor=1.0), "below 1"),
        (lambda: callbacks.BackupAndRestore(""), "backup_dir"),
        (lambda: callbacks.TensorBoard(write_images=True), "write_images=True is not offered"),
        (lambda: callbacks.TensorBoard(update_freq="never"), "update_freq"),
        (lambda: callbacks.TensorBoard(batch_size=32, write_grads=True), "write_grads=True is not offered"),
        (lambda: callbacks.TensorBoard(logdir="x"), "Did you mean 'log_dir'"),
        (lambda: train(callbacks.LearningRateScheduler(lambda epoch: None)), "return a float, got None"),
        (lambda: train(callbacks.ModelCheckpoint("{val_auc}.keras")), "names 'val_auc'.*Available: loss, val_loss"),
        (
            lambda: train(
                callbacks.ReduceLROnPlateau(patience=0),
                model=FakeModel(learning_rate=schedules.ExponentialDecay(0.1, 1, 0.5)),
            ),
            "learning_rate is a schedule",
        ),
    ],
)
def test_refusals_say_what_was_expected(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()


def test_old_spellings(tmp_path):
    with pytest.warns(notices.AnmokWarning) as heard:
        model = train(
            callbacks.ModelCheckpoint(tmp_path / "{epoch}.hdf5", period=2),
            callbacks.ReduceLROnPlateau(epsilon=0.1),
        )
    assert [str(w.message).split()[0] for w in heard] == ["period", "epsilon"]
    assert [os.path.basename(path) for path in model.saved] == ["2.hdf5", "4.hdf5", "6.hdf5"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_ends_training(value, capsys):
    batches = []
    spoiled = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: batches.append(batch),
        on_epoch_begin=lambda epoch, logs: model.w.data.fill_(value),
    )
    model = FakeModel()
    train(spoiled, callbacks.TerminateOnNaN(), model=model)
    assert model.stop_training
    assert len(batches) == 4
    assert "training is stopped" in capsys.readouterr().out
    with pytest.raises(TrainingError, match="at batch 0"):
        train(spoiled, callbacks.TerminateOnNaN(raise_error=True), model=model)


# What is restored ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "save_freq, die_at", [("epoch", (3, 0)), ("epoch", (4, 2)), (1, (2, 3)), (3, (3, 2)), (1, (0, 0))]
)
def test_a_killed_training_goes_on_bit_for_bit(tmp_path, save_freq, die_at):
    def listeners(model, folder):
        return callbacks.CallbackList(
            [
                callbacks.BackupAndRestore(folder, save_freq=save_freq),
                callbacks.ReduceLROnPlateau(patience=1, factor=0.5),
                callbacks.EarlyStopping(patience=3, restore_best_weights=True),
                callbacks.History(),
            ],
            model=model,
        )

    whole, killed, resumed = FakeModel(), FakeModel(), FakeModel()
    whole.fit(listeners(whole, tmp_path / "whole"))
    with pytest.raises(SystemError):
        killed.fit(listeners(killed, tmp_path / "backup"), die_at=die_at)
    resumed.fit(listeners(resumed, tmp_path / "backup"))
    assert torch.equal(resumed.w, whole.w)
    assert float(resumed.optimizer.learning_rate) == float(whole.optimizer.learning_rate)
    assert resumed.history.history == whole.history.history
    assert resumed.history.epoch == whole.history.epoch
    assert not (tmp_path / "backup").exists()


def test_an_interrupted_training_keeps_its_backup(tmp_path):
    model = FakeModel()
    listeners = callbacks.CallbackList(callbacks.BackupAndRestore(tmp_path / "backup"), model=model)
    with pytest.raises(SystemError):
        model.fit(listeners, die_at=(2, 1))
    listeners.on_train_end({})
    assert sorted(os.listdir(tmp_path / "backup")) == ["callbacks-2-0.npz", "training.state"]


def test_averages_are_judged_and_weights_go_on():
    model = FakeModel(use_ema=True, ema_momentum=0.5)
    swap = callbacks.SwapEMAWeights()
    train(model=model, epochs=1)
    weights, averages = model.w.detach().clone(), model.optimizer.slots()[0][2].clone()
    listeners = callbacks.CallbackList(swap, model=model)
    for mode in ("test", "predict"):
        getattr(listeners, f"on_{mode}_begin")()
        assert torch.equal(model.w, averages)
        getattr(listeners, f"on_{mode}_end")()
        assert torch.equal(model.w, weights)


# What is written ----------------------------------------------------------------------------------------------------

# Serialised by TensorBoard 2.21: event_pb2 through its RecordWriter.
TIME = 1700000000.25
EVENTS = {
    "scalar": "2100000000000000017becf60900001040fc54d94110ac022a130a110a0a65706f63685f6c6f7373150000203face0679d",
    "histogram": "6500000000000000ebd05a690900001040fc54d94110022a580a560a01772a5109000000000000f0bf110000000000000840"
    "190000000000001040210000000000001040290000000000002c403210000000000000f03f00000000000008403a10000000000000004000"
    "00000000000040cf8ec8bb",
}


def test_events_are_tensorboards_byte_for_byte():
    assert events.record(events.scalar("epoch_loss", 0.625, 300, TIME)).hex() == EVENTS["scalar"]
    assert events.record(events.histogram("w", [-1, 0, 2, 3], 2, TIME, bins=2)).hex() == EVENTS["histogram"]


def test_checksum_is_crc32c():
    # "123456789" is the check value of the CRC catalogue: 0xE3069283.
    crc = 0xE3069283
    assert events.masked_crc32c(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_tensorboard_writes_train_and_validation(tmp_path):
    model = FakeModel()
    weight = types.SimpleNamespace(path="dense/kernel", numpy=lambda: np.arange(6.0))
    model.layers = [types.SimpleNamespace(weights=[weight])]
    model.graph, model.to_json = object(), lambda: json.dumps({"class_name": "Sequential"})
    board = callbacks.TensorBoard(tmp_path, histogram_freq=2, update_freq=2, write_steps_per_second=True)
    train(board, model=model, epochs=2)
    train_bytes, validation_bytes = (
        (next((tmp_path / name).iterdir())).read_bytes() for name in ("train", "validation")
    )
    for tag, times in {"batch_loss": 4, "epoch_loss": 2, "epoch_learning_rate": 2, "dense/kernel/histogram": 1}.items():
        assert train_bytes.count(tag.encode()) == times
    assert b'{"class_name": "Sequential"}' in train_bytes
    assert validation_bytes.count(b"epoch_loss") == 2
    assert not callbacks.CallbackList(callbacks.TensorBoard(tmp_path)).wants_batch_hooks
