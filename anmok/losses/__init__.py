"""Losses with Keras' names, as classes and as functions, and the checks that training makes of labels and outputs."""

import inspect

from anmok.errors import ArgumentError
from anmok.losses.checks import check_labels, check_output
from anmok.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from anmok.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from anmok.losses.loss import Loss, LossFunctionWrapper, _registry
from anmok.losses.margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from anmok.losses.overlap import Dice, Tversky, dice, tversky
from anmok.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from anmok.registry import snake_case

bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
mse = MSE = mean_squared_error
msle = MSLE = mean_squared_logarithmic_error

_classes = {thing for thing in map(_registry.find, _registry.names()) if isinstance(thing, type)}
# A function's class computes the same; some classes know a faster way.
_class_of = {cls().fn: cls for cls in _classes}
_registry.add(LossFunctionWrapper)


def get(identifier):
    """A loss out of a name (a function, or an object for a class name), a class, object, function or config."""
    return _registry.get(identifier)


def serialize(loss):
    """The plain data that `deserialize`, ours and Keras', turns back into `loss`."""
    return _registry.serialize(loss)


def deserialize(config, custom_objects=None):
    """The loss written as `config`; `custom_objects` adds names."""
    return _registry.deserialize(config, custom_objects)


def as_loss(identifier, y_true_shape=None, y_pred_shape=None):
    """The Loss that `compile(loss=identifier)` means, named as in Keras; None stays None.

    The shapes of labels and output are needed by 'crossentropy' (or 'ce') alone, which chooses by them as Keras does.
    """
    if identifier is None or isinstance(identifier, Loss):
        return identifier
    name = identifier if isinstance(identifier, str) else None
    if name is not None and name.lower() in ("crossentropy", "ce"):
        identifier = _crossentropy_for(y_true_shape, y_pred_shape)
    loss = get(identifier)
    if isinstance(loss, Loss):
        return loss
    name = name or getattr(loss, "name", None) or snake_case(getattr(loss, "__name__", type(loss).__name__))
    cls = _class_of.get(loss) if inspect.isfunction(loss) else None
    return cls(name=name) if cls else LossFunctionWrapper(loss, name=name)


def _crossentropy_for(y_true_shape, y_pred_shape):
    if y_true_shape is None or y_pred_shape is None:
        raise ArgumentError(
            "loss='crossentropy' is chosen by the shapes of labels and output, which are not known here. "
            "Name it: binary_crossentropy, categorical_crossentropy or sparse_categorical_crossentropy."
        )
    if y_pred_shape[-1] == 1:
        return binary_crossentropy
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return sparse_categorical_crossentropy
    return categorical_crossentropy


__all__ = [
    "BCE",
    "KLD",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "as_loss",
    "bce",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "check_labels",
    "check_output",
    "cosine_similarity",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "kld",
    "kullback_leibler_divergence",
    "log_cosh",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]
