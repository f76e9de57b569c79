"""Training on features that are computed once: what a frozen part of a network gives, kept by what went in.

Each sample is known by a digest of its numbers, so that other splits of the same images (k-fold) and other heads on the
same frozen layers find the features of the last fit.
"""

import collections
import hashlib
import threading

import numpy as np
import torch

from anmok.errors import DataError
from anmok.training.sequence import EmptyBatch
from anmok.training.tensors import as_input, leaves, map_leaves, wrap_all

BUDGET = 1 << 30  # bytes of features that a process keeps; the longest unused go first
_BATCH = 64  # samples that go through the frozen part at a time


class FeatureStore:
    """Features by (what computes them, digest of the sample), in memory, at most `budget` bytes."""

    def __init__(self, budget=BUDGET):
        self.budget = budget
        self._kept = collections.OrderedDict()  # key: {digest: tuple of tensors}
        self._bytes = collections.Counter()
        self._lock = threading.Lock()

    def of(self, key):
        """The features kept under `key`: {digest of a sample: tuple of tensors without batch axis}."""
        with self._lock:
            self._kept.setdefault(key, {})
            self._kept.move_to_end(key)
            return self._kept[key]

    def add(self, key, found):
        """Keep more features under `key`, if need be in the place of those longest unused."""
        with self._lock:
            self._kept.setdefault(key, {}).update(found)
            self._bytes[key] = sum(part.nbytes for features in self._kept[key].values() for part in features)
            while sum(self._bytes.values()) > self.budget and self._kept:
                oldest, _ = self._kept.popitem(last=False)
                del self._bytes[oldest]

    def clear(self):
        """Forget all."""
        with self._lock:
            self._kept.clear()
            self._bytes.clear()


STORE = FeatureStore()


def can_be_featured(source):
    """Whether the samples of what `adapters.adapt` made are the same in every epoch."""
    return hasattr(source, "arrays") or getattr(getattr(source, "dataset", None), "gives_the_same_anew", False)


def fit_in_memory(sources, numbers_a_sample):
    """Whether the features of all sources stay within BUDGET."""
    if numbers_a_sample is None:
        return False
    counts = [s.num_samples if hasattr(s, "arrays") else s.dataset.row_count for s in sources]
    return 4 * numbers_a_sample * sum(counts) <= BUDGET


def featured(source, compute, key):
    """`source`, one that can be featured, with features in the place of inputs, in the same order.

    source: what `adapters.adapt` made. compute: a function of a batch of inputs that returns a list of tensors.
    key: what tells this compute from others.
    """
    if hasattr(source, "arrays"):
        return source.with_inputs(_features(_slices(source.arrays[0]), compute, key))
    return source.on(_FeaturedFlow(source.dataset, compute, key))


def _slices(x):
    for start in range(0, len(leaves(x)[0][1]), _BATCH):
        yield map_leaves(lambda tensor, rows=slice(start, start + _BATCH): tensor[rows], x)


def _features(batches, compute, key):
    """[tensor (N, ...)] of the features of all batches of inputs, computed where they are not kept."""
    kept, digests, fresh = STORE.of(key), [], {}
    for batch in batches:
        names = _digests(batch)
        digests += names
        missing = [i for i, name in enumerate(names) if name not in kept and name not in fresh]
        if missing:
            rows = torch.tensor(missing)
            parts = compute(map_leaves(lambda tensor, rows=rows: as_input(tensor.index_select(0, rows)), batch))
            for place, i in enumerate(missing):
                fresh[names[i]] = tuple(part[place].float().cpu().clone() for part in parts)
    known = {**kept, **fresh} if fresh else kept
    stacked = [torch.stack(column) for column in zip(*(known[name] for name in digests), strict=True)]
    if fresh:
        STORE.add(key, fresh)
    return stacked


def _digests(batch):
    """A digest of each sample of a batch (tensor or structure of them): of its numbers, shape and format."""
    arrays = [np.ascontiguousarray(tensor.detach().cpu().numpy()) for _, tensor in leaves(batch)]
    heads = "".join(f"{array.dtype}{array.shape[1:]}" for array in arrays).encode()
    found = []
    for i in range(len(arrays[0])):
        digest = hashlib.blake2b(heads, digest_size=16)
        for array in arrays:
            digest.update(array[i])
        found.append(digest.digest())
    return found


class _FeaturedFlow:
    """A flow whose images are the same in every pass, giving their features in the order of the flow's passes."""

    def __init__(self, flow, compute, key):
        self._flow = flow
        self._places, targets, weights = {}, [], []
        self._features = _features(self._inputs(targets, weights), compute, key)
        self._targets = _joined(targets)
        self._weights = _joined(weights)

    def _inputs(self, targets, weights):
        rows = np.arange(self._flow.row_count)
        for start in range(0, len(rows), _BATCH):
            try:
                kept, batch = self._flow.batch_of_rows(rows[start : start + _BATCH])
            except EmptyBatch:
                continue
            x, y, weight = (*batch, None, None)[:3] if isinstance(batch, tuple) else (batch, None, None)
            for row in kept:
                self._places[row] = len(self._places)
            for part, parts in ((y, targets), (weight, weights)):
                parts.append(wrap_all(part, "a batch's labels"))
            yield wrap_all(x, "a batch's x")
        if not self._places:
            raise DataError("None of the flow's images can be read.")

    def __len__(self):
        return len(self._flow)

    def __getitem__(self, index):
        return self.batch_of_stream(index)

    def batch_of_stream(self, number):
        """As the flow's, with features for images."""
        places = [self._places[row] for row in self._flow.rows_of_stream(number).tolist() if row in self._places]
        if not places:
            raise EmptyBatch("None of this batch's samples can be read.")
        places = torch.tensor(places)
        x = [part.index_select(0, places) for part in self._features]
        y, weight = (map_leaves(lambda t: t.index_select(0, places), part) for part in (self._targets, self._weights))
        return (x, y) if weight is None else (x, y, weight)


def _joined(parts):
    """The batches' labels (tensors or structures of them, or None) as one."""
    if not parts or parts[0] is None:
        return None
    if torch.is_tensor(parts[0]):
        return torch.cat(parts)
    return type(parts[0])(torch.cat(column) for column in zip(*parts, strict=True))
