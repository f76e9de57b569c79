"""Which images there are, what they show, and which were left out: an immutable table."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from anmok.errors import ArgumentError, DataError, FileFormatError, MissingFileError, unknown_name
from anmok.images import decode

KINDS = ("classes", "multilabel", "regression")
_THREADS = 4
_CHUNK = 32  # files that one thread checks in a row


class Skipped(NamedTuple):
    """A sample that was left out: its name in the folder or table, and why, in one line."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Samples:
    """N images on disk and what is known of each; row i of everything is image i. Arrays are read-only copies.

    paths: absolute path of each file (str). names: as the folder or the table calls them.
    kind: what `labels` are. "classes": int64 (N,), an index into `classes`; "multilabel": float32 (N, K) of 0 and 1,
    a column per class; "regression": float32 (N,), or (N, K) for K numbers; None: no labels.
    classes: their names in the order of the labels. weights: float32 (N,) or None. skipped: what was left out so far.
    Raises DataError when the parts do not fit one another.
    """

    paths: tuple
    names: tuple
    labels: np.ndarray | None = None
    kind: str | None = None
    classes: tuple = ()
    weights: np.ndarray | None = None
    skipped: tuple = ()

    def __post_init__(self):
        for field in ("paths", "names", "classes", "skipped"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        if self.kind is not None and self.kind not in KINDS:
            raise unknown_name("kind of labels", self.kind, KINDS)
        if (self.labels is None) != (self.kind is None):
            raise DataError(f"Labels and their kind go together; got kind={self.kind!r} and labels {self.labels!r}.")
        if self.labels is not None:
            object.__setattr__(self, "labels", _frozen(self.labels, np.int64 if self.kind == "classes" else np.float32))
        if self.weights is not None:
            object.__setattr__(self, "weights", _frozen(self.weights, np.float32))
        self._check()

    def _check(self):
        count = len(self.paths)
        for what in ("names", "labels", "weights"):
            part = getattr(self, what)
            if part is not None and len(part) != count:
                raise DataError(f"Expected {what} for each of {count} images, got {len(part)}.")
        if self.weights is not None and self.weights.ndim != 1:
            raise DataError(f"Expected one weight per image, got an array {self.weights.shape}.")
        if self.kind == "classes":
            if self.labels.ndim != 1:
                raise DataError(f"Expected one class index per image, got an array {self.labels.shape}.")
            if count and not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
                raise DataError(
                    f"Expected class indices 0 to {len(self.classes) - 1} for {len(self.classes)} classes, got "
                    f"{self.labels.min()} to {self.labels.max()}."
                )
        elif self.kind == "multilabel" and (self.labels.ndim != 2 or self.labels.shape[1] != len(self.classes)):
            raise DataError(
                f"Expected labels ({count}, {len(self.classes)}), a column per class; got {self.labels.shape}."
            )

    def __len__(self):
        return len(self.paths)

    def take(self, indices):
        """The samples at `indices` (ints, in that order; `skipped` stays as it is)."""
        indices = np.asarray(indices)
        if indices.dtype == bool:
            raise ArgumentError("Expected indices, got a mask of True and False; `where` takes one.")
        indices = indices.astype(np.int64, copy=False).reshape(-1)
        return replace(
            self,
            paths=tuple(self.paths[i] for i in indices),
            names=tuple(self.names[i] for i in indices),
            labels=None if self.labels is None else self.labels[indices],
            weights=None if self.weights is None else self.weights[indices],
        )

    def where(self, mask):
        """The samples at which `mask` (bool (N,)) is true, in the order they have."""
        mask = np.asarray(mask)
        if mask.dtype != bool or mask.shape != (len(self),):
            raise ArgumentError(f"Expected a mask of {len(self)} True or False, got {mask.dtype} {mask.shape}.")
        return self.take(np.flatnonzero(mask))

    def without(self, reasons):
        """The samples left when those in `reasons` ({index: why}) are moved to `skipped`."""
        if not reasons:
            return self
        mask = np.ones(len(self), bool)
        mask[list(reasons)] = False
        gone = tuple(Skipped(self.names[i], " ".join(str(reasons[i]).split())) for i in sorted(reasons))
        return replace(self.where(mask), skipped=self.skipped + gone)

    def readable(self, on_error="skip"):
        """The samples whose files are images, by a quick look into each one, in a few threads.

        on_error: "skip" moves the others to `skipped`, each with its reason; "raise" lets the first one's
        FileFormatError or MissingFileError up. Raises DataError when no image is left.
        """
        if on_error not in ("skip", "raise"):
            raise unknown_name("on_error", on_error, ("skip", "raise"))
        starts = range(0, len(self), _CHUNK)
        reasons = {}
        with ThreadPoolExecutor(min(_THREADS, len(starts) or 1), thread_name_prefix="anmok-check") as pool:
            parts = [self.paths[start : start + _CHUNK] for start in starts]
            for start, faults in zip(starts, pool.map(_faults, parts, [on_error] * len(parts)), strict=True):
                reasons.update({start + place: reason for place, reason in faults})
        left = self.without(reasons)
        if len(left) == 0 and len(self) > 0:
            raise DataError(f"None of the {len(self):,} images can be read. {_first(left.skipped[-len(self) :])}")
        return left

    def require_two_classes(self):
        """These samples; raises DataError when they show one class alone, which there is nothing to tell from."""
        if self.kind == "classes":
            present = [name for name, count in zip(self.classes, self.class_counts(), strict=True) if count]
            if len(present) < 2:
                others = f"; of the classes {', '.join(map(repr, self.classes))} the others have none"
                raise DataError(
                    f"Expected images of two classes or more, found {len(self):,} of one alone"
                    f"{''.join(f', {name!r}' for name in present)}{others if len(self.classes) > 1 else ''}. "
                    "A classifier needs something to tell them from: add a second class."
                )
        return self

    def class_counts(self):
        """How many images each class has: int64 (K,), in the order of `classes`."""
        if self.kind == "classes":
            return np.bincount(self.labels, minlength=len(self.classes))
        if self.kind == "multilabel":
            return self.labels.sum(axis=0, dtype=np.float64).astype(np.int64)
        raise DataError(f"Samples of kind {self.kind!r} have no classes to count.")


def _frozen(array, dtype):
    array = np.array(array, dtype)
    array.setflags(write=False)
    return array


def _faults(paths, on_error):
    """[(place, reason)] of the paths that are no images; with "raise" the first error itself."""
    faults = []
    for place, path in enumerate(paths):
        try:
            decode.check(path)
        except (FileFormatError, MissingFileError) as error:
            if on_error == "raise":
                raise
            faults.append((place, str(error).removeprefix(f"{os.fspath(path)}: ")))
    return faults


def _first(skipped, count=5):
    lines = "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in skipped[:count])
    return f"{'The first five: ' if len(skipped) > count else ''}{lines}."
