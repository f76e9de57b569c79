"""StringTensor: text and the bytes of files with the face of TensorFlow's tensors of dtype string."""

import os

import numpy as np
import torch

from anmok.errors import ArgumentError

_TEXT = (str, bytes, os.PathLike)


def bytes_of(text):
    """One text (str, bytes, a path, a scalar StringTensor, an array of one) as bytes; str in UTF-8."""
    if isinstance(text, bytes):
        return bytes(text)
    if isinstance(text, str):
        return text.encode()
    if isinstance(text, os.PathLike):
        return os.fsencode(text)
    if isinstance(text, (StringTensor, np.ndarray)) and text.ndim == 0:
        return bytes_of(text.numpy() if isinstance(text, StringTensor) else text.item())
    raise ArgumentError(f"Expected one text, got {text!r}.")


def is_text(value):
    """Whether a value is text, or an array or list of texts."""
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and all(is_text(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "US" or (value.dtype == object and all(isinstance(t, _TEXT) for t in value.flat))
    return isinstance(value, (*_TEXT, StringTensor))


def as_strings(value):
    """A StringTensor of a text, or of an array, a list or nested lists of texts."""
    return value if isinstance(value, StringTensor) else StringTensor(value)


def _array_of(value):
    """An array of bytes objects."""
    if isinstance(value, StringTensor):
        return value.array
    if isinstance(value, _TEXT):
        array = np.empty((), object)
        array[()] = bytes_of(value)
        return array
    if isinstance(value, (list, tuple)):
        items = [_array_of(item) for item in value]
        if len({item.shape for item in items}) > 1:
            raise ArgumentError("Expected texts in lists of equal lengths: ragged tensors are not covered.")
        array = np.empty((len(items), *(items[0].shape if items else ())), object)
        for place, item in enumerate(items):
            array[place] = item if item.ndim else item.item()
        return array
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if is_text(value):
        array = np.empty(value.shape, object)
        for place in np.ndindex(value.shape):
            array[place] = bytes_of(value[place])
        return array
    raise ArgumentError(f"Expected text, got {value!r}.")


def mapped(function, value):
    """function(bytes) of each text, as a StringTensor of the same shape."""
    source = as_strings(value).array
    array = np.empty(source.shape, object)
    for place in np.ndindex(source.shape):
        array[place] = function(source[place])
    return StringTensor(array)


def numbers(function, value, dtype):
    """function(bytes) of each text, as a tensor of the same shape."""
    source = as_strings(value).array
    flat = [function(text) for text in source.flat]
    return torch.tensor(flat, dtype=dtype).reshape(source.shape)


class StringTensor:
    """An array of bytes objects of any rank, 0 for a single text."""

    __array_ufunc__ = None  # array == tensor is this class's to compare
    __hash__ = None

    def __init__(self, value):
        """value: a text, an array or nested lists of them."""
        self.array = _array_of(value)

    @property
    def shape(self):
        from anmok.compat.tensors import TensorShape

        return TensorShape(self.array.shape)

    def get_shape(self):
        return self.shape

    @property
    def dtype(self):
        from anmok.compat import tensors

        return tensors.string

    @property
    def ndim(self):
        return self.array.ndim

    def numpy(self):
        """The bytes of a single text, or an array of dtype object."""
        return self.array.item() if self.array.ndim == 0 else self.array.copy()

    def __array__(self, dtype=None, copy=None):
        return self.array.astype(dtype or object)

    def ref(self):
        return id(self)

    def set_shape(self, shape):
        """Nothing: the shape is known."""

    def __len__(self):
        if not self.ndim:
            raise TypeError("A scalar tensor has no len(). Use tf.strings.length for the number of letters.")
        return len(self.array)

    def __iter__(self):
        if not self.ndim:
            raise TypeError("Cannot iterate over a scalar tensor.")
        return (self[number] for number in range(len(self)))

    def __getitem__(self, key):
        if isinstance(key, tuple):
            key = tuple(int(part) if isinstance(part, torch.Tensor) else part for part in key)
        elif isinstance(key, torch.Tensor):
            key = int(key) if key.ndim == 0 else key.detach().numpy()
        found = self.array[key]
        return StringTensor(found) if isinstance(found, np.ndarray) else as_strings(found)

    def __eq__(self, other):
        return self._compared(other, np.equal)

    def __ne__(self, other):
        return self._compared(other, np.not_equal)

    def _compared(self, other, compare):
        from anmok.compat.tensors import as_tensor

        if not is_text(other):
            return NotImplemented
        return as_tensor(np.asarray(compare(self.array, as_strings(other).array), bool))

    def __add__(self, other):
        return StringTensor(np.asarray(self.array + as_strings(other).array, object))

    def __radd__(self, other):
        return as_strings(other) + self

    def __str__(self):
        return f"tf.Tensor({self._written()}, shape={_shape_text(self.array.shape)}, dtype=string)"

    def __repr__(self):
        return f"<tf.Tensor: shape={_shape_text(self.array.shape)}, dtype=string, numpy={self._numpy_text()}>"

    def __format__(self, spec):
        return format(str(self) if self.ndim else str(self.numpy()), spec)

    def _written(self):
        return repr(self.array.item()) if self.ndim == 0 else np.array2string(self.array)

    def _numpy_text(self):
        return repr(self.array.item()) if self.ndim == 0 else repr(self.array)


def _shape_text(shape):
    return str(tuple(shape))
