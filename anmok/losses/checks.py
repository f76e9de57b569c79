"""Labels and outputs looked over once before training, so that a mistake is said in words."""

import numpy as np
import torch

from anmok.errors import ArgumentError, DataError
from anmok.losses import crossentropy, focal, margin, regression

SPARSE = (crossentropy.SparseCategoricalCrossentropy, crossentropy.CategoricalGeneralizedCrossEntropy)
CATEGORICAL = (crossentropy.CategoricalCrossentropy, focal.CategoricalFocalCrossentropy)
BINARY = (crossentropy.BinaryCrossentropy, focal.BinaryFocalCrossentropy)
NUMERIC = (
    regression.MeanSquaredError,
    regression.MeanAbsoluteError,
    regression.MeanAbsolutePercentageError,
    regression.MeanSquaredLogarithmicError,
    regression.Huber,
    regression.LogCosh,
    regression.CosineSimilarity,
    crossentropy.KLDivergence,
    crossentropy.Poisson,
    margin.Hinge,
    margin.SquaredHinge,
    margin.CategoricalHinge,
)
TO_CATEGORICAL = "utils.to_categorical(y, {})"


def check_labels(loss, y_true, outputs_shape):
    """Raise DataError if all labels `y_true` (array or tensor) cannot be learned by outputs of that shape under `loss`.

    loss: a Loss. outputs_shape: of the model's output with its batch axis, as (None, 10). The labels of losses that
    are not anmok's own are left alone, except that text is refused.
    """
    labels = y_true.detach().cpu().numpy() if isinstance(y_true, torch.Tensor) else np.asarray(y_true)
    outputs = tuple(outputs_shape)
    if labels.dtype.kind not in "biuf":
        example = labels.reshape(-1)[0] if labels.size else None
        raise DataError(
            f"{loss.name}: labels must be numbers, got {labels.dtype} (e.g. {example!r}). "
            "Number the classes first: classes, y = np.unique(y, return_inverse=True)."
        )
    if isinstance(loss, SPARSE):
        _check_sparse(loss, labels, outputs)
    elif isinstance(loss, CATEGORICAL):
        _check_categorical(loss, labels, outputs)
    elif isinstance(loss, BINARY):
        _check_binary(loss, labels, outputs)
    elif isinstance(loss, NUMERIC):
        _check_finite(loss, labels)
        _check_same_shape(loss, labels, outputs)


def check_output(loss, units, activation):
    """Raise ArgumentError if a last layer of `units` units and that `activation` cannot serve `loss`.

    activation: its name ("linear" where there is none), or None if it is not known, which is let pass.
    """
    if activation == "softmax" and units == 1:
        raise ArgumentError(
            "softmax on one unit is always 1, so nothing can be learned. For two classes on one unit use "
            "activation='sigmoid' with loss='binary_crossentropy'; else give the last layer one unit for each class."
        )
    if isinstance(loss, SPARSE + CATEGORICAL):
        if units == 1:
            raise ArgumentError(
                f"{loss.name} needs one unit for each class, the last layer has 1. For two classes on one unit use "
                "activation='sigmoid' with loss='binary_crossentropy'; else give it a unit for each class."
            )
        if isinstance(loss, crossentropy.CategoricalGeneralizedCrossEntropy):
            return
        _check_activation(loss, activation, wanted="softmax", other="sigmoid")
    elif isinstance(loss, BINARY):
        _check_activation(loss, activation, wanted="sigmoid", other=None)


def _check_activation(loss, activation, *, wanted, other):
    if loss.from_logits:
        if activation in ("softmax", "sigmoid"):
            raise ArgumentError(
                f"{loss.name} has from_logits=True, but the last layer ends in {activation}, so its output is "
                f"probabilities. Leave the activation out, or leave from_logits out."
            )
    elif other is not None and activation == other:
        raise ArgumentError(
            f"{loss.name} needs probabilities that sum to 1 over the classes, but the last layer ends in {activation}. "
            f"Use activation={wanted!r}; for labels that are not exclusive, loss='binary_crossentropy'."
        )
    elif activation in ("linear", "relu", "tanh"):
        raise ArgumentError(
            f"{loss.name} needs probabilities, but the last layer ends in {activation}. "
            f"Give it activation={wanted!r}, or no activation and {type(loss).__name__}(from_logits=True)."
        )


def _check_sparse(loss, labels, outputs):
    axis = getattr(loss, "axis", -1)
    classes = outputs[axis]
    expected = outputs[:axis] + outputs[axis:][1:]
    if labels.ndim == len(outputs) and labels.shape[axis] == 1:
        labels = labels.squeeze(axis)
    if labels.ndim == len(outputs) and labels.shape[axis] == classes and _is_one_hot(labels, axis):
        raise DataError(
            f"{loss.name} takes class numbers, but labels of shape {labels.shape} are one-hot. "
            "Use loss='categorical_crossentropy', or labels.argmax(-1)."
        )
    _check_shape(loss, labels, expected, f"class numbers of shape {_spell(expected)}", outputs)
    _check_finite(loss, labels)
    _refuse(labels, labels != np.floor(labels), f"{loss.name}: labels must be whole numbers 0..{classes - 1}")
    ignored = getattr(loss, "ignore_class", None)
    wrong = (labels < 0) | (labels >= classes)
    if ignored is not None:
        wrong &= labels != ignored
    advice = ""
    if wrong.any():
        counted = labels if ignored is None else labels[labels != ignored]
        lowest, highest = int(counted.min()), int(counted.max())
        if (lowest, highest) == (1, classes):
            advice = "They seem to be counted from 1: subtract 1"
        elif lowest >= 0:
            advice = f"The last layer has {classes} units; it needs {highest + 1} for labels up to {highest}"
        else:
            advice = "Number the classes from 0: classes, y = np.unique(y, return_inverse=True)"
    _refuse(labels, wrong, f"{loss.name}: labels must be 0..{classes - 1}", advice)


def _check_categorical(loss, labels, outputs):
    classes = outputs[loss.axis]
    if _are_class_numbers(labels, outputs):
        raise DataError(
            f"{loss.name} takes one-hot labels of shape {_spell(outputs)}, but labels of shape {labels.shape} are "
            f"class numbers. Use loss='sparse_categorical_crossentropy', or {TO_CATEGORICAL.format(classes)}."
        )
    _check_shape(loss, labels, outputs, f"one-hot labels of shape {_spell(outputs)}", outputs)
    _check_finite(loss, labels)
    _refuse(labels, _far_from_chances(labels), f"{loss.name}: labels must lie in 0..1")


def _check_binary(loss, labels, outputs):
    if outputs[-1] != 1 and _are_class_numbers(labels, outputs):
        classes = outputs[-1]
        raise DataError(
            f"{loss.name} over {classes} units takes labels of shape {_spell(outputs)}, 0 or 1 for each unit; "
            f"got {labels.shape}. For one of {classes} classes use softmax and loss='sparse_categorical_crossentropy', "
            f"or {TO_CATEGORICAL.format(classes)}; for two classes one unit is enough."
        )
    _check_same_shape(loss, labels, outputs)
    _check_finite(loss, labels)
    highest = labels.max() if labels.size else 0
    advice = "For more than two classes use softmax and loss='sparse_categorical_crossentropy'" if highest > 1 else ""
    if labels.size and labels.min() == -1 and highest == 1:
        advice = "Turn -1 and 1 into 0 and 1: (y + 1) / 2, or use loss='hinge'"
    _refuse(labels, _far_from_chances(labels), f"{loss.name}: labels must lie in 0..1", advice)


def _far_from_chances(labels):
    """Where labels are no probabilities, not even with noise upon them (0.7..1.2, as people train GANs)."""
    return (labels <= -0.5) | (labels >= 1.5)


def _check_same_shape(loss, labels, outputs):
    if labels.ndim == len(outputs) - 1 and outputs[-1] == 1:
        labels = labels[..., None]
    elif labels.ndim == len(outputs) + 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    _check_shape(loss, labels, outputs, f"labels of the output's shape {_spell(outputs)}", outputs)


def _check_shape(loss, labels, expected, description, outputs):
    matches = labels.ndim == len(expected) and all(
        want is None or want == got for want, got in zip(expected[1:], labels.shape[1:], strict=True)
    )
    if not matches:
        raise DataError(
            f"{loss.name} takes {description}; got labels of shape {labels.shape} for an output of shape "
            f"{_spell(outputs)}."
        )


def _check_finite(loss, labels):
    if labels.dtype.kind == "f":
        advice = "Drop or fill these samples"
        _refuse(labels, ~np.isfinite(labels), f"{loss.name}: labels must be finite numbers", advice)


def _refuse(labels, wrong, rule, advice=""):
    where = np.argwhere(wrong)
    if not len(where):
        return
    first = tuple(int(i) for i in where[0])
    index = first[0] if len(first) == 1 else first
    many = f", {len(where)} in all" if len(where) > 1 else ""
    end = f" {advice}." if advice else ""
    raise DataError(f"{rule}, found {labels[first]} (e.g. at index {index}{many}).{end}")


def _is_one_hot(labels, axis):
    return bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis) == 1).all())


def _are_class_numbers(labels, outputs):
    if labels.ndim == len(outputs) and labels.shape[-1] == 1 and outputs[-1] != 1:
        labels = labels[..., 0]
    return labels.ndim == len(outputs) - 1 and bool((labels == np.floor(labels)).all())


def _spell(shape):
    return "(" + ", ".join("batch" if i == 0 and n is None else str(n) for i, n in enumerate(shape)) + ")"
