"""Crossentropies, one value for each sample or output unit, from logits wherever a prediction carries them."""

import torch
import torch.nn.functional as F

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import floating, integer, tensor
from anmok.errors import ArgumentError, ShapeError

EPSILON = 1e-7


@function
def sigmoid_cross_entropy_with_logits(labels=None, logits=None):
    """The crossentropy of each unit, of the shape of `logits`."""
    labels, logits = _labels_and_logits(labels, logits)
    return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), reduction="none")


@function
def weighted_cross_entropy_with_logits(labels=None, logits=None, pos_weight=None):
    """`sigmoid_cross_entropy_with_logits`, what misses a 1 times pos_weight."""
    labels, logits = _labels_and_logits(labels, logits)
    weight = tensor(pos_weight).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), pos_weight=weight, reduction="none")


@function
def softmax_cross_entropy_with_logits(labels=None, logits=None, axis=-1):
    """The crossentropy of distributions over classes along `axis`."""
    labels, logits = _labels_and_logits(labels, logits)
    return -(labels.to(logits.dtype) * F.log_softmax(logits, axis)).sum(axis)


@function
def sparse_softmax_cross_entropy_with_logits(labels=None, logits=None):
    """The crossentropy of class numbers, of the shape of `labels`."""
    if labels is None or logits is None:
        raise ArgumentError("This function needs labels=... and logits=...")
    labels, logits = tensor(labels).long(), floating(logits)
    if labels.shape != logits.shape[:-1]:
        raise ShapeError(
            f"Expected class numbers of shape {tuple(logits.shape[:-1])}, got {tuple(labels.shape)}; for one-hot "
            "labels there is softmax_cross_entropy_with_logits."
        )
    return -F.log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)


def _labels_and_logits(labels, logits):
    if labels is None or logits is None:
        raise ArgumentError("This function needs labels=... and logits=...")
    labels, logits = tensor(labels), floating(logits)
    if labels.shape != logits.shape:
        raise ShapeError(
            f"labels have the shape {tuple(labels.shape)}, logits {tuple(logits.shape)}: expected the same."
        )
    return labels, logits


def _beneath(output, from_logits, activation):
    """The logits of a prediction, where they are known."""
    if from_logits:
        return output
    return getattr(output, "logits", None) if getattr(output, "logits_of", None) == activation else None


@function
def binary_crossentropy(target, output, from_logits=False):
    """The crossentropy of each unit, of the shape of `output` (Keras' backend: no mean is taken)."""
    target = tensor(target)
    logits = _beneath(output, from_logits, "sigmoid")
    if logits is not None:
        logits = floating(logits)
        return F.binary_cross_entropy_with_logits(
            logits, target.to(logits.dtype).expand(logits.shape), reduction="none"
        )
    output = floating(output).clamp(EPSILON, 1 - EPSILON)
    target = target.to(output.dtype)
    return -(target * torch.log(output) + (1 - target) * torch.log(1 - output))


def _log_chances(output, from_logits, axis):
    """The logarithms of the chances of classes along `axis`, from the logits where they are to be had."""
    logits = _beneath(output, from_logits, "softmax")
    if logits is not None and (from_logits or axis in (-1, logits.ndim - 1)):
        return F.log_softmax(floating(logits), axis)
    output = floating(output)
    return torch.log((output / output.sum(axis, keepdim=True)).clamp(EPSILON, 1 - EPSILON))


@function
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """The crossentropy of distributions over classes along `axis` (Keras' backend)."""
    axis = integer(axis)
    logs = _log_chances(output, from_logits, axis)
    return -(tensor(target).to(logs.dtype) * logs).sum(axis)


@function
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """The crossentropy of class numbers against classes along `axis` (Keras' backend)."""
    axis = integer(axis)
    logs = _log_chances(output, from_logits, axis)
    target = tensor(target).long()
    if target.ndim == logs.ndim and target.shape[axis] == 1:
        target = target.squeeze(axis)
    return -logs.gather(axis, target.unsqueeze(axis)).squeeze(axis)
