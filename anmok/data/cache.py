"""Images decoded once: kept in memory or on disk, and decoded again only when their file changes."""

import gc
import hashlib
import json
import os
import threading
import weakref

import cv2
import numpy as np
import PIL

from anmok import files, notices
from anmok.data import pixel_rows
from anmok.errors import ArgumentError, DataError, FileFormatError, ShapeError, unknown_name
from anmok.images import resize

MEMORY_BUDGET = 1 << 30  # bytes of memory that all caches of a process may hold together
DISK_BUDGET = 20 << 30  # bytes of disk that all caches under $ANMOK_HOME may hold together
DECODING = 1  # raised whenever the same file would be decoded to other pixels than before
STORES = ("auto", "memory", "disk", None)
_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class DecodedImages:
    """The images at `paths` as uint8 (h, w, C), decoded and resized at the first read and kept for the next ones.

    size: (height, width), or None for each image's own (then nothing can be kept). color_mode, interpolation,
    keep_aspect_ratio: as in images.resize.load.
    store: "memory"; "disk", a file under $ANMOK_HOME/cache/images that later runs use too, once every image that can be
    read is in it; None (or False) to decode at every read; "auto" takes memory while all caches of this process stay
    within `budget` bytes together (None: MEMORY_BUDGET, 1 GiB), else the disk when twice the space is free there and
    the caches there stay within DISK_BUDGET (20 GiB; the longest unused are deleted), else None. `store` then says
    which it became.
    With "memory" a budget is a limit that raises DataError, as does "disk" without room.
    A file whose size or time of change is no longer what it was when this was made is decoded at every read.
    Threads may read at the same time; each image is decoded by one of them.
    """

    def __init__(
        self,
        paths,
        *,
        size,
        color_mode="rgb",
        interpolation="nearest",
        keep_aspect_ratio=False,
        store="auto",
        budget=None,
    ):
        store = None if store is False else store
        if store not in STORES:
            raise unknown_name("store", store, [repr(choice).strip("'") for choice in STORES])
        if color_mode not in _CHANNELS:
            raise unknown_name("color_mode", color_mode, _CHANNELS)
        self.paths = tuple(os.path.abspath(path) for path in paths)
        self.size = None if size is None else resize.image_size(size, "size")
        self._options = {
            "color_mode": color_mode,
            "interpolation": interpolation,
            "keep_aspect_ratio": bool(keep_aspect_ratio),
        }
        if self.size is None and store in ("memory", "disk"):
            raise ArgumentError(f"store={store!r} needs a size (height, width) that all images are brought to.")
        resize.check_interpolation(interpolation)
        if budget is not None and not budget >= 0:
            raise ArgumentError(f"Expected a budget of 0 bytes or more, got {budget!r}.")
        self._states = [_state(path) for path in self.paths]
        self._lock = threading.Lock()
        self._decoding = {}  # index: the event that tells its end
        self._rows = self._chosen_rows(store, budget, color_mode)
        self._finalizer = weakref.finalize(self, self._rows.close) if self._rows is not None else None

    def _chosen_rows(self, store, budget, color_mode):
        if store is None or self.size is None or not self.paths:
            return None
        shape = (len(self.paths), *self.size, _CHANNELS[color_mode])
        if store != "disk":
            limit = MEMORY_BUDGET if budget is None and store == "auto" else budget
            try:
                return _in_memory(shape, limit)
            except DataError as reason:
                if store == "memory":
                    raise DataError(
                        f"The decoded images cannot be kept in memory: {reason} store='auto' finds another place."
                    ) from reason
        try:
            return pixel_rows.DiskRows(
                files.home() / "cache" / "images" / f"{self._key()}.npy", shape, budget=DISK_BUDGET
            )
        except DataError as reason:
            if store == "disk":
                raise DataError(
                    f"The decoded images cannot be kept on disk: {reason} store=None does without."
                ) from reason
            notices.once("decoded images not kept", f"Decoded images are not kept, each epoch decodes anew: {reason}")
            return None

    def _key(self):
        """A digest of everything that decides the pixels."""
        rule = {"decoding": DECODING, "size": self.size, "opencv": cv2.__version__, "pillow": PIL.__version__}
        digest = hashlib.sha256(json.dumps({**rule, **self._options}, sort_keys=True).encode())
        for path, state in zip(self.paths, self._states, strict=True):
            digest.update(f"{path}\0{state}\0".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:40]

    def __len__(self):
        return len(self.paths)

    @property
    def store(self):
        """Where images are kept: "memory", "disk" or None."""
        return None if self._rows is None else self._rows.store

    @property
    def ready_count(self):
        """How many images are kept so far."""
        return 0 if self._rows is None else self._rows.ready_count

    def read(self, index):
        """Image `index` as uint8 (h, w, C), read-only: it may be the cache's own, so copy it before writing to it.

        Raises what images.resize.load raises (MissingFileError, FileFormatError: both name the file); such an image is
        not kept.
        """
        if not 0 <= index < len(self.paths):
            raise IndexError(f"Image {index} of {len(self.paths)}.")
        rows = self._rows
        if rows is None or not self._is_unchanged(index):
            return self._load(index)
        if (row := rows.get(index)) is not None:
            return row
        with self._lock:
            if (others := self._decoding.get(index)) is None:
                self._decoding[index] = mine = threading.Event()
        if others is not None:
            others.wait()
            row = rows.get(index)
            return self._load(index) if row is None else row
        try:
            row = rows.get(index)  # another thread may have ended between the two looks
            return self._kept(rows, index) if row is None else row
        finally:
            with self._lock:
                del self._decoding[index]
            mine.set()

    def _kept(self, rows, index):
        try:
            image = self._load(index)
        except FileFormatError:
            if self._is_unchanged(index):
                rows.give_up(index)
            raise
        if self._is_unchanged(index):
            rows.put(index, image)
        return image

    def _is_unchanged(self, index):
        state = self._states[index]
        return state is not None and _state(self.paths[index]) == state

    def _load(self, index):
        image = resize.load(self.paths[index], size=self.size, **self._options)
        expected = (*(self.size or image.shape[:2]), _CHANNELS[self._options["color_mode"]])
        if image.dtype != np.uint8 or image.shape != expected:
            raise ShapeError(f"{self.paths[index]}: expected uint8 {expected}, got {image.dtype} {image.shape}.")
        image.flags.writeable = False
        return image

    def close(self):
        """Give memory and files back; a disk cache that is not complete is removed. Reading goes on without a cache."""
        self._rows = None
        if self._finalizer is not None:
            self._finalizer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _state(path):
    """(size, time of change) of a file; None when it is not there."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def _in_memory(shape, limit):
    try:
        return pixel_rows.MemoryRows(shape, budget=limit)
    except DataError:
        gc.collect()  # flows that nobody has any more may still hold theirs
        return pixel_rows.MemoryRows(shape, budget=limit)
