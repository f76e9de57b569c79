"""What ImageDataGenerator's three flows share: batches without end, each a function of (seed, pass, index) alone."""

import os
import threading
from pathlib import Path

import numpy as np

from anmok import random
from anmok.data.picture_batches import threads
from anmok.errors import ArgumentError, DataError
from anmok.preprocessing.pictures import array_to_img
from anmok.training.sequence import EmptyBatch, PyDataset

_SEEDS = 1 << 32


class Iterator(PyDataset):
    """Batches of `n` samples, over and over (as in Keras).

    `next(flow)` goes on for ever, `flow[i]` is batch i of the pass under way, `len(flow)` counts a pass's batches.
    seed: the order of pass p and the changes in its batch b are drawn from seed + p * len + b, as in Keras; None takes
    a seed from `anmok.random.set_seed`'s. So a batch is the same whichever thread makes it, and when.
    workers: threads that make batches ahead of `fit` (by default as many as there are cores, at most 4); 0 for none.
    Subclasses write `_make(rows, rng)`, or as in Keras `_get_batches_of_transformed_samples(rows)`.
    """

    def __init__(self, n, batch_size, shuffle, seed, *, workers=None, use_multiprocessing=False, max_queue_size=10):
        workers = threads() if workers is None else workers
        super().__init__(workers=workers, use_multiprocessing=use_multiprocessing, max_queue_size=max_queue_size)
        self._count = int(n)
        self.batch_size = whole("batch_size", batch_size, least=1)
        self.shuffle = bool(shuffle)
        self.seed = seed
        self._seed = random.next_seed("flow") % _SEEDS if seed is None else whole("seed", seed, least=0)
        self.total_batches_seen = 0
        self._epoch = 0
        self._lock = threading.Lock()
        self._orders = {}

    @property
    def n(self):
        """How many samples a pass has."""
        return self._count

    @property
    def batch_index(self):
        """Which batch of its pass `next` gives."""
        return self.total_batches_seen % len(self)

    def __len__(self):
        return -(-self._count // self.batch_size)

    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise IndexError(f"Batch {index} was asked for; the flow has {len(self)} (0 to {len(self) - 1}).")
        return self.batch_of_stream(self._epoch * len(self) + index % len(self))

    def __iter__(self):
        return self

    def __next__(self):
        empty = 0
        while True:
            with self._lock:
                number = self.total_batches_seen
                self.total_batches_seen += 1
            try:
                return self.batch_of_stream(number)
            except EmptyBatch:
                empty += 1
                if empty > len(self):
                    raise

    next = __next__

    def reset(self):
        """Go to the beginning of a pass: `next` gives its first batch."""
        self.total_batches_seen = -(-self.total_batches_seen // len(self)) * len(self)

    def set_epoch(self, epoch):
        """Which pass `flow[i]` is of."""
        self._epoch = int(epoch)

    def on_epoch_end(self):
        self._epoch += 1

    def batch_of_stream(self, number):
        """Batch `number` of all passes, one after another; raises EmptyBatch when none of its samples can be read."""
        rng = self._generator(number)
        return self._make(self._rows_of(number, rng), rng)

    def rows_of_stream(self, number):
        """Which rows batch `number` of all passes has, an array (B,) of ints."""
        return self._rows_of(number, self._generator(number))

    def batch_of_rows(self, rows):
        """(the rows that can be read, their batch) for flows of which `gives_the_same_anew` is true."""
        return list(rows), self._make(np.asarray(rows), self._generator(0))

    @property
    def row_count(self):
        """How many rows there are, readable or not."""
        return self._count

    @property
    def gives_the_same_anew(self):
        """Whether a sample is the same in every pass."""
        return False

    def _generator(self, number):
        return np.random.RandomState((self._seed + number) % _SEEDS)

    def _rows_of(self, number, rng):
        number_of_pass, index = divmod(number, len(self))
        # The first batch's generator draws the order first.
        order = self._drawn_order(rng) if index == 0 else self._order(number_of_pass)
        return order[index * self.batch_size : (index + 1) * self.batch_size]

    def _drawn_order(self, rng):
        return rng.permutation(self._count) if self.shuffle else np.arange(self._count)

    def _order(self, number_of_pass):
        with self._lock:
            if number_of_pass not in self._orders:
                # Threads are in two passes at once where one ends.
                while len(self._orders) > 1:
                    del self._orders[min(self._orders)]
                self._orders[number_of_pass] = self._drawn_order(self._generator(number_of_pass * len(self)))
            return self._orders[number_of_pass]

    def _make(self, rows, rng):
        return self._get_batches_of_transformed_samples(rows)

    def _get_batches_of_transformed_samples(self, index_array):
        raise NotImplementedError(
            f"{type(self).__name__} needs _get_batches_of_transformed_samples(index_array), which returns the batch of "
            "those samples."
        )


class PictureSaver:
    """Writes the images of batches to a folder to be looked at: `prefix_index_number.format`, scaled to 0..255."""

    def __init__(self, folder, prefix, file_format, data_format):
        self.folder, self.prefix = Path(os.fspath(folder)), prefix
        self.file_format, self.data_format = file_format, data_format
        if not self.folder.is_dir():
            raise ArgumentError(f"save_to_dir: there is no folder {self.folder}. Make it first: os.makedirs(...).")

    def __call__(self, images, rows, rng):
        for image, row in zip(images, rows, strict=True):
            name = f"{self.prefix}_{row}_{rng.randint(10_000_000)}.{self.file_format}"
            array_to_img(image, self.data_format, scale=True).save(self.folder / name)


def saver(folder, prefix, file_format, data_format):
    """The PictureSaver of a flow's save_to_dir; None where that is None."""
    return None if folder is None else PictureSaver(folder, prefix, file_format, data_format)


def whole(name, value, *, least):
    """`value` as an int of at least `least`; raises ArgumentError."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < least:
        raise ArgumentError(f"{name}: expected a whole number of {least} or more, got {value!r}.")
    return int(value)


def part_of(subset, validation_split, count):
    """(first, last) of `count` samples that a flow's `subset` is: the validation samples come first, as in Keras."""
    if subset is None:
        return 0, count
    if subset not in ("training", "validation"):
        raise ArgumentError(f"subset: expected 'training', 'validation' or None, got {subset!r}.")
    if not validation_split:
        raise ArgumentError(
            f"subset={subset!r} needs to know how many samples are for validation: "
            "ImageDataGenerator(validation_split=0.2, ...)."
        )
    edge = int(validation_split * count)
    first, last = (0, edge) if subset == "validation" else (edge, count)
    if first == last:
        raise DataError(
            f"subset={subset!r}: {validation_split} of {count} sample(s) leaves none for it. Give more samples, or "
            "another validation_split."
        )
    return first, last
