"""The `.keras` file: a zip archive of metadata.json, config.json and model.weights.h5 (Keras 3's format)."""

import contextlib
import datetime
import io
import json
import struct
import zipfile
import zlib

import h5py

from anmok.errors import FileFormatError
from anmok.saving import hdf5
from anmok.saving.weight_state import write_state

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
DIALECT = "3.15.1"  # the version of Keras whose files these are
_MOST_TEXT = 1 << 24  # the largest networks of Keras' applications take 2 MB
_CHUNK = 1 << 20
_LOCAL_HEADER = 30  # bytes of a member's header before its name


def write_archive(part, model, config_json, *, with_optimizer):
    """Write the whole model to the path `part`."""
    weights = part.with_name(f"{part.name}.h5")
    try:
        with h5py.File(weights, "w") as file:
            write_state(file, model, with_optimizer=with_optimizer, with_copies=True)
        metadata = {"keras_version": DIALECT, "date_saved": f"{datetime.datetime.now():%Y-%m-%d@%H:%M:%S}"}
        with zipfile.ZipFile(part, "w") as archive:
            archive.writestr(METADATA, json.dumps(metadata))
            archive.writestr(CONFIG, config_json)
            archive.write(weights, WEIGHTS)
    finally:
        weights.unlink(missing_ok=True)


@contextlib.contextmanager
def opened_archive(path):
    """The ZipFile at `path`; whatever is wrong with it is a FileFormatError that names it."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, OSError) as error:
        raise FileFormatError(f"{path} is no .keras file, or is damaged or cut off ({error}).") from error


def read_config(archive, path):
    """The text of config.json."""
    info = _member(archive, CONFIG, path)
    if info.file_size > _MOST_TEXT:
        raise FileFormatError(f"{path}: its config.json claims {info.file_size:,} bytes, too many for a network.")
    return archive.read(info)


@contextlib.contextmanager
def opened_weights(archive, path):
    """(the h5py.File of the weights, how many bytes its arrays take)."""
    info = _member(archive, WEIGHTS, path)
    if info.compress_type == zipfile.ZIP_STORED:
        source = _window(archive, info, path)
    else:
        # A compressed member claims its size before it is unpacked.
        if info.file_size > hdf5.most_out_of(info.compress_size):
            raise FileFormatError(f"{path}: its weights claim {info.file_size:,} bytes, more than can be packed there.")
        source = io.BytesIO(archive.read(info))
    with hdf5.opened(source, path) as file:
        yield file, hdf5.size_of_arrays(file, path, info.file_size)


def _member(archive, name, path):
    try:
        info = archive.getinfo(name)
    except KeyError:
        found = ", ".join(sorted(archive.namelist())[:5]) or "nothing"
        raise FileFormatError(f"{path} is no Keras 3 model: it has no {name} (it holds {found}).") from None
    if info.flag_bits & 1:
        raise FileFormatError(f"{path} is locked with a password: save it again without one.")
    return info


def _window(archive, info, path):
    """The member's bytes where they lie in the archive, after its checksum was found right."""
    file = archive.fp
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or header[:4] != b"PK\3\4":
        raise FileFormatError(f"{path} is damaged: its member {info.filename} is not where it should be.")
    start = info.header_offset + _LOCAL_HEADER + sum(struct.unpack("<HH", header[26:30]))
    file.seek(start)
    checksum, left = 0, info.file_size
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise FileFormatError(f"{path} is cut off: {left:,} bytes of its weights are missing.")
        checksum, left = zlib.crc32(chunk, checksum), left - len(chunk)
    if checksum != info.CRC:
        raise FileFormatError(f"{path} is damaged: the checksum of its weights is wrong.")
    return _Window(file, start, info.file_size)


class _Window(io.RawIOBase):
    """A stretch of a file, read as a file of its own."""

    def __init__(self, file, start, size):
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._at

    def seek(self, offset, whence=io.SEEK_SET):
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer):
        self._file.seek(self._start + self._at)
        count = self._file.readinto(memoryview(buffer)[: max(0, self._size - self._at)])
        self._at += count
        return count
