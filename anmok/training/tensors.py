"""Whatever a person holds (arrays, tensors, tables, lists, several of them) as torch tensors over the same memory."""

import numpy as np
import torch

from anmok.errors import DataError

ACCEPTED = (
    "Accepted: NumPy arrays, torch tensors, pandas DataFrames and Series, lists of numbers; lists or dicts of them for "
    "several inputs; generators, PyDataset (Sequence) objects, torch DataLoaders and Datasets, any iterable of batches."
)
# torch computes little in these; the wider signed kind holds the same values.
_WIDER = {"uint16": np.int32, "uint32": np.int64, "uint64": np.int64, "float128": np.float64, "longdouble": np.float64}


def is_arraylike(value):
    """Whether `value` is one array of one axis or more: of NumPy, torch, pandas, or anything that converts to NumPy."""
    if isinstance(value, (np.ndarray, torch.Tensor)):
        return value.ndim > 0
    return len(getattr(value, "shape", None) or ()) > 0 and (hasattr(value, "__array__") or hasattr(value, "toarray"))


def wrap_all(value, name):
    """The structure of `value` (one array, or a list, tuple or dict of them; None stays) with tensors as its leaves.

    Values and formats are kept and memory is shared where it can be. `name` is how errors call it.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: wrap_all(item, f"{name}[{key!r}]") for key, item in value.items()}
    if isinstance(value, (list, tuple)) and any(isinstance(item, dict) or is_arraylike(item) for item in value):
        items = [wrap_all(item, f"{name}[{i}]") for i, item in enumerate(value)]
        return tuple(items) if isinstance(value, tuple) else items
    return wrap(value, name)


def wrap(value, name):
    """One tensor (N, ...) over the memory of `value`; raises DataError for what is not an array of numbers."""
    if isinstance(value, torch.Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            tensor = value.detach()
            if type(tensor) is not torch.Tensor:  # whatever else a subclass may be
                tensor = tensor.as_subclass(torch.Tensor)
    else:
        tensor = _from_numpy(_numbers(value, name))
    if tensor.is_complex() or tensor.layout is not torch.strided:
        what = "complex numbers" if tensor.is_complex() else "a sparse tensor; pass .to_dense()"
        raise DataError(f"{name} holds {what}: real numbers in a dense array are expected.")
    if tensor.ndim == 0:
        raise DataError(f"{name} is a single number: an array is expected whose first axis counts the samples.")
    return tensor


def _from_numpy(array):
    wider = _WIDER.get(array.dtype.name, array.dtype.newbyteorder("="))
    array = array.astype(wider, copy=False)
    if any(stride < 0 for stride in array.strides):
        array = array.copy()
    if not array.flags.writeable:
        array = np.asarray(_Writable(array))
    return torch.from_numpy(array)


class _Writable:
    """The same memory, said to be writable: torch warns of memory that is not, and nothing here writes to it."""

    def __init__(self, array):
        self.owner = array
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def _numbers(value, name):
    """A NumPy array of booleans, integers or floats out of `value`."""
    if type(value).__module__.split(".")[0] == "pandas" and hasattr(value, "to_numpy"):
        return _table(value, name)
    if hasattr(value, "toarray"):
        raise DataError(f"{name} is a sparse matrix: pass {name}.toarray().")
    if isinstance(value, (list, tuple)) and not len(value):
        raise DataError(f"{name} is empty: there is nothing to work on.")
    if not (isinstance(value, (list, tuple, int, float, bool, np.generic)) or hasattr(value, "__array__")):
        raise DataError(f"{name} is of a kind that is not understood, {type(value).__name__}. {ACCEPTED}")
    try:
        array = np.asarray(value)
    except ValueError:
        raise DataError(_unequal(value, name)) from None
    return array if array.dtype.kind in "biufc" else _rescue(array, name)


def _table(value, name):
    array = value.to_numpy()
    if array.dtype.kind in "biuf":
        return array
    columns = [(f"{name}[{key!r}]", value[key]) for key in value.columns] if value.ndim == 2 else [(name, value)]
    for column, series in columns:
        if series.dtype.kind not in "biuf":
            raise DataError(
                f"{column} holds {series.dtype} values; numbers are expected. Encode text with pandas.factorize or "
                "pandas.get_dummies, and drop columns that are no input."
            )
    if value.isna().to_numpy().any():
        raise DataError(f"{name} has missing values (NA): drop or fill them, for instance {name}.dropna().")
    return value.to_numpy(np.float64)


def _rescue(array, name):
    """An object array that holds numbers or arrays of one shape, as numbers; words for anything else."""
    first = array.flat[0] if array.size else None
    if array.dtype.kind in "US" or isinstance(first, (str, bytes)):
        raise DataError(
            f"{name} holds text, such as {str(first)!r}; numbers are expected. Number the classes first: "
            f"sklearn.preprocessing.LabelEncoder().fit_transform({name}) or pandas.factorize({name})[0]."
        )
    if array.dtype.kind == "O" and array.size:
        items = list(array.flat)
        if len({np.shape(item) for item in items}) > 1:
            raise DataError(_unequal(items, name))
        try:
            stacked = np.stack([np.asarray(item) for item in items]).reshape(*array.shape, *np.shape(first))
        except (TypeError, ValueError):
            stacked = None
        if stacked is not None and stacked.dtype.kind in "biuf":
            return stacked
    kind = f"{type(first).__name__} objects" if array.dtype.kind == "O" else f"{array.dtype} values"
    raise DataError(f"{name} holds {kind}; numbers are expected.")


def _unequal(items, name):
    shapes = []
    for item in items:
        try:
            shapes.append(str(np.shape(item)))
        except ValueError:
            shapes.append("uneven")
    other = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), 0)
    return (
        f"{name} holds arrays of unequal shapes: {name}[0] is {shapes[0]}, {name}[{other}] is {shapes[other]}. "
        "One shape is expected; resize or pad them, then np.stack."
    )


def leaves(structure, name=""):
    """[(name, tensor)] of a structure, in order; None is left out."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [leaf for key, item in structure.items() for leaf in leaves(item, f"{name}[{key!r}]")]
    if isinstance(structure, (list, tuple)):
        return [leaf for i, item in enumerate(structure) for leaf in leaves(item, f"{name}[{i}]")]
    return [(name, structure)]


def map_leaves(function, structure):
    """The same structure with `function(tensor)` as its leaves; None stays None."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {key: map_leaves(function, item) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        items = [map_leaves(function, item) for item in structure]
        return tuple(items) if isinstance(structure, tuple) else items
    return function(structure)


def as_input(tensor):
    """float32, as inputs enter a model."""
    return tensor.to(torch.float32)


def as_label(tensor):
    """float32 for floats, int64 for integers and booleans."""
    return tensor.to(torch.float32 if tensor.is_floating_point() else torch.int64)
