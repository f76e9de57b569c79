"""Epochs of batches out of arrays that lie in memory."""

import copy
import math
import warnings

import torch

from anmok import random
from anmok.errors import ArgumentError, DataError
from anmok.notices import AnmokWarning
from anmok.training import checks
from anmok.training.tensors import as_input, as_label, map_leaves, wrap_all
from anmok.training.weights import ClassWeights, spread, weigh

# Labels up to this many numbers are cast once; what is larger is cast batch by batch.
_SMALL = 1 << 23
NAMES = ("x", "y", "sample_weight")


def window(length, steps, epoch):
    """Which part of which pass an epoch of `steps` batches is, when a pass over the data has `length` batches.

    (pass, first, last): a pass is as many epochs as it takes, the next epoch goes on where the last one ended, and a
    new pass begins with an epoch of its own (as in Keras). All of it follows from `epoch` alone.
    """
    if steps is None:
        return epoch, 0, length
    epochs_a_pass = math.ceil(length / steps)
    number, part = divmod(epoch, epochs_a_pass)
    return number, part * steps, min(length, (part + 1) * steps)


def warn_short(given, wanted):
    """Say that the data ended before the epoch did."""
    warnings.warn(
        f"Your input ran out of data: {given} of the {wanted} batches of this epoch came. "
        "Give fewer steps, or data that goes on.",
        AnmokWarning,
        stacklevel=3,
    )


def wrap_each(arrays, prefix=""):
    """The tuple (x, y, sample_weight) with tensors as the leaves of each."""
    return tuple(wrap_all(array, prefix + name) for array, name in zip(arrays, NAMES, strict=False))


class ArraySource:
    """Batches of arrays; the order is a function of the master seed and the epoch alone.

    shuffle: False, True (all samples), or "batch" (the samples within each batch, as in Keras 3).
    prefix: what errors put before "x", "y" and "sample_weight".
    """

    def __init__(
        self,
        x,
        y=None,
        sample_weight=None,
        *,
        batch_size=None,
        shuffle=False,
        class_weight=None,
        steps=None,
        prefix="",
    ):
        if shuffle not in (True, False, "batch"):
            raise ArgumentError(f"Expected shuffle to be True, False or 'batch', got {shuffle!r}.")
        x, y, sample_weight = wrap_each((x, y, sample_weight), prefix)
        self.num_samples = checks.same_length(x, y, sample_weight, prefix=prefix)
        for structure, name in zip((x, y, sample_weight), NAMES, strict=True):
            checks.finite(structure, prefix + name)
        self.steps = checks.steps(steps)
        self.batch_size = checks.count(batch_size, "batch_size")
        if self.batch_size is None:
            self.batch_size = math.ceil(self.num_samples / self.steps) if self.steps else 32
        self.shuffle = shuffle
        self.round = 0
        self.ran_out = False
        self._length = math.ceil(self.num_samples / self.batch_size)
        y = map_leaves(lambda tensor: as_label(tensor) if tensor.numel() <= _SMALL else tensor, y)
        sample_weight = spread(map_leaves(as_input, sample_weight), y)
        if class_weight is not None:
            sample_weight = weigh(sample_weight, ClassWeights(class_weight), y)
        self._arrays = x, y, sample_weight

    @property
    def arrays(self):
        """(x, y, sample_weight) as they lie in memory."""
        return self._arrays

    def with_inputs(self, x):
        """The same source with other inputs, a tensor or structure of them, for the same labels."""
        other = copy.copy(self)
        other._arrays = (x, *self._arrays[1:])
        return other

    @property
    def num_batches(self):
        """How many batches an epoch has."""
        return self.steps or self._length

    def batches(self, epoch, start=0):
        """Yield (x, y, sample_weight) of the epoch's batches from number `start` on; what is missing is None."""
        number, first, last = window(self._length, self.steps, epoch)
        take = self._taker(number)
        for i in range(first + start, last):
            yield take(i * self.batch_size, min((i + 1) * self.batch_size, self.num_samples))
        if self.steps and last - first < self.steps:
            warn_short(last - first, self.steps)

    def _taker(self, number):
        """A function of (begin, end) that makes one batch of pass `number`."""
        x, y, weight = self._arrays
        order = self._order(number) if self.shuffle else None

        def pick(begin, end):
            if order is None:
                return lambda tensor: tensor[begin:end]
            rows = order[begin:end]
            return lambda tensor: tensor.index_select(0, rows.to(tensor.device))

        def take(begin, end):
            picked = pick(begin, end)
            return (
                map_leaves(lambda tensor: as_input(picked(tensor)), x),
                map_leaves(lambda tensor: as_label(picked(tensor)), y),
                map_leaves(picked, weight),
            )

        return take

    def _order(self, number):
        draw = random.generator("shuffle", random.epoch_of_round(number, self.round))
        if self.shuffle == "batch":
            starts = range(0, self.num_samples, self.batch_size)
            sizes = (min(self.batch_size, self.num_samples - begin) for begin in starts)
            parts = [begin + torch.from_numpy(draw.permutation(n)) for begin, n in zip(starts, sizes, strict=True)]
            return torch.cat(parts)
        return torch.from_numpy(draw.permutation(self.num_samples))


def train_validation_split(arrays, validation_split):
    """(training part, validation part) of a tuple (x, y, sample_weight): the last fraction, before any shuffling.

    The boundary is Keras': floor(n (1 - validation_split)).
    """
    if isinstance(validation_split, bool) or not 0 < validation_split < 1:
        raise ArgumentError(f"Expected validation_split between 0 and 1, got {validation_split!r}.")
    arrays = wrap_each(arrays)
    n = checks.same_length(*arrays)
    boundary = math.floor(n * (1 - validation_split))
    if boundary in (0, n):
        raise DataError(
            f"{n} samples cannot be split by validation_split={validation_split}: one part would be empty. "
            "Give more samples or another fraction."
        )
    return map_leaves(lambda tensor: tensor[:boundary], arrays), map_leaves(lambda tensor: tensor[boundary:], arrays)
