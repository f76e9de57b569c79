"""TensorFlow's number formats and shapes: DType and TensorShape."""

import math

import numpy as np
import torch

from anmok.errors import ArgumentError, ShapeError, unknown_name


class DType:
    """A number format by TensorFlow's name for it; equal to the same format of NumPy, torch, or by its name."""

    def __init__(self, name, numpy_type, torch_dtype):
        self.name = name
        self.as_numpy_dtype = numpy_type
        self.torch = torch_dtype  # None for strings

    def __eq__(self, other):
        if isinstance(other, DType):
            return self is other
        return self.torch is other if isinstance(other, torch.dtype) else as_dtype(other, default=None) is self

    def __hash__(self):
        return hash(self.torch if self.torch is not None else self.name)

    def __repr__(self):
        return f"tf.{self.name}"

    def __str__(self):
        return f"<dtype: '{self.name}'>"

    def __reduce__(self):
        return as_dtype, (self.name,)

    def __deepcopy__(self, memo):
        return self

    def __array__(self, *_, **__):
        raise TypeError(f"{self!r} is a number format, not an array.")

    @property
    def is_floating(self):
        return self.torch is not None and self.torch.is_floating_point

    is_floating_point = is_floating  # torch's name, for code of ours that gets one

    @property
    def is_complex(self):
        return self.torch is not None and self.torch.is_complex

    @property
    def is_bool(self):
        return self.torch is torch.bool

    @property
    def is_integer(self):
        return self.torch is not None and not (self.is_floating or self.is_complex or self.is_bool)

    @property
    def is_unsigned(self):
        return self.name.startswith("uint")

    @property
    def is_numpy_compatible(self):
        return True

    @property
    def base_dtype(self):
        return self

    @property
    def real_dtype(self):
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    @property
    def itemsize(self):
        """torch's name for `size`."""
        return self.size

    @property
    def size(self):
        return 1 if self.torch is None else self.torch.itemsize

    @property
    def min(self):
        return self._limit("min")

    @property
    def max(self):
        return self._limit("max")

    @property
    def limits(self):
        return self.min, self.max

    def _limit(self, which):
        if self.is_bool:
            return which == "max"
        if self.torch is None:
            raise TypeError("Strings have no smallest and no largest value.")
        return getattr((torch.finfo if self.is_floating else torch.iinfo)(self.torch), which)

    def is_compatible_with(self, other):
        return as_dtype(other) is self


# fmt: off
_TABLE = (
    ("float16", np.float16, torch.float16), ("float32", np.float32, torch.float32),
    ("float64", np.float64, torch.float64), ("bfloat16", np.float32, torch.bfloat16),
    ("int8", np.int8, torch.int8), ("int16", np.int16, torch.int16), ("int32", np.int32, torch.int32),
    ("int64", np.int64, torch.int64), ("uint8", np.uint8, torch.uint8), ("uint16", np.uint16, torch.uint16),
    ("uint32", np.uint32, torch.uint32), ("uint64", np.uint64, torch.uint64), ("bool", np.bool_, torch.bool),
    ("complex64", np.complex64, torch.complex64), ("complex128", np.complex128, torch.complex128),
    ("string", object, None),
)
# fmt: on
DTYPES = {name: DType(name, numpy_type, torch_dtype) for name, numpy_type, torch_dtype in _TABLE}
OF_TORCH = {dtype.torch: dtype for dtype in DTYPES.values() if dtype.torch is not None}
_OF_NAME = DTYPES | {
    "half": DTYPES["float16"],
    "float": DTYPES["float32"],
    "double": DTYPES["float64"],
    "int": DTYPES["int32"],
    "str": DTYPES["string"],
}
# What Python's own types mean to TensorFlow.
_OF_TYPE = {float: "float32", int: "int32", bool: "bool", complex: "complex128", str: "string", bytes: "string"}
float32, float64, int32, int64, string = (DTYPES[n] for n in ("float32", "float64", "int32", "int64", "string"))
_RAISE = object()


def as_dtype(value, default=_RAISE):
    """The DType for a DType, torch dtype, NumPy dtype or type, or name; `default`, if given, where there is none."""
    if isinstance(value, DType):
        return value
    if isinstance(value, torch.dtype):
        return OF_TORCH[value]
    if isinstance(value, str):
        name = value.removeprefix("torch.").removeprefix("tf.")
    elif isinstance(value, type) and value in _OF_TYPE:
        name = _OF_TYPE[value]
    elif isinstance(value, (type, np.dtype)):
        try:
            dtype = np.dtype(value)
        except TypeError:
            dtype = None
        name = None if dtype is None else "string" if dtype.kind in "OSU" else dtype.name
    else:
        name = None
    found = _OF_NAME.get(name)
    if found is not None or default is not _RAISE:
        return default if found is None else found
    raise unknown_name("dtype", value, DTYPES)


def torch_dtype(value):
    """torch's dtype for anything `as_dtype` knows; None stays None. Raises ArgumentError for strings."""
    if value is None or isinstance(value, torch.dtype):
        return value
    dtype = as_dtype(value)
    if dtype.torch is None:
        raise ArgumentError("Expected a number format, got tf.string.")
    return dtype.torch


class TensorShape(tuple):
    """The lengths of a tensor's axes, None where unknown (as in TensorFlow)."""

    __slots__ = ()

    def __new__(cls, dims=()):
        if type(dims) is cls:
            return dims
        if dims is None:
            raise ArgumentError("A shape of unknown rank is not supported: give its axes, None where unknown.")
        if not isinstance(dims, (list, tuple)):
            dims = tuple(dims) if hasattr(dims, "__iter__") else (dims,)
        return super().__new__(cls, [None if length is None or length == -1 else int(length) for length in dims])

    def as_list(self):
        return list(self)

    @property
    def rank(self):
        return len(self)

    ndims = rank

    @property
    def dims(self):
        return list(self)

    def num_elements(self):
        return None if None in self else math.prod(self)

    numel = num_elements  # torch's name, for code of ours that gets one

    def is_fully_defined(self):
        return None not in self

    def assert_is_fully_defined(self):
        if None in self:
            raise ShapeError(f"Shape {self} is not fully defined.")

    def is_compatible_with(self, other):
        other = TensorShape(other)
        return len(self) == len(other) and all(None in (a, b) or a == b for a, b in zip(self, other, strict=True))

    def assert_is_compatible_with(self, other):
        if not self.is_compatible_with(other):
            raise ShapeError(f"Shapes {self} and {TensorShape(other)} are incompatible.")

    def assert_has_rank(self, rank):
        if len(self) != rank:
            raise ShapeError(f"Shape {self} must have rank {rank}.")

    def with_rank(self, rank):
        self.assert_has_rank(rank)
        return self

    def merge_with(self, other):
        self.assert_is_compatible_with(other)
        return TensorShape([b if a is None else a for a, b in zip(self, TensorShape(other), strict=True)])

    def concatenate(self, other):
        return TensorShape((*self, *TensorShape(other)))

    def __add__(self, other):
        return self.concatenate(other)

    def __radd__(self, other):
        return TensorShape(other).concatenate(self)

    def __getitem__(self, key):
        value = super().__getitem__(key)
        return TensorShape(value) if isinstance(key, slice) else value

    def __eq__(self, other):
        return tuple(self) == tuple(other) if isinstance(other, (list, tuple)) else NotImplemented

    def __ne__(self, other):
        return tuple(self) != tuple(other) if isinstance(other, (list, tuple)) else NotImplemented

    __hash__ = tuple.__hash__

    def __repr__(self):
        return f"TensorShape({list(self)})"

    def __str__(self):
        return tuple.__repr__(self)
