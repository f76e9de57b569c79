"""Arguments of compile, fit, evaluate and predict looked at where they enter; old ones understood or refused."""

import numpy as np
import torch

from anmok.errors import ArgumentError, unknown_name
from anmok.notices import old_spelling, once

# Keras 1 counted samples where one counts batches now.
_COUNTED_SAMPLES = {"samples_per_epoch": "steps_per_epoch", "nb_val_samples": "validation_steps"}
# Keras 2 asked for these; a Sequence or flow carries its own, a generator gives its batches in the order it makes them.
_OLD_WORKER_ARGUMENTS = ("workers", "use_multiprocessing", "max_queue_size", "pickle_safe", "max_q_size")
_COMPILE_ARGUMENTS = (
    "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution",
    "jit_compile", "auto_scale_loss",
)  # fmt: skip
_OLD_OF_COMPILE = ("sample_weight_mode", "target_tensors", "distribute")
_HINTS = ("experimental_run_tf_function", "experimental_steps_per_execution")  # to TensorFlow 2.0 to 2.4, on speed
_ARGUMENTS = {
    "fit": (
        "x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data", "shuffle",
        "class_weight", "sample_weight", "initial_epoch", "steps_per_epoch", "validation_steps",
        "validation_batch_size", "validation_freq",
    ),
    "evaluate": ("x", "y", "batch_size", "verbose", "sample_weight", "steps", "callbacks", "return_dict"),
    "predict": ("x", "batch_size", "verbose", "steps", "callbacks"),
}  # fmt: skip


def refuse_unknown_of_compile(old):
    """Raise for arguments of `compile` that there never were, or that Keras 2 had and that were used."""
    for name, value in old.items():
        if name not in _HINTS and (value is not None or name not in _OLD_OF_COMPILE):
            raise unknown_name("argument of compile", name, _COMPILE_ARGUMENTS)


def take_old(old, method, epochs=None):
    """The number of epochs, which Keras 1 called nb_epoch; raises for arguments that `method` never had."""
    for name, value in old.items():
        if name == "nb_epoch" and method == "fit":
            old_spelling(name, "epochs")
            epochs = value
        elif name in _COUNTED_SAMPLES:
            raise ArgumentError(
                f"{name}={value} counts samples, as in Keras 1. Pass {_COUNTED_SAMPLES[name]}, which counts batches: "
                f"{value} divided by the batch size."
            )
        elif name in _OLD_WORKER_ARGUMENTS:
            if name == "use_multiprocessing" and value:
                once(name, "use_multiprocessing: anmok reads data in threads, never in processes; nothing to set.")
        else:
            raise unknown_name(f"argument of {method}", name, _ARGUMENTS[method])
    return epochs


def ask_for_threads(source, old):
    """Pass Keras 2's workers and max_queue_size on to a source that makes batches in threads; others need none."""
    workers, ahead = old.get("workers"), old.get("max_queue_size", old.get("max_q_size"))
    require_whole(**{name: value for name, value in (("workers", workers), ("max_queue_size", ahead)) if value})
    if hasattr(source, "ask_for_threads"):
        source.ask_for_threads(workers, ahead)


def require_whole(**numbers):
    """Raise for what is no whole number, or below 0."""
    for name, value in numbers.items():
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 0:
            raise ArgumentError(f"{name}: expected a whole number, 0 or more, got {value!r}.")


def require_frequency(value):
    """Raise for a validation_freq that is neither a number from 1 nor a list of epochs."""
    if not isinstance(value, (list, tuple, set, int, np.integer)) or (not hasattr(value, "__len__") and value < 1):
        raise ArgumentError(
            f"validation_freq: expected a number of epochs from 1, or a list of epochs such as [1, 5], got {value!r}."
        )


def validates_after(epoch, frequency):
    """Whether `fit` validates after that epoch (from 0)."""
    if isinstance(frequency, (list, tuple, set)):
        return epoch + 1 in frequency
    return (epoch + 1) % frequency == 0


def split_validation_data(data):
    """(x, y, sample_weight) of what was passed as validation_data; an iterable of batches stands alone."""
    if isinstance(data, (tuple, list)) and len(data) in (2, 3):
        return data
    if isinstance(data, tuple) or torch.is_tensor(data) or isinstance(data, np.ndarray):
        what = f"a tuple of {len(data)}" if isinstance(data, tuple) else f"one array of shape {tuple(data.shape)}"
        raise ArgumentError(
            f"validation_data: expected (x, y), (x, y, sample_weight), or what yields such batches, got {what}."
        )
    return (data,)


def metrics_by_position(loss_weights, metrics):
    """(loss_weights, metrics) where metrics may stand third in compile, their place before Keras 3."""
    if metrics is not None or not loss_weights:
        return loss_weights, metrics
    first = next(iter(loss_weights.values() if isinstance(loss_weights, dict) else [loss_weights]))
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    if isinstance(first, str) or (callable(first) and not hasattr(first, "__array__")):
        old_spelling("compile(optimizer, loss, metrics)", "compile(optimizer, loss, metrics=metrics)")
        return None, loss_weights
    return loss_weights, metrics
