"""Weights that a file is about to fill: made without drawing initial values, and never more of them than it holds."""

import contextlib
import math
import threading

import torch

from anmok.errors import FileFormatError

_current = threading.local()  # .left: bytes that may still be asked for; absent where weights are drawn


@contextlib.contextmanager
def weights_from_file(size):
    """While it lasts, new weights are zeros, and together take at most `size` bytes; more raises FileFormatError."""
    kept = getattr(_current, "left", None)
    _current.left = size
    try:
        yield
    finally:
        _current.left = kept


def zeros_for(shape, dtype, layer_name):
    """A tensor for the file's values, or None where no file is being read."""
    left = getattr(_current, "left", None)
    if left is None:
        return None
    needed = math.prod(shape) * dtype.itemsize
    if needed > left:
        raise FileFormatError(
            f"Layer '{layer_name}' is described with a weight of shape {tuple(shape)}, for which the file does not "
            "hold enough numbers: its architecture and its weights do not belong together."
        )
    _current.left = left - needed
    return torch.zeros(shape, dtype=dtype)
