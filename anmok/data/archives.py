"""Images that come in an archive: unpacked once, then a folder like any other."""

import hashlib
import os
import shutil
import threading
import time
import zipfile
import zlib
from pathlib import Path

from anmok import files
from anmok.data import folders
from anmok.errors import ArgumentError, FileFormatError
from anmok.images import decode

_TABLES = (".csv", ".tsv")
_DAY = 24 * 3600  # seconds
_unpacking = threading.Lock()


def opened(source):
    """The folder to read images from (Path): a folder is itself, a zip or tar is unpacked once into the cache folder.

    It is unpacked to $ANMOK_HOME/cache/archives under its path, size and time of change: an archive that changed is
    unpacked anew, and a folder that is there is whole. Of an archive that has one folder at its top, that folder is
    returned (unless nothing but images lie in it: then it is a class). Names are made readable where Windows or macOS
    wrote them without saying how (files.extract).
    Raises MissingFileError (nothing there) or FileFormatError (no archive, damaged, encrypted, larger than the disk,
    or with a member that would land outside of its folder; nothing is left of it then).
    """
    try:
        path = Path(os.path.abspath(Path(source).expanduser()))
    except TypeError:
        raise ArgumentError(f"Expected the path of a folder or zip, got {type(source).__name__}: {source!r}.") from None
    if path.is_dir():
        return path
    if not path.exists():
        raise folders.not_there(path, "folder or archive")
    state = path.stat()
    shelf = files.home() / "cache" / "archives" / f"{path.stem}-{_short(os.fspath(path))}"
    target = shelf / _short(f"{state.st_size} {state.st_mtime_ns}")
    with _unpacking:
        if not target.is_dir():
            _unpack(path, target)
        os.utime(target)  # when it was last used
        _forget_older(shelf, target)
    return _entered(target)


def _short(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _unpack(path, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    _refuse_too_large(path, target.parent)
    whole = target.with_name(f"{target.name}.{os.getpid()}.whole")
    try:
        if not files.extract(path, whole):
            raise FileFormatError(
                f"{path}: expected a folder or a zip of images; this file is no archive, or a zip that was cut short. "
                "Copy or download it again."
            )
        try:
            os.rename(whole, target)
        except OSError:
            if not target.is_dir():  # else another process was quicker; both unpacked the same
                raise
    except (zipfile.BadZipFile, zlib.error, EOFError) as reason:
        raise FileFormatError(f"{path} is damaged: {reason}. Copy or download it again; nothing was kept.") from reason
    except (RuntimeError, NotImplementedError) as reason:  # encrypted; a compression that Python does not know
        raise FileFormatError(
            f"{path} cannot be unpacked: {reason}. Unpack it by hand and give the folder."
        ) from reason
    finally:
        shutil.rmtree(whole, ignore_errors=True)


def _refuse_too_large(path, folder):
    try:
        with zipfile.ZipFile(path) as zipped:
            needed = sum(member.file_size for member in zipped.infolist())
    except (zipfile.BadZipFile, OSError):
        return  # a tar, or damaged: extract says which
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise FileFormatError(f"{path}: unpacked it takes {needed:,} bytes, and {folder} has {free:,} free.")


def _forget_older(shelf, current):
    """Remove what the same archive held before it changed, and what a killed process left, when a day unused."""
    for entry in shelf.iterdir():
        if entry != current and entry.stat().st_mtime < time.time() - _DAY:
            shutil.rmtree(entry, ignore_errors=True)


def _entered(folder):
    while True:
        shown = [entry for entry in folder.iterdir() if not folders.is_hidden(entry.name)]
        if len(shown) != 1 or not shown[0].is_dir():
            return folder
        inner = [entry for entry in shown[0].iterdir() if not folders.is_hidden(entry.name)]
        images = any(entry.name.lower().endswith(decode.EXTENSIONS) for entry in inner)
        if images and not any(entry.is_dir() or entry.suffix.lower() in _TABLES for entry in inner):
            return folder
        folder = shown[0]
