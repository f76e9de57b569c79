"""Layers that bring data into the form a network wants: Rescaling, Normalization, Resizing, CenterCrop.

Pixels may come as uint8; all is computed in the layer's own format (float32).
"""

import math

import numpy as np
import torch
from torch.nn import functional as F

from anmok.errors import ArgumentError, DataError, ShapeError
from anmok.layers.arguments import choice, integer
from anmok.layers.interpolation import INTERPOLATIONS, bars, largest_box, resize
from anmok.layers.layer import Layer
from anmok.layers.registered import add
from anmok.layers.spatial import SpatialLayer

_EPSILON = 1e-7  # Keras' smallest standard deviation
_CHUNK = 4096  # samples whose squares are held in float64 at a time


@add
class Rescaling(Layer):
    """inputs * scale + offset, as in Keras; `scale=1/255` brings pixels into 0..1.

    scale, offset: numbers, or arrays that fit the last axes of the input.
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True
        dtype = self.dtype_policy.torch_compute_dtype
        self._factor, self._addend = (
            value if isinstance(value, (int, float)) else torch.as_tensor(np.asarray(value), dtype=dtype)
            for value in (scale, offset)
        )
        self._is_shifted = bool(np.any(np.asarray(offset) != 0))

    def call(self, inputs):
        dtype = self.dtype_policy.torch_compute_dtype
        x = inputs if inputs.dtype is dtype else inputs.to(dtype)
        x = x * _on_device(self._factor, x)
        return x + _on_device(self._addend, x) if self._is_shifted else x

    def get_config(self):
        return {**super().get_config(), "scale": _array_config(self.scale), "offset": _array_config(self.offset)}

    @classmethod
    def from_config(cls, config):
        return cls(**{name: _from_array_config(value) for name, value in config.items()})


def _on_device(value, x):
    return value.to(x.device) if torch.is_tensor(value) else value


def _array_config(value):
    """Keras 3's way of writing a NumPy array into a config."""
    if isinstance(value, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": value.dtype.name}}
    return value.item() if isinstance(value, np.generic) else value


def _from_array_config(value):
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        return np.asarray(value["config"]["value"], dtype=value["config"]["dtype"])
    return value


@add
class Normalization(Layer):
    """(inputs - mean) / standard deviation, one of each for every index of `axis`, as in Keras.

    mean, variance: given together, or found by `adapt(data)`. axis: an axis, several, or None for one mean of all.
    invert: the other way round. The deviation is at least 1e-7.
    """

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance, self.invert = mean, variance, bool(invert)
        self.supports_masking = True
        if (mean is None) != (variance is None):
            raise ArgumentError(f"Normalization: give both mean and variance or neither, got {mean=}, {variance=}.")
        if np.shape(mean) != np.shape(variance) or len(np.shape(mean)) > len(self.axis):
            raise ArgumentError(
                "Normalization: mean and variance must have the same shape, of no more axes than `axis`, got shapes "
                f"{np.shape(mean)} and {np.shape(variance)} for axis={self.axis}."
            )

    def build(self, input_shape):
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ShapeError(f"Normalization '{self.name}': an input of shape {input_shape} has no axis {self.axis}.")
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        self._reduced = tuple(axis for axis in range(rank) if axis not in self._kept)
        shape = tuple(input_shape[axis] for axis in self._kept)
        if None in shape:
            raise ShapeError(
                f"Normalization '{self.name}': the size of axis {self.axis} must be known, got {input_shape}."
            )
        self._kept_shape = shape
        self._broadcast_shape = tuple(input_shape[axis] if axis in self._kept else 1 for axis in range(rank))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            # Keras 2 counted batches here; files still have the place.
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
        else:
            for name, value in (("_given_mean", self.input_mean), ("_given_variance", self.input_variance)):
                self.register_buffer(name, self._spread(value), persistent=False)

    def _spread(self, value):
        """A given mean or variance, which fits the kept axes from the right, in the shape that broadcasts."""
        value = np.asarray(value, np.float64)
        sizes = list((1,) * len(self._broadcast_shape))
        for axis, size in zip(self._kept[::-1], value.shape[::-1], strict=False):
            sizes[axis] = size
        try:
            value = np.broadcast_to(value.reshape(sizes), self._broadcast_shape)
        except ValueError:
            raise ShapeError(
                f"Normalization '{self.name}': a mean of shape {value.shape} does not fit axis {self.axis}, of sizes "
                f"{self._kept_shape}."
            ) from None
        return torch.from_numpy(value.copy()).to(self._variable_dtype)

    @property
    def mean(self):
        """The means, in the shape that broadcasts against inputs; None before the layer is built."""
        return self._statistic("mean")

    @property
    def variance(self):
        """The variances, in the shape that broadcasts against inputs; None before the layer is built."""
        return self._statistic("variance")

    def _statistic(self, name):
        if not self.built:
            return None
        if self.input_mean is not None:
            return getattr(self, f"_given_{name}")
        return getattr(self, f"adapt_{name}").reshape(self._broadcast_shape)

    @torch.no_grad()
    def adapt(self, data):
        """Find mean and variance of `data`: an array, a tensor, or an iterable of batches (or of (x, y) tuples).

        Raises DataError if there is nothing in it, ShapeError if it does not fit the shape the layer has.
        """
        if self.input_mean is not None:
            raise ArgumentError(f"Normalization '{self.name}' was given its mean and variance; adapt() has no use.")
        count, mean, squares = 0, 0.0, 0.0
        for batch in _batches(data):
            if not self.built:
                self._build_with(tuple(batch.shape))
            if tuple(batch.shape[axis] for axis in self._kept if axis < batch.dim()) != self._kept_shape:
                raise ShapeError(
                    f"Normalization '{self.name}': adapt() got data of shape {tuple(batch.shape)}, but the layer was "
                    f"built for {self.built_input_shape}."
                )
            # Chan, Golub and LeVeque 1979: sums of squares about the means of the parts, put together.
            for part in batch.split(_CHUNK) if 0 in self._reduced else [batch]:
                part = part.to(torch.float64)
                size = math.prod(part.shape[axis] for axis in self._reduced)
                part_mean = part.mean(self._reduced) if self._reduced else part
                spread = part - part_mean.reshape(self._part_shape(part))
                part_squares = spread.square().sum(self._reduced) if self._reduced else spread.square()
                count, before = count + size, count
                step = part_mean - mean
                mean = mean + step * (size / count)
                squares = squares + part_squares + step.square() * (before * size / count)
        if count == 0:
            raise DataError(f"Normalization '{self.name}': adapt() got no data.")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(squares / count)

    def _part_shape(self, part):
        return tuple(size if axis in self._kept else 1 for axis, size in enumerate(part.shape))

    def call(self, inputs):
        dtype = self.dtype_policy.torch_compute_dtype
        x = inputs if inputs.dtype is dtype else inputs.to(dtype)
        mean = self.mean.to(dtype)
        deviation = self.variance.sqrt().clamp_min(_EPSILON).to(dtype)
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def get_config(self):
        config = super().get_config()
        for name, value in (("mean", self.input_mean), ("variance", self.input_variance)):
            config[name] = None if value is None else np.asarray(value).tolist()
        return config


def _batches(data):
    """The tensors of an array, a tensor, a Sequence with __getitem__, or an iterable of batches."""
    if isinstance(data, np.ndarray) or torch.is_tensor(data):
        return [torch.as_tensor(data)] if len(data) else []
    if hasattr(data, "to_numpy"):  # pandas
        return [torch.as_tensor(data.to_numpy())]
    if hasattr(data, "__getitem__") and not isinstance(data, (list, tuple)) and not hasattr(data, "__iter__"):
        data = (data[index] for index in range(len(data)))
    return (torch.as_tensor(np.asarray(x) if not torch.is_tensor(x) else x) for x in map(_inputs_of, data))


def _inputs_of(batch):
    return batch[0] if isinstance(batch, tuple) else batch


class _ImageLayer(SpatialLayer):
    """Takes images (B, H, W, C), or one image (H, W, C)."""

    def build(self, input_shape):
        if len(input_shape) != 3:
            self.check_rank(input_shape)

    def call(self, inputs):
        single = inputs.dim() == 3
        x = self.torch_view(inputs.unsqueeze(0) if single else inputs)
        y = self.keras_view(self.transformed(x))
        return y.squeeze(0) if single else y


@add
class Resizing(_ImageLayer):
    """Images (B, H, W, C), or one of them, resized to (height, width), as in Keras with TensorFlow.

    interpolation: 'nearest', 'bilinear', 'bicubic', 'lanczos3' or 'lanczos5'. crop_to_aspect_ratio: cut the largest
    box of the wanted shape first; pad_to_aspect_ratio: add bars of fill_value first. antialias: blur when shrinking.
    Whole numbers come out as whole numbers, rounded.
    """

    def __init__(
        self,
        height,
        width,
        interpolation="bilinear",
        crop_to_aspect_ratio=False,
        pad_to_aspect_ratio=False,
        fill_mode="constant",
        fill_value=0.0,
        antialias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = integer("Resizing", "height", height), integer("Resizing", "width", width)
        self.interpolation = choice("Resizing", "interpolation", interpolation, INTERPOLATIONS)
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = bool(crop_to_aspect_ratio), bool(pad_to_aspect_ratio)
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ArgumentError("Resizing: choose one of crop_to_aspect_ratio and pad_to_aspect_ratio.")
        self.fill_mode = choice("Resizing", "fill_mode", fill_mode, ("constant",))
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def transformed(self, x):
        """Images (B, C, H, W) cut or padded, and resized."""
        given = x.dtype
        if not given.is_floating_point:
            x = x.to(self.dtype_policy.torch_compute_dtype)
        size = (self.height, self.width)
        if self.crop_to_aspect_ratio:
            top, left, height, width = largest_box(*x.shape[2:], like=size)
            x = x[:, :, top : top + height, left : left + width]
        elif self.pad_to_aspect_ratio:
            rows, columns = bars(*x.shape[2:], like=size)
            x = F.pad(x, (columns, columns, rows, rows), value=self.fill_value)
        y = resize(x, height=self.height, width=self.width, interpolation=self.interpolation, antialias=self.antialias)
        if given.is_floating_point:
            return y
        bounds = torch.iinfo(given)
        return y.round().clamp(bounds.min, bounds.max).to(given)


@add
class CenterCrop(_ImageLayer):
    """The middle (height, width) of images (B, H, W, C), or of one, as in Keras.

    Of images that are too small in either direction, the largest middle box of that shape is resized (bilinear).
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = integer("CenterCrop", "height", height), integer("CenterCrop", "width", width)

    def transformed(self, x):
        """The middle of images (B, C, H, W), in floating point."""
        x = x.to(self.dtype_policy.torch_compute_dtype)
        height, width = x.shape[2:]
        if height >= self.height and width >= self.width:
            top, left = (height - self.height) // 2, (width - self.width) // 2
            return x[:, :, top : top + self.height, left : left + self.width]
        top, left, inner_height, inner_width = largest_box(height, width, like=(self.height, self.width))
        box = x[:, :, top : top + inner_height, left : left + inner_width]
        return resize(box, height=self.height, width=self.width)
