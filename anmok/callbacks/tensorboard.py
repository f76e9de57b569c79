"""TensorBoard: the logs as event files, which `tensorboard --logdir` shows; writing them needs no other package."""

import os
import time

import numpy as np

from anmok import notices
from anmok.callbacks import events
from anmok.callbacks.callback import Callback
from anmok.errors import AnmokError, ArgumentError, unknown_name

_ARGUMENTS = (
    "log_dir", "histogram_freq", "write_graph", "write_images", "write_steps_per_second", "update_freq",
    "profile_batch", "embeddings_freq", "embeddings_metadata",
)  # fmt: skip
_OLD_REQUESTS = ("write_grads", "embeddings_layer_names", "embeddings_data")


class TensorBoard(Callback):
    """Writes log_dir/train and log_dir/validation (as in Keras): curves of each epoch, and what is asked for below.

    histogram_freq: distributions of the weights every so many epochs. write_graph: the model, for the Graphs tab.
    write_steps_per_second: speed. update_freq: 'epoch', or also every so many batches ('batch' for each). Pictures of
    weights, embeddings and profiles are not made: asking for them raises ArgumentError.
    """

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
        **old,
    ):
        super().__init__()
        asked = {
            "write_images": write_images,
            "profile_batch": profile_batch,
            "embeddings_freq": embeddings_freq,
            "embeddings_metadata": embeddings_metadata,
            **{name: old.pop(name) for name in _OLD_REQUESTS if name in old},
        }
        old.pop("batch_size", None)  # how many samples Keras 2 made histograms of activations from
        for argument in old:
            raise unknown_name("argument of TensorBoard", argument, _ARGUMENTS)
        for argument, value in asked.items():
            if value:
                raise ArgumentError(f"TensorBoard: {argument}={value!r} is not offered here; leave it out.")
        if update_freq != "epoch" and update_freq != "batch" and (not isinstance(update_freq, int) or update_freq < 1):
            raise ArgumentError(
                f"TensorBoard: expected update_freq 'epoch', 'batch' or a number of batches, got {update_freq!r}."
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self._train = events.EventFile(os.path.join(self.log_dir, "train"))
        self._validation = events.EventFile(os.path.join(self.log_dir, "validation"))
        self._batches = 0
        if self.update_freq == "epoch":
            self.unheard = (TensorBoard.on_train_batch_end,)

    def on_train_begin(self, logs=None):
        self._batches = 0
        self._last_batch_time = time.perf_counter()
        if self.write_graph and getattr(self.model, "graph", None) is not None:
            try:
                self._train.write(events.keras_graph, "keras", self.model.to_json(), 0)
            except AnmokError as reason:
                notices.once(("graph", self.model.name), f"TensorBoard: the model's graph is left out: {reason}")

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_start = time.perf_counter(), int(self.model.optimizer.iterations)

    def on_train_batch_end(self, batch, logs=None):
        self._batches += 1
        now = time.perf_counter()
        if self._batches % self.update_freq == 0:
            for name, value in _scalars(logs):
                self._train.write(events.scalar, f"batch_{name}", value, self._batches)
            if self.write_steps_per_second:
                speed = 1.0 / max(now - self._last_batch_time, 1e-9)
                self._train.write(events.scalar, "batch_steps_per_second", speed, self._batches)
        self._last_batch_time = now

    def on_epoch_end(self, epoch, logs=None):
        logs = dict(logs or {})
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            started, before = self._epoch_start
            steps = int(self.model.optimizer.iterations) - before
            logs["steps_per_second"] = steps / max(time.perf_counter() - started, 1e-9)
        for name, value in _scalars(logs):
            file = self._validation if name.startswith("val_") else self._train
            file.write(events.scalar, f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for layer in self.model.layers:
                for weight in layer.weights:
                    self._train.write(events.histogram, f"{weight.path}/histogram", weight.numpy(), epoch)
        self._train.flush()
        self._validation.flush()

    def on_test_end(self, logs=None):
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            for name, value in _scalars(logs):
                tag = f"evaluation_{name}_vs_iterations"
                self._validation.write(events.scalar, tag, value, optimizer.iterations)
            self._validation.flush()

    def on_train_end(self, logs=None):
        self._train.close()
        self._validation.close()


def _scalars(logs):
    return [(name, value) for name, value in (logs or {}).items() if np.ndim(value) == 0]
