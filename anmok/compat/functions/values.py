"""What a function is given, as torch wants it: tensors, number formats, axes and shapes."""

import operator

import numpy as np
import torch

from anmok import random
from anmok.compat.dtypes import torch_dtype
from anmok.compat.functions.faces import unclothed
from anmok.errors import ArgumentError

# Formats that torch computes little in, and what holds their values.
_WIDER = {np.dtype("uint16"): np.int32, np.dtype("uint32"): np.int64, np.dtype("uint64"): np.int64}
_OF_PYTHON = {bool: torch.bool, int: torch.int32, float: torch.float32, complex: torch.complex64}


def dtype_name(dtype):
    """'float32' for torch.float32."""
    return str(torch_dtype(dtype)).removeprefix("torch.")


def tensor(value, *, dtype=None, like=None):
    """`value` (tensor, array, number, nested lists of these) as a torch tensor on the device of `like`.

    As in TensorFlow, Python's whole numbers are int32 and its others float32; arrays keep their format.
    """
    if type(value) is not torch.Tensor:
        if isinstance(value, torch.Tensor):
            value = unclothed(value)
        else:
            value = _made(value, torch.device("cpu") if like is None else like.device)
    if dtype is not None and value.dtype is not dtype:
        value = value.to(dtype)
    return value


def _made(value, device):
    if isinstance(value, (bool, int, float, complex)) and not isinstance(value, np.generic):
        return torch.tensor(value, dtype=_of_python(value), device=device)
    if isinstance(value, (list, tuple)):
        return _of_list(value, device)
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise ArgumentError(f"Expected numbers, got {value!r}.")
    array = array.astype(_WIDER.get(array.dtype, array.dtype.newbyteorder("=")), copy=False)
    made = torch.from_numpy(np.require(array, requirements="CW") if array.ndim else np.array(array))
    return made if device.type == "cpu" else made.to(device)


def _of_python(value):
    if isinstance(value, int) and not isinstance(value, bool) and not -(1 << 31) <= value < 1 << 31:
        return torch.int64
    return next(dtype for kind, dtype in _OF_PYTHON.items() if isinstance(value, kind))


def _of_list(values, device):
    if any(_holds_tensor(entry) for entry in values):
        parts = [tensor(entry) for entry in values]
        device = next((part.device for part in parts if part.device.type != "cpu"), device)
        common = common_format([part.dtype for part in parts])
        return torch.stack([part.to(device, common) for part in parts])
    array = np.asarray(values)
    if array.dtype.kind not in "biufc":
        raise ArgumentError(f"Expected numbers, in rows of equal length, got {values!r}.")
    if not _holds_array(values):
        if array.dtype == np.int64 and (not array.size or np.abs(array).max() < 1 << 31):
            array = array.astype(np.int32)
        elif array.dtype == np.float64:
            array = array.astype(np.float32)
        elif array.dtype == np.complex128:
            array = array.astype(np.complex64)
    return _made(array, device)


def common_format(formats):
    """The format that holds the values of all."""
    common = formats[0]
    for other in formats[1:]:
        common = torch.promote_types(common, other)
    return common


def _holds_tensor(value):
    if isinstance(value, (list, tuple)):
        return any(_holds_tensor(entry) for entry in value)
    return isinstance(value, torch.Tensor)


def _holds_array(value):
    if isinstance(value, (list, tuple)):
        return bool(value) and _holds_array(value[0])
    return isinstance(value, (np.ndarray, np.generic))


def tensors(*values):
    """Several operands as tensors of one format: numbers, lists and arrays follow the tensors among them.

    As in TensorFlow, where an array of float64 beside a tensor of float32 is float32.
    """
    values = [unclothed(value) if isinstance(value, torch.Tensor) else value for value in values]
    given = [value for value in values if isinstance(value, torch.Tensor)]
    if not given:
        made = [tensor(value) for value in values]
        weak = [type(value) in _OF_PYTHON for value in values]
        if any(weak) and not all(weak):
            firm = common_format([m.dtype for m, w in zip(made, weak, strict=True) if not w])
            made = [_beside(m, firm) if w else m for m, w in zip(made, weak, strict=True)]
        common = common_format([m.dtype for m in made])
        return [m.to(common) for m in made]
    firm = common_format([value.dtype for value in given])
    like = next((value for value in given if value.is_meta), given[0])
    values = [value.to(like.device) if isinstance(value, torch.Tensor) else value for value in values]
    made = [value if isinstance(value, torch.Tensor) else _beside(tensor(value, like=like), firm) for value in values]
    common = common_format([m.dtype for m in made])
    return [m if m.dtype is common else m.to(common) for m in made]


def _beside(made, firm):
    """A tensor out of a number or an array beside others of the format `firm`."""
    kinds = [(dtype.is_complex, dtype.is_floating_point, dtype is not torch.bool) for dtype in (made.dtype, firm)]
    return made.to(firm) if kinds[0] <= kinds[1] else made


def floating(x):
    """x, whole numbers and truth values as float32."""
    x = tensor(x)
    return x if x.is_floating_point() or x.is_complex() else x.float()


def axes(axis, rank):
    """Axes (None: all, an int, several, in any form) as a list of ints in 0..rank-1."""
    if axis is None:
        return list(range(rank))
    listed = integers(axis)
    for one in listed:
        if not -rank <= one < max(rank, 1):
            raise ArgumentError(f"axis {one} does not exist in a tensor of {rank} axes.")
    return [one % rank if rank else 0 for one in listed]


def integer(value):
    """A whole number out of a number, an array or a tensor of one."""
    if type(value) is int:
        return value
    if hasattr(value, "item"):
        value = (unclothed(value) if isinstance(value, torch.Tensor) else value).item()
    return operator.index(int(value) if isinstance(value, float) and value.is_integer() else value)


def integers(values):
    """A list of ints out of one number, a list, a shape, an array or a tensor."""
    if isinstance(values, (list, tuple)):
        return [integer(value) for value in values]
    if isinstance(values, torch.Tensor):
        values = unclothed(values)
    if isinstance(values, (torch.Tensor, np.ndarray)):
        return [integer(value) for value in values.reshape(-1).tolist()]
    if isinstance(values, range):
        return list(values)
    return [integer(values)]


def sizes(shape):
    """A shape as a list of ints; None, the unknown size, is -1."""
    if isinstance(shape, (list, tuple)):
        return [-1 if size is None else integer(size) for size in shape]
    return integers(shape)


def generator(purpose, seed=None):
    """A torch Generator for one draw: of the seed, or of the library's randomness."""
    number = random.next_seed(purpose) if seed is None else integer(seed)
    return torch.Generator().manual_seed(number)
