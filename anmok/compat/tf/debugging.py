"""tf.debugging: checks of values, raised as errors at once."""

import numpy as np
import torch

from anmok.compat.dtypes import as_dtype
from anmok.compat.tensors import as_tensor
from anmok.compat.tf import errors


def _fail(message, what):
    raise errors.InvalidArgumentError(f"{message + ' ' if message else ''}{what}")


def _pairwise(name, test, sign):
    def check(x, y, message=None, summarize=None, name=None):
        first, second = as_tensor(x).numpy(), as_tensor(y).numpy()
        if not np.all(test(first, second)):
            _fail(message, f"Condition x {sign} y did not hold: x = {first}, y = {second}.")

    check.__name__ = name
    return check


def _alone(name, test, what):
    def check(x, message=None, summarize=None, name=None):
        values = as_tensor(x).numpy()
        if not np.all(test(values)):
            _fail(message, f"Condition {what} did not hold: x = {values}.")

    check.__name__ = name
    return check


assert_equal = _pairwise("assert_equal", np.equal, "==")
assert_none_equal = _pairwise("assert_none_equal", np.not_equal, "!=")
assert_less = _pairwise("assert_less", np.less, "<")
assert_less_equal = _pairwise("assert_less_equal", np.less_equal, "<=")
assert_greater = _pairwise("assert_greater", np.greater, ">")
assert_greater_equal = _pairwise("assert_greater_equal", np.greater_equal, ">=")
assert_positive = _alone("assert_positive", lambda x: x > 0, "x > 0")
assert_negative = _alone("assert_negative", lambda x: x < 0, "x < 0")
assert_non_negative = _alone("assert_non_negative", lambda x: x >= 0, "x >= 0")
assert_non_positive = _alone("assert_non_positive", lambda x: x <= 0, "x <= 0")
assert_all_finite = _alone("assert_all_finite", np.isfinite, "x is finite")


def assert_near(x, y, rtol=None, atol=None, message=None, summarize=None, name=None):
    first, second = as_tensor(x).numpy(), as_tensor(y).numpy()
    least = 10 * np.finfo(first.dtype).eps
    bound = (least if atol is None else atol) + (least if rtol is None else rtol) * np.abs(second)
    if not np.all(np.abs(first - second) <= bound):
        _fail(message, f"x and y are not near each other: x = {first}, y = {second}.")


def assert_rank(x, rank, message=None, name=None):
    if len(as_tensor(x).shape) != int(rank):
        _fail(message, f"Expected rank {int(rank)}, got shape {as_tensor(x).shape}.")


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None):
    """shapes: (tensor, shape) pairs; letters in shapes stand for one length each."""
    known = {}
    for tensor, shape in shapes.items() if isinstance(shapes, dict) else shapes:
        found = as_tensor(tensor).shape
        if len(found) != len(shape):
            _fail(message, f"Expected shape {shape}, got {found}.")
        for length, wanted in zip(found, shape, strict=True):
            wanted = known.setdefault(wanted, length) if isinstance(wanted, str) else wanted
            if wanted is not None and wanted != length:
                _fail(message, f"Expected shape {shape}, got {found}.")


def assert_type(tensor, tf_type, message=None, name=None):
    if as_tensor(tensor).dtype is not as_dtype(tf_type):
        raise TypeError(f"{message or ''} Expected {as_dtype(tf_type)!r}, got {as_tensor(tensor).dtype!r}.")


def Assert(condition, data=(), summarize=None, name=None):
    """Raise InvalidArgumentError with the data where the condition does not hold."""
    if not bool(as_tensor(condition)):
        _fail("assertion failed:", " ".join(str(as_tensor(each).numpy()) for each in data))


def check_numerics(tensor, message, name=None):
    values = as_tensor(tensor)
    if not bool(torch.isfinite(values).all()):
        _fail(message, ": Tensor had NaN or Inf values")
    return values


def is_numeric_tensor(tensor):
    return isinstance(tensor, torch.Tensor) and tensor.dtype != torch.bool


def set_log_device_placement(enabled):
    """Nothing: there is one device."""


def enable_check_numerics(*args, **kwargs):
    """Nothing: fit says itself where numbers stop being numbers."""


def disable_check_numerics(*args, **kwargs):
    """Nothing."""


enable_traceback_filtering = disable_traceback_filtering = disable_check_numerics
