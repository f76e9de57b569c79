"""How many batches are run: all, unless somebody who only tries a program out sets fewer.

A limit changes no number of epochs and no shape of a result: what `predict` leaves out is filled with the rows that it
has computed. Whoever sets a limit says so to the person, and takes it back.
"""

import contextlib
import itertools
from dataclasses import dataclass

import torch


@dataclass
class Limit:
    """Batches an epoch of training, a validation or evaluation, and a prediction; None is all of them."""

    training: int | None = None
    validation: int | None = None
    prediction: int | None = None

    @property
    def is_set(self):
        return (self.training, self.validation, self.prediction) != (None, None, None)


limit = Limit()


@contextlib.contextmanager
def limited(*, training=None, validation=None, prediction=None):
    """A with block within which no more batches are run than that."""
    before = vars(limit).copy()
    vars(limit).update(training=training, validation=validation, prediction=prediction)
    try:
        yield
    finally:
        vars(limit).update(before)


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
