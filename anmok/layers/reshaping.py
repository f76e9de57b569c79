"""Other shapes for the same values: flattened, permuted, repeated, padded, cropped, enlarged."""

import math

from torch.nn import functional as F

from anmok.errors import ArgumentError, ShapeError
from anmok.layers.arguments import choice, integer, integers, margins
from anmok.layers.arguments import data_format as checked_data_format
from anmok.layers.interpolation import INTERPOLATIONS, resize
from anmok.layers.layer import Layer
from anmok.layers.registered import add
from anmok.layers.spatial import SpatialLayer
from anmok.layers.symbolic import KerasTensor


@add
class Flatten(Layer):
    """Each sample as one row: (B, ...) to (B, n), channels last whatever data_format the input has, as in Keras."""

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = checked_data_format(type(self).__name__, data_format)
        self._channels_first = self.data_format == "channels_first"

    def call(self, inputs):
        if self._channels_first and inputs.dim() > 2:
            inputs = inputs.movedim(1, -1)
        return inputs.reshape(inputs.shape[0], math.prod(inputs.shape[1:]))


@add
class Reshape(Layer):
    """Samples of the shape target_shape, one size of which may be -1: (B, ...) to (B, *target_shape), as in Keras."""

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        if not hasattr(target_shape, "__len__"):
            target_shape = (target_shape,)
        self.target_shape = integers("Reshape", "target_shape", target_shape, len(target_shape), least=-1)
        if self.target_shape.count(-1) > 1:
            raise ArgumentError(f"Reshape: only one size of target_shape may be -1, got {self.target_shape}.")

    def _resolved(self, shape):
        """target_shape with -1 replaced for samples of that shape (None where unknown)."""
        known = math.prod(size for size in self.target_shape if size != -1)
        if any(size is None for size in shape):
            return tuple(None if size == -1 else size for size in self.target_shape)
        total = math.prod(shape)
        open_size = total // known if known else 0
        resolved = tuple(open_size if size == -1 else size for size in self.target_shape)
        if math.prod(resolved) != total:
            raise ShapeError(
                f"Reshape '{self.name}': samples of shape {tuple(shape)} have {total} numbers, which do not make "
                f"{self.target_shape}."
            )
        return resolved

    def compute_output_spec(self, inputs):
        return KerasTensor((inputs.shape[0], *self._resolved(inputs.shape[1:])), inputs.dtype)

    def call(self, inputs):
        return inputs.reshape(inputs.shape[0], *self._resolved(inputs.shape[1:]))


@add
class Permute(Layer):
    """Axes in another order: axis i of the output is axis dims[i - 1] of the input, counted from 1, as in Keras."""

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        if sorted(dims) != list(range(1, len(dims) + 1)):
            raise ArgumentError(f"Permute: dims must hold 1..n, each once (the batch is not moved), got {dims!r}.")
        self.dims = tuple(dims)

    def build(self, input_shape):
        if len(input_shape) != len(self.dims) + 1:
            raise ShapeError(
                f"Permute '{self.name}': dims={self.dims} expects {len(self.dims) + 1} axes, got {input_shape}."
            )

    def call(self, inputs):
        return inputs.permute(0, *self.dims)


@add
class RepeatVector(Layer):
    """Each vector n times: (B, features) to (B, n, features), as in Keras."""

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        self.n = integer("RepeatVector", "n", n)

    def build(self, input_shape):
        if len(input_shape) != 2:
            raise ShapeError(f"RepeatVector '{self.name}': expected (batch, features), got {input_shape}.")

    def call(self, inputs):
        return inputs.unsqueeze(1).repeat(1, self.n, 1)


class _Margins(SpatialLayer):
    def build(self, input_shape):
        self.check_rank(input_shape)


@add
class ZeroPadding2D(_Margins):
    """Zeros around images (B, H, W, C), as in Keras.

    padding: n; (rows, columns); or ((above, below), (left, right)).
    """

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.padding = margins(type(self).__name__, "padding", padding, 2)

    def call(self, inputs):
        rows, columns = self.padding
        return F.pad(inputs, (0, 0, *columns, *rows) if self._channels_last else (*columns, *rows))


@add
class ZeroPadding1D(_Margins):
    """Zeros before and after series (B, steps, C), as in Keras. padding: n, or (before, after)."""

    rank = 1

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.padding = integers(type(self).__name__, "padding", padding, 2, least=0)

    def call(self, inputs):
        return F.pad(inputs, (0, 0, *self.padding) if self._channels_last else self.padding)


class _Cropping(_Margins):
    def build(self, input_shape):
        super().build(input_shape)
        for size, (before, after) in zip(self.spatial_sizes(input_shape), self._cut(), strict=True):
            if size is not None and before + after >= size:
                raise ShapeError(
                    f"{type(self).__name__} '{self.name}': cropping={self.cropping} leaves nothing of an input of "
                    f"shape {tuple(input_shape)}."
                )

    def call(self, inputs):
        for axis, (before, after) in zip(self._spatial_axes, self._cut(), strict=True):
            inputs = inputs.narrow(axis, before, inputs.shape[axis] - before - after)
        return inputs


@add
class Cropping2D(_Cropping):
    """Images (B, H, W, C) without their margins, as in Keras.

    cropping: n; (rows, columns); or ((above, below), (left, right)).
    """

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.cropping = margins(type(self).__name__, "cropping", cropping, 2)

    def _cut(self):
        return self.cropping


@add
class Cropping1D(_Cropping):
    """Series (B, steps, C) without their first and last steps, as in Keras. cropping: n, or (before, after)."""

    rank = 1

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(**kwargs)
        self.cropping = integers(type(self).__name__, "cropping", cropping, 2, least=0)

    def _cut(self):
        return (self.cropping,)


@add
class UpSampling2D(_Margins):
    """Images (B, H, W, C) enlarged by whole factors, as in Keras.

    size: n, or (rows, columns). interpolation: 'nearest', 'bilinear', 'bicubic', 'lanczos3' or 'lanczos5'.
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.size = integers(type(self).__name__, "size", size, 2)
        self.interpolation = choice(type(self).__name__, "interpolation", interpolation, INTERPOLATIONS)

    def call(self, inputs):
        if not inputs.is_floating_point():
            if self.interpolation == "nearest":
                rows, columns = self._spatial_axes
                return inputs.repeat_interleave(self.size[0], rows).repeat_interleave(self.size[1], columns)
            inputs = inputs.to(self.dtype_policy.torch_compute_dtype)
        x = self.torch_view(inputs)
        height, width = x.shape[2] * self.size[0], x.shape[3] * self.size[1]
        return self.keras_view(resize(x, height=height, width=width, interpolation=self.interpolation))


@add
class UpSampling1D(_Margins):
    """Each step of series (B, steps, C) `size` times, as in Keras."""

    rank = 1

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = integer("UpSampling1D", "size", size)

    def call(self, inputs):
        return inputs.repeat_interleave(self.size, dim=1)
