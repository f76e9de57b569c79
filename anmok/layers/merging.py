"""Layers that make one tensor of several."""

import functools
import math

import torch
import torch.nn.functional as F

from anmok.errors import ArgumentError, ShapeError
from anmok.layers import registered
from anmok.layers.layer import Layer


class _Merge(Layer):
    """A layer called on a list of tensors, batch first."""

    _fewest, _most = 1, math.inf

    def build(self, input_shape):
        if not isinstance(input_shape, list):
            self._refuse_single(input_shape)
        self._check_count(len(input_shape))
        self._check_shapes(input_shape)

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)):
            self._refuse_single(tuple(inputs.shape))
        try:
            return self._merged(inputs)
        except (RuntimeError, IndexError):
            # Built for other shapes than these: say which, where torch speaks of its own.
            self._check_count(len(inputs))
            self._check_shapes([tuple(tensor.shape) for tensor in inputs])
            raise

    def _check_shapes(self, shapes):
        """Elementwise: every two must be equal or 1 on each axis, the shorter ones counted from the end."""
        for other in shapes[1:]:
            first = shapes[0]
            pairs = list(zip(first[:0:-1], other[:0:-1], strict=False))
            if _clash(first[0], other[0]) or any(_clash(a, b) and 1 not in (a, b) for a, b in pairs):
                raise self._mismatch(first, other, "the same shape")

    def _mismatch(self, first, other, wanted):
        return ShapeError(
            f"{type(self).__name__} '{self.name}': expected inputs of {wanted}, got {tuple(first)} and {tuple(other)}."
        )

    def _check_count(self, count):
        if not self._fewest <= count <= self._most:
            wanted = f"{self._fewest} inputs" if self._fewest == self._most else f"at least {self._fewest} input"
            raise ArgumentError(f"{type(self).__name__} '{self.name}': expected {wanted}, got {count}.")

    def _refuse_single(self, shape):
        raise ArgumentError(
            f"{type(self).__name__} '{self.name}' is called on a list of tensors, such as [a, b]; "
            f"got one of shape {shape}."
        )


def _clash(one, other):
    return one is not None and other is not None and one != other


class _Elementwise(_Merge):
    _function = None

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

    def _check_shapes(self, shapes):
        first = shapes[0]
        if not -len(first) <= self.axis < len(first):
            raise ArgumentError(
                f"Concatenate '{self.name}': axis {self.axis} does not exist in an input of shape {tuple(first)}."
            )
        joined = self.axis % len(first)
        for other in shapes[1:]:
            pairs = enumerate(zip(first, other, strict=False))
            if len(first) != len(other) or any(axis != joined and _clash(*pair) for axis, pair in pairs):
                raise self._mismatch(first, other, f"the same shape except on axis {self.axis}")

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

    def _check_shapes(self, shapes):
        first, second = shapes
        one, other = self._two_axes((len(first), len(second)))
        if _clash(first[one], second[other]) or _clash(first[0], second[0]):
            raise self._mismatch(first, second, f"one length on axes {one} and {other}")

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
