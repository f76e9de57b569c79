"""Callback: what wants to hear of training. Override the hooks that are needed; the others cost nothing."""

from anmok.errors import unknown_name
from anmok.training.logs import Logs

BATCH_HOOKS = tuple(f"on_{mode}_batch_{when}" for mode in ("train", "test", "predict") for when in ("begin", "end"))
HOOKS = (
    *BATCH_HOOKS,
    *(f"on_{mode}_{when}" for mode in ("train", "test", "predict", "epoch") for when in ("begin", "end")),
)


class Callback:
    """Keras' Callback: `self.model`, `self.params` (verbose, epochs, steps), and a method for each event.

    batch and epoch count from 0; logs is a dict of floats, shared by all callbacks of one event.
    """

    model = None
    params = None
    validation_data = None  # [x, y, weights] where fit validates on arrays, as in Keras 2
    # What BackupAndRestore keeps of the callback: attributes that hold numbers, lists of them, or arrays.
    state_names = ()
    runs_last = False
    # Hooks defined by the class that this object has no use for, such as those of batches when it acts each epoch.
    unheard = ()

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self.model = model

    def on_train_begin(self, logs=None):
        """Before the first epoch."""

    def on_train_end(self, logs=None):
        """After the last epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch."""

    def on_epoch_end(self, epoch, logs=None):
        """After an epoch and its validation; logs has the metrics of both."""

    def on_train_batch_begin(self, batch, logs=None):
        """Before a step of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """After a step of training; logs has the metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch, logs=None):
        """Old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """Old name of `on_train_batch_end`."""

    def on_test_begin(self, logs=None):
        """Before an evaluation, also within `fit`."""

    def on_test_end(self, logs=None):
        """After an evaluation."""

    def on_test_batch_begin(self, batch, logs=None):
        """Before a step of an evaluation."""

    def on_test_batch_end(self, batch, logs=None):
        """After a step of an evaluation."""

    def on_predict_begin(self, logs=None):
        """Before predictions."""

    def on_predict_end(self, logs=None):
        """After predictions."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Before a step of predictions."""

    def on_predict_batch_end(self, batch, logs=None):
        """After a step of predictions; logs["outputs"] has them."""


class LambdaCallback(Callback):
    """A callback of functions: LambdaCallback(on_epoch_end=lambda epoch, logs: ...), one for any hook (as in Keras)."""

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_train_begin=None,
        on_train_end=None,
        on_train_batch_begin=None,
        on_train_batch_end=None,
        **hooks,
    ):
        super().__init__()
        hooks.update(
            on_epoch_begin=on_epoch_begin,
            on_epoch_end=on_epoch_end,
            on_train_begin=on_train_begin,
            on_train_end=on_train_end,
            on_train_batch_begin=on_train_batch_begin,
            on_train_batch_end=on_train_batch_end,
        )
        known = (*HOOKS, "on_batch_begin", "on_batch_end")
        for name, function in hooks.items():
            if name not in known:
                raise unknown_name("hook of LambdaCallback", name, known)
            if function is not None:
                setattr(self, name, function)


class ProgbarLogger(Callback):
    """Keras' progress line. `fit` shows its own, by `verbose`; this is accepted so that old code runs."""

    def __init__(self, count_mode=None, stateful_metrics=None):
        super().__init__()


class History(Callback):
    """What was measured: `history` {name: [value of each epoch]} and `epoch` [numbers] (as in Keras)."""

    state_names = ("epoch", "history")

    def __init__(self):
        super().__init__()
        self.epoch = []
        self.history = Logs()

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self
