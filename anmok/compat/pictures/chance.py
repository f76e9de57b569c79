"""Random changes of pictures: tf.image.random_* and stateless_random_*.

What random_* draw is a function of the library's seed, of the pass over a Dataset and of the element's place in it;
stateless ones are functions of their `seed`, a pair of numbers. Neither has TensorFlow's own numbers.
"""

import inspect

import numpy as np
import torch

from anmok import random
from anmok.compat.functions.calling import function
from anmok.compat.functions.values import integers, tensor
from anmok.compat.pictures import coding, coloring
from anmok.compat.pictures.batches import need
from anmok.errors import ArgumentError


def _between(rng, low, high, name):
    need(low < high, f"tf.image.{name}: expected a lower bound below the upper, got {low} and {high}.")
    return float(np.float32(rng.uniform(low, high)))


def _up_to(rng, delta, name, most=None):
    delta = float(delta)
    need(delta >= 0 and (most is None or delta <= most), f"tf.image.{name}: max_delta={delta} is out of range.")
    return float(np.float32(rng.uniform(-delta, delta)))


def _mirrored(rng, image, axis, name):
    image = tensor(image)
    need(image.ndim in (3, 4), f"tf.image.{name}: expected a picture or a batch, got shape {tuple(image.shape)}.")
    if image.ndim == 3:
        return image.flip(axis) if rng.random() < 0.5 else image
    chosen = torch.from_numpy(rng.random(len(image)) < 0.5)
    return torch.where(chosen[:, None, None, None], image.flip(axis + 1), image)


def _flip_left_right(rng, image):
    """Mirrored with probability 1/2, each picture of a batch for itself."""
    return _mirrored(rng, image, 1, "random_flip_left_right")


def _flip_up_down(rng, image):
    """Upside down with probability 1/2, each picture of a batch for itself."""
    return _mirrored(rng, image, 0, "random_flip_up_down")


def _brightness(rng, image, max_delta):
    """adjust_brightness by a number in -max_delta..max_delta."""
    return coloring.adjust_brightness.implementation(image, _up_to(rng, max_delta, "random_brightness"))


def _hue(rng, image, max_delta):
    """adjust_hue by a number in -max_delta..max_delta (at most 0.5)."""
    return coloring.adjust_hue.implementation(image, _up_to(rng, max_delta, "random_hue", 0.5))


def _contrast(rng, image, lower, upper):
    """adjust_contrast by a factor in lower..upper."""
    return coloring.adjust_contrast.implementation(image, _between(rng, lower, upper, "random_contrast"))


def _saturation(rng, image, lower, upper):
    """adjust_saturation by a factor in lower..upper."""
    return coloring.adjust_saturation.implementation(image, _between(rng, lower, upper, "random_saturation"))


def _jpeg_quality(rng, image, min_jpeg_quality, max_jpeg_quality):
    """adjust_jpeg_quality by a whole number from min_jpeg_quality to below max_jpeg_quality."""
    need(min_jpeg_quality < max_jpeg_quality, "tf.image.random_jpeg_quality: expected the smaller quality first.")
    quality = int(rng.integers(min_jpeg_quality, max_jpeg_quality))
    return coding.adjust_jpeg_quality.implementation(image, quality)


def _crop(rng, value, size):
    """A box of that size out of a tensor of any rank, each place as likely as another."""
    value, size = tensor(value), integers(size)
    size = [whole if part == -1 else part for part, whole in zip(size, value.shape, strict=True)]
    if any(part > whole for part, whole in zip(size, value.shape, strict=True)):
        raise ArgumentError(f"tf.image.random_crop: a box of {size} does not fit into {list(value.shape)}.")
    starts = [int(rng.integers(0, whole - part + 1)) for part, whole in zip(size, value.shape, strict=True)]
    return value[tuple(slice(start, start + part) for start, part in zip(starts, size, strict=True))]


def _with_seed(draw, name, default, generator):
    """draw(rng, ...) as a function of a last argument `seed`; generator(seed) is its rng."""
    parameters = list(inspect.signature(draw).parameters.values())[1:]
    seed = inspect.Parameter("seed", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
    signature = inspect.Signature([*parameters, seed])

    def call(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        return draw(generator(given.pop("seed", None)), **given)

    call.__signature__, call.__name__, call.__doc__ = signature, name, draw.__doc__
    return function(call, name=f"image_{name}")


def _random(draw, name):
    return _with_seed(draw, name, None, lambda seed: random.layer_generator(None if seed is None else int(seed)))


def _stateless(draw, name):
    def generator(seed):
        pair = [number % 2**64 for number in integers(seed)]
        need(len(pair) == 2, f"tf.image.{name}: expected seed as two whole numbers, got {seed!r}.")
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(pair)))

    return _with_seed(draw, name, inspect.Parameter.empty, generator)


random_flip_left_right = _random(_flip_left_right, "random_flip_left_right")
random_flip_up_down = _random(_flip_up_down, "random_flip_up_down")
random_brightness = _random(_brightness, "random_brightness")
random_contrast = _random(_contrast, "random_contrast")
random_hue = _random(_hue, "random_hue")
random_saturation = _random(_saturation, "random_saturation")
random_jpeg_quality = _random(_jpeg_quality, "random_jpeg_quality")
random_crop = _random(_crop, "random_crop")
stateless_random_flip_left_right = _stateless(_flip_left_right, "stateless_random_flip_left_right")
stateless_random_flip_up_down = _stateless(_flip_up_down, "stateless_random_flip_up_down")
stateless_random_brightness = _stateless(_brightness, "stateless_random_brightness")
stateless_random_contrast = _stateless(_contrast, "stateless_random_contrast")
stateless_random_hue = _stateless(_hue, "stateless_random_hue")
stateless_random_saturation = _stateless(_saturation, "stateless_random_saturation")
stateless_random_jpeg_quality = _stateless(_jpeg_quality, "stateless_random_jpeg_quality")
stateless_random_crop = _stateless(_crop, "stateless_random_crop")
