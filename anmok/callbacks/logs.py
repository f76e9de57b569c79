"""Callbacks that write the logs down, or stop when they make no sense."""

import csv
import math
import os

import numpy as np

from anmok.callbacks.callback import Callback
from anmok.errors import TrainingError


class CSVLogger(Callback):
    """Writes a row an epoch to a CSV file (as in Keras). append: add to the file instead of beginning it anew."""

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._file = None
        self._writer = None

    def on_train_begin(self, logs=None):
        self.on_train_end()
        os.makedirs(os.path.dirname(self.filename) or ".", exist_ok=True)
        self._file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self._writer is None:
            names = sorted(logs)
            if not any(name.startswith("val_") for name in names):
                # Validation may come in a later epoch, too late for the header.
                names += [f"val_{name}" for name in names]
            self._writer = csv.DictWriter(
                self._file, ["epoch", *names], restval="NA", extrasaction="ignore", delimiter=self.separator
            )
            if self._file.tell() == 0:
                self._writer.writeheader()
        self._writer.writerow({"epoch": epoch, **{name: _cell(value) for name, value in logs.items()}})
        self._file.flush()

    def on_train_end(self, logs=None):
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def _cell(value):
    if np.ndim(value):
        return f'"[{", ".join(map(str, value))}]"'
    return value


class TerminateOnNaN(Callback):
    """Stops training when the loss is NaN or infinite (as in Keras). raise_error: with a TrainingError."""

    def __init__(self, raise_error=False):
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise TrainingError(f"The loss became {loss} at batch {batch}: training was stopped.")
        print(f"Batch {batch}: the loss became {loss}, training is stopped.")
        self.model.stop_training = True
