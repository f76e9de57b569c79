"""What a Dataset is made of: an element is a tensor, text, or a tuple or dict of elements."""

import dataclasses

import numpy as np
import torch

from anmok.data import faces
from anmok.errors import ArgumentError, DataError, ShapeError

_TEXT = (str, bytes)


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """Shape and format of a tensor; None in the shape stands for any length."""

    shape: tuple | None = None
    dtype: object = torch.float32
    name: str | None = None

    def __repr__(self):
        return f"TensorSpec(shape={self.shape}, dtype={str(self.dtype).removeprefix('torch.')})"


def structured(function, value, *others):
    """The structure of `value` with function(leaf, leaves of the others at its place) as its leaves."""
    if isinstance(value, dict):
        return {key: structured(function, item, *(other[key] for other in others)) for key, item in value.items()}
    if isinstance(value, tuple):
        items = [structured(function, *items) for items in zip(value, *others, strict=True)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return function(value, *others)


def leaves(value):
    """The leaves of a structure in their order."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def tensor_of(value):
    """One leaf: a tensor out of an array, number, image or list of them. Text and None stay.

    Arrays keep their format; Python's floats become float32, its whole numbers int64.
    """
    if isinstance(value, torch.Tensor):
        return value if type(value) is torch.Tensor else _plain(value)
    if isinstance(value, _TEXT) or value is None or getattr(value, "is_dataset", False):
        return value
    if isinstance(value, (bool, int, float)):
        return torch.tensor(value)
    if isinstance(value, list) and value and any(isinstance(item, torch.Tensor) for item in value):
        return stack([tensor_of(item) for item in value], "a list")
    return _tensor_of_array(array_of(value))


def _plain(tensor):
    """The torch tensor beneath one of a subclass, however that answers to torch's functions."""
    with torch._C.DisableTorchFunctionSubclass():
        return torch.Tensor.as_subclass(tensor, torch.Tensor)


def array_of(value):
    """The array that `value` stands for; DataError in words for what is no array of numbers or texts."""
    if isinstance(value, np.ndarray):
        return value
    try:
        array = np.asarray(value)
    except ValueError:
        raise DataError(
            "A list in a Dataset's element stands for one array, and its items have unequal shapes. "
            "Several things go together as a tuple: (images, labels)."
        ) from None
    if array.dtype.kind == "O" and not all(isinstance(item, _TEXT) for item in array.flat):
        raise DataError(
            f"An element of a Dataset holds {type(value).__name__} objects. Expected arrays, tensors, numbers, text, "
            "or tuples and dicts of them."
        )
    if array.dtype == np.float64 and not isinstance(value, np.generic) and not hasattr(value, "__array__"):
        return array.astype(np.float32)
    return array


def _tensor_of_array(array):
    if array.dtype.kind in "USO":
        return array.item() if array.ndim == 0 else array
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    try:
        return torch.from_numpy(array) if array.ndim else torch.tensor(array.item(), dtype=torch_dtype(array.dtype))
    except TypeError:
        raise DataError(f"An element of a Dataset holds {array.dtype} values; numbers or text are expected.") from None


def element_of(value):
    """What a person's function or generator returned, as an element."""
    return structured(tensor_of, taken(value))


def returned(value):
    """What a function given to map returned, as an element."""
    if isinstance(value, list) and faces.in_use().lists_are_tuples:
        value = tuple(value)
    return element_of(value)


def shown(element):
    """An element as the face in use (see faces.py) shows it to a person."""
    face = faces.in_use()
    return element if face is faces.PLAIN else structured(face.shown, element)


def shown_specs(specs):
    """A structure of TensorSpecs as the face in use shows it."""
    face = faces.in_use()
    return specs if face is faces.PLAIN else structured(face.spec, specs)


def taken(value):
    """A structure of what a person gave, each leaf as the face in use takes it."""
    face = faces.in_use()
    return value if face is faces.PLAIN else structured(face.taken, value)


def numpy_of(value):
    """The element with NumPy arrays (and scalars) as its leaves."""

    def array(leaf):
        if torch.is_tensor(leaf):
            return leaf.detach().cpu().numpy()[()]
        return leaf.numpy() if hasattr(leaf, "numpy") else leaf

    return structured(array, value)


def copy_of(value):
    """The element over memory of its own."""
    return structured(lambda leaf: leaf.clone() if torch.is_tensor(leaf) else leaf, value)


def batch_of(elements):
    """Elements of one structure and shape as one element with a new first axis."""
    first = elements[0]
    if isinstance(first, (dict, tuple)):
        parts = [leaves(element) for element in elements]
        counts = {len(part) for part in parts}
        if len(counts) > 1:
            raise ShapeError(f"batch: elements of {min(counts)} and of {max(counts)} parts cannot be one batch.")
        columns = iter([stack(list(column), f"part {i}") for i, column in enumerate(zip(*parts, strict=True))])
        return structured(lambda leaf: next(columns), first)
    return stack(elements, "an element")


def stack(items, what):
    """Leaves of one shape as one leaf (N, ...)."""
    first = items[0]
    if first is None:
        return None
    if isinstance(first, bytes):
        return objects(items)  # NumPy's own format for bytes drops zeros at the end
    if isinstance(first, (str, np.ndarray)):
        return np.array(items)
    shapes = [tuple(item.shape) for item in items]
    if any(shape != shapes[0] for shape in shapes):
        other = next(i for i, shape in enumerate(shapes) if shape != shapes[0])
        raise ShapeError(
            f"batch: {what} has shape {shapes[0]} in one element and {shapes[other]} in another, {other} further on. "
            "A batch needs one shape: resize images in map() before batch()."
        )
    if first.requires_grad or first.device.type != "cpu" or first.dtype == torch.bfloat16:
        return torch.stack(items)
    # NumPy copies in the thread that asks; torch would wake its own threads, which belong to training.
    return torch.from_numpy(np.stack([item.numpy() for item in items]))


def objects(items):
    """A list of bytes as an array (N,) that keeps them as they are."""
    array = np.empty(len(items), object)
    array[:] = items
    return array


def rows_of(value):
    """The elements that a batch consists of, one after the other."""
    parts = leaves(value)
    counts = {len(part) for part in parts if not isinstance(part, _TEXT) and np.ndim(part) > 0}
    if len(counts) != 1 or any(isinstance(part, _TEXT) or np.ndim(part) == 0 for part in parts):
        raise ShapeError(
            "unbatch: every part of an element needs a first axis of one length, got shapes "
            f"{[tuple(getattr(part, 'shape', ())) for part in parts]}."
        )
    for i in range(counts.pop()):
        yield _row(value, i)


def _row(value, i):
    return structured(lambda leaf: leaf[i] if torch.is_tensor(leaf) else tensor_of(leaf[i]), value)


def spec_of(value):
    """The TensorSpecs of an element; text is dtype str."""

    def spec(leaf):
        if torch.is_tensor(leaf):
            return TensorSpec(tuple(leaf.shape), leaf.dtype)
        return TensorSpec(np.shape(leaf), str)

    return structured(spec, value)


def torch_dtype(dtype):
    """The torch.dtype (or str, for text) that a torch or NumPy dtype, its name or a type stands for."""
    if isinstance(dtype, torch.dtype):
        return dtype
    dtype = getattr(dtype, "as_numpy_dtype", dtype)
    if dtype in (str, bytes, object, "string"):
        return str
    with_name = getattr(torch, dtype, None) if isinstance(dtype, str) else None
    if isinstance(with_name, torch.dtype):
        return with_name
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise ArgumentError(f"Expected a number format such as 'float32' or torch.int64, got {dtype!r}.")
    return found
