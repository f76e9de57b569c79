"""Layers that act in training only: dropout, noise, penalties on activations."""

import math
import operator

import torch

from anmok import regularizers
from anmok.errors import ArgumentError, ShapeError
from anmok.layers import noise, registered
from anmok.layers.layer import Layer


def _checked_rate(layer, rate, *, below=False):
    kind = type(layer).__name__
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        percent = isinstance(rate, (int, float)) and 1 < rate <= 100
        hint = f" For {rate} percent write {rate / 100:g}." if percent else ""
        raise ArgumentError(f"{kind} '{layer.name}': rate is the fraction to drop, from 0 to 1, got {rate!r}.{hint}")
    if below and rate == 1:
        raise ArgumentError(f"{kind} '{layer.name}': a rate of 1 leaves no signal; it must be below 1.")
    return rate


def _checked_noise_shape(layer, shape):
    if shape is None:
        return None
    try:
        shape = tuple(None if length is None else operator.index(length) for length in shape)
        valid = all(length is None or length > 0 for length in shape)
    except TypeError:
        valid = False
    if not valid:
        raise ArgumentError(
            f"{type(layer).__name__} '{layer.name}': noise_shape must be a tuple of whole numbers above 0 or None, "
            f"such as (None, 1, 1, None); got {shape!r}."
        )
    return shape


@registered.add
class Dropout(Layer):
    """In training sets a fraction `rate` of the values to 0 and scales the rest by 1 / (1 - rate), as in Keras.

    noise_shape: shape of the mask, 1 where it is shared along an axis, None where it is the input's.
    seed: of this layer's own stream of random numbers. Source: Srivastava et al. 2014.
    Raises ArgumentError for a rate outside 0..1.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = _checked_rate(self, rate)
        self.noise_shape = _checked_noise_shape(self, noise_shape)
        self.seed = seed

    def call(self, inputs, training=False):
        if not training or self.rate == 0 or inputs.is_meta:
            return inputs
        return inputs * noise.keep_mask(self._mask_shape(inputs.shape), self.rate, seed=self.seed, like=inputs)

    def _mask_shape(self, shape):
        if self.noise_shape is None:
            return tuple(shape)
        if len(self.noise_shape) != len(shape):
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': noise_shape {self.noise_shape} has {len(self.noise_shape)} "
                f"axes, the input {tuple(shape)} has {len(shape)}."
            )
        return tuple(
            length if wanted is None else wanted for wanted, length in zip(self.noise_shape, shape, strict=True)
        )


class _SpatialDropout(Dropout):
    """Dropout of whole channels: one draw for all positions."""

    _axes = None

    def __init__(self, rate, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)

    def build(self, input_shape):
        if len(input_shape) != self._axes:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': expected an input of {self._axes} axes, got {input_shape}."
            )

    def _mask_shape(self, shape):
        return (shape[0], *(1 for _ in shape[1:-1]), shape[-1])

    def get_config(self):
        # Keras writes these keys only, and the format by its plain name.
        config = {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}
        return config if self.trainable else {**config, "trainable": False}


@registered.add
class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of (B, steps, C), as in Keras (Tompson et al. 2015)."""

    _axes = 3


@registered.add
class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole feature maps of (B, H, W, C), as in Keras (Tompson et al. 2015).

    Raises ArgumentError for a data_format other than 'channels_last'.
    """

    _axes = 4

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        if data_format not in (None, "channels_last"):
            raise ArgumentError(
                f"SpatialDropout2D '{self.name}': data_format must be 'channels_last', got {data_format!r}."
            )
        self.data_format = "channels_last"

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


@registered.add
class GaussianNoise(Layer):
    """In training adds normal noise of standard deviation `stddev` (in the inputs' unit, >= 0), as in Keras."""

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(stddev, (int, float)) or not 0 <= stddev < math.inf:
            raise ArgumentError(f"GaussianNoise '{self.name}': stddev must be a number >= 0, got {stddev!r}.")
        self.stddev = stddev
        self.seed = seed

    def call(self, inputs, training=False):
        if not training or self.stddev == 0 or inputs.is_meta:
            return inputs
        return torch.add(inputs, noise.normal_noise(inputs.shape, seed=self.seed, like=inputs), alpha=self.stddev)


@registered.add
class GaussianDropout(Layer):
    """In training multiplies by normal noise of mean 1 and variance rate / (1 - rate), as in Keras.

    Source: Srivastava et al. 2014, section 10. Raises ArgumentError for a rate outside [0, 1).
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = _checked_rate(self, rate, below=True)
        self.seed = seed

    def call(self, inputs, training=False):
        if not training or self.rate == 0 or inputs.is_meta:
            return inputs
        factor = noise.normal_noise(inputs.shape, seed=self.seed, like=inputs)
        return inputs * factor.mul_(math.sqrt(self.rate / (1 - self.rate))).add_(1)


# SELU's constants (Klambauer et al. 2017): what dropped values are set to, so that mean and variance stay.
_DROPPED = -1.6732632423543772 * 1.0507009873554805


@registered.add
class AlphaDropout(Dropout):
    """Dropout for SELU networks: sets to SELU's lower limit and keeps mean and variance, as in Keras.

    Source: Klambauer et al. 2017, section 3. Raises ArgumentError for a rate outside [0, 1).
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(rate, noise_shape=noise_shape, seed=seed, **kwargs)
        _checked_rate(self, rate, below=True)

    def call(self, inputs, training=False):
        if not training or self.rate == 0 or inputs.is_meta:
            return inputs
        kept = torch.from_numpy(noise.keep(self._mask_shape(inputs.shape), self.rate, seed=self.seed))
        scale = ((1 - self.rate) * (1 + self.rate * _DROPPED**2)) ** -0.5
        shift = -scale * _DROPPED * self.rate
        return torch.where(kept.to(inputs.device), inputs * scale + shift, scale * _DROPPED + shift)


@registered.add
class ActivityRegularization(Layer):
    """The inputs unchanged; adds l1 * sum|x| + l2 * sum(x^2), over the batch size, to the loss (as in Keras)."""

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2

    def call(self, inputs):
        return inputs

    def get_config(self):
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config
