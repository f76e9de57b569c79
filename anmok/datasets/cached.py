"""A data set's arrays out of the cache; the file is made from its source when it is not there."""

import contextlib
import os
import zipfile
from pathlib import Path

import numpy as np

from anmok import files
from anmok.errors import FileFormatError

SPLITS = ("x_train", "y_train", "x_test", "y_test")
KERAS_STORAGE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def location(path):
    """Where a data set's file lies: an absolute path as it is, any other one under the cache's datasets folder."""
    return files.home() / "datasets" / Path(path).expanduser()


def load(path, names, make):
    """The arrays called `names` of the .npz file at `path` (see `location`); `make(target)` puts it there if missing.

    Raises MissingFileError if it is not there and cannot be made, FileFormatError if it is damaged.
    """
    target = location(path)
    if not target.exists():
        make(target)
    return read(target, names)


def read(target, names):
    """The arrays called `names`, in that order, of an .npz file or file object; never unpickles."""
    try:
        with np.load(target, allow_pickle=False) as archive:
            return [archive[name] for name in names]
    except (KeyError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as reason:
        raise FileFormatError(
            f"{target} is damaged or not this data set: expected an .npz file with {', '.join(names)} ({reason}). "
            "Delete it to have it downloaded again."
        ) from reason


def write(target, arrays):
    """Save a dict of arrays as the .npz file `target`, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = files.part_of(target)
    try:
        with open(part, "wb") as file:
            np.savez_compressed(file, **arrays)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def source(path, origin, sha256):
    """The file that a data set is made of, checked: put at `path` by hand, or downloaded there until the block ends."""
    by_hand = path.exists()
    if not by_hand:
        files.download(origin, path, expected=sha256)
    elif not files.is_intact(path, sha256):
        raise FileFormatError(
            f"{path} is not the file that {origin} gives: expected sha256 {sha256}, got {files.checksum(path)}. "
            "Delete it to have it downloaded again."
        )
    try:
        yield path
    finally:
        if not by_hand:
            path.unlink(missing_ok=True)


def split(arrays):
    """x_train, y_train, x_test, y_test as Keras pairs them."""
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)
