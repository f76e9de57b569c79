"""A person's own pictures: found at a path, looked through, and divided into train, validation and test."""

import dataclasses
import difflib
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from anmok.data import archives, folders
from anmok.data.samples import Samples, Skipped
from anmok.data.splits import stratified_split
from anmok.errors import ArgumentError, DataError

SPLITS = ("train", "validation", "test")
# Square sizes that a network is offered, in pixels. Larger ones take longer than a laptop's owner waits.
SIZES = (32, 64, 96, 128)
_MEASURED = 200  # pictures whose size stands for all
_NAME = f"<U{max(map(len, SPLITS))}"


@dataclasses.dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures below `root` (Path): `samples` of all, and `parts` (str (N,)), the split that each is of.

    Names in `samples` are relative to `root`, with / between the folders.
    """

    root: Path
    samples: Samples
    parts: np.ndarray

    @property
    def classes(self):
        """The classes' names, in the order of their labels."""
        return self.samples.classes

    @property
    def skipped(self):
        """(name, reason) of each file that was left out."""
        return self.samples.skipped

    def has(self, split):
        return bool((self.parts == split).any())

    def rows(self, split):
        """Indices int64 (n,) of a split's pictures."""
        return np.flatnonzero(self.parts == split)

    def counts(self, split=None):
        """How many pictures each class has, in a split or in all: int64 (K,)."""
        labels = self.samples.labels if split is None else self.samples.labels[self.rows(split)]
        return np.bincount(labels, minlength=len(self.classes))

    def without(self, faults):
        """These pictures but those in `faults` ({index: error}), which are listed in `skipped`."""
        if not faults:
            return self
        kept = np.ones(len(self.samples), bool)
        kept[list(faults)] = False
        reasons = {i: str(error).removeprefix(f"{self.samples.paths[i]}: ") for i, error in faults.items()}
        return dataclasses.replace(self, samples=self.samples.without(reasons), parts=self.parts[kept])

    def divided(self, *, test_fraction, validation_fraction):
        """These pictures with a part of the training pictures held out for each split that there is none of.

        Of each class the same fraction, rounded up, the test part first; which ones is a function of the seed alone.
        Raises DataError when a class has too few pictures for that, or none to train on.
        """
        self.require_enough()
        parts = self.parts.copy()
        for split in self._missing():
            rows = np.flatnonzero(parts == "train")
            fraction = test_fraction if split == "test" else validation_fraction
            _, held = stratified_split(self.samples.labels[rows], fraction=fraction)
            parts[rows[held]] = split
        return dataclasses.replace(self, parts=parts)

    def require_enough(self):
        """Raise DataError when a class has too few pictures to train on and to hold out what must be."""
        least = 1 + len(self._missing())
        few = [(n, name) for name, n in zip(self.classes, self.counts("train"), strict=True) if n < least]
        if few:
            listed = ", ".join(f"{name!r} {count}" for count, name in few[:5]) + (", ..." if len(few) > 5 else "")
            needed = ("one picture to train on", "two pictures, one of them to be held out",
                      "three pictures, one each to train on, to validate and to test")[least - 1]  # fmt: skip
            raise DataError(
                f"Too few pictures to train on: {listed}. Each class needs at least {needed}; thirty are a sensible "
                "beginning. Add some, or take the folder away."
            )

    def _missing(self):
        return [split for split in ("test", "validation") if not self.has(split)]


def find(source, *, strict=False):
    """The Pictures at `source`: a folder, or a zip, with a folder per class, or with train, validation and test.

    Each file is looked at quickly; what cannot be read is listed in `skipped`, or with `strict` raises FileFormatError.
    A class folder without a readable picture is left out too. Raises MissingFileError, FileFormatError (the archive),
    DataError (no pictures, too few, one class alone, classes to be tested that are not trained on).
    """
    root = archives.opened(source)
    on_error = "raise" if strict else "skip"
    splits = folders.find_splits(root)
    if splits is None:
        found = {"train": folders.read_folder(root).readable(on_error)}
    else:
        found = {s: folders.read_folder(path).readable(on_error) for s, path in splits.items() if path is not None}
    prefixes = {s: os.path.relpath(splits[s], root) if splits else "" for s in found}
    samples = _joined(found, prefixes)
    parts = np.concatenate([np.full(len(part), split, _NAME) for split, part in found.items()])
    samples = _without_empty_classes(samples)
    _require_two_classes(samples, source, split=splits is not None)
    whole = Pictures(root, samples, parts)
    whole.require_enough()
    return whole


def named(source, rows, classes):
    """Samples of the pictures at `source` that `rows` of a samples.csv name, in their order.

    Raises DataError when some are not there any more.
    """
    root = archives.opened(source)
    paths = [os.path.join(root, row["file"]) for row in rows]
    gone = [row["file"] for row, path in zip(rows, paths, strict=True) if not os.path.isfile(path)]
    if gone:
        raise DataError(
            f"{len(gone):,} of the {len(rows):,} pictures that the run was tested on are not in {root} any more: "
            f"{', '.join(gone[:5])}{', ...' if len(gone) > 5 else ''}. Put them back to test the run again."
        )
    return Samples(paths, [row["file"] for row in rows], [row["label"] for row in rows], "classes", classes)


def median_shorter_side(pictures):
    """The median of the pictures' shorter sides in pixels (float), of some of them spread evenly."""
    paths = pictures.samples.paths
    step = max(1, len(paths) // _MEASURED)
    sides = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of sizes that anmok.images.decode has a limit of its own for
        for path in paths[::step]:
            try:
                with open(path, "rb") as file, Image.open(file) as image:
                    sides.append(min(image.size))
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                continue  # whether it can be decoded is found out later, and said
    return float(np.median(sides)) if sides else float(SIZES[-1])


def fitting_size(shorter_side, largest):
    """The largest of SIZES up to `largest` that pictures of this shorter side need not be enlarged to; at least 32."""
    return max([size for size in SIZES if size <= min(shorter_side, largest)], default=SIZES[0])


def _joined(found, prefixes):
    """The parts as one Samples, with the classes of the training part."""
    classes = found["train"].classes
    for split, part in found.items():
        counts = part.class_counts()
        strange = [name for name, count in zip(part.classes, counts, strict=True) if count and name not in classes]
        if strange:
            near = difflib.get_close_matches(strange[0], classes, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(
                f"The {split} folder has the class {strange[0]!r}, which the training folder has not.{hint} "
                f"Classes to train on: {', '.join(map(repr, classes[:10]))}{', ...' if len(classes) > 10 else ''}."
            )
    paths, names, labels, skipped = [], [], [], []
    for split, part in found.items():
        paths += part.paths
        names += [_told(prefixes[split], name) for name in part.names]
        number = np.array([classes.index(name) if name in classes else -1 for name in part.classes])
        labels.append(number[part.labels])
        skipped += [Skipped(_told(prefixes[split], name), reason) for name, reason in part.skipped]
    return Samples(paths, names, np.concatenate(labels), "classes", classes, skipped=skipped)


def _told(prefix, name):
    return (f"{prefix}/{name}" if prefix else name).replace(os.sep, "/")


def _without_empty_classes(samples):
    counts = samples.class_counts()
    empty = [name for name, count in zip(samples.classes, counts, strict=True) if not count]
    if not empty:
        return samples
    kept = [name for name in samples.classes if name not in empty]
    numbers = np.cumsum(counts > 0) - 1
    gone = tuple(Skipped(f"{name}/", "the class folder holds no picture that can be read") for name in empty)
    return dataclasses.replace(
        samples, labels=numbers[samples.labels], classes=tuple(kept), skipped=samples.skipped + gone
    )


def _require_two_classes(samples, source, *, split):
    if len(samples.classes) > 1:
        return
    # Nested folders count as one class: whoever gave a folder too high up is told the one to give.
    inner = {name.split("/")[1] for name in samples.names if name.count("/") > 1}
    if not split and len(inner) > 1:
        shown = ", ".join(map(repr, sorted(inner)[:5])) + (", ..." if len(inner) > 5 else "")
        raise ArgumentError(
            f"{source} has one folder alone, {samples.classes[0]!r}, which holds {shown}. If these are the classes, "
            f"give the folder that they lie in: {os.path.join(source, samples.classes[0])}."
        )
    samples.require_two_classes()
