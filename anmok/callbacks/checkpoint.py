"""ModelCheckpoint: keep the model, or the best one, in files while it trains."""

import os

from anmok import files, notices
from anmok.callbacks.monitor import MonitorCallback
from anmok.errors import ArgumentError, unknown_name
from anmok.training.logs import other_spelling

_ENDINGS = {True: (".weights.h5", ".h5", ".hdf5", ".safetensors"), False: (".keras", ".h5", ".hdf5")}


class StepCounter:
    """Tells each `every` steps, across epochs (as Keras counts them)."""

    def __init__(self, every):
        if every != "epoch" and (not isinstance(every, int) or isinstance(every, bool) or every < 1):
            raise ArgumentError(f"Expected save_freq to be 'epoch' or a number of batches from 1, got {every!r}.")
        self.every = every
        self.since = 0
        self.last = None

    def is_due(self, batch):
        """Whether step `batch` (from 0, in its epoch) is one of them."""
        if self.every == "epoch":
            return False
        self.since += batch + 1 if self.last is None or batch <= self.last else batch - self.last
        self.last = batch
        if self.since < self.every:
            return False
        self.since = 0
        return True


class ModelCheckpoint(MonitorCallback):
    """Saves the model each epoch, or each save_freq batches, or only when `monitor` became better (as in Keras).

    filepath: '.keras', '.h5', or for save_weights_only '.weights.h5' or '.safetensors'; may have {epoch:02d}, {batch}
    and names of the logs like {val_loss:.2f}. initial_value_threshold: what the first save has to beat. Old: `period`,
    every how many epochs.
    """

    state_names = ("best", "_epochs_since_saved")

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
        **old,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.period = 1
        if "period" in old:
            notices.old_spelling("period", "save_freq")
            self.period = int(old.pop("period"))
        for argument in old:
            known = ("filepath", "monitor", "verbose", "save_best_only", "save_weights_only", "mode", "save_freq")
            raise unknown_name("argument of ModelCheckpoint", argument, (*known, "initial_value_threshold", "period"))
        self.filepath = os.fspath(filepath)
        endings = _ENDINGS[bool(save_weights_only)]
        # Without an ending it is a checkpoint's or SavedModel's name, which saving understands.
        if not self.filepath.endswith(endings) and files.names_a_format(self.filepath):
            raise ArgumentError(
                f"ModelCheckpoint: expected a filepath that ends in {' or '.join(endings)}"
                f"{' for save_weights_only=True' if save_weights_only else ''}, got {self.filepath!r}."
            )
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._steps = StepCounter(save_freq)
        self._epochs_since_saved = 0
        self._current_epoch = 0
        if save_freq == "epoch":
            self.unheard = (ModelCheckpoint.on_train_batch_end,)

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self._steps.is_due(batch):
            self._save(self._current_epoch, batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._epochs_since_saved += 1
            if self._epochs_since_saved >= self.period:
                self._epochs_since_saved = 0
                self._save(epoch, None, logs)

    def _save(self, epoch, batch, logs):
        logs = logs or {}
        path = self._path(epoch, batch, logs)
        if not self._is_wanted(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise ArgumentError(f"ModelCheckpoint: expected filepath to be a file, but {path!r} is a folder.")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _path(self, epoch, batch, logs):
        names = {other_spelling(name): value for name, value in logs.items() if other_spelling(name)}
        names.update(logs, epoch=epoch + 1)
        if batch is not None:
            names.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**names)
        except KeyError as missing:
            raise ArgumentError(
                f"ModelCheckpoint: the filepath {self.filepath!r} names {missing}, which there is not. "
                f"Available: {', '.join(names)}."
            ) from None

    def _is_wanted(self, epoch, logs, path):
        words = f"saving the model to {path}"
        if self.save_best_only:
            current = self.read_monitor(logs)
            # Without the number to judge by, rather one file too many.
            if current is not None and getattr(current, "ndim", 0) == 0:
                before = "nothing" if self.best is None else f"{self.best:.5f}"
                if not self.is_improvement(current, self.best):
                    self._say(epoch, f"{self.monitor} did not improve from {before}")
                    return False
                self.best = current
                words = f"{self.monitor} improved from {before} to {current:.5f}, {words}"
        self._say(epoch, words)
        return True

    def _say(self, epoch, words):
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: {words}")
