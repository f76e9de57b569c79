"""Callbacks that change the learning rate between epochs."""

import inspect
import numbers

from anmok import notices
from anmok.callbacks.callback import Callback
from anmok.callbacks.monitor import MonitorCallback
from anmok.errors import ArgumentError, unknown_name


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` after `patience` epochs without improvement (as in Keras).

    cooldown: epochs to wait after that before counting again. min_lr: it does not fall below. Old: `epsilon` for
    min_delta.
    """

    state_names = ("wait", "best", "cooldown_counter")

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0.0,
        **old,
    ):
        if "epsilon" in old:
            notices.old_spelling("epsilon", "min_delta")
            min_delta = old.pop("epsilon")
        for argument in old:
            known = ("monitor", "factor", "patience", "verbose", "mode", "min_delta", "cooldown", "min_lr")
            raise unknown_name("argument of ReduceLROnPlateau", argument, known)
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ArgumentError(f"ReduceLROnPlateau: expected a factor below 1, got {factor!r}.")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._start_anew()

    def _start_anew(self):
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs=None):
        self._start_anew()

    def in_cooldown(self):
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        rate = logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = self.read_monitor(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                self.model.optimizer.learning_rate = max(rate * self.factor, self.min_lr)
                if self.verbose > 0:
                    print(f"\nEpoch {epoch + 1}: reducing the learning rate to {max(rate * self.factor, self.min_lr)}.")
                self.cooldown_counter = self.cooldown
                self.wait = 0


class LearningRateScheduler(Callback):
    """Sets the learning rate of each epoch to schedule(epoch, rate) or schedule(epoch), a float (as in Keras)."""

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        rate = self.schedule(epoch, float(optimizer.learning_rate)) if self._takes_rate else self.schedule(epoch)
        # Arrays and tensors of one number are numbers too; None is what a forgotten `return` gives.
        if not isinstance(rate, numbers.Real) and not hasattr(rate, "__float__"):
            raise ArgumentError(f"LearningRateScheduler: expected schedule to return a float, got {rate!r}.")
        optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: setting the learning rate to {float(rate)}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function):
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # built-in functions may have no signature
        return True
    return True
