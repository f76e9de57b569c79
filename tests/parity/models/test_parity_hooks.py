"""Callbacks hear the same events as in Keras, in the same order, with the same logs."""

import keras
import numpy as np
import pytest
from test_parity_fit import CLASSES, LOSSES, PAIR, TARGET_PAIR, X, dense, two_by_two

import anmok

HOOKS = [
    f"on_{what}_{when}"
    for what in ("train", "test", "predict", "epoch", "train_batch", "test_batch", "predict_batch")
    for when in ("begin", "end")
]


def recorder(library, events, stop_at=None):
    def hook(name):
        def heard(self, *arguments):
            *number, logs = arguments if arguments else (None,)
            if name.startswith("on_predict_batch"):
                logs = {key: np.shape(value) for key, value in (logs or {}).items()}
            events.append((name, *number, dict(logs or {})))
            if (name, *number) == stop_at:
                self.model.stop_training = True

        return lambda self, *arguments, logs=None: heard(self, *arguments, *([] if logs is None else [logs]))

    methods = {name: hook(name) for name in HOOKS}
    return type("Recorder", (library.callbacks.Callback,), methods)()


def assert_same_events(found, expected):
    assert [event[:-1] for event in found] == [event[:-1] for event in expected]
    for (*event, logs), (*_, reference) in zip(found, expected, strict=True):
        assert list(logs) == list(reference), event
        for name, value in reference.items():
            np.testing.assert_allclose(logs[name], value, atol=1e-4, err_msg=f"{event} {name}")


@pytest.mark.parametrize("stop_at", [None, ("on_epoch_end", 0), ("on_train_batch_end", 1)])
def test_fit(twins, stop_at):
    models = twins(lambda k: dense(k, metrics=["acc"]))
    events = [], []
    for library, model, heard in zip((anmok, keras), models, events, strict=True):
        model.fit(
            X,
            CLASSES,
            batch_size=20,
            epochs=2,
            shuffle=False,
            verbose=0,
            validation_data=(X[:30], CLASSES[:30]),
            callbacks=[recorder(library, heard, stop_at)],
        )
    assert_same_events(*events)


def test_fit_of_several_outputs(twins):
    models = twins(lambda k: two_by_two(k, loss=LOSSES, metrics={"kind": ["acc"]}))
    events = [], []
    for library, model, heard in zip((anmok, keras), models, events, strict=True):
        model.fit(PAIR, TARGET_PAIR, verbose=0, shuffle=False, callbacks=[recorder(library, heard)])
    assert_same_events(*events)


def test_evaluate_and_predict(twins):
    models = twins(lambda k: dense(k, metrics=["acc"]))
    events = [], []
    for library, model, heard in zip((anmok, keras), models, events, strict=True):
        model.evaluate(X, CLASSES, verbose=0, callbacks=[recorder(library, heard)])
        model.predict(X, verbose=0, batch_size=20, callbacks=[recorder(library, heard)])
    assert_same_events(*events)


def test_what_callbacks_know(twins):
    models = twins(dense)
    known = []
    for library, model in zip((anmok, keras), models, strict=True):

        class Look(library.callbacks.Callback):
            def on_train_begin(self, logs=None):
                known.append((self.params["epochs"], self.params["steps"], self.model is model))  # noqa: B023

        model.fit(X, CLASSES, epochs=3, verbose=0, callbacks=[Look()])
    assert known[0] == known[1] == (3, 2, True)


def test_a_callback_may_change_the_learning_rate(twins):
    models = twins(dense)
    losses = []
    for library, model in zip((anmok, keras), models, strict=True):
        rate = library.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
        history = model.fit(X, CLASSES, epochs=4, verbose=0, shuffle=False, callbacks=[rate])
        losses.append(history.history)
    assert list(losses[0]) == list(losses[1])
    for name, values in losses[1].items():
        np.testing.assert_allclose(losses[0][name], values, atol=1e-4)


def test_early_stopping_restores_the_best_weights(twins):
    models = twins(lambda k: dense(k, optimizer=k.optimizers.SGD(1.5)))
    lengths = []
    for library, model in zip((anmok, keras), models, strict=True):
        stop = library.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
        history = model.fit(
            X[:30],
            CLASSES[:30],
            epochs=8,
            verbose=0,
            shuffle=False,
            validation_data=(X[30:], CLASSES[30:]),
            callbacks=[stop],
        )
        lengths.append(len(history.history["loss"]))
    assert lengths[0] == lengths[1] < 8
    for mine, reference in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_allclose(mine, reference, atol=1e-3)
