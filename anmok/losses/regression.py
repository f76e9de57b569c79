"""Losses between numbers; each function gives the mean over the last axis (as in Keras)."""

import math

import torch
import torch.nn.functional as F

from anmok.losses.loss import EPSILON, NamedLoss, _registry, loss_function, pair


@loss_function
def mean_squared_error(y_true, y_pred):
    """Mean over the last axis of (y_true - y_pred) ** 2."""
    y_true, y_pred = pair(y_true, y_pred)
    return (y_true - y_pred).square().mean(-1)


@loss_function
def mean_absolute_error(y_true, y_pred):
    """Mean over the last axis of |y_true - y_pred|."""
    y_true, y_pred = pair(y_true, y_pred)
    return (y_true - y_pred).abs().mean(-1)


@loss_function
def mean_absolute_percentage_error(y_true, y_pred):
    """Mean over the last axis of 100 |y_true - y_pred| / |y_true|, in percent."""
    y_true, y_pred = pair(y_true, y_pred)
    return 100.0 * ((y_true - y_pred) / y_true.abs().clamp_min(EPSILON)).abs().mean(-1)


@loss_function
def mean_squared_logarithmic_error(y_true, y_pred):
    """Mean over the last axis of (log(1 + y_true) - log(1 + y_pred)) ** 2; negative values count as 0."""
    y_true, y_pred = pair(y_true, y_pred)
    return ((y_pred.clamp_min(EPSILON) + 1.0).log() - (y_true.clamp_min(EPSILON) + 1.0).log()).square().mean(-1)


@loss_function
def cosine_similarity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle along `axis`: -1 for the same direction, 1 for the opposite."""
    y_true, y_pred = pair(y_true, y_pred)
    return -(F.normalize(y_true, dim=axis, eps=EPSILON) * F.normalize(y_pred, dim=axis, eps=EPSILON)).sum(axis)


@loss_function
def huber(y_true, y_pred, delta=1.0):
    """Mean over the last axis of e ** 2 / 2 where |e| <= delta, else delta |e| - delta ** 2 / 2."""
    y_true, y_pred = pair(y_true, y_pred)
    error = y_pred - y_true
    size = error.abs()
    return torch.where(size <= delta, 0.5 * error.square(), delta * size - 0.5 * delta**2).mean(-1)


@loss_function
def log_cosh(y_true, y_pred):
    """Mean over the last axis of log(cosh(y_pred - y_true))."""
    y_true, y_pred = pair(y_true, y_pred)
    error = y_pred - y_true
    return (error + F.softplus(-2.0 * error) - math.log(2.0)).mean(-1)


class _Elementwise(NamedLoss):
    """A loss whose mean over a whole batch is one fused operation, `fused(y_pred, y_true)`."""

    fused = None

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is None and self._is_mean:
            y_true, y_pred = pair(y_true, y_pred)
            if y_true.shape == y_pred.shape and y_pred.dtype == self._torch_dtype:
                return type(self).fused(y_pred, y_true)
        return super().__call__(y_true, y_pred, sample_weight)


class MeanSquaredError(_Elementwise):
    """Mean squared error, as in Keras."""

    fused = staticmethod(F.mse_loss)

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(_Elementwise):
    """Mean absolute error, as in Keras."""

    fused = staticmethod(F.l1_loss)

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(NamedLoss):
    """Mean absolute error in percent of the label, as in Keras."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(NamedLoss):
    """Mean squared difference of log(1 + y), as in Keras."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(NamedLoss):
    """Minus the cosine similarity along `axis`, as in Keras."""

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


class Huber(NamedLoss):
    """Squared up to `delta`, linear beyond (Huber 1964), as in Keras."""

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(NamedLoss):
    """Logarithm of the hyperbolic cosine of the error, as in Keras."""

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, reduction, name, dtype)


for _class in (
    MeanSquaredError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    CosineSimilarity,
    Huber,
    LogCosh,
):
    _registry.add(_class)
# A snake_case name means the function, so functions are entered after the classes.
_registry.add(mean_squared_error, "mse", "MSE")
_registry.add(mean_absolute_error, "mae", "MAE")
_registry.add(mean_absolute_percentage_error, "mape", "MAPE")
_registry.add(mean_squared_logarithmic_error, "msle", "MSLE")
_registry.add(cosine_similarity, "cosine_proximity")
_registry.add(huber, "huber_loss")
_registry.add(log_cosh, "logcosh")
