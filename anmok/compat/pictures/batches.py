"""One picture (H, W, C) or a batch (B, H, W, C): what most functions of tf.image take."""

import functools
import inspect

import torch

from anmok.compat.functions.values import tensor
from anmok.errors import ArgumentError, ShapeError

_FULL = {torch.uint8: 255, torch.int8: 127, torch.int16: 32767, torch.int32: 2**31 - 1, torch.int64: 2**63 - 1}
_FULL |= {torch.uint16: 65535, torch.bool: 1}


def pictures(images, name):
    """(plain tensor (B, H, W, C), whether it came as a batch)."""
    images = tensor(images)
    if images.ndim == 3:
        return images[None], False
    if images.ndim == 4:
        return images, True
    raise ShapeError(
        f"tf.image.{name}: expected a picture (height, width, channels) or a batch of them, got shape "
        f"{tuple(images.shape)}. A grey picture needs its channel axis: image[..., tf.newaxis]."
    )


def on_batches(implementation):
    """implementation(images (B, H, W, C), ...) as a function of a picture, too."""

    first = next(iter(inspect.signature(implementation).parameters))

    @functools.wraps(implementation)
    def call(*args, **kwargs):
        images, *args = args or (kwargs.pop(first),)
        batch, was_batch = pictures(images, implementation.__name__)
        made = implementation(batch, *args, **kwargs)
        return made if was_batch else made[0]

    return call


def full(dtype):
    """The number that stands for white in a format: 1 in floating point, the largest in whole numbers."""
    return 1.0 if dtype.is_floating_point else _FULL[dtype]


def converted(image, dtype, *, saturate=False):
    """A plain tensor in another format, its range scaled (tf.image.convert_image_dtype)."""
    image = tensor(image)
    if image.dtype is dtype:
        return image
    if dtype.is_floating_point:
        if image.is_floating_point():
            return image.to(dtype)
        return image.to(dtype) * (1.0 / full(image.dtype))
    if image.is_floating_point():
        return cast(image * (full(dtype) + 0.5), dtype, saturate=saturate)
    ours, theirs = full(image.dtype), full(dtype)
    if ours > theirs:
        return cast(torch.div(image, (ours + 1) // (theirs + 1), rounding_mode="floor"), dtype, saturate=saturate)
    if saturate:
        image = image.clamp(0)
    return image.to(dtype) * ((theirs + 1) // (ours + 1))


def cast(values, dtype, *, saturate):
    """The format without scaling; saturate: what lies outside of the format's range becomes its limit."""
    if saturate:
        limits = torch.iinfo(dtype)
        values = (values.double() if dtype.itemsize > 2 else values).clamp(limits.min, limits.max)
    return values.to(dtype)


def in_floats(adjust):
    """adjust(float images, ...) on images of any format: scaled to 0..1 and back, cut off where out of range."""

    @functools.wraps(adjust)
    def call(image, *args, **kwargs):
        image = tensor(image)
        if image.dtype in (torch.float32, torch.float64):
            return adjust(image, *args, **kwargs)
        made = adjust(converted(image, torch.float32), *args, **kwargs)
        return converted(made, image.dtype, saturate=True)

    return call


def need_colors(image, name):
    """Raise ShapeError unless the last axis is 3."""
    if image.ndim < 1 or image.shape[-1] != 3:
        raise ShapeError(f"tf.image.{name}: expected three colours in the last axis, got shape {tuple(image.shape)}.")


def need(condition, sentence):
    """Raise ArgumentError with the sentence unless the condition holds."""
    if not condition:
        raise ArgumentError(sentence)
