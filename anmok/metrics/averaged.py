"""Losses as metrics: their mean over all samples, with the function's own arguments (as in Keras)."""

from anmok import losses
from anmok.metrics.metric import _functions, _registry
from anmok.metrics.reduction import NamedMetric


class BinaryCrossentropy(NamedMetric):
    """Mean binary crossentropy, as in Keras."""

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(losses.binary_crossentropy, name, dtype, "down", **settings)


class CategoricalCrossentropy(NamedMetric):
    """Mean crossentropy with one-hot labels, as in Keras."""

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, "down", **settings)


class SparseCategoricalCrossentropy(NamedMetric):
    """Mean crossentropy with class numbers, as in Keras."""

    def __init__(
        self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, ignore_class=None, axis=-1
    ):
        settings = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, "down", **settings)


class KLDivergence(NamedMetric):
    """Mean Kullback-Leibler divergence, as in Keras."""

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(losses.kl_divergence, name, dtype, "down")


class Poisson(NamedMetric):
    """Mean Poisson loss, as in Keras."""

    def __init__(self, name="poisson", dtype=None):
        super().__init__(losses.poisson, name, dtype, "down")


class MeanSquaredError(NamedMetric):
    """Mean squared error, as in Keras."""

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(losses.mean_squared_error, name, dtype, "down")


class MeanAbsoluteError(NamedMetric):
    """Mean absolute error, as in Keras."""

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(losses.mean_absolute_error, name, dtype, "down")


class MeanAbsolutePercentageError(NamedMetric):
    """Mean absolute error in percent of the label, as in Keras."""

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(losses.mean_absolute_percentage_error, name, dtype, "down")


class MeanSquaredLogarithmicError(NamedMetric):
    """Mean squared difference of log(1 + y), as in Keras."""

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype, "down")


class LogCoshError(NamedMetric):
    """Mean log-cosh of the error, as in Keras."""

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(losses.log_cosh, name, dtype, "down")


class Hinge(NamedMetric):
    """Mean hinge loss, as in Keras."""

    def __init__(self, name="hinge", dtype=None):
        super().__init__(losses.hinge, name, dtype, "down")


class SquaredHinge(NamedMetric):
    """Mean squared hinge loss, as in Keras."""

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(losses.squared_hinge, name, dtype, "down")


class CategoricalHinge(NamedMetric):
    """Mean categorical hinge loss, as in Keras."""

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(losses.categorical_hinge, name, dtype, "down")


_registry.add(BinaryCrossentropy, "bce", "BCE")
_registry.add(CategoricalCrossentropy)
_registry.add(SparseCategoricalCrossentropy)
_registry.add(KLDivergence, "kld", "KLD", "kullback_leibler_divergence")
_registry.add(Poisson)
_registry.add(MeanSquaredError, "mse", "MSE")
_registry.add(MeanAbsoluteError, "mae", "MAE")
_registry.add(MeanAbsolutePercentageError, "mape", "MAPE")
_registry.add(MeanSquaredLogarithmicError, "msle", "MSLE")
_registry.add(LogCoshError, "logcosh", "log_cosh")
_registry.add(Hinge)
_registry.add(SquaredHinge)
_registry.add(CategoricalHinge)
for _function in (
    losses.binary_crossentropy,
    losses.binary_focal_crossentropy,
    losses.categorical_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.sparse_categorical_crossentropy,
    losses.kl_divergence,
    losses.poisson,
    losses.mean_squared_error,
    losses.mean_absolute_error,
    losses.mean_absolute_percentage_error,
    losses.mean_squared_logarithmic_error,
    losses.log_cosh,
    losses.huber,
    losses.hinge,
    losses.squared_hinge,
    losses.categorical_hinge,
):
    _functions.add(_function)
