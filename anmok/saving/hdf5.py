"""HDF5 files that may come from anywhere: only plain datasets in plain groups, and no more than the file holds."""

import contextlib
import math

import h5py
import numpy as np

from anmok.errors import AnmokError, FileFormatError

# A dataset of a few stored bytes can claim any size. Weights, and the zeros of an optimizer that has just begun, do not
# compress twentyfold.
_HARMLESS = 1 << 24
_MOST_EXPANSION = 20


@contextlib.contextmanager
def opened(source, path):
    """The h5py.File in `source` (a path or file object); whatever is wrong with it names `path`."""
    try:
        with h5py.File(source, "r") as file:
            yield file
    except AnmokError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from error
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        if not _is_about_the_file(error):
            raise
        raise FileFormatError(f"{path} is no HDF5 file, or is damaged or cut off ({error}).") from error


def _is_about_the_file(error):
    """Whether h5py raised it, or one of these modules at what h5py gave."""
    place = error.__traceback__
    while place.tb_next is not None:
        place = place.tb_next
    parts = place.tb_frame.f_code.co_filename.replace("\\", "/").split("/")
    return "h5py" in parts or parts[-2:-1] == ["saving"]


def child(group, name):
    """The group or dataset `name` within `group`, None if it is not there; links that lead elsewhere are refused."""
    for part in name.split("/"):
        if not isinstance(group, h5py.Group) or part not in group:
            return None
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise FileFormatError(f"{group.name}/{name} is a link to another place, which is not followed.")
        group = group[part]
    return group


def dataset(group, name):
    """The dataset `name` of numbers within `group`; raises FileFormatError where it is none."""
    found = child(group, name)
    where = f"{group.name}/{name}"
    if not isinstance(found, h5py.Dataset):
        raise FileFormatError(f"{where} is missing, or is no array.")
    if found.external or found.is_virtual:
        raise FileFormatError(f"{where} points to other files, which are not read.")
    if found.shape is None or not (found.dtype.kind in "fiub" or _is_bfloat16(found)):
        raise FileFormatError(f"{where}: expected numbers, got {found.dtype}.")
    return found


def values(found):
    """The numbers of a dataset, bfloat16 as float32."""
    if not _is_bfloat16(found):
        return np.asarray(found[()])
    raw = np.asarray(found[()]).view(np.uint16).astype(np.uint32)
    return (raw << 16).view(np.float32).reshape(found.shape)


def _is_bfloat16(found):
    return found.attrs.get("dtype") == "bfloat16" and found.dtype.kind == "V" and found.dtype.itemsize == 2


def most_out_of(stored):
    """How many bytes may come out of `stored` ones."""
    return max(_HARMLESS, _MOST_EXPANSION * stored)


def size_of_arrays(file, path, stored):
    """How many bytes the arrays of the file take; FileFormatError if that cannot be out of `stored` bytes."""
    sizes = []

    def measure(name, found):
        if isinstance(found, h5py.Dataset) and found.shape is not None:
            sizes.append(math.prod(found.shape) * found.dtype.itemsize)

    file.visititems(measure)
    total = sum(sizes)
    if total > most_out_of(stored):
        raise FileFormatError(f"{path}: its arrays claim {total:,} bytes, but only {stored:,} are there.")
    return total


def texts(value):
    """A list of str out of an attribute that holds text (bytes or str)."""
    return [entry.decode("utf-8") if isinstance(entry, bytes) else str(entry) for entry in np.atleast_1d(value)]
