"""How many batches are run: all, unless somebody who only tries a program out sets fewer.

A limit changes no number of epochs and no shape of a result: what `predict` leaves out is filled with the rows that it
has computed. Whoever sets a limit says so to the person, and takes it back.
"""

import contextlib
import itertools
import weakref
from dataclasses import dataclass

import torch


@dataclass
class Limit:
    """Batches an epoch of training, a validation or evaluation, and a prediction; None is all of them.

    single: steps that train_on_batch computes of one model; it returns the last results after them. whole: batches that
    predict computes of one model over all its calls; of a batch after them it computes one row. steps: calls that
    somebody's own function with gradients computes (see anmok.compat); it returns the last results after them.
    """

    training: int | None = None
    validation: int | None = None
    prediction: int | None = None
    single: int | None = None
    whole: int | None = None
    steps: int | None = None

    @property
    def is_set(self):
        return any(value is not None for value in vars(self).values())


limit = Limit()
_predicted = weakref.WeakKeyDictionary()  # of modules: how many batches


@contextlib.contextmanager
def limited(**limits):
    """A with block within which no more batches are run than that; limits: the fields of Limit."""
    before = vars(limit).copy()
    vars(limit).update(vars(Limit(**limits)))
    try:
        yield
    finally:
        vars(limit).update(before)
        _predicted.clear()


def is_spent(module):
    """Whether so many batches of a module were predicted that one row of the next ones is enough; counts it."""
    if limit.whole is None:
        return False
    _predicted[module] = _predicted.get(module, 0) + 1
    return _predicted[module] > limit.whole


def first(batches, most):
    """The first `most` of the batches; None is all."""
    return batches if most is None else itertools.islice(batches, most)


def count(number, most):
    """How many batches that makes of `number`, which is None while nobody knows."""
    return number if most is None or number is None else min(number, most)


def repeated(parts, wanted):
    """Rows for `wanted` samples out of what was computed for the first ones: lists of tensors, again and again."""
    rows = [torch.cat(leaf) for leaf in zip(*parts, strict=True)]
    return [leaf[torch.arange(wanted) % len(leaf)] for leaf in rows]
