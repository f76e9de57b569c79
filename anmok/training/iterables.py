"""Epochs of batches out of what yields batches, or samples, by itself."""

import contextlib
import copy
import itertools
import math

import numpy as np
import torch
from torch.utils.data import default_collate

from anmok import random
from anmok.errors import DataError
from anmok.notices import once
from anmok.training import checks
from anmok.training.arrays import NAMES, warn_short, window
from anmok.training.sequence import EmptyBatch, in_order, threads_of
from anmok.training.tensors import as_input, as_label, map_leaves, wrap_all
from anmok.training.weights import ClassWeights, spread, weigh


def unpack_x_y_sample_weight(batch):
    """(x, y, sample_weight) of x, (x,), (x, y) or (x, y, sample_weight), None for what is missing (as in Keras)."""
    if not isinstance(batch, (tuple, list)):
        return batch, None, None
    if not 1 <= len(batch) <= 3:
        raise DataError(
            f"A batch is x, (x,), (x, y) or (x, y, sample_weight); this one is a {type(batch).__name__} of "
            f"{len(batch)}. Several inputs go together as the first: ((x1, x2), y)."
        )
    return (*batch, None, None)[:3]


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """The shortest of x, (x,), (x, y), (x, y, sample_weight) that holds what there is (as in Keras)."""
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


class _Finisher:
    """Turns what was yielded into (x, y, sample_weight) of tensors, all of finite numbers."""

    def __init__(self, class_weight, labelled):
        self.class_weights = None if class_weight is None else ClassWeights(class_weight)
        self.labelled = labelled

    def __call__(self, batch, number):
        parts = unpack_x_y_sample_weight(batch)
        if not self.labelled:
            parts = (parts[0], None, None)
        x, y, weight = (wrap_all(part, f"a batch's {name}") for part, name in zip(parts, NAMES, strict=True))
        checks.same_length(x, y, weight, prefix="a batch's ")
        for structure, name in ((x, "x"), (y, "y"), (weight, "sample_weight")):
            checks.finite(structure, f"batch {number + 1}'s {name}")
        y = map_leaves(as_label, y)
        weight = weigh(spread(map_leaves(as_input, weight), y), self.class_weights, y)
        return map_leaves(as_input, x), y, weight


class SequenceSource:
    """Batches by number out of a PyDataset or anything alike; a shuffled order is a function of seed and epoch.

    If the object has set_epoch(epoch), on_epoch_begin() or on_epoch_end(), they are called around each epoch.
    """

    def __init__(self, dataset, *, shuffle=False, class_weight=None, steps=None, labelled=True):
        self.dataset = dataset
        self.shuffle = shuffle
        self.steps = checks.steps(steps)
        self.num_samples = None
        self.batch_size = None
        self.round = 0
        self.ran_out = False
        self._finish = _Finisher(class_weight, labelled)
        self._threads = {}
        self._length()
        if not labelled and getattr(dataset, "shuffle", False) and hasattr(dataset, "batch_of_stream"):
            once(
                "predict shuffled",
                "This flow shuffles: the predictions come in its order, not in that of its filenames and classes. "
                "Pass shuffle=False where the flow is made.",
            )

    def on(self, dataset):
        """The same source on other data of as many batches."""
        other = copy.copy(self)
        other.dataset = dataset
        return other

    def ask_for_threads(self, workers, ahead):
        """Have that many threads make batches, so many batches ahead; None leaves it to the data."""
        self._threads = {"workers": workers, "ahead": ahead}

    def _length(self):
        length = self.dataset.num_batches if hasattr(self.dataset, "num_batches") else len(self.dataset)
        if length is None and self.steps is None:
            raise DataError("x yields batches without end: say how many make an epoch (steps_per_epoch or steps).")
        if length is not None and length < 1:
            raise DataError(f"x is empty: this {type(self.dataset).__name__} has {length} batches.")
        return length

    @property
    def num_batches(self):
        """How many batches an epoch has."""
        return self.steps or self._length()

    def batches(self, epoch, start=0):
        """Yield (x, y, sample_weight) of the epoch's batches from number `start` on."""
        tell_epoch(self.dataset, random.epoch_of_round(epoch, self.round))
        _call(self.dataset, "on_epoch_begin")
        indices, missing = self._plan(epoch)
        make = getattr(self.dataset, "batch_of_stream", self.dataset.__getitem__)
        threads, ahead = threads_of(self.dataset, **self._threads)
        made = in_order(lambda i: self._made(make, i), indices[start:], threads=threads, ahead=ahead)
        with contextlib.closing(made):
            for batch in made:
                if batch is not None:
                    yield batch
        if missing:
            warn_short(len(indices), self.steps)
        _call(self.dataset, "on_epoch_end")

    def _plan(self, epoch):
        """(numbers of the epoch's batches, how many are missing at the end of the data)."""
        length = self._length()
        if hasattr(self.dataset, "batch_of_stream"):
            first = random.epoch_of_round(epoch, self.round) * self.num_batches
            return range(first, first + self.num_batches), 0
        if length is None:
            return range(epoch * self.steps, (epoch + 1) * self.steps), 0
        number, first, last = window(length, self.steps, epoch)
        indices = range(first, last)
        if self.shuffle:
            order = random.generator("shuffle", random.epoch_of_round(number, self.round)).permutation(length)
            indices = [int(i) for i in order[first:last]]
        return indices, (self.steps or len(indices)) - len(indices)

    def _made(self, make, index):
        try:
            batch = make(index)
        except EmptyBatch:
            return None
        return self._finish(batch, index)


def _call(dataset, hook):
    if hasattr(dataset, hook):
        getattr(dataset, hook)()


def tell_epoch(iterable, epoch):
    """Call set_epoch(epoch) of what is iterated over, or of its sampler, where there is one (as PyTorch's samplers)."""
    for thing in (iterable, getattr(iterable, "sampler", None), getattr(iterable, "batch_sampler", None)):
        if hasattr(thing, "set_epoch"):
            thing.set_epoch(epoch)


class SampleSource:
    """Batches collected from a torch Dataset of samples; a shuffled order is a function of seed and epoch."""

    def __init__(self, dataset, *, batch_size=None, shuffle=False, class_weight=None, steps=None, labelled=True):
        self.dataset = dataset
        self.num_samples = len(dataset)
        if not self.num_samples:
            raise DataError("x is empty: this Dataset has no samples.")
        self.batch_size = checks.count(batch_size, "batch_size") or 32
        self.shuffle = shuffle
        self.steps = checks.steps(steps)
        self.round = 0
        self.ran_out = False
        self._finish = _Finisher(class_weight, labelled)

    @property
    def num_batches(self):
        """How many batches an epoch has."""
        return self.steps or math.ceil(self.num_samples / self.batch_size)

    def batches(self, epoch, start=0):
        """Yield (x, y, sample_weight) of the epoch's batches from number `start` on."""
        tell_epoch(self.dataset, random.epoch_of_round(epoch, self.round))
        length = math.ceil(self.num_samples / self.batch_size)
        number, first, last = window(length, self.steps, epoch)
        order = np.arange(self.num_samples)
        if self.shuffle:
            order = random.generator("shuffle", random.epoch_of_round(number, self.round)).permutation(self.num_samples)
        for i in range(first + start, last):
            rows = order[i * self.batch_size : (i + 1) * self.batch_size].tolist()
            if hasattr(self.dataset, "__getitems__"):
                samples = self.dataset.__getitems__(rows)
            else:
                samples = [self.dataset[row] for row in rows]
            yield self._finish(default_collate(samples), i)
        if self.steps and last - first < self.steps:
            warn_short(last - first, self.steps)


class IterableSource:
    """Batches of a generator, a DataLoader or any iterable, in the order it has.

    With `steps`, an epoch takes so many batches and the next one goes on from there; a new iteration begins when one
    has ended (a generator has only one: `ran_out` is then True and epochs are empty). Without `steps`, an epoch is
    one iteration.
    """

    def __init__(self, iterable, *, class_weight=None, steps=None, labelled=True):
        self.iterable = iterable
        self.steps = checks.steps(steps)
        self.num_samples = None
        self.batch_size = None
        self.round = 0
        self.ran_out = False
        self._single = hasattr(iterable, "__next__")
        if self.steps is None and hasattr(iterable, "cardinality") and int(iterable.cardinality()) == _INFINITE:
            raise DataError(
                f"x yields batches without end ({type(iterable).__name__}.repeat()): say how many make an epoch "
                "(steps_per_epoch or steps), or leave repeat() out: fit begins the data anew each epoch."
            )
        self._finish = _Finisher(class_weight, labelled)
        self._iterator = None
        self._counted = None

    @property
    def num_batches(self):
        """How many batches an epoch has; None while nobody knows."""
        if self.steps:
            return self.steps
        try:
            return len(self.iterable)
        except (TypeError, NotImplementedError):
            return self._counted

    def batches(self, epoch, start=0):
        """Yield (x, y, sample_weight) of the epoch's batches from number `start` on, passing over the earlier."""
        carried = self._iterator is not None and self.steps is not None
        if not carried:
            self._begin(epoch)
        for i in range(self.steps) if self.steps else itertools.count():
            batch = next(self._iterator, _END)
            if batch is _END and carried and i == 0 and not self._single:
                # The last iteration ended exactly where an epoch did.
                self._begin(epoch)
                batch = next(self._iterator, _END)
            if batch is _END:
                self._end(i, epoch)
                return
            if i >= start:
                yield self._finish(batch, i)

    def _begin(self, epoch):
        tell_epoch(self.iterable, random.epoch_of_round(epoch, self.round))
        # A Dataset may show a person its elements as something else than plain tensors.
        self._iterator = iter(self.iterable.plain() if hasattr(self.iterable, "plain") else self.iterable)

    def _end(self, given, epoch):
        """The data ended after `given` batches of the epoch."""
        self._iterator = None
        self.ran_out = self._single
        if not given and (epoch == 0 or not self._single):
            used_up = "is used up (a generator gives its batches once; give steps, or data that goes on)"
            raise DataError(f"x {used_up if self._counted else 'is empty: it gave no batch'}.")
        if self.steps or not given:
            warn_short(given, self.steps or self._counted)
        self._counted = given or self._counted


_END = object()
_INFINITE = -1  # as tf.data and anmok.data.dataset count what has no end


def is_batches(value):
    """Whether a list holds batches: tuples of one to three, whose first is an array."""
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(item, tuple) and 1 <= len(item) <= 3 for item in value)
        and all(isinstance(item[0], (np.ndarray, torch.Tensor)) and item[0].ndim > 0 for item in value)
    )
