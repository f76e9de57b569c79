"""PyDataset (also Sequence): batches by number, made by threads if wanted."""

import collections
import itertools
from concurrent.futures import ThreadPoolExecutor

import torch
from threadpoolctl import threadpool_limits

from anmok.errors import DataError
from anmok.notices import once


class EmptyBatch(DataError):
    """None of a batch's samples can be read; whoever goes through the batches passes over it."""


class PyDataset:
    """Base class of one's own batches (as in Keras): __getitem__(i) returns batch i, __len__() counts the batches.

    A batch is x, (x,), (x, y) or (x, y, sample_weight). `num_batches` may be a property instead of __len__; None
    means without end. on_epoch_begin() and on_epoch_end() are called around each epoch.
    A subclass that has batch_of_stream(number), the batches of all passes over its data one after another, is asked
    that instead: an epoch then takes as many as it wants, and the next one goes on from there.
    workers: above 1, so many threads make batches ahead of training, at most max_queue_size of them; the order stays.
    use_multiprocessing: honoured with threads, which need no pickling and no start-up.
    """

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} needs __getitem__(index), which returns batch `index`.")

    @property
    def num_batches(self):
        """How many batches there are; None means without end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} needs __len__(), which counts its batches.")

    def __iter__(self):
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    def on_epoch_begin(self):
        """Called before the first batch of each epoch."""

    def on_epoch_end(self):
        """Called after the last batch of each epoch."""


Sequence = PyDataset


def threads_of(dataset, *, workers=None, ahead=None):
    """(number of threads, how many batches they may be ahead) that a PyDataset or its like asks for; 0 for none.

    workers, ahead: what takes the place of its own `workers` and `max_queue_size`; None leaves them.
    """
    workers = (getattr(dataset, "workers", 1) or 0) if workers is None else workers
    ahead = (getattr(dataset, "max_queue_size", 10) or 1) if ahead is None else ahead
    several = bool(getattr(dataset, "use_multiprocessing", False))
    if several:
        once(
            "use_multiprocessing",
            "use_multiprocessing=True is honoured with threads: no pickling, no start-up. Processes are never made.",
        )
    threads = workers if workers > 1 or several else 0
    return threads, max(threads, ahead)


def in_order(make, indices, *, threads, ahead):
    """Yield make(i) for the indices in their order; `threads` of them are made at once, at most `ahead` in advance."""
    if not threads:
        for index in indices:
            yield make(index)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="anmok-batches", initializer=_work_alone)
    pending = collections.deque()
    try:
        for index in indices:
            pending.append(pool.submit(make, index))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _work_alone():
    """Have torch and its like compute in this thread alone what is asked of them in it.

    Else each input thread has a team of its own, and the training thread's team waits for cores: with two of each on
    two cores, training went at 0.78 of the speed from ready arrays, and at 0.94 without the teams.
    """
    torch.get_num_threads()  # settles torch's number for this thread, which would otherwise come after the next line
    threadpool_limits(limits=1, user_api="openmp")
