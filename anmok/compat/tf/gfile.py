"""tf.io.gfile: files and folders of this machine, by the names TensorFlow has for what Python does."""

import glob as _glob
import os
import shutil
import types

from anmok.compat import missing
from anmok.compat.texts import bytes_of
from anmok.errors import ArgumentError, MissingFileError

__all__ = [
    "GFile", "copy", "exists", "glob", "isdir", "join", "listdir", "makedirs", "mkdir", "remove", "rename", "rmtree",
    "stat", "walk",
]  # fmt: skip


def path_of(path):
    """A path as str, out of str, bytes, a path or a tensor of text."""
    return os.fsdecode(path if isinstance(path, (str, bytes, os.PathLike)) else bytes_of(path))


class GFile:
    """A file, opened at the first reading or writing; in mode "r" it gives str, in "rb" bytes."""

    def __init__(self, name, mode="r"):
        self.name, self.mode = path_of(name), mode
        self._file = None

    def _opened(self):
        if self._file is None:
            self._file = open(self.name, self.mode)  # noqa: SIM115
        return self._file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __iter__(self):
        return iter(self._opened())

    def read(self, n=-1):
        return self._opened().read(n)

    def readline(self):
        return self._opened().readline()

    def readlines(self):
        return self._opened().readlines()

    def write(self, file_content):
        self._opened().write(file_content)

    def seek(self, offset, whence=0):
        self._opened().seek(offset, whence)

    def tell(self):
        return self._opened().tell()

    def size(self):
        return os.path.getsize(self.name)

    def flush(self):
        self._opened().flush()

    def close(self):
        if self._file is not None:
            self._file.close()
        self._file = None


def exists(path):
    return os.path.exists(path_of(path))


def isdir(path):
    return os.path.isdir(path_of(path))


def glob(pattern):
    """The paths that match a pattern, or any of a list of them."""
    patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    return [path for one in patterns for path in _glob.glob(path_of(one))]


def listdir(path):
    folder = path_of(path)
    if not os.path.isdir(folder):
        raise MissingFileError(f"There is no folder {folder}.")
    return os.listdir(folder)


def join(path, *paths):
    return os.path.join(path_of(path), *map(path_of, paths))


def makedirs(path):
    os.makedirs(path_of(path), exist_ok=True)


def mkdir(path):
    os.mkdir(path_of(path))


def remove(path):
    os.remove(path_of(path))


def rmtree(path):
    shutil.rmtree(path_of(path))


def copy(src, dst, overwrite=False):
    _may_write(dst, overwrite)
    shutil.copyfile(path_of(src), path_of(dst))


def rename(src, dst, overwrite=False):
    _may_write(dst, overwrite)
    os.replace(path_of(src), path_of(dst))


def _may_write(path, overwrite):
    if not overwrite and os.path.exists(path_of(path)):
        raise ArgumentError(f"{path_of(path)} is there already; say overwrite=True.")


def walk(top, topdown=True, onerror=None):
    return os.walk(path_of(top), topdown, onerror)


def stat(path):
    """length (bytes) and mtime_nsec of a file."""
    found = os.stat(path_of(path))
    return types.SimpleNamespace(
        length=found.st_size, mtime_nsec=found.st_mtime_ns, is_directory=os.path.isdir(path_of(path))
    )


def __getattr__(name):
    raise missing.attribute("tf.io.gfile", name, __all__)
