"""Where a Dataset's elements come from: arrays in memory, a generator, numbers.

A stage (here and in stages.py) has elements(place), an iterator over one pass; count(), the number of elements,
INFINITE or UNKNOWN; spec(), the TensorSpecs. `place` is a tuple of whole numbers, the epoch first: with the seeds it
alone decides what is drawn. Where elements are rows of arrays, `store` is set and order(place) gives the rows' numbers,
so that batches are taken out of the arrays at once. Elements have memory of their own: whoever gets one may change it.
"""

import numpy as np
import torch

from anmok.data.crew import closing
from anmok.data.elements import (
    TensorSpec,
    array_of,
    element_of,
    leaves,
    spec_of,
    structured,
    taken,
    tensor_of,
    torch_dtype,
)
from anmok.errors import ArgumentError, DataError, ShapeError

INFINITE, UNKNOWN = -1, -2


class Store:
    """Arrays of one length, in a structure."""

    def __init__(self, arrays):
        self.arrays = structured(_array, taken(arrays))
        parts = leaves(self.arrays)
        if not parts:
            raise DataError("from_tensor_slices: there is no array to slice.")
        for part in parts:
            if part.ndim == 0:
                raise ShapeError("from_tensor_slices: a single number has no rows; use from_tensors for one element.")
        lengths = [len(part) for part in parts]
        if len(set(lengths)) > 1:
            raise DataError(
                f"from_tensor_slices: the arrays have unequal lengths {lengths}. Each sample needs one row in each."
            )
        self.length = lengths[0]

    def row(self, index):
        """Element number `index`."""
        return structured(lambda leaf: _row(leaf, index), self.arrays)

    def rows(self, indices):
        """A batch of the elements numbered by a list of indices."""
        return structured(lambda leaf: tensor_of(leaf[indices]), self.arrays)


def _array(leaf):
    if isinstance(leaf, list) and leaf and all(isinstance(item, torch.Tensor) for item in leaf):
        return tensor_of(leaf)
    return tensor_of(leaf) if isinstance(leaf, torch.Tensor) else array_of(leaf)


def _row(array, index):
    row = array[index]
    if torch.is_tensor(row):
        return row.clone()
    return tensor_of(row.copy() if isinstance(row, np.ndarray) else row)


class Slices:
    """The rows of arrays, in their order."""

    def __init__(self, arrays):
        self.store = Store(arrays)

    def order(self, place):
        return iter(range(self.store.length))

    def elements(self, place):
        return (self.store.row(i) for i in range(self.store.length))

    def count(self):
        return self.store.length

    def spec(self):
        def spec(leaf):
            if torch.is_tensor(leaf) or leaf.dtype.kind not in "USO":
                return TensorSpec(tuple(leaf.shape[1:]), torch_dtype(leaf.dtype))
            return TensorSpec(tuple(leaf.shape[1:]), str)

        return structured(spec, self.store.arrays)


class Single:
    """One element."""

    store = None

    def __init__(self, element):
        self.element = element_of(element)

    def elements(self, place):
        yield structured(lambda leaf: leaf.clone() if torch.is_tensor(leaf) else leaf, self.element)

    def count(self):
        return 1

    def spec(self):
        return spec_of(self.element)


class Generated:
    """What a function's generator yields; each pass calls the function anew."""

    store = None

    def __init__(self, function, arguments, signature):
        self.function, self.arguments, self.signature = function, arguments, signature

    def elements(self, place):
        with closing(iter(self.function(*self.arguments))) as yielded:
            for number, value in enumerate(yielded):
                if isinstance(value, list) and isinstance(self.signature, tuple):
                    value = tuple(value)
                element = element_of(value)
                yield element if self.signature is None else self._matched(element, number)

    def _matched(self, element, number):
        try:
            return structured(lambda spec, leaf: _cast(leaf, spec), self.signature, element)
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f"from_generator: element {number} is {spec_of(element)}, announced was {self.signature}. ({error})"
            ) from None

    def count(self):
        return UNKNOWN

    def spec(self):
        if self.signature is not None:
            return self.signature
        with closing(self.elements((0,))) as elements:
            for element in elements:
                return spec_of(element)
        raise DataError("element_spec: the generator yields nothing to tell it from; give output_signature.")


def _cast(leaf, spec):
    dtype = torch_dtype(spec.dtype)
    if not torch.is_tensor(leaf):
        if dtype is not str:
            raise TypeError(f"text where {dtype} was announced")
        return leaf
    if dtype is str:
        raise TypeError("numbers where text was announced")
    shape = tuple(leaf.shape)
    if spec.shape is not None:
        wanted = tuple(spec.shape)
        if len(shape) != len(wanted) or any(w not in (None, s) for s, w in zip(shape, wanted, strict=True)):
            raise ValueError(f"shape {shape} where {wanted} was announced")
    return leaf.to(dtype)


def signature_of(output_signature, output_types, output_shapes):
    """The TensorSpecs that from_generator was told in either of TensorFlow's two ways; None if it was not."""
    if output_signature is not None:
        if output_types is not None or output_shapes is not None:
            raise ArgumentError("from_generator: give output_signature, or output_types and output_shapes, not both.")
        return structured(
            lambda spec: TensorSpec(_shape(getattr(spec, "shape", None)), torch_dtype(spec.dtype)), output_signature
        )
    if output_types is None:
        if output_shapes is not None:
            raise ArgumentError("from_generator: output_shapes needs output_types, or use output_signature.")
        return None
    types = tuple(output_types) if isinstance(output_types, list) else output_types
    if output_shapes is None:
        return structured(lambda dtype: TensorSpec(None, torch_dtype(dtype)), types)
    return _paired(types, output_shapes)


def _paired(types, shapes):
    """Types and shapes walked together: a shape is a tuple itself, so the types lead."""
    if isinstance(types, dict):
        return {key: _paired(item, shapes[key]) for key, item in types.items()}
    if isinstance(types, tuple):
        return tuple(_paired(*pair) for pair in zip(types, shapes, strict=True))
    return TensorSpec(_shape(shapes), torch_dtype(types))


def _shape(shape):
    if shape is None or getattr(shape, "rank", 0) is None:
        return None
    return tuple(None if size is None else int(size) for size in shape)
