"""Numbers are found under the names that Keras gave them in other years."""

import pickle

import numpy as np
import pytest

from anmok import callbacks, layers, models, notices
from anmok.training.logs import Logs

X = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)
Y = (X[:, :1] > 0.5).astype("float32")


def fitted(metrics, listeners=()):
    model = models.Sequential([layers.Dense(1, activation="sigmoid", input_shape=(3,))])
    model.compile("sgd", "binary_crossentropy", metrics=metrics)
    return model.fit(X, Y, validation_split=0.25, epochs=2, verbose=0, callbacks=list(listeners))


def test_history_has_both_spellings_of_a_metric():
    new, old = fitted(["accuracy", "mae"]).history, fitted(["acc", "mean_absolute_error"]).history
    assert set(new) == {"loss", "accuracy", "mae", "val_loss", "val_accuracy", "val_mae"}
    assert new["val_acc"] is new["val_accuracy"]
    assert new["val_mean_absolute_error"] is new["val_mae"]
    assert old["accuracy"] is old["acc"]


def test_a_callback_asks_for_either():
    seen = []

    class Asking(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((logs.get("acc"), logs["val_acc"], logs.get("auc"), logs.get("auc", 0)))

    history = fitted(["accuracy"], [Asking()]).history
    assert seen[0] == (history["accuracy"][0], history["val_accuracy"][0], None, 0)


def test_the_learning_rate_has_both_names():
    history = fitted([], [callbacks.LearningRateScheduler(lambda epoch: 0.5**epoch)]).history
    assert history["lr"] == [1.0, 0.5]


def test_what_was_not_measured_is_missing_and_copies_are_plain():
    logs = Logs(loss=1.0, accuracy=0.5)
    with pytest.raises(KeyError, match="val_acc"):
        logs["val_acc"]
    assert type(pickle.loads(pickle.dumps(logs))) is dict
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="There is no 'acc' here; 'accuracy', the same number, is given"):
        assert logs["acc"] == 0.5
