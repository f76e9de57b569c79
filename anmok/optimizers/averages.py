"""Exponential moving averages of weights, as in Keras: lists of tensors, changed in place."""

import torch


def update(averages, weights, momentum, *, first):
    """averages <- momentum * averages + (1 - momentum) * weights; the first are the weights themselves."""
    torch._foreach_lerp_(averages, weights, 1.0 if first else 1.0 - momentum)


def swap(averages, weights):
    """Exchange the values of the two lists, one tensor at a time."""
    for average, weight in zip(averages, weights, strict=True):
        kept = weight.clone()
        weight.copy_(average)
        average.copy_(kept)
