"""What CIFAR-10 and CIFAR-100 share: arrays out of pickles inside a .tar.gz, without running what a pickle may call."""

import pickle
import tarfile

import numpy as np

from anmok.datasets import cached
from anmok.errors import FileFormatError

# All that CIFAR's pickles (Python 2, NumPy 1) name, and the name it has in NumPy 2.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core") if _NEW_NUMPY else module, name)


_NEW_NUMPY = int(np.__version__.split(".")[0]) >= 2


def unpickle(file, name):
    """The dict (keys str) in an open pickle; only arrays and plain values are made. Raises FileFormatError."""
    try:
        found = _Unpickler(file, encoding="bytes").load()
        return {key.decode() if isinstance(key, bytes) else key: value for key, value in found.items()}
    except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, TypeError, IndexError) as reason:
        raise FileFormatError(f"{name}: expected a pickled dict of arrays and nothing else; {reason}.") from reason


def images(rows):
    """Planes to pixels: uint8 (N, 3072), red then green then blue, to (N, 32, 32, 3)."""
    return np.ascontiguousarray(np.asarray(rows, np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def labels(values):
    """uint8 (N, 1) out of a list of ints."""
    return np.asarray(values, np.uint8).reshape(-1, 1)


def read_members(archive, names):
    """{name: dict} for the members of a .tar.gz of pickles whose last path part is in `names`."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.rsplit("/", 1)[-1]
            if name in names and member.isfile():
                found[name] = unpickle(tar.extractfile(member), f"{archive}: {member.name}")
    if missing := [name for name in names if name not in found]:
        raise FileFormatError(f"{archive}: expected its members {', '.join(names)}; missing: {', '.join(missing)}.")
    return found


def make(target, *, origin, sha256, names, arrays):
    """Write `arrays(members)` (a dict) to the .npz file `target`; the members come out of the archive at `origin`."""
    with cached.source(target.with_name(origin.rsplit("/", 1)[-1]), origin, sha256) as archive:
        cached.write(target, arrays(read_members(archive, names)))
