"""BackupAndRestore: a training that was killed goes on where it was, with the same weights bit for bit."""

import json
import os
import shutil

import numpy as np

from anmok import notices
from anmok.callbacks.callback import Callback
from anmok.callbacks.checkpoint import StepCounter
from anmok.errors import ArgumentError

_STATE = "training.state"


class BackupAndRestore(Callback):
    """Saves the state of training in backup_dir each epoch, or each save_freq batches; `fit` goes on from it.

    As in Keras, and beyond: optimizer, step within the epoch and the other callbacks (patience, history, ...) too.
    delete_checkpoint: remove backup_dir when training is complete; it stays when training was interrupted.
    double_checkpoint: accepted; a backup is always written whole before it replaces the one before.
    """

    runs_last = True

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True):
        super().__init__()
        if not backup_dir:
            raise ArgumentError("BackupAndRestore: expected the name of a folder as backup_dir, got nothing.")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self.peers = ()
        self.resume_from = None
        self._steps = StepCounter(save_freq)
        self._epoch = 0
        self._is_complete = False
        if save_freq == "epoch":
            self.unheard = (BackupAndRestore.on_train_batch_end,)

    def on_train_begin(self, logs=None):
        self.resume_from = None
        self._is_complete = False
        path = os.path.join(self.backup_dir, _STATE)
        if os.path.exists(path):
            epoch, step = self.model.load_training_state(path)
            self.resume_from = (epoch, step)
            self._epoch = epoch
            restore_callbacks(self.peers, self._peers_path(epoch, step))

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self._steps.is_due(batch):
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        epochs = (self.params or {}).get("epochs")
        self._is_complete = epoch + 1 == epochs or bool(getattr(self.model, "stop_training", False))
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def on_train_end(self, logs=None):
        if self._is_complete and self.delete_checkpoint:
            shutil.rmtree(self.backup_dir, ignore_errors=True)

    def _peers_path(self, epoch, step):
        return os.path.join(self.backup_dir, f"callbacks-{epoch}-{step}.npz")

    def _save(self, epoch, step):
        os.makedirs(self.backup_dir, exist_ok=True)
        # The state file names the other one by its place, so it is written last: until then the old pair holds.
        save_callbacks(self.peers, self._peers_path(epoch, step))
        path = os.path.join(self.backup_dir, _STATE)
        self.model.save_training_state(path + ".part", epoch, step)
        os.replace(path + ".part", path)
        current = os.path.basename(self._peers_path(epoch, step))
        for name in os.listdir(self.backup_dir):
            if name.startswith("callbacks-") and name != current:
                os.remove(os.path.join(self.backup_dir, name))


def save_callbacks(callbacks, path):
    """Write what each callback names in `state_names` to a NumPy archive: numbers as JSON, weights as arrays."""
    numbers, arrays = [], {}
    for i, callback in enumerate(callbacks):
        entry = {}
        for name in getattr(callback, "state_names", ()):
            value = getattr(callback, name)
            if _is_list_of_arrays(value):
                arrays.update({f"{i}/{name}/{j}": array for j, array in enumerate(value)})
                entry[name] = {"arrays": len(value)}
            else:
                entry[name] = {"value": value}
        numbers.append([type(callback).__name__, entry])
    text = json.dumps(numbers, default=lambda value: np.asarray(value).tolist())
    with open(path + ".part", "wb") as file:
        np.savez(file, numbers=np.frombuffer(text.encode(), np.uint8), **arrays)
    os.replace(path + ".part", path)


def restore_callbacks(callbacks, path):
    """Give the callbacks what `save_callbacks` wrote; other callbacks than then are left alone, with a warning."""
    if not os.path.exists(path):
        return
    with np.load(path, allow_pickle=False) as archive:
        numbers = json.loads(archive["numbers"].tobytes())
        if [name for name, _ in numbers] != [type(callback).__name__ for callback in callbacks]:
            notices.once(
                ("backup", path),
                "BackupAndRestore: the callbacks are not those of the interrupted training; they start anew.",
            )
            return
        for i, (callback, (_, entry)) in enumerate(zip(callbacks, numbers, strict=True)):
            for name, kept in entry.items():
                if name in getattr(callback, "state_names", ()):
                    value = kept.get("value")
                    if "arrays" in kept:
                        value = [archive[f"{i}/{name}/{j}"] for j in range(kept["arrays"])]
                    setattr(callback, name, value)


def _is_list_of_arrays(value):
    return isinstance(value, list) and bool(value) and all(isinstance(each, np.ndarray) for each in value)
