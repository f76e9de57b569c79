"""Inception's parts, written as rows of tables: convolutions one after the other, in branches side by side.

A branch is a list of steps: `Step` for a convolution with batch normalization (no scale) and ReLU, MAX or AVERAGE for
a pooling, and at its end perhaps a Fork into further branches.
"""

from typing import NamedTuple

from anmok.layers import Activation, AveragePooling2D, BatchNormalization, Concatenate, Conv2D, MaxPooling2D

MAX, AVERAGE = "3x3 max pooling, stride 2", "3x3 average pooling"


class Step(NamedTuple):
    """A convolution: how many filters, of which kernel (n, or (rows, columns)); "valid" also cuts the border off."""

    filters: int
    kernel: int | tuple
    strides: int = 1
    padding: str = "same"


class Fork(NamedTuple):
    """Branches that go on from one tensor and are put together again under that name."""

    branches: list
    name: str | None = None


def walked(x, steps):
    """`x` through the steps of one branch."""
    for step in steps:
        if step is MAX:
            x = MaxPooling2D(3, strides=2)(x)
        elif step is AVERAGE:
            x = AveragePooling2D(3, strides=1, padding="same")(x)
        elif isinstance(step, Fork):
            x = Concatenate(name=step.name)([walked(x, branch) for branch in step.branches])
        else:
            x = convolved(x, Step(*step))
    return x


def convolved(x, step, name=None):
    """Convolution, batch normalization without scale, ReLU."""
    x = Conv2D(step.filters, step.kernel, strides=step.strides, padding=step.padding, use_bias=False, name=name)(x)
    x = BatchNormalization(scale=False, name=name and f"{name}_bn")(x)
    return Activation("relu", name=name and f"{name}_ac")(x)
