"""Rows of pixels, each written once and then read: in memory, or in a file that is whole or not there."""

import math
import os
import shutil
import threading
import time

import numpy as np

from anmok import files, notices
from anmok.errors import DataError

_DAY = 24 * 3600  # seconds
_OPEN, _KEPT, _GIVEN_UP = 0, 1, 2
_lock = threading.RLock()  # the collector of garbage may close some rows while others of the same thread are made
_in_memory = 0  # bytes, of all MemoryRows that live
_parts = 0  # how many files were begun, so that two of one process never share one


def memory_in_use():
    """Bytes that the rows in memory of this process hold together."""
    return _in_memory


class MemoryRows:
    """uint8 rows in memory. Raises DataError when all such rows together would exceed `budget` bytes (None: no limit).

    The whole size counts from the start; the system gives the memory as rows are written.
    """

    store = "memory"

    def __init__(self, shape, *, budget=None):
        global _in_memory
        self.ready_count = 0
        self._ready = np.zeros(shape[0], bool)
        self._own = threading.Lock()
        self._bytes = needed = math.prod(shape)
        with _lock:
            if budget is not None and _in_memory + needed > budget:
                raise DataError(f"{needed:,} bytes of memory are needed; {_in_memory:,} of {budget:,} are in use.")
            try:
                self._pixels = np.empty(shape, np.uint8)
            except (MemoryError, ValueError) as reason:
                raise DataError(f"{needed:,} bytes of memory are needed, which this computer has not.") from reason
            _in_memory += needed

    def get(self, index):
        """Row `index` (a read-only view) or None."""
        pixels = self._pixels
        if pixels is None or not self._ready[index]:
            return None
        row = pixels[index]
        row.flags.writeable = False
        return row

    def put(self, index, image):
        """Keep `image` as row `index`; a row that is there already stays as it is."""
        pixels = self._pixels
        if pixels is None:
            return
        with self._own:
            if not self._ready[index]:
                pixels[index] = image
                self._ready[index] = True
                self.ready_count += 1

    def give_up(self, index):
        """There is no image for row `index`: nothing to remember here."""

    def close(self):
        """Give the memory back."""
        global _in_memory
        with _lock:
            _in_memory -= self._bytes
            self._bytes = 0
        self._pixels, self.ready_count = None, 0


class DiskRows:
    """uint8 rows in the .npy file `path`: used when it is there, else written beside it and renamed when complete.

    The file holds the rows, then a byte for each: 1 for kept, 2 for given up (complete means that none is 0). Its name
    must say what decides the pixels; a file of another length is not used. Raises DataError when the folder cannot be
    written to, the disk has not twice the space free, or the files of the folder would exceed `budget` bytes even after
    all complete ones were deleted (the longest unused go first). When the first row is to be written and there is no
    room any more, a notice says so, and none is kept.
    """

    store = "disk"

    def __init__(self, path, shape, *, budget):
        self.path, self._shape, self._budget = path, tuple(shape), budget
        self._own = threading.Lock()
        self._part = self._process = None
        self._stopped = False
        self._flat = _opened(path, self._length)
        if self._flat is not None:
            self._flags = np.array(self._flat[-shape[0] :])
        else:
            self._flags = np.zeros(shape[0], np.uint8)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                _make_room(path.parent, self._length, budget)
            except OSError as reason:
                raise DataError(f"{path.parent} cannot be written to: {reason.strerror}.") from reason
        self.ready_count = int(np.count_nonzero(self._flags == _KEPT))
        self._open_count = int(np.count_nonzero(self._flags == _OPEN))

    @property
    def _length(self):
        return math.prod(self._shape) + self._shape[0]

    def _begin(self):
        global _parts
        with _lock:
            _parts += 1
            number = _parts
        self._part = files.part_of(self.path.with_name(f"{self.path.name}.{number}"))
        self._process = os.getpid()
        try:
            _make_room(self.path.parent, self._length, self._budget)
            self._flat = np.lib.format.open_memmap(self._part, mode="w+", dtype=np.uint8, shape=(self._length,))
            # A hole in a mapped file is filled when it is written to; on a full disk that kills the process.
            if hasattr(os, "posix_fallocate"):
                with open(self._part, "r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)
        except (OSError, DataError) as reason:
            notices.once(("no room for rows", self.path), f"Decoded images are not kept on disk: {reason}")
            self._flat, self._stopped = None, True
            _removed(self._part)

    def _row(self, flat, index):
        size = math.prod(self._shape[1:])
        return flat[index * size : (index + 1) * size].reshape(self._shape[1:])

    def get(self, index):
        """Row `index` (a read-only copy: the map is closed without asking who still reads) or None."""
        if self._flags[index] != _KEPT:
            return None
        with self._own:
            flat = self._flat
        if flat is None:
            return None
        row = np.array(self._row(flat, index))
        row.flags.writeable = False
        return row

    def put(self, index, image):
        """Keep `image` as row `index`; the last one makes the file known to others."""
        self._settle(index, image)

    def give_up(self, index):
        """There is no image for row `index`, and never will be: the file is complete without it."""
        self._settle(index, None)

    def _settle(self, index, image):
        with self._own:
            if self._flat is None and not self._stopped:
                self._begin()
            if self._flat is None or self._flags[index] != _OPEN:
                return
            if image is not None:
                self._row(self._flat, index)[...] = image
                self.ready_count += 1
            self._flags[index] = _GIVEN_UP if image is None else _KEPT
            self._open_count -= 1
            if self._open_count == 0:
                self._publish()

    def _publish(self):
        self._flat[-self._shape[0] :] = self._flags
        self._flat.flush()
        self._flat = None  # Windows renames no mapped file
        try:
            os.replace(self._part, self.path)
        except OSError:  # a thread still reads a row of it, or another process has the same open: close() tries again
            self._flat = np.load(self._part, mmap_mode="r")
        else:
            self._part = None
            self._flat = np.load(self.path, mmap_mode="r")

    def close(self):
        """Release the map; a file that is not complete is removed."""
        with self._own:
            self._flat, self._stopped, self.ready_count = None, True, 0
            if self._part is None or self._process != os.getpid():  # a forked process leaves it to its parent
                return
            try:
                if self._open_count == 0:
                    os.replace(self._part, self.path)
            except OSError:
                pass
            _removed(self._part)
            self._part = None


def _opened(path, length):
    """The complete rows at `path`, mapped read-only, or None; notes that they were used."""
    try:
        flat = np.load(path, mmap_mode="r", allow_pickle=False)
        os.utime(path)
    except (OSError, ValueError, EOFError):
        return None
    return flat if flat.shape == (length,) and flat.dtype == np.uint8 else None


def _make_room(folder, needed, budget):
    """Delete what is abandoned, then the longest unused, until `needed` more bytes may be written."""
    kept, total = [], 0
    for entry in os.scandir(folder):
        try:
            state = entry.stat()
        except OSError:
            continue
        if entry.name.endswith(".part"):
            if state.st_mtime < time.time() - _DAY and _removed(entry.path):
                continue
        elif entry.name.endswith(".npy"):
            kept.append((state.st_mtime_ns, state.st_size, entry.path))
        total += state.st_size
    written = total - sum(size for _, size, _ in kept)
    if written + needed > budget:
        raise DataError(
            f"{needed:,} bytes are needed; all caches may take {budget:,}, and {written:,} are being written."
        )
    for _, size, path in sorted(kept):
        if total + needed <= budget:
            break
        if _removed(path):
            total -= size
    if total + needed > budget:
        raise DataError(f"{needed:,} bytes are needed; {total:,} of the {budget:,} for all caches are in use.")
    free = shutil.disk_usage(folder).free
    if free < 2 * needed:
        raise DataError(f"{needed:,} bytes are needed and twice that should be free; {free:,} are.")


def _removed(path):
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
