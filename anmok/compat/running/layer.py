"""The functions that take paths, led to a program's stage while it runs.

While a Layer is laid, `open` and the functions of `os` (on which pathlib, glob, shutil, zipfile, pandas, Pillow and
NumPy stand), cv2.imread, cv2.imwrite and h5py.File look where Paths says. It is taken up afterwards.
"""

import builtins
import contextlib
import functools
import io
import os
import pathlib
import sys
import tarfile
import threading

from anmok.compat.running.paths import Paths

_NO_PATH = (int, type(None))
_WORDS = {"path", "filename", "dst"}  # what the functions below call the path, if it is given by name


class Layer(Paths):
    """Paths (see there), and the functions that follow them from lay() to take_up()."""

    def __init__(self, stage, **places):
        super().__init__(stage, **places)
        self._inside = threading.local()
        self._replaced = []

    @contextlib.contextmanager
    def aside(self):
        """A with block in this thread within which paths are what they are."""
        before = getattr(self._inside, "now", False)
        self._inside.now = True
        try:
            yield
        finally:
            self._inside.now = before

    def led(self, path, how):
        """What `how`, one of found, listed, made, written, removed, moved, makes of a path; no text stays as it is."""
        if isinstance(path, _NO_PATH) or getattr(self._inside, "now", False):
            return path
        try:
            text = os.fspath(path)
        except TypeError:
            return path
        if not isinstance(text, str) or not text or "\0" in text:
            return path
        with self.aside():
            led = how(text)
        return path if led == text else led

    def _replace(self, owner, name, make):
        """Put what make(original) gives in the place of owner.name, until the layer is taken up."""
        original = getattr(owner, name, None)
        if original is not None:
            self._replaced.append((owner, name, original))
            setattr(owner, name, functools.wraps(original)(make(original)))

    def _lead(self, owner, name, *hows):
        """Lead the first arguments of a function, one for each of `hows`."""

        def make(original):
            def leading(*given, **more):
                if more.get("dir_fd") is None and more.get("src_dir_fd") is None:
                    given = (*map(self.led, given, hows), *given[len(hows) :])
                    for word in _WORDS & more.keys():
                        more[word] = self.led(more[word], hows[-1])
                return original(*given, **more)

            return leading

        self._replace(owner, name, make)

    def lay(self):
        """Lead the functions from here on."""
        for name in ("stat", "lstat", "access", "readlink"):
            self._lead(os, name, self.found)
        self._lead(os, "chdir", self.entered)
        for name in ("listdir", "scandir"):
            self._replace(os, name, self._listing)
        self._lead(os, "mkdir", self.made)
        for name in ("rmdir", "unlink", "remove"):
            self._lead(os, name, self.removed)
        for name in ("rename", "replace"):
            self._replace(os, name, self._moving)
        for name in ("chmod", "utime", "truncate"):
            self._lead(os, name, functools.partial(self.written, empty=False))
        self._lead(os, "symlink", lambda path: path, self.made)
        self._lead(os, "link", self.found, self.made)
        self._replace(os, "open", self._opening_by_flags)
        for owner, name in ((builtins, "open"), (io, "open"), (tarfile, "bltn_open")):
            self._replace(owner, name, self._opening)
        if "IPython.core.interactiveshell" in sys.modules:  # the `open` that cells see
            self._replace(sys.modules["IPython.core.interactiveshell"], "io_open", self._opening)
        self._lay_on_libraries()
        if hasattr(pathlib, "_NormalAccessor"):  # Python 3.10's holds the functions by itself
            for name in ("stat", "open", "listdir", "scandir", "mkdir", "unlink", "rmdir", "rename", "replace"):
                owner = pathlib._NormalAccessor
                if hasattr(owner, name):
                    self._replaced.append((owner, name, owner.__dict__[name]))
                    setattr(owner, name, staticmethod(getattr(io if name == "open" else os, name)))

    def _lay_on_libraries(self):
        import cv2
        import h5py

        for name in ("imread", "imdecodemulti", "imreadmulti"):
            self._lead(cv2, name, self.found)
        self._lead(cv2, "imwrite", functools.partial(self.written, empty=True))
        self._replace(h5py.File, "__init__", self._opening_hdf5)

    def _listing(self, original):
        def listing(path="."):
            return original(self.led(path, self.listed))

        return listing

    def _moving(self, original):
        def moving(src, dst, **more):
            if not more:
                src, dst = self.led(src, self.moved), self.led(dst, self.removed)
            answer = original(src, dst, **more)
            if not more:
                self.stage.renamed(*(os.path.join(os.getcwd(), os.fspath(path)) for path in (src, dst)))
            return answer

        return moving

    def _opening(self, original):
        def opening(file, mode="r", *given, **more):
            return original(self.led(file, self._for_mode(mode)), mode, *given, **more)

        return opening

    def _for_mode(self, mode):
        if not isinstance(mode, str) or not set(mode) & set("wax+"):
            return self.found
        return functools.partial(self.written, empty="w" in mode)

    def _opening_by_flags(self, original):
        def opening(path, flags, *given, **more):
            if more.get("dir_fd") is None:
                writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
                empty = bool(flags & os.O_TRUNC)
                path = self.led(path, functools.partial(self.written, empty=empty) if writes else self.found)
            return original(path, flags, *given, **more)

        return opening

    def _opening_hdf5(self, original):
        def opening(file, name=None, mode="r", *given, **more):
            how = self.found if mode == "r" else functools.partial(self.written, empty=mode.startswith("w"))
            return original(file, self.led(name, how), mode, *given, **more)

        return opening

    def take_up(self):
        """Leave every function as it was."""
        while self._replaced:
            setattr(*self._replaced.pop())
