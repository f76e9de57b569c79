"""A folder of images as a Dataset of float32 batches, with Keras' files, order and pixels."""

import numbers

import numpy as np
import torch

from anmok import random
from anmok.data.dataset import AUTOTUNE, Dataset
from anmok.data.elements import TensorSpec
from anmok.errors import ArgumentError, DataError, unknown_name
from anmok.utils.image_labels import labelled
from anmok.utils.image_reading import CHANNELS, Reader

LABEL_MODES = ("int", "categorical", "binary", "multilabel", None)
_SHOWN = 5


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    color_mode="rgb",
    batch_size=32,
    image_size=(256, 256),
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    interpolation="bilinear",
    follow_links=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    data_format=None,
    format="tf",
    verbose=True,
):
    """A Dataset of (images, labels) out of a folder that has one sub-folder per class, as in Keras.

    images: float32 (B, height, width, C) in 0..255, not rounded: TensorFlow's resize without antialias. Decoded by
    threads, upright, ahead of training. batch_size None: single images.
    labels: "inferred" from the sub-folders; a list or array, one entry per file in the order of the sorted paths; or
    None, then images alone. label_mode: "int" int64 (B,), "categorical" float32 (B, K), "binary" float32 (B, 1), None,
    or "multilabel", which Keras has not: float32 (B, K) of 0 and 1 out of labels (N, K), out of a list of names per
    file, or, inferred, out of folder names at "_" (the folder black_dress shows black and dress).
    class_names: the sub-folders in the order of their labels; the columns' names of multilabel rows (N, K).
    shuffle: the files once, by `seed` exactly as Keras does before it splits, then anew each pass, but for validation
    files, which keep their order. subset: "training", "validation" or "both" (two Datasets) of a validation_split.
    The result has class_names, file_paths and skipped: what cannot be read is left out, named and counted there.
    Raises MissingFileError, DataError or ArgumentError in words.
    """
    height, width = _size(image_size)
    _check(label_mode, color_mode, batch_size, data_format, format)
    read = Reader(color_mode, (height, width), interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, data_format)
    _check_split(validation_split, subset, shuffle, seed)
    if labels is None or label_mode is None:
        labels = label_mode = None
    samples = labelled(directory, labels, label_mode, class_names, follow_links).readable()
    if label_mode == "binary" and len(samples.classes) != 2:
        raise DataError(
            f"label_mode='binary' needs exactly 2 classes, found {len(samples.classes)}: "
            f"{', '.join(map(repr, samples.classes))}. Use 'int' or 'categorical', or name two in class_names."
        )
    if verbose:
        classes = "" if labels is None else f" belonging to {len(samples.classes)} classes"
        print(f"Found {len(samples)} files{classes}.")
        _tell_skipped(samples.skipped)
    seed = random.next_seed("image dataset") % 2**32 if seed is None else seed
    if shuffle:
        order = np.arange(len(samples))
        np.random.RandomState(seed).shuffle(order)
        samples = samples.take(order)
    # A list of labels stays as it is given where numbers are asked for, whatever the numbers (as in Keras).
    listed = label_mode == "int" and not isinstance(labels, str)
    values = np.array([int(name) for name in samples.classes]) if listed else None
    settings = {"values": values, "read": read, "label_mode": label_mode, "batch_size": batch_size, "seed": seed}
    if not validation_split:
        return _dataset(samples, shuffle=shuffle, **settings)
    held_out = int(validation_split * len(samples))
    _require_both(len(samples), held_out, validation_split, directory)
    parts = []
    if subset in ("training", "both"):
        training = samples.take(np.arange(len(samples) - held_out))
        parts.append((training, shuffle, "training"))
    if subset in ("validation", "both"):
        # Keras shuffles it anew each pass when asked for alone, so that labels read in one pass fit no prediction.
        parts.append((samples.take(np.arange(len(samples) - held_out, len(samples))), False, "validation"))
    if verbose:
        for part, _, name in parts:
            print(f"Using {len(part)} files for {name}.")
    datasets = [_dataset(part, shuffle=shuffled, **settings) for part, shuffled, _ in parts]
    return datasets if subset == "both" else datasets[0]


def _tell_skipped(skipped):
    if skipped:
        first = "; ".join(f"{name} ({reason.rstrip('.')})" for name, reason in skipped[:_SHOWN])
        more = f"; and {len(skipped) - _SHOWN} more, see .skipped" if len(skipped) > _SHOWN else ""
        print(f"Left out {len(skipped)} files: {first}{more}.")


# From files to batches ----------------------------------------------------------------------------------------------


def _dataset(samples, *, read, label_mode, values, batch_size, shuffle, seed):
    paths = np.array(samples.paths)
    if label_mode is None:
        files, function = Dataset.from_tensor_slices(paths), read
    else:
        labels = _encoded(samples, label_mode, values)
        files = Dataset.from_tensor_slices((paths, labels))
        function = _WithLabel(read, TensorSpec(labels.shape[1:], torch.from_numpy(labels).dtype))
    if shuffle:
        files = files.shuffle(len(samples), seed=seed)
    dataset = files.map(function, num_parallel_calls=AUTOTUNE)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    dataset = dataset.prefetch(AUTOTUNE)
    dataset.class_names = list(samples.classes) if label_mode is not None else None
    dataset.file_paths = list(samples.paths)
    dataset.skipped = list(samples.skipped)
    return dataset


class _WithLabel:
    """(path, label) -> (image, label)."""

    takes_plain = True

    def __init__(self, read, label_spec):
        self.read = read
        self.element_spec = (read.element_spec, label_spec)

    def __call__(self, path, label):
        return self.read(path), label


def _encoded(samples, label_mode, values):
    """The labels as the mode has them; `values`: what stands for each class in mode "int", None for its index."""
    if label_mode == "binary":
        return samples.labels[:, None].astype(np.float32)
    if label_mode == "categorical":
        return np.eye(len(samples.classes), dtype=np.float32)[samples.labels]
    return np.array(samples.labels if values is None else values[samples.labels])


# What was asked for -------------------------------------------------------------------------------------------------


def _size(image_size):
    pair = (image_size, image_size) if isinstance(image_size, numbers.Integral) else image_size
    if (
        not isinstance(pair, (list, tuple))
        or len(pair) != 2
        or any(isinstance(n, bool) or not isinstance(n, numbers.Integral) or n < 1 for n in pair)
    ):
        raise ArgumentError(f"Expected image_size as (height, width) of 1 pixel or more, got {image_size!r}.")
    return int(pair[0]), int(pair[1])


def _check(label_mode, color_mode, batch_size, data_format, format):
    if label_mode not in LABEL_MODES:
        raise unknown_name("label_mode", label_mode, [str(mode) for mode in LABEL_MODES])
    if color_mode not in CHANNELS:
        raise unknown_name("color_mode", color_mode, CHANNELS)
    if batch_size is not None and (
        isinstance(batch_size, bool) or not isinstance(batch_size, numbers.Integral) or batch_size < 1
    ):
        raise ArgumentError(
            f"Expected batch_size to be a whole number of 1 or more, or None for single images; got {batch_size!r}."
        )
    if data_format not in (None, "channels_last", "channels_first"):
        raise unknown_name("data_format", data_format, ("channels_last", "channels_first"))
    if format != "tf":
        raise ArgumentError(
            f"format={format!r} is not available: the result is anmok's Dataset, with tf.data's methods (format='tf')."
        )


def _check_split(validation_split, subset, shuffle, seed):
    if validation_split is not None and not (isinstance(validation_split, numbers.Real) and 0 <= validation_split < 1):
        raise ArgumentError(f"Expected validation_split between 0 and 1, such as 0.2; got {validation_split!r}.")
    if subset not in (None, "training", "validation", "both"):
        raise unknown_name("subset", subset, ("training", "validation", "both"))
    if bool(validation_split) != (subset is not None):
        raise ArgumentError(
            f"validation_split={validation_split} and subset={subset!r} go together: say validation_split=0.2 and "
            "subset='training', 'validation' or 'both'."
        )
    if seed is not None and (not isinstance(seed, numbers.Integral) or not 0 <= seed < 2**32):
        raise ArgumentError(f"Expected seed to be a whole number in 0..2**32-1, or None; got {seed!r}.")
    if validation_split and shuffle and seed is None and subset != "both":
        raise ArgumentError(
            f"subset={subset!r} of shuffled files needs a seed, the same in both calls: else images would be in both "
            "parts. Give seed=..., or shuffle=False, or subset='both'."
        )


def _require_both(count, held_out, validation_split, directory):
    if not 0 < held_out < count:
        raise DataError(
            f"validation_split={validation_split} of {count} files in {directory} leaves {count - held_out} for "
            f"training and {held_out} for validation; both need one or more."
        )
