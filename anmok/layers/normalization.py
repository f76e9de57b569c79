"""Layers that bring activations to mean 0 and variance 1 over the batch, a sample, groups, or neighbours."""

import contextlib

import torch
import torch.nn.functional as F

from anmok import constraints, initializers, regularizers
from anmok.errors import ArgumentError, ShapeError
from anmok.layers import registered
from anmok.layers.layer import Layer


class _Normalization(Layer):
    """What the kinds share: axis, epsilon, and the learned scale gamma and offset beta."""

    def __init__(
        self,
        axis,
        epsilon,
        center,
        scale,
        beta_initializer,
        gamma_initializer,
        beta_regularizer,
        gamma_regularizer,
        beta_constraint,
        gamma_constraint,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(epsilon, (int, float)) or isinstance(epsilon, bool) or not epsilon >= 0:
            raise ArgumentError(f"{type(self).__name__} '{self.name}': epsilon must be >= 0, got {epsilon!r}.")
        self.axis = axis
        self.epsilon = epsilon
        self.center = bool(center)
        self.scale = bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def _one_axis(self, axis):
        if isinstance(axis, (list, tuple)) and len(axis) == 1:  # so written by Keras 2
            axis = axis[0]
        if not isinstance(axis, int):
            raise ArgumentError(f"{type(self).__name__} '{self.name}': axis must be one whole number, got {axis!r}.")
        return axis

    def _position(self, axis, shape):
        """`axis` counted from 0; raises where it does not exist, is the batch, or has no known length."""
        if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
            raise ArgumentError(
                f"{type(self).__name__} '{self.name}': axis {axis} does not exist in an input of shape {tuple(shape)} "
                "or is its batch."
            )
        if shape[axis] is None:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}' needs to know the length of axis {axis}, "
                f"got shape {tuple(shape)}."
            )
        return axis % len(shape)

    def _add_scale_and_offset(self, shape):
        if self.scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=shape,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        else:
            self.gamma = None
        if self.center:
            self.beta = self.add_weight(
                name="beta",
                shape=shape,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        else:
            self.beta = None

    def _check_width(self, shape, position, width):
        if len(shape) <= position or shape[position] != width:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': expected length {width} on axis {position}, "
                f"got an input of shape {tuple(shape)}."
            )


def _channels_second(inputs, axis):
    """The inputs as torch's kernels want them: channels on axis 1, in channels-last memory where they are last."""
    rank = inputs.dim()
    if axis == 1:
        return inputs
    if axis == rank - 1 and rank == 4:
        return inputs.permute(0, 3, 1, 2)
    if axis == rank - 1:
        # As an image of width 1: the kernels know no channels-last order of other ranks.
        shape = inputs.shape
        return inputs.reshape(shape[0], -1, 1, shape[-1]).permute(0, 3, 1, 2)
    return inputs.movedim(axis, 1)


def _channels_back(outputs, axis, shape):
    """Undo `_channels_second`."""
    rank = len(shape)
    if axis == 1:
        return outputs
    if axis == rank - 1:
        outputs = outputs.permute(0, 2, 3, 1)
        return outputs if rank == 4 else outputs.reshape(shape)
    return outputs.movedim(1, axis)


@registered.add
class BatchNormalization(_Normalization):
    """Values less their mean over the batch, over their standard deviation, times gamma, plus beta (as in Keras).

    In training with the batch's statistics, which also move the running ones; otherwise, and where
    `trainable = False`, with the running ones. Source: Ioffe and Szegedy 2015.
    Raises ArgumentError for an axis that does not exist, and for synchronized, renorm or a mask.
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm=False,
        renorm_clipping=None,
        renorm_momentum=0.99,
        synchronized=False,
        **kwargs,
    ):
        super().__init__(
            axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        if synchronized:
            raise ArgumentError(f"BatchNormalization '{self.name}': synchronized=True is not supported.")
        if renorm or renorm_clipping:
            raise ArgumentError(f"BatchNormalization '{self.name}': renorm is not supported.")
        if not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ArgumentError(
                f"BatchNormalization '{self.name}': momentum is the share of the old statistics that is kept, "
                f"from 0 to 1, got {momentum!r}."
            )
        self.axis = self._one_axis(axis)
        self.momentum = momentum
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = False
        self.renorm_clipping = None
        self.renorm_momentum = renorm_momentum
        self.synchronized = False

    def build(self, input_shape):
        self._channel_axis = self._position(self.axis, input_shape)
        self._width = input_shape[self.axis]
        self.updates = 0  # how often the running statistics have moved
        self._add_scale_and_offset((self._width,))
        self.moving_mean = self.add_weight(
            name="moving_mean", shape=(self._width,), initializer=self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            name="moving_variance", shape=(self._width,), initializer=self.moving_variance_initializer, trainable=False
        )

    def call(self, inputs, training=None, mask=None):
        if mask is not None:
            raise ArgumentError(f"BatchNormalization '{self.name}': masks are not supported; leave `mask` out.")
        shape, axis = inputs.shape, self._channel_axis
        self._check_width(shape, axis, self._width)
        if not inputs.is_floating_point():
            inputs = inputs.to(self.moving_mean.dtype)
        values = _channels_second(inputs, axis)
        if training and self._trainable:
            outputs = self._normalized_by_batch(values)
        else:
            outputs = self._normalized(values, self.moving_mean, self.moving_variance, False)
        return _channels_back(outputs, axis, shape)

    def _normalized(self, values, mean, variance, by_batch):
        return torch.batch_norm(
            values,
            self.gamma,
            self.beta,
            mean,
            variance,
            by_batch,
            1 - self.momentum,
            self.epsilon,
            torch.backends.cudnn.enabled,
        )

    def _normalized_by_batch(self, values):
        with self.moving_statistics(values) as (mean, variance):
            return self._normalized(values, mean, variance, True)

    @contextlib.contextmanager
    def moving_statistics(self, values):
        """The running mean and variance for torch's kernel to move, so that they end up as Keras moves them.

        The kernel moves the running variance by count / (count - 1) times the batch's, Keras by the batch's own: in
        units that are larger by this factor both are the same.
        """
        # Seen through `.data`, each with a version counter of its own: autograd keeps the statistics that the kernel
        # was given though it does not read them in training, and must not mind that they move.
        mean, variance = self.moving_mean.data, self.moving_variance.data
        self.updates += 1
        count = values.numel() // self._width
        if count < 2:
            # The kernel divides by count - 1; the variance of one value is 0.
            yield mean, variance.clone()
            self.moving_variance.data.mul_(self.momentum)
            return
        unit = count / (count - 1)
        variance.mul_(unit)
        yield mean, variance
        self.moving_variance.data.div_(unit)


@registered.add
class LayerNormalization(_Normalization):
    """Values less their mean over `axis` of their sample, over their standard deviation (as in Keras).

    axis: one axis or several. rms_scaling: Keras' deprecated variant, the inputs over their standard deviation without
    taking off the mean, no offset. Source: Ba et al. 2016. Raises ArgumentError for an axis that does not exist.
    """

    def __init__(
        self,
        axis=-1,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        rms_scaling=False,
        **kwargs,
    ):
        super().__init__(
            list(axis) if isinstance(axis, (list, tuple)) else axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        if not axes or not all(isinstance(entry, int) for entry in axes):
            raise ArgumentError(f"LayerNormalization '{self.name}': axis must be whole numbers, got {axis!r}.")
        self.rms_scaling = bool(rms_scaling)

    def build(self, input_shape):
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        self._axes = sorted({self._position(axis, input_shape) for axis in axes})
        self._lengths = tuple(input_shape[axis] for axis in self._axes)
        scale, center = self.scale, self.center
        if self.rms_scaling:  # as in Keras: always a scale, never an offset
            self.scale, self.center = True, False
        self._add_scale_and_offset(self._lengths)
        self.scale, self.center = scale, center

    def call(self, inputs):
        shape, axes = inputs.shape, self._axes
        for axis, length in zip(axes, self._lengths, strict=True):
            self._check_width(shape, axis, length)
        first = len(shape) - len(axes)
        trailing = axes[0] == first
        values = inputs if trailing else inputs.movedim(axes, list(range(first, len(shape))))
        outputs = _mixed(values, self.gamma, self.beta, self._scaled if self.rms_scaling else self._normalized)
        return outputs if trailing else outputs.movedim(list(range(first, len(shape))), axes)

    def _normalized(self, values, gamma, beta):
        return F.layer_norm(values, self._lengths, gamma, beta, self.epsilon)

    def _scaled(self, values, gamma, _):
        last = list(range(-len(self._axes), 0))
        wide = values.float() if values.dtype.itemsize == 2 else values
        variance = wide.var(last, correction=0, keepdim=True)
        return (wide * torch.rsqrt(variance + self.epsilon) * gamma).to(values.dtype)


def _mixed(values, gamma, beta, function):
    """function(values, gamma, beta) with the weights in float32 where the values have half precision.

    torch's kernels for the CPU do this themselves; for other devices the values are widened.
    """
    weight = gamma if gamma is not None else beta
    if not values.is_floating_point():
        values = values.float()
    if weight is None or weight.dtype is values.dtype or (values.is_cpu and weight.dtype is torch.float32):
        return function(values, gamma, beta)
    return function(values.to(weight.dtype), gamma, beta).to(values.dtype)


@registered.add
class GroupNormalization(_Normalization):
    """Values less their mean over a sample's group of channels, over their standard deviation (as in Keras).

    groups: how many groups the channels fall into; -1 for one each (instance normalization). Source: Wu and He 2018.
    Raises ArgumentError where groups do not divide the channels.
    """

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(
            axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ArgumentError(
                f"GroupNormalization '{self.name}': groups must be a whole number above 0, or -1 for one group a "
                f"channel; got {groups!r}."
            )
        self.axis = self._one_axis(axis)
        self.groups = groups

    def build(self, input_shape):
        self._channel_axis = self._position(self.axis, input_shape)
        self._width = input_shape[self.axis]
        self._group_count = self._width if self.groups == -1 else self.groups
        if self._width % self._group_count:
            raise ArgumentError(
                f"GroupNormalization '{self.name}': {self._width} channels do not fall into {self._group_count} equal "
                "groups; choose a number that divides them."
            )
        self._add_scale_and_offset((self._width,))

    def call(self, inputs):
        shape, axis = inputs.shape, self._channel_axis
        self._check_width(shape, axis, self._width)
        outputs = _mixed(_channels_second(inputs, axis), self.gamma, self.beta, self._normalized)
        return _channels_back(outputs, axis, shape)

    def _normalized(self, values, gamma, beta):
        if gamma is None and beta is not None:
            # torch 2.13 cannot derive its kernel with an offset but no scale.
            gamma = torch.ones_like(beta)
        return F.group_norm(values, self._group_count, gamma, beta, self.epsilon)


@registered.add
class UnitNormalization(Layer):
    """Values over the Euclidean norm along `axis` (one or several), as in Keras; zeros stay zeros."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        if not axes or not all(isinstance(entry, int) for entry in axes):
            raise ArgumentError(f"UnitNormalization '{self.name}': axis must be whole numbers, got {axis!r}.")

    def build(self, input_shape):
        for axis in self.axis if isinstance(self.axis, list) else [self.axis]:
            if not -len(input_shape) <= axis < len(input_shape):
                raise ArgumentError(
                    f"UnitNormalization '{self.name}': axis {axis} does not exist in an input of shape "
                    f"{tuple(input_shape)}."
                )

    def call(self, inputs):
        return F.normalize(inputs, dim=self.axis, eps=1e-12)
