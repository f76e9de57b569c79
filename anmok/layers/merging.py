"""Layers that make one tensor of several."""

import functools
import math

import torch
import torch.nn.functional as F

from anmok.errors import ArgumentError, ShapeError
from anmok.layers import registered
from anmok.layers.layer import Layer
from anmok.layers.symbolic import KerasTensor


class _Merge(Layer):
    """A layer called on a list of tensors, batch first."""

    _fewest, _most = 1, math.inf
    _wanted = "the same shape"
    _stretches = False  # whether an axis of length 1 fits any length

    def build(self, input_shape):
        if not isinstance(input_shape, list):
            self._refuse_single(input_shape)
        self._check(input_shape)

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)):
            self._refuse_single(inputs.shape)
        try:
            return self._merged(inputs)
        except (RuntimeError, IndexError, ValueError):
            # Built for other shapes than these: say which, where torch speaks of its own.
            self._check([tuple(tensor.shape) for tensor in inputs])
            raise

    def compute_output_spec(self, inputs):
        if not isinstance(inputs, (list, tuple)):
            self._refuse_single(inputs.shape)
        # Lengths unknown in one input and known in another must be the known ones.
        known = self._check([tensor.shape for tensor in inputs])
        names = self._names([len(tensor.shape) for tensor in inputs])
        filled = []
        for tensor, axes in zip(inputs, names, strict=True):
            lengths = zip(tensor.shape, axes, strict=True)
            shape = [known.get(name, (None,))[0] if length is None else length for length, name in lengths]
            filled.append(KerasTensor(shape, tensor.dtype))
        return super().compute_output_spec(filled)

    def _names(self, ranks):
        """For every input a name for each axis; axes of one name must have one length, None goes with nothing."""
        raise NotImplementedError

    def _check(self, shapes):
        """Raise unless the shapes go together; returns {name of axis: (length, shape it was found in)}."""
        if not self._fewest <= len(shapes) <= self._most:
            wanted = f"{self._fewest} inputs" if self._fewest == self._most else "at least 1 input"
            raise ArgumentError(f"{type(self).__name__} '{self.name}': expected {wanted}, got {len(shapes)}.")
        known = {}
        for shape, names in zip(shapes, self._names([len(shape) for shape in shapes]), strict=True):
            for length, name in zip(shape, names, strict=True):
                if name is None or length is None or (length == 1 and self._stretches):
                    continue
                other, where = known.setdefault(name, (length, shape))
                if other != length:
                    raise self._mismatch(where, shape)
        return known

    def _mismatch(self, first, other):
        return ShapeError(
            f"{type(self).__name__} '{self.name}': expected inputs of {self._wanted}, "
            f"got {tuple(first)} and {tuple(other)}."
        )

    def _refuse_single(self, shape):
        raise ArgumentError(
            f"{type(self).__name__} '{self.name}' is called on a list of tensors, such as [a, b]; "
            f"got one of shape {tuple(shape)}."
        )


class _Elementwise(_Merge):
    _function = None
    _stretches = True

    def _names(self, ranks):
        # Counted from the end, where the shorter shapes are aligned.
        return [["batch", *range(1 - rank, 0)] if rank else [] for rank in ranks]

    def _merged(self, inputs):
        rank = max(tensor.dim() for tensor in inputs)
        # As in Keras, missing axes come right after the batch.
        inputs = [
            tensor if tensor.dim() == rank else tensor[(slice(None), *(None,) * (rank - tensor.dim()))]
            for tensor in inputs
        ]
        return functools.reduce(self._function, inputs)


@registered.add
class Add(_Elementwise):
    """The sum of the inputs (as in Keras); raises ShapeError where their shapes differ."""

    _function = staticmethod(torch.add)


@registered.add
class Subtract(_Elementwise):
    """The first input minus the second (as in Keras); raises ShapeError where their shapes differ."""

    _function = staticmethod(torch.sub)
    _fewest = _most = 2


@registered.add
class Multiply(_Elementwise):
    """The product of the inputs (as in Keras); raises ShapeError where their shapes differ."""

    _function = staticmethod(torch.mul)


@registered.add
class Average(_Elementwise):
    """The mean of the inputs (as in Keras); raises ShapeError where their shapes differ."""

    _function = staticmethod(torch.add)

    def _merged(self, inputs):
        return super()._merged(inputs) / len(inputs)


@registered.add
class Maximum(_Elementwise):
    """The largest of the inputs at each place (as in Keras); raises ShapeError where their shapes differ."""

    _function = staticmethod(torch.maximum)


@registered.add
class Minimum(_Elementwise):
    """The smallest of the inputs at each place (as in Keras); raises ShapeError where their shapes differ."""

    _function = staticmethod(torch.minimum)


@registered.add
class Concatenate(_Merge):
    """The inputs one after the other along `axis` (as in Keras).

    Raises ArgumentError where the axis does not exist, ShapeError where the other axes differ.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    @property
    def _wanted(self):
        return f"the same shape except on axis {self.axis}"

    def _names(self, ranks):
        rank = ranks[0]
        if not -rank <= self.axis < rank:
            raise ArgumentError(
                f"Concatenate '{self.name}': axis {self.axis} does not exist in an input of {rank} axes."
            )
        joined = self.axis % rank
        return [[None if axis == joined else axis for axis in range(rank)] for rank in ranks]

    def _check(self, shapes):
        for shape in shapes:
            if len(shape) != len(shapes[0]):
                raise self._mismatch(shapes[0], shape)
        return super()._check(shapes)

    def _merged(self, inputs):
        return torch.cat(tuple(inputs), self.axis)


@registered.add
class Dot(_Merge):
    """The sum of products along one axis of each of two inputs, sample by sample (as in Keras).

    axes: one int for both, or two; never 0, the batch. normalize: divide by the norms first (cosine similarity).
    Raises ArgumentError for axes that do not exist, ShapeError where their lengths differ.
    """

    _fewest = _most = 2

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        pair = axes if isinstance(axes, (list, tuple)) else (axes, axes)
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            raise ArgumentError(f"Dot '{self.name}': axes must be a whole number or two of them, got {axes!r}.")
        self.axes = axes
        self.normalize = normalize

    def _two_axes(self, ranks):
        pair = self.axes if isinstance(self.axes, (list, tuple)) else (self.axes, self.axes)
        for axis, rank in zip(pair, ranks, strict=True):
            if not -rank <= axis < rank or axis % rank == 0:
                raise ArgumentError(
                    f"Dot '{self.name}': axes must lie in 1..{rank - 1} (0 is the batch) for an input of {rank} axes, "
                    f"got {self.axes!r}."
                )
        return [axis % rank for axis, rank in zip(pair, ranks, strict=True)]

    @property
    def _wanted(self):
        return f"one length on axes {self.axes}"

    def _names(self, ranks):
        summed = self._two_axes(ranks)
        return [
            ["batch", *("summed" if axis == own else None for axis in range(1, rank))]
            for own, rank in zip(summed, ranks, strict=True)
        ]

    def _merged(self, inputs):
        first, second = inputs
        one, other = self._two_axes((first.dim(), second.dim()))
        if self.normalize:
            first, second = _unit(first, one), _unit(second, other)
        first, second = first.movedim(one, -1), second.movedim(other, 1)
        kept = first.shape[1:-1] + second.shape[2:]
        rows = first.reshape(first.shape[0], -1, first.shape[-1])
        columns = second.reshape(second.shape[0], second.shape[1], -1)
        return torch.matmul(rows, columns).reshape(first.shape[0], *(kept or (1,)))


def _unit(tensor, axis):
    return F.normalize(tensor, dim=axis, eps=1e-7)


def add(inputs, **kwargs):
    """The sum of a list of tensors (as in Keras)."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """The first of two tensors minus the second (as in Keras)."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """The product of a list of tensors (as in Keras)."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """The mean of a list of tensors (as in Keras)."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """The largest of a list of tensors at each place (as in Keras)."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """The smallest of a list of tensors at each place (as in Keras)."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """A list of tensors one after the other along `axis` (as in Keras)."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs, axes=-1, **kwargs):
    """The sum of products of two tensors along `axes` (as in Keras)."""
    return Dot(axes=axes, **kwargs)(inputs)
