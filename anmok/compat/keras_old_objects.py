"""Small things that Keras had in other years and that stand for something else today."""

import functools
import numbers

import torch

from anmok import layers, regularizers, utils
from anmok.callbacks import Callback
from anmok.errors import ArgumentError
from anmok.layers.symbolic import KerasTensor
from anmok.notices import old_spelling, once


class Reduction:
    """tf.keras.losses.Reduction: the values of a loss's `reduction`."""

    AUTO = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls):
        return ("auto", cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE)


class BaseLogger(Callback):
    """Keras 2's callback that kept the means of an epoch, which the logs have anyway; people derive theirs from it."""

    def __init__(self, stateful_metrics=None):
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())


# Keras 1: mode of `merge` -> the layer.
_MERGES = {
    "sum": layers.Add, "mul": layers.Multiply, "ave": layers.Average, "max": layers.Maximum,
    "concat": layers.Concatenate, "dot": layers.Dot, "cos": layers.Dot,
}  # fmt: skip


def merge(inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, name=None, **other):
    """Keras 1's `merge(inputs, mode=...)`: the layer for that mode, called on the inputs."""
    if callable(mode):
        return layers.Lambda(mode, output_shape=output_shape, name=name)(inputs)
    if mode not in _MERGES:
        raise ArgumentError(f"merge: expected mode as one of {', '.join(_MERGES)} or a function, got {mode!r}.")
    for argument, value in other.items():
        if value is not None:
            raise ArgumentError(f"merge: {argument}={value!r} is not understood; use a Lambda layer.")
    kind = _MERGES[mode]
    arguments = {}
    if kind is layers.Concatenate:
        arguments["axis"] = concat_axis
    elif kind is layers.Dot:
        arguments.update(axes=dot_axes, normalize=mode == "cos")
    old_spelling(f"merge(mode={mode!r})", f"layers.{kind.__name__}")
    return kind(name=name, **arguments)(inputs)


def AtrousConvolution2D(nb_filter, nb_row, nb_col, atrous_rate=(1, 1), **arguments):
    """Keras 1's layer for Conv2D with a dilation_rate."""
    old_spelling("AtrousConvolution2D", "Conv2D(dilation_rate=...)")
    return layers.Conv2D(nb_filter, (nb_row, nb_col), dilation_rate=atrous_rate, **arguments)


@functools.wraps(utils.image_dataset_from_directory)
def image_dataset_from_directory(*given, smart_resize=None, **arguments):
    if smart_resize is not None:
        old_spelling("image_dataset_from_directory(smart_resize=...)", "crop_to_aspect_ratio=...")
        arguments["crop_to_aspect_ratio"] = smart_resize
    return utils.image_dataset_from_directory(*given, **arguments)


@functools.wraps(utils.to_categorical)
def to_categorical(y, num_classes=None, dtype="float32", **arguments):
    """One-hot rows in float32, as tf.keras makes them: what is computed with them beside pictures stays float32."""
    if isinstance(y, torch.Tensor):
        dtype = None if dtype == "float32" else dtype
    return utils.to_categorical(arguments.pop("x", y), num_classes, dtype, **arguments)


def WeightRegularizer(l1=0.0, l2=0.0):
    """Keras 1's name for L1L2."""
    old_spelling("WeightRegularizer", "regularizers.L1L2")
    return regularizers.L1L2(l1=l1, l2=l2)


def get_source_inputs(tensor, layer=None, node_index=None):
    """The inputs, as a list, that a symbolic tensor is computed from."""
    found, waiting, seen = [], [tensor], set()
    while waiting:
        tensor = waiting.pop(0)
        node = tensor.node
        if node is None or not node.inputs:
            if not any(tensor is known for known in found):
                found.append(tensor)
        elif id(node) not in seen:
            seen.add(id(node))
            waiting.extend(node.inputs)
    return found


def is_keras_tensor(x):
    """Whether x is symbolic: made by Input or by a layer called on it."""
    return isinstance(x, KerasTensor)


def count_params(weights):
    """How many numbers these weights hold."""
    return sum(weight.numel() for weight in {id(weight): weight for weight in weights}.values())


def set_session(session):
    """Nothing to do: programs set sessions to settle how TensorFlow takes a GPU's memory."""
    once("set_session", "K.set_session: there are no sessions any more; nothing is set.")


def print_summary(model, line_length=None, positions=None, print_fn=None):
    """Keras 2's function for model.summary()."""
    model.summary(line_length=line_length, positions=positions, print_fn=print_fn)


def multi_gpu_model(model, gpus=None, cpu_merge=True, cpu_relocation=False):
    """The model itself where one device is asked for; several are refused."""
    if gpus is None or (isinstance(gpus, numbers.Integral) and gpus > 1) or not isinstance(gpus, numbers.Integral):
        raise ArgumentError("multi_gpu_model: anmok computes on one device; train the model itself.")
    return model


def normalize_data_format(value):
    """Keras' check of a data_format, None being the default."""
    return layers.MaxPooling2D(data_format=value).data_format
