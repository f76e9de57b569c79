"""Decisions of callbacks against Keras' on the same random logs."""

import contextlib
import io
import types

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import callbacks, optimizers
from anmok.registry import snake_case

# Coarse values: Keras compares in float32.
LOGS = st.lists(st.integers(0, 12).map(lambda i: i / 4), min_size=1, max_size=25)


class FakeModel:
    """What callbacks touch of a model, and a record of what they did to it."""

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.stop_training = False
        self.weights = [np.zeros(1)]
        self.saved = []
        self.built = True

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = weights

    def save(self, path, overwrite=True):
        self.saved.append(path)

    save_weights = save


def drive(callback, values, *, name="val_loss", optimizer, batches=0):
    """Run the callback through epochs with these values of `name`; returns the model and each epoch's record."""
    model = FakeModel(optimizer)
    callback.set_model(model)
    callback.set_params({"epochs": len(values), "steps": batches, "verbose": 0})
    record = []
    with contextlib.redirect_stdout(io.StringIO()):
        callback.on_train_begin({})
        for epoch, value in enumerate(values):
            callback.on_epoch_begin(epoch, {})
            for batch in range(batches):
                logs = {name: value + batch / 8}
                callback.on_train_batch_begin(batch, dict(logs))
                callback.on_train_batch_end(batch, dict(logs))
            model.weights = [np.full(1, float(epoch))]
            logs = {"loss": 0.5, name: value}
            callback.on_epoch_end(epoch, logs)
            record.append((f"{float(optimizer.learning_rate):.5g}", sorted(logs), model.stop_training))
            if model.stop_training:
                break
        callback.on_train_end({})
    return model, record


def drive_both(name, arguments, values, **more):
    theirs, ours = getattr(keras.callbacks, name)(**arguments), getattr(callbacks, name)(**arguments)
    expected = drive(theirs, values, optimizer=keras.optimizers.SGD(0.5), **more)
    found = drive(ours, values, optimizer=optimizers.SGD(0.5), **more)
    assert found[1] == expected[1]
    assert found[0].saved == expected[0].saved
    np.testing.assert_array_equal(found[0].weights[0], expected[0].weights[0])
    return theirs, ours


@settings(max_examples=25, deadline=None)
@given(
    values=LOGS,
    min_delta=st.sampled_from([0, 0.3, -0.3]),
    patience=st.integers(0, 4),
    mode=st.sampled_from(["auto", "min", "max"]),
    baseline=st.sampled_from([None, 1.1]),
    restore_best_weights=st.booleans(),
    start_from_epoch=st.integers(0, 4),
    verbose=st.integers(0, 1),
)
def test_early_stopping_decides_as_keras(values, **arguments):
    theirs, ours = drive_both("EarlyStopping", arguments, values)
    assert (ours.wait, ours.stopped_epoch, ours.best_epoch) == (theirs.wait, theirs.stopped_epoch, theirs.best_epoch)
    assert ours.best == theirs.best


@settings(max_examples=25, deadline=None)
@given(
    values=LOGS,
    factor=st.sampled_from([0.1, 0.5]),
    patience=st.integers(0, 4),
    mode=st.sampled_from(["auto", "min", "max"]),
    min_delta=st.sampled_from([0.0, 1e-4, 0.3]),
    cooldown=st.integers(0, 3),
    min_lr=st.sampled_from([0.0, 0.01, 0.3]),
    verbose=st.integers(0, 1),
)
def test_reduce_on_plateau_decides_as_keras(values, **arguments):
    drive_both("ReduceLROnPlateau", arguments, values)


@settings(max_examples=25, deadline=None)
@given(
    values=LOGS,
    mode=st.sampled_from(["auto", "min", "max"]),
    save_best_only=st.booleans(),
    save_weights_only=st.booleans(),
    initial_value_threshold=st.sampled_from([None, 1.1]),
    verbose=st.integers(0, 1),
)
def test_model_checkpoint_saves_what_keras_saves(tmp_path_factory, values, **arguments):
    ending = ".weights.h5" if arguments["save_weights_only"] else ".keras"
    folder = tmp_path_factory.getbasetemp()
    drive_both("ModelCheckpoint", {"filepath": f"{folder}/{{epoch:02d}}-{{val_loss:.2f}}{ending}", **arguments}, values)


@settings(max_examples=25, deadline=None)
@given(values=LOGS, save_freq=st.integers(1, 12), batches=st.integers(1, 7))
def test_model_checkpoint_counts_batches_as_keras(tmp_path_factory, values, save_freq, batches):
    path = f"{tmp_path_factory.getbasetemp()}/{{epoch}}-{{batch}}.keras"
    drive_both("ModelCheckpoint", {"filepath": path, "save_freq": save_freq}, values, batches=batches)


@pytest.mark.parametrize("schedule", [lambda epoch: 0.5 / (epoch + 1), lambda epoch, rate: rate * 0.75])
def test_learning_rate_scheduler_sets_what_keras_sets(schedule):
    drive_both("LearningRateScheduler", {"schedule": schedule}, [0.0] * 5)


@settings(max_examples=15, deadline=None)
@given(values=LOGS, separator=st.sampled_from([",", ";"]), append=st.booleans(), name=st.sampled_from(["acc", "val_x"]))
def test_csv_logger_writes_what_keras_writes(tmp_path_factory, values, separator, append, name):
    folder = tmp_path_factory.mktemp("csv")
    for run in range(2):
        for room in (keras.callbacks, callbacks):
            logger = room.CSVLogger(f"{folder}/{room.__name__}.csv", separator=separator, append=append)
            drive(logger, values[run:], name=name, optimizer=optimizers.SGD())
        texts = [(folder / f"{room.__name__}.csv").read_bytes() for room in (keras.callbacks, callbacks)]
        assert texts[0].replace(b"\r\n", b"\n") == texts[1].replace(b"\r\n", b"\n")


METRICS = [
    "BinaryAccuracy", "CategoricalAccuracy", "AUC", "Precision", "Recall", "F1Score", "FBetaScore", "R2Score",
    "MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError", "LogCoshError", "KLDivergence", "Hinge", "CategoricalHinge", "Poisson",
    "BinaryCrossentropy", "SparseCategoricalCrossentropy", "TruePositives", "FalseNegatives", "CosineSimilarity",
    "TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy",
]  # fmt: skip


@pytest.mark.parametrize("name", METRICS)
def test_direction_told_from_a_name_is_the_metrics_own(name):
    direction = getattr(getattr(keras.metrics, name)(), "_direction", None)
    if direction is None or name == "TruePositives":
        pytest.skip("Keras knows no direction for it")
    monitor = callbacks.MonitorCallback(f"val_{snake_case(name)}")
    monitor.set_model(types.SimpleNamespace(metrics=[]))
    assert monitor.is_improvement(1.0, 0.0) == (direction == "up")
