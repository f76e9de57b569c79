"""The lengths of a symbolic tensor's axes: numbers where they are known, else what will be known when it runs."""

import operator
import typing

from anmok.errors import ArgumentError


class Size(typing.NamedTuple):
    """factor * (the length of an axis of a symbolic tensor) // divisor + offset."""

    tensor: typing.Any
    axis: int
    factor: int = 1
    divisor: int = 1
    offset: int = 0

    def __mul__(self, other):
        if not isinstance(other, int) or self.offset:
            return NotImplemented
        return self._replace(factor=self.factor * other)

    __rmul__ = __mul__

    def __floordiv__(self, other):
        return (
            self._replace(divisor=self.divisor * other)
            if isinstance(other, int) and not self.offset
            else NotImplemented
        )

    def __add__(self, other):
        return self._replace(offset=self.offset + other) if isinstance(other, int) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other):
        return self + -other

    def __index__(self):
        raise ArgumentError(
            f"The length of axis {self.axis} of {self.tensor!r} is not known yet: use it inside a Lambda layer, or "
            "give the Input that length."
        )

    __int__ = __index__


class Sizes(tuple):
    """A symbolic tensor's shape as tf.shape gives it: ints and Sizes, with the arithmetic of a vector."""

    __slots__ = ()

    def __getitem__(self, key):
        found = super().__getitem__(key)
        return Sizes(found) if isinstance(key, slice) else found

    def _each(self, operation, other):
        others = other if isinstance(other, (list, tuple)) else [other] * len(self)
        return Sizes(operation(size, one) for size, one in zip(self, others, strict=True))

    def __mul__(self, other):
        return self._each(operator.mul, other)

    __rmul__ = __mul__

    def __floordiv__(self, other):
        return self._each(operator.floordiv, other)

    def __add__(self, other):
        # A list of sizes is joined on, as `shape[:1] + (7, 7)` means in Keras.
        if isinstance(other, (list, tuple)):
            return Sizes((*self, *other))
        return self._each(operator.add, other)

    def __sub__(self, other):
        return self._each(operator.sub, other)


def sizes_of(tensor):
    return Sizes(Size(tensor, axis) if length is None else length for axis, length in enumerate(tensor.shape))


_KEY = "size_of"


def as_written(structure):
    """A call's arguments as files can hold them: every Sizes a tuple, every Size a dict."""
    if isinstance(structure, Size):
        return {_KEY: structure.tensor, **{name: getattr(structure, name) for name in Size._fields[1:]}}
    if isinstance(structure, Sizes):
        return tuple(as_written(entry) for entry in structure)
    if type(structure) in (list, tuple):
        return type(structure)(as_written(entry) for entry in structure)
    return {key: as_written(entry) for key, entry in structure.items()} if type(structure) is dict else structure


def resolved(structure):
    """Arguments with real tensors in them: what `as_written` made of a Size is its number."""
    if type(structure) in (list, tuple):
        return type(structure)(resolved(entry) for entry in structure)
    if type(structure) is not dict:
        return structure
    if _KEY in structure:
        length = structure[_KEY].shape[structure["axis"]]
        return structure["factor"] * length // structure["divisor"] + structure["offset"]
    return {key: resolved(entry) for key, entry in structure.items()}
