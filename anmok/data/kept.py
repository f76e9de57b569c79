"""Stages (see sources.py) that keep the elements of the first whole pass for every later one.

What is kept is the pass at place 0 whichever epoch asks first: a resumed training sees the same.
"""

import os
import threading
from pathlib import Path

import numpy as np
import torch

from anmok.data.crew import closing
from anmok.data.elements import copy_of, structured, tensor_of
from anmok.data.stages import Stage
from anmok.errors import DataError


class Cached(Stage):
    """The elements kept in memory."""

    def __init__(self, parent):
        super().__init__(parent)
        self._kept = None
        self._lock = threading.Lock()

    def elements(self, place):
        if self._kept is not None:
            yield from map(copy_of, self._kept)
            return
        kept = []
        with closing(self.parent.elements((0,))) as items:
            for element in items:
                kept.append(copy_of(element))
                yield element
        with self._lock:
            self._kept = self._kept or kept

    def count(self):
        return len(self._kept) if self._kept is not None else self.parent.count()


class CachedInFile(Stage):
    """The elements kept in a file, as arrays in NumPy's format one after the other.

    A file from before is written anew: nothing would tell whether it still holds what the stages above make.
    """

    def __init__(self, parent, path):
        super().__init__(parent)
        self.path = Path(path).absolute()
        self._places = self._identity = None
        self._lock = threading.Lock()

    def elements(self, place):
        if self._places is not None:
            with open(self.path, "rb") as file:
                if _identity(file) != self._identity:
                    raise DataError(
                        f"{self.path} is no longer the file that this Dataset keeps its elements in: something else "
                        "wrote to it. Give each cache(filename) a name of its own."
                    )
                for places in self._places:
                    yield structured(lambda where: _read(file, where), places)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Passes at the same time each write a file of their own; a half-written one never gets the name.
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}-{threading.get_ident()}-{id(place)}.part")
        places = []
        try:
            with open(part, "wb") as file, closing(self.parent.elements((0,))) as items:
                for element in items:
                    places.append(structured(lambda leaf: _write(file, leaf), element))
                    yield element
                file.flush()
                identity = _identity(file)
            with self._lock:
                if self._places is None:
                    os.replace(part, self.path)
                    self._places, self._identity = places, identity
        finally:
            part.unlink(missing_ok=True)

    def count(self):
        return len(self._places) if self._places is not None else self.parent.count()


def _identity(file):
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size, found.st_mtime_ns


class _Place:
    """Where in the file a leaf lies; `dtype`: of a tensor that NumPy has no format for."""

    def __init__(self, start, dtype):
        self.start, self.dtype = start, dtype


def _write(file, leaf):
    if leaf is None:
        return None
    place = _Place(file.tell(), None)
    if torch.is_tensor(leaf):
        leaf = leaf.detach().cpu()
        if leaf.dtype == torch.bfloat16:
            place.dtype, leaf = leaf.dtype, leaf.contiguous().view(torch.int16)
        leaf = leaf.numpy()
    elif isinstance(leaf, bytes):
        place.dtype, leaf = bytes, np.frombuffer(leaf, np.uint8)
    leaf = np.asarray(leaf)
    if leaf.dtype == object:
        raise DataError("cache(filename) keeps numbers and single texts; for batches of bytes use cache() in memory.")
    np.save(file, leaf, allow_pickle=False)
    return place


def _read(file, place):
    if place is None:
        return None
    file.seek(place.start)
    leaf = np.load(file, allow_pickle=False)
    if place.dtype is bytes:
        return leaf.tobytes()
    leaf = tensor_of(leaf)
    return leaf if place.dtype is None else leaf.view(place.dtype)
