"""The loops over batches: fit, evaluate, predict. They know a Task, an iterable of batches and who wants to listen."""

import warnings

import torch
from torch.utils import _pytree as pytree

from anmok import random
from anmok.notices import AnmokWarning
from anmok.training.limit import first as first_of
from anmok.training.limit import is_spent, limit, repeated
from anmok.training.logs import Logs
from anmok.training.task import warn_if_not_finite, warn_if_weights_are_not_finite


def to_device(batch, device):
    """The batch with its tensors on the device."""
    if device.type == "cpu":
        return batch
    return pytree.tree_map(lambda leaf: leaf.to(device, non_blocking=True) if torch.is_tensor(leaf) else leaf, batch)


def fit(task, source, *, epochs, first, prepare, listeners, progress, validate, stopped):
    """Train for epochs `first[0]`..epochs-1, beginning at step `first[1]`, or where a listener says to resume.

    prepare() makes the task ready, each epoch, since callbacks may have frozen layers or thawed them.
    task.train_step is called on every batch of `source.batches(epoch, start)`. validate(epoch) returns the logs of a
    validation or None. stopped() tells whether a listener wants to stop.
    """
    listeners.on_train_begin()
    first_epoch, first_step = getattr(listeners, "resume_from", None) or first
    logs = {}
    doubts = _Doubts(task)
    for epoch in range(first_epoch, epochs):
        if epoch > first_epoch and source.ran_out:
            # An epoch without data would report a loss of 0.
            _warn_used_up(epoch, epochs)
            break
        task.reset()
        listeners.on_epoch_begin(epoch)
        prepare()
        progress.begin_epoch(epoch)
        start = first_step if epoch == first_epoch else 0
        steps = _train_epoch(task, source, epoch, start, listeners, progress, stopped, doubts)
        if not steps and source.ran_out:
            progress.interrupt()
            _warn_used_up(epoch, epochs)
            break
        doubts.look_at_weights(epoch)
        logs = task.results()
        logs = Logs(sorted({**logs, **(validate(epoch) or {})}.items()))
        listeners.on_epoch_end(epoch, logs)
        progress.end_epoch(logs)
        if stopped():
            break
    listeners.on_train_end(logs)


def _warn_used_up(done, wanted):
    warnings.warn(
        f"The generator is used up after epoch {done} of {wanted}, so training ends here: a generator gives its "
        "batches once. Let it go on without end and pass steps_per_epoch, or pass a Sequence.",
        AnmokWarning,
        stacklevel=3,
    )


class _Doubts:
    """Says once a fit where numbers stopped being numbers."""

    def __init__(self, task):
        self._task = task
        self._said = False

    def look_at_loss(self, value, epoch, step):
        self._said = self._said or warn_if_not_finite(value, epoch, step)

    def look_at_weights(self, epoch):
        # ReLU may turn NaN into 0, so that the loss alone does not show it.
        self._said = self._said or warn_if_weights_are_not_finite(self._task, epoch)


def _train_epoch(task, source, epoch, start, listeners, progress, stopped, doubts):
    """Train on the epoch's batches from `start` on; returns how many there were."""
    heard, steps = listeners.wants_batch_hooks, 0
    for step, batch in enumerate(first_of(source.batches(epoch, start), limit.training), start):
        x, y, sample_weight = to_device(batch, task.device)
        if heard:
            listeners.on_train_batch_begin(step)
        with random.training_step(random.epoch_of_round(epoch, source.round), step):
            value = task.train_step(x, y, sample_weight)
        steps += 1
        doubts.look_at_loss(value, epoch, step)
        if heard:
            listeners.on_train_batch_end(step, task.results())
        progress.update(step + 1, task.results)
        if stopped():
            break
    return steps


def evaluate(task, source, *, listeners, progress):
    """Logs of the losses and metrics over all batches."""
    task.reset()
    listeners.on_test_begin()
    progress.begin_epoch(0)
    heard = listeners.wants_batch_hooks
    for step, batch in enumerate(first_of(source.batches(0), limit.validation)):
        x, y, sample_weight = to_device(batch, task.device)
        if heard:
            listeners.on_test_batch_begin(step)
        task.test_step(x, y, sample_weight)
        if heard:
            listeners.on_test_batch_end(step, task.results())
        progress.update(step + 1, task.results)
    logs = task.results()
    progress.end_epoch(logs)
    listeners.on_test_end(logs)
    return logs


def predict(task, source, *, listeners, progress):
    """The outputs for all batches, as NumPy arrays in the structure of the model's output."""
    listeners.on_predict_begin()
    progress.begin_epoch(0)
    heard = listeners.wants_batch_hooks
    parts, structure = [], None
    for step, batch in enumerate(source.batches(0)):
        if limit.prediction is not None and step >= limit.prediction:
            parts.append(repeated(parts[: limit.prediction], _rows(batch[0])))
            continue
        x, _, _ = to_device(batch, task.device)
        rows = _rows(x) if is_spent(getattr(task, "module", task)) else None
        if rows:
            x = pytree.tree_map(lambda leaf: leaf[:1] if torch.is_tensor(leaf) else leaf, x)
        if heard:
            listeners.on_predict_batch_begin(step)
        outputs = task.predict_step(x)
        leaves, structure = ([outputs], None) if torch.is_tensor(outputs) else pytree.tree_flatten(outputs)
        parts.append([leaf.cpu() for leaf in leaves])
        if rows:
            parts[-1] = repeated(parts[-1:], rows)
        if heard:
            listeners.on_predict_batch_end(step, {"outputs": outputs})
        progress.update(step + 1, dict)
    progress.end_epoch({})
    listeners.on_predict_end()
    joined = [torch.cat(leaf).numpy() for leaf in zip(*parts, strict=True)]
    if structure is None:
        return joined[0] if joined else None
    return pytree.tree_unflatten(joined, structure)


def _rows(x):
    """How many samples a batch has."""
    return len(next(leaf for leaf in pytree.tree_leaves(x) if torch.is_tensor(leaf)))
