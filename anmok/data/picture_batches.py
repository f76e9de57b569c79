"""Batches out of pictures that are read one by one, shuffled and varied anew each epoch; never all in memory."""

import copy
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from anmok import random
from anmok.errors import ArgumentError, DataError, FileFormatError, MissingFileError
from anmok.training.sequence import PyDataset

_MOST_THREADS = 4
_CHUNK = 16  # pictures that one thread reads in a row


class PictureBatches(PyDataset):
    """Batches (float32 (B, H, W, C) in 0..255, labels (B,)) by number; give `fit` shuffle=False with them.

    pictures: anything whose read(i) gives picture i as uint8 (H, W, C), such as data.cache.DecodedImages.
    rows: int (N,), which of them, in their order. labels: (N,), theirs. change: a transform of anmok.augment (image and
    Generator to image), or None. shuffled: a new order each epoch. Order and variation are a function of (seed, epoch,
    batch) alone, so `batches[i]` is the same whichever thread makes it, and when.
    """

    def __init__(self, pictures, rows, labels, *, batch_size, change=None, shuffled=False):
        super().__init__(workers=threads())
        self.pictures, self.change, self.shuffled = pictures, change, shuffled
        self.rows, self.labels = np.asarray(rows, np.int64), np.asarray(labels)
        if len(self.rows) != len(self.labels):
            raise DataError(f"Expected a label for each of {len(self.rows)} pictures, got {len(self.labels)}.")
        if len(self.rows) == 0:
            raise DataError("There is no picture to make a batch of.")
        if batch_size < 1:
            raise ArgumentError(f"Expected batch_size >= 1, got {batch_size}.")
        self.batch_size = batch_size
        self._epoch = 0
        self._drawn = None, None

    def __len__(self):
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(f"Batch {index} of {len(self)}.")
        return self.batch_of_stream(self._epoch * len(self) + index)

    def set_epoch(self, epoch):
        """Which epoch `batches[i]` is of."""
        self._epoch = epoch

    def batch_of_stream(self, number):
        """Batch `number` of all epochs, one after another."""
        epoch, index = divmod(number, len(self))
        rng = None if self.change is None else random.generator("augment", epoch, index)
        return self._batch(self.rows_of_stream(number), rng)

    def rows_of_stream(self, number):
        """Which of the pictures, counted in the order of `rows`, that batch has: int (B,)."""
        epoch, index = divmod(number, len(self))
        return self._order(epoch)[index * self.batch_size : (index + 1) * self.batch_size]

    def batch_of_rows(self, chosen):
        """(chosen, their batch), where nothing is changed at random."""
        return list(chosen), self._batch(np.asarray(chosen), None)

    def changed_by(self, change):
        """The same batches, each picture changed by another transform."""
        other = copy.copy(self)
        other.change = change
        return other

    @property
    def row_count(self):
        """How many pictures there are."""
        return len(self.rows)

    @property
    def gives_the_same_anew(self):
        """Whether a picture is the same in every epoch."""
        return self.change is None

    def _batch(self, chosen, rng):
        images = [self.pictures.read(int(row)) for row in self.rows[chosen]]
        if rng is not None:
            images = [self.change(image, rng) for image in images]
        return np.stack(images).astype(np.float32), self.labels[chosen]

    def _order(self, epoch):
        # Kept for the epoch under way; a thread that is in another one already draws its own.
        known, order = self._drawn
        if known != epoch:
            count = len(self.rows)
            order = random.generator("order", epoch).permutation(count) if self.shuffled else np.arange(count)
            self._drawn = epoch, order
        return order


def threads():
    """How many threads read pictures ahead of training: the cores that this process may use, at most four."""
    # A container or a batch system may give fewer than the machine has.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_THREADS, cores)


def read_all(pictures, *, on_error="skip", tell=None):
    """Read each of a DecodedImages once, in threads, so that it is kept; returns {index: error} of the unreadable.

    on_error="raise" lets the first FileFormatError or MissingFileError up instead. tell(done, total) hears how far it
    is, in the thread that called.
    """
    count = len(pictures)
    faults = {}
    pool = ThreadPoolExecutor(threads(), thread_name_prefix="anmok-read")
    try:
        starts = range(0, count, _CHUNK)
        parts = [range(start, min(start + _CHUNK, count)) for start in starts]
        for part, found in zip(parts, pool.map(lambda part: _faults(pictures, part, on_error), parts), strict=True):
            faults.update(found)
            if tell is not None:
                tell(part.stop, count)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return faults


def _faults(pictures, part, on_error):
    found = {}
    for index in part:
        try:
            pictures.read(index)
        except (FileFormatError, MissingFileError) as error:
            if on_error == "raise":
                raise
            found[index] = error
    return found
