"""What a person passes to fit, evaluate or predict, as a source of epochs of batches.

Every source has num_batches (int, or None while nobody knows), num_samples, batch_size (int or None), round (see
random.epoch_of_round; 0 unless set) and batches(epoch, start=0), which yields (x, y, sample_weight): float32 inputs,
int64 or float32 labels, float32 weights; each a tensor or a list, tuple or dict of them, None where there is none.
Iterate to the end: what follows an epoch's last batch (on_epoch_end, the warning of data that ran out) happens there.
Never write into a batch: it may be the caller's own memory.
"""

import os

from torch.utils.data import DataLoader, Dataset, IterableDataset

from anmok.errors import ArgumentError, DataError
from anmok.training import arrays
from anmok.training.arrays import ArraySource
from anmok.training.iterables import IterableSource, SampleSource, SequenceSource, is_batches
from anmok.training.tensors import ACCEPTED, is_arraylike


def adapt(
    x,
    y=None,
    sample_weight=None,
    *,
    batch_size=None,
    shuffle=False,
    class_weight=None,
    steps=None,
    name="x",
    labelled=True,
):
    """The source (see above) of `x` with its labels and weights.

    batch_size: of arrays and torch Datasets (32 if None); batches that come ready have their own. shuffle: arrays and
    Datasets by samples, PyDatasets by batches; a generator's or DataLoader's order is its own. class_weight: dict of
    class to weight, multiplied into the sample weights. steps: batches an epoch. name: how errors call x.
    labelled: False to leave out labels that come with the batches. Raises DataError, ArgumentError.
    """
    settings = {"class_weight": class_weight, "steps": steps}
    kind = _kind(x, name, alone=y is None and sample_weight is None)
    if kind == "arrays":
        prefix = name.removesuffix("x")
        return ArraySource(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, prefix=prefix, **settings)
    for given, what in ((y, "y"), (sample_weight, "sample_weight")):
        if given is not None:
            raise DataError(
                f"{what} was given together with a {kind} ({type(x).__name__}), which yields its own. "
                "Let it yield (x, y) or (x, y, sample_weight) and leave y and sample_weight out."
            )
    if kind == "Dataset of samples":
        return SampleSource(x, batch_size=batch_size, shuffle=bool(shuffle), labelled=labelled, **settings)
    if isinstance(x, IterableDataset):
        return IterableSource(DataLoader(x, batch_size=batch_size or 32), labelled=labelled, **settings)
    if batch_size is not None:
        raise ArgumentError(
            f"batch_size={batch_size} was given together with a {kind} ({type(x).__name__}), whose batches come ready. "
            "Set the size where they are made and leave batch_size out."
        )
    if kind == "sequence of batches":
        return SequenceSource(x, shuffle=bool(shuffle), labelled=labelled, **settings)
    return IterableSource(x, labelled=labelled, **settings)


def train_validation_split(arrays_given, validation_split):
    """(training part, validation part) of (x, y, sample_weight): the last fraction, before shuffling (as in Keras)."""
    kind = _kind(arrays_given[0], "x", alone=False)
    if kind != "arrays":
        raise ArgumentError(
            f"validation_split works on arrays; x is a {kind} ({type(arrays_given[0]).__name__}). "
            "Pass validation_data instead."
        )
    return arrays.train_validation_split(arrays_given, validation_split)


def _kind(x, name, *, alone):
    """One of "arrays", "DataLoader", "Dataset of samples", "sequence of batches", "generator", "iterable"."""
    if x is None:
        raise DataError(f"{name} is None: there is nothing to work on. {ACCEPTED}")
    if isinstance(x, (str, bytes, os.PathLike)):
        raise DataError(
            f"{name} is text ({x!r}). For a folder of images: ImageDataGenerator().flow_from_directory(...) or "
            f"utils.image_dataset_from_directory(...). {ACCEPTED}"
        )
    if alone and is_batches(x):
        return "iterable"
    if is_arraylike(x) or isinstance(x, (list, tuple, dict, int, float)) or hasattr(x, "toarray"):
        return "arrays"
    if isinstance(x, (DataLoader, IterableDataset)):
        return type(x).__name__ if isinstance(x, DataLoader) else "iterable"
    if isinstance(x, Dataset):
        return "Dataset of samples"
    if hasattr(x, "__getitem__") and (hasattr(x, "__len__") or hasattr(x, "num_batches")):
        return "sequence of batches"
    if hasattr(x, "__next__"):
        return "generator"
    if hasattr(x, "__iter__") and not isinstance(x, (set, frozenset)):
        return "iterable"
    raise DataError(f"{name} is of a kind that is not understood, {type(x).__name__}. {ACCEPTED}")
