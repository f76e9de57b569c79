"""Pooling: the largest or the mean value of windows, or of everything."""

import torch
from torch.nn import functional as F

from anmok.layers.arguments import choice, integers
from anmok.layers.padding import check_windows_fit, pooling_windows
from anmok.layers.registered import add
from anmok.layers.spatial import SpatialLayer


class _PoolingView(SpatialLayer):
    """Pools series as images of height 1, so that torch's channels-last kernels serve both."""

    def build(self, input_shape):
        self.check_rank(input_shape)

    def _as_images(self, inputs):
        if inputs.dim() != self.rank + 2:
            self.check_rank(tuple(inputs.shape))
        x = self.torch_view(inputs)
        return x if self.rank == 2 else x.unsqueeze(2)

    def _from_images(self, y):
        return self.keras_view(y if self.rank == 2 else y.squeeze(2))


class _Pooling(_PoolingView):
    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(data_format=data_format, name=name, **kwargs)
        owner = type(self).__name__
        self.pool_size = integers(owner, "pool_size", pool_size, self.rank)
        self.strides = integers(owner, "strides", pool_size if strides is None else strides, self.rank)
        self.padding = choice(owner, "padding", padding, ("valid", "same"))
        self._windows = (1,) * (2 - self.rank) + self.pool_size
        self._steps = (1,) * (2 - self.rank) + self.strides

    def build(self, input_shape):
        super().build(input_shape)
        if self.padding == "valid":
            check_windows_fit(self, "window", self.spatial_sizes(input_shape), self.pool_size, (1,) * self.rank)

    def call(self, inputs):
        x = self._as_images(inputs)
        if self.padding == "valid":
            return self._from_images(self.pool(x, 0, False))
        padding, (rows, columns) = pooling_windows(x.shape[2:], self._windows, self._steps)
        y = self.pool(x, padding, True)
        return self._from_images(y[:, :, rows:, columns:] if rows or columns else y)


class _MaxPooling(_Pooling):
    def pool(self, x, padding, ceil_mode):
        """The largest value of each window of x (B, C, H, W)."""
        return F.max_pool2d(x, self._windows, self._steps, padding, 1, ceil_mode)


class _AveragePooling(_Pooling):
    def pool(self, x, padding, ceil_mode):
        """The mean of the real (not padded) values of each window of x (B, C, H, W)."""
        if not x.is_floating_point():
            x = x.to(self.dtype_policy.torch_compute_dtype)
        return F.avg_pool2d(x, self._windows, self._steps, padding, ceil_mode, count_include_pad=False)


@add
class MaxPooling2D(_MaxPooling):
    """The largest value of each window of images (B, H, W, C), by channel, as in Keras."""


@add
class MaxPooling1D(_MaxPooling):
    """The largest value of each window of series (B, steps, C), by channel, as in Keras."""

    rank = 1


@add
class AveragePooling2D(_AveragePooling):
    """The mean of each window of images (B, H, W, C), by channel; with 'same', of the real pixels, as in TensorFlow."""


@add
class AveragePooling1D(_AveragePooling):
    """The mean of each window of series (B, steps, C), by channel; with 'same', of the real steps, as in TensorFlow."""

    rank = 1


class _GlobalPooling(SpatialLayer):
    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.keepdims = bool(keepdims)

    def build(self, input_shape):
        self.check_rank(input_shape)


class _GlobalMaxPooling(_GlobalPooling):
    def call(self, inputs):
        return inputs.amax(self._spatial_axes, keepdim=self.keepdims)


class _GlobalAveragePooling(_GlobalPooling):
    def call(self, inputs):
        if not inputs.is_floating_point():
            inputs = inputs.to(self.dtype_policy.torch_compute_dtype)
        return inputs.mean(self._spatial_axes, keepdim=self.keepdims)


@add
class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest value of each channel: (B, H, W, C) to (B, C), or (B, 1, 1, C) with keepdims, as in Keras."""


@add
class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest value of each channel: (B, steps, C) to (B, C), or (B, 1, C) with keepdims, as in Keras."""

    rank = 1


@add
class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean of each channel: (B, H, W, C) to (B, C), or (B, 1, 1, C) with keepdims, as in Keras."""


@add
class GlobalAveragePooling1D(_GlobalAveragePooling):
    """The mean of each channel: (B, steps, C) to (B, C), or (B, 1, C) with keepdims, as in Keras.

    mask: bool (B, steps); only the steps where it is true count.
    """

    rank = 1

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        axis = self._spatial_axes[0]
        mask = torch.as_tensor(mask, device=inputs.device).bool().unsqueeze(self._channel_axis)
        total = inputs.where(mask, 0).sum(axis, keepdim=self.keepdims)
        return total / mask.sum(axis, keepdim=self.keepdims)


class _AdaptivePooling(_PoolingView):
    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.output_size = integers(type(self).__name__, "output_size", output_size, self.rank)

    def call(self, inputs):
        return self._from_images(self.pool(self._as_images(inputs), (1,) * (2 - self.rank) + self.output_size))


class _AdaptiveAveragePooling(_AdaptivePooling):
    def pool(self, x, size):
        return F.adaptive_avg_pool2d(x, size)


class _AdaptiveMaxPooling(_AdaptivePooling):
    def pool(self, x, size):
        return F.adaptive_max_pool2d(x, size)


@add
class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """Means over windows chosen so that images (B, H, W, C) come out as (B, *output_size, C), as in Keras."""


@add
class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """Means over windows chosen so that series (B, steps, C) come out as (B, output_size, C), as in Keras."""

    rank = 1


@add
class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """Largest values of windows chosen so that images (B, H, W, C) come out as (B, *output_size, C), as in Keras."""


@add
class AdaptiveMaxPooling1D(_AdaptiveMaxPooling):
    """Largest values of windows chosen so that series (B, steps, C) come out as (B, output_size, C), as in Keras."""

    rank = 1


MaxPool1D, MaxPool2D = add(MaxPooling1D, "MaxPool1D"), add(MaxPooling2D, "MaxPool2D")
AvgPool1D, AvgPool2D = add(AveragePooling1D, "AvgPool1D"), add(AveragePooling2D, "AvgPool2D")
GlobalMaxPool1D = add(GlobalMaxPooling1D, "GlobalMaxPool1D")
GlobalMaxPool2D = add(GlobalMaxPooling2D, "GlobalMaxPool2D")
GlobalAvgPool1D = add(GlobalAveragePooling1D, "GlobalAvgPool1D")
GlobalAvgPool2D = add(GlobalAveragePooling2D, "GlobalAvgPool2D")
