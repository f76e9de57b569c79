"""Activation functions with settings or weights of their own, as layers."""

import torch

from anmok import activations, constraints, initializers, regularizers
from anmok.errors import ArgumentError, ShapeError
from anmok.layers import registered
from anmok.layers.layer import Layer


def _not_negative(layer, **values):
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise ArgumentError(f"{type(layer).__name__} '{layer.name}': {name} must be a number >= 0, got {value!r}.")


@registered.add
class ReLU(Layer):
    """max(x, 0), with Keras' settings: negative_slope below `threshold`, nothing above `max_value`.

    Raises ArgumentError for negative settings.
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        _not_negative(self, negative_slope=negative_slope, threshold=threshold)
        if max_value is not None:
            _not_negative(self, max_value=max_value)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


@registered.add
class LeakyReLU(Layer):
    """x where positive, negative_slope * x elsewhere (as in Keras; default slope 0.3).

    alpha, the old name of negative_slope, is understood. Raises ArgumentError for a negative slope.
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        super().__init__(**kwargs)
        _not_negative(self, negative_slope=negative_slope)
        self.negative_slope = negative_slope

    def call(self, inputs):
        return activations.leaky_relu(inputs, self.negative_slope)


@registered.add
class ScaledTanh(Layer):
    """amplitude * tanh(slope * x); with the defaults f(1) = 1, f(-1) = -1 (LeCun et al. 1998, appendix A)."""

    keras_module = None  # Keras has no such layer

    def __init__(self, amplitude=1.7159, slope=2 / 3, **kwargs):
        super().__init__(**kwargs)
        self.amplitude = amplitude
        self.slope = slope

    def call(self, inputs):
        return self.amplitude * (self.slope * inputs).tanh()


@registered.add
class ThresholdedReLU(Layer):
    """x where above theta, 0 elsewhere (as in Keras 2; Konda et al. 2014)."""

    keras_module = None  # Keras 3 has no such layer

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        _not_negative(self, theta=theta)
        self.theta = theta

    def call(self, inputs):
        return activations.relu(inputs, threshold=self.theta)


@registered.add
class ELU(Layer):
    """x where positive, alpha * (exp(x) - 1) elsewhere (as in Keras; Clevert et al. 2016)."""

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs):
        return activations.elu(inputs, self.alpha)


@registered.add
class PReLU(Layer):
    """x where positive, alpha * x elsewhere, alpha learned (as in Keras; He et al. 2015).

    shared_axes: axes (1 is the first after the batch) along which one alpha serves, [1, 2] for images.
    Raises ShapeError where an axis that is not shared has no known length.
    """

    def __init__(
        self,
        alpha_initializer="Zeros",
        alpha_regularizer=None,
        alpha_constraint=None,
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None:
            shared_axes = list(shared_axes) if isinstance(shared_axes, (list, tuple)) else [shared_axes]
        self.shared_axes = shared_axes

    def build(self, input_shape):
        lengths = list(input_shape[1:])
        for axis in self.shared_axes or ():
            if not 1 <= axis <= len(lengths):
                raise ArgumentError(
                    f"PReLU '{self.name}': shared_axes must lie in 1..{len(lengths)} for an input of shape "
                    f"{input_shape}, got {axis}."
                )
            lengths[axis - 1] = 1
        if None in lengths:
            raise ShapeError(
                f"PReLU '{self.name}' has an alpha for every position, but the input's shape is {input_shape}. "
                "Give the Input its lengths, or share alpha along the unknown ones: shared_axes=[1, 2]."
            )
        self.alpha = self.add_weight(
            name="alpha",
            shape=lengths,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )

    def call(self, inputs):
        return torch.where(inputs > 0, inputs, self.alpha.to(inputs.dtype) * inputs)


@registered.add
class Softmax(Layer):
    """exp(x) over its sum along `axis` (an int or several), as in Keras.

    mask: True (or above 0.5) where values take part; the others become 0.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis

    def call(self, inputs, mask=None):
        if mask is not None:
            mask = mask if mask.dtype is torch.bool else mask > 0.5
            inputs = inputs.masked_fill(~mask, -3e4 if inputs.dtype is torch.float16 else -1e9)
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        for axis in axes:
            if not -inputs.dim() <= axis < inputs.dim():
                raise ArgumentError(
                    f"Softmax '{self.name}': axis {axis} does not exist in an input of {inputs.dim()} axes."
                )
        outputs = activations.softmax(inputs, axes if len(axes) > 1 else axes[0])
        return outputs if mask is None else outputs.masked_fill(~mask, 0)
