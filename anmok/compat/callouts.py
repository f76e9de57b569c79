"""tf.py_function and tf.numpy_function: a person's own Python called with tensors or arrays."""

import numpy as np

from anmok.compat import tensors
from anmok.compat.texts import is_text
from anmok.errors import DataError


def py_function(func=None, inp=None, Tout=None, name=None):
    """func(*inp) with tensors, its results in the formats Tout (one, or a list of them)."""
    return _results(func(*[tensors.as_tensor(value) for value in inp]), Tout, "py_function")


def numpy_function(func=None, inp=None, Tout=None, stateful=True, name=None):
    """func(*inp) with NumPy arrays (bytes for a text), its results in the formats Tout (one, or a list of them)."""
    return _results(func(*[tensors.as_tensor(value).numpy() for value in inp]), Tout, "numpy_function")


def _results(made, formats, asked):
    if formats is None or (isinstance(formats, (list, tuple)) and not formats):
        return [] if formats is not None else None
    if not isinstance(formats, (list, tuple)):
        made = made[0] if isinstance(made, (list, tuple)) and len(made) == 1 and not np.isscalar(made[0]) else made
        return _formatted(made, formats)
    if not isinstance(made, (list, tuple)):
        made = [made]
    if len(made) != len(formats):
        raise DataError(f"tf.{asked}: {len(formats)} results were announced in Tout, the function gave {len(made)}.")
    return [_formatted(value, each) for value, each in zip(made, formats, strict=True)]


def _formatted(value, dtype):
    return tensors.as_tensor(value) if is_text(value) else tensors.as_tensor(value, dtype)
