"""Functions that keras.backend has with other arguments than TensorFlow and Keras' ops."""

import torch
import torch.nn.functional as F

from anmok import defaults
from anmok.compat.functions import calling, creation, network, picking, reduce, windows
from anmok.compat.functions.values import axes, floating, integer, integers, tensor, tensors
from anmok.compat.pictures import resizing
from anmok.errors import ArgumentError


def function(implementation):
    """As `calling.function`, under a name of its own in files."""
    return calling.function(implementation, name=f"backend_{implementation.__name__}")


@function
def arange(start, stop=None, step=1, dtype="int32"):
    """start, start + step, ... below `stop` (one number alone is the stop)."""
    return creation.range_.implementation(start, stop, step, dtype)


@function
def mean(x, axis=None, keepdims=False):
    """The mean along `axis`; of truth values their share, of whole numbers rounded towards 0."""
    x = tensor(x)
    return reduce.mean.implementation(x, axis, keepdims, x.dtype is not torch.bool)


@function
def one_hot(indices, num_classes):
    """Vectors with 1 at the place of each class number."""
    return picking.one_hot.implementation(indices, num_classes)


@function
def in_top_k(predictions, targets, k):
    """Whether each target is among the k classes of the highest predictions."""
    return picking.in_top_k.implementation(targets, predictions, k)


@function
def hard_sigmoid(x):
    """0.2 x + 0.5, cut to 0..1 (of Keras 2; Keras 3 has x / 6 + 0.5)."""
    return (0.2 * floating(x) + 0.5).clamp(0, 1)


@function
def dropout(x, level, noise_shape=None, seed=None):
    """x with values set to 0 with probability `level`, the others over 1 - level."""
    return network.dropout.implementation(x, level, noise_shape, seed)


@function
def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """(x - mean) / sqrt(var + epsilon) * gamma + beta."""
    x = floating(x)
    parts = [None if part is None else tensor(part) for part in (mean, var, beta, gamma)]
    if all(part is None or part.ndim == 1 for part in parts):
        return network.normalize_batch.implementation(x, parts[0], parts[1], axis, parts[2], parts[3], epsilon)
    return network.batch_normalization.implementation(x, *parts, epsilon)


@function
def normalize_in_training(x, gamma, beta, reduction_axes, epsilon=1e-3):
    """(x normalised by its own mean and variance along some axes, that mean, that variance)."""
    x = floating(x)
    dims = axes(reduction_axes, x.ndim)
    mean, variance = x.mean(dims, keepdim=True), x.var(dims, correction=0, keepdim=True)
    shape = [1 if dim in dims else length for dim, length in enumerate(x.shape)]
    parts = [None if part is None else tensor(part).reshape(shape) for part in (beta, gamma)]
    result = network.batch_normalization.implementation(x, mean, variance, *parts, epsilon)
    return result, mean.squeeze(), variance.squeeze()


@function
def bias_add(x, bias, data_format=None):
    """x plus one number for each channel."""
    return network.bias_add.implementation(x, bias, data_format or defaults.image_data_format())


@function
def repeat(x, n):
    """(B, D) to (B, n, D)."""
    return tensor(x).unsqueeze(1).repeat(1, integer(n), 1)


@function
def switched(condition, first, second):
    """`first` where the condition holds, `second` elsewhere; the condition may lack the last axes."""
    first, second = tensors(first, second)
    condition = tensor(condition).bool()
    return torch.where(condition.reshape(*condition.shape, *[1] * (first.ndim - condition.ndim)), first, second)


def stop_gradient(variables):
    """The tensor(s) themselves, through which no gradient flows."""
    if isinstance(variables, (list, tuple)):
        return [stop_gradient(one) for one in variables]
    return _stopped(variables)


@function
def _stopped(x):
    return tensor(x).detach()


# Windows: their arguments in Keras' order -----------------------------------------------------------------------------


@function
def conv(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution by a kernel (..., C, filters)."""
    return windows.conv.implementation(x, kernel, strides, padding, data_format, dilation_rate)


@function
def conv_transpose(x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Transposed convolution by a kernel (..., filters, C) to a shape (with the batch)."""
    return windows.conv_transpose.implementation(x, kernel, output_shape, strides, padding, data_format, dilation_rate)


@function
def depthwise_conv(x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution of each channel by kernels of its own."""
    return windows.depthwise_conv.implementation(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


@function
def separable_conv(
    x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """Convolution of each channel by kernels of its own, and a mixing of the channels."""
    return windows.separable_conv.implementation(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
    )


@function
def pool(x, pool_size, strides=1, padding="valid", data_format=None, pool_mode="max"):
    """The largest value ('max') or the mean ('avg') of each window."""
    if pool_mode not in ("max", "avg"):
        raise ArgumentError(f"Invalid pooling mode: {pool_mode!r}; expected 'max' or 'avg'.")
    kind = windows.max_pool if pool_mode == "max" else windows.average_pool
    return kind.implementation(x, pool_size, strides, padding, data_format)


@function
def resize_images(x, height_factor, width_factor, data_format=None, interpolation="nearest"):
    """Pictures made so many times as high and wide."""
    x = tensor(x)
    x = x.movedim(1, -1) if windows.is_first(data_format) else x
    size = x.shape[1] * integer(height_factor), x.shape[2] * integer(width_factor)
    result = resizing.resized(x, *size, interpolation)
    return result.movedim(-1, 1) if windows.is_first(data_format) else result


@function
def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros around pictures: ((top, bottom), (left, right))."""
    (top, bottom), (left, right) = (integers(pair) for pair in padding)
    margins = (left, right, top, bottom) if windows.is_first(data_format) else (0, 0, left, right, top, bottom)
    return F.pad(tensor(x), margins)


@function
def temporal_padding(x, padding=(1, 1)):
    """Zeros before and after series (B, steps, C)."""
    return F.pad(tensor(x), (0, 0, *integers(padding)))
