"""Layers that change the colours of images at random in training, as Keras' do.

Where Keras' documentation and its code differ about a single number, the documentation is followed; two numbers mean
what Keras makes of them. Configs hold two, so a saved layer does the same there and here.
"""

import torch

from anmok.errors import ShapeError
from anmok.layers import coloring
from anmok.layers.augmentation import AugmentationLayer, chosen, per_image, uniform
from anmok.layers.registered import add
from anmok.layers.spans import checked_value_range, from_zero, mirrored, number, span, twice

_NO_END = 1 - 1e-7  # a saturation of 1 would be multiplied without end


class ColorLayer(AugmentationLayer):
    """Changes values, each where it is; `value_range`: (lowest, highest) that pixels have."""

    def __init__(self, *, value_range=(0, 255), **kwargs):
        super().__init__(**kwargs)
        self.value_range = checked_value_range(type(self).__name__, value_range)

    def get_config(self):
        return {**super().get_config(), "value_range": self.value_range}

    def clipped(self, images):
        return images.clamp(*self.value_range)

    def on_scale(self, images, highest):
        """Values of value_range as 0..highest."""
        low, high = self.value_range
        return images if (low, high) == (0, highest) else (images - low) * (highest / (high - low))

    def off_scale(self, images, highest):
        """Values 0..highest as value_range."""
        low, high = self.value_range
        return images if (low, high) == (0, highest) else images * ((high - low) / highest) + low

    def colors(self, images):
        """The images (B, C, H, W) if they have colours; raises ShapeError otherwise."""
        if images.shape[1] != 3:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': expected RGB images, of 3 channels, got {images.shape[1]}."
            )
        return images


@add
class RandomBrightness(ColorLayer):
    """In training adds to each image a part of the value range, within which values stay, as in Keras.

    factor: the most, from 0 to 1, in either direction, or (lower, upper) from -1 to 1.
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, **kwargs)
        self.factor = span("RandomBrightness", "factor", factor, within=(-1, 1), alone=mirrored)

    def draw(self, rng, shape):
        """addends: (B,) in the unit of the pixels."""
        low, high = self.value_range
        return {"addends": uniform(rng, self.factor, shape[0]) * (high - low)}

    def apply(self, images, *, addends):
        return self.clipped(images + per_image(addends))


@add
class RandomContrast(ColorLayer):
    """In training multiplies the distances from each channel's mean by 1 - lower to 1 + upper, as Keras documents it.

    factor: lower and upper alike, from 0 to 1, or (lower, upper). Keras' code takes a lower of 0 where one number is
    given, so that contrast never shrinks; Keras 2 did not.
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, **kwargs)
        self.factor = span("RandomContrast", "factor", factor, within=(0, 1), alone=twice)

    def draw(self, rng, shape):
        """factors: (B,)."""
        lower, upper = self.factor
        return {"factors": uniform(rng, (1 - lower, 1 + upper), shape[0])}

    def apply(self, images, *, factors):
        return self.clipped(coloring.contrast(images, per_image(factors)))


@add
class RandomSaturation(ColorLayer):
    """In training makes the colours of each image paler or stronger, as Keras documents it.

    factor: the most, from 0 (grey) by 0.5 (no change) to 1 (as strong as can be); or (lower, upper). Keras' code takes
    (-factor, factor), and below 0 is grey too. Saturation stays within 0..1, so values stay in their range.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = span("RandomSaturation", "factor", factor, within=(-1, 1), alone=from_zero)

    def draw(self, rng, shape):
        """factors: (B,), what the saturation is multiplied by."""
        strengths = uniform(rng, self.factor, shape[0]).clip(0, _NO_END)
        return {"factors": strengths / (1 - strengths)}

    def apply(self, images, *, factors):
        scaled = self.on_scale(self.colors(images), 1)
        return self.off_scale(coloring.saturate(scaled.clamp_min(0), per_image(factors)), 1)


@add
class RandomHue(ColorLayer):
    """In training turns the hues of each image, as in Keras.

    factor: the most, from 0 to 1 (half a turn), or (lower, upper); the direction is drawn.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = span("RandomHue", "factor", factor, within=(0, 1), alone=from_zero)

    def draw(self, rng, shape):
        """turns: (B,), 1 being all around."""
        signs = 1 - 2.0 * (rng.random(shape[0]) > 0.5)
        return {"turns": uniform(rng, self.factor, shape[0]) * signs / 2}

    def apply(self, images, *, turns):
        scaled = self.on_scale(self.colors(images), 1).clamp_min(0)
        return self.off_scale(coloring.turn_hue(scaled, per_image(turns)).clamp(0, 1), 1)


@add
class RandomGrayscale(AugmentationLayer):
    """In training makes some images grey, of as many channels, as in Keras. factor: the probability, from 0 to 1."""

    def __init__(self, factor=0.5, data_format=None, seed=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = number("RandomGrayscale", "factor", factor, least=0, most=1)

    def draw(self, rng, shape):
        """grey: bool (B,)."""
        return {"grey": rng.random(shape[0]) < self.factor}

    def apply(self, images, *, grey):
        if images.shape[1] not in (1, 3):
            raise ShapeError(
                f"RandomGrayscale '{self.name}': expected images of 1 or 3 channels, got {images.shape[1]}."
            )
        return torch.where(per_image(grey), coloring.grayscale(images), images)


@add
class RandomColorDegeneration(ColorLayer):
    """In training takes part of the colour out of each image, as Keras documents it.

    factor: the most, from 0 (no change) to 1 (grey), or (lower, upper); below 0, down to -1, colours get stronger.
    Keras' code takes one number for both directions.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = span("RandomColorDegeneration", "factor", factor, within=(-1, 1), alone=from_zero)

    def draw(self, rng, shape):
        """amounts: (B,)."""
        return {"amounts": uniform(rng, self.factor, shape[0])}

    def apply(self, images, *, amounts):
        grey = coloring.grayscale(self.colors(images))
        return self.clipped(coloring.blend(images, grey, per_image(amounts)))


@add
class RandomInvert(ColorLayer):
    """In training turns some images into their negatives, the highest value less theirs, as in Keras.

    factor: the probability, drawn for each image from (0, factor) or (lower, upper).
    """

    def __init__(self, factor=1.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = span("RandomInvert", "factor", factor, within=(0, 1), alone=from_zero)

    def draw(self, rng, shape):
        """inverted: bool (B,)."""
        return {"inverted": chosen(rng, self.factor, shape[0])}

    def apply(self, images, *, inverted):
        return torch.where(per_image(inverted), self.value_range[1] - images, images)


@add
class RandomColorJitter(ColorLayer):
    """In training changes brightness, contrast, saturation and hue, in this order, each if its factor is given.

    The factors are those of RandomBrightness, RandomContrast, RandomSaturation and RandomHue (as in Keras).
    """

    def __init__(
        self,
        value_range=(0, 255),
        brightness_factor=None,
        contrast_factor=None,
        saturation_factor=None,
        hue_factor=None,
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        parts = (
            ("brightness", RandomBrightness, brightness_factor),
            ("contrast", RandomContrast, contrast_factor),
            ("saturation", RandomSaturation, saturation_factor),
            ("hue", RandomHue, hue_factor),
        )
        options = {"value_range": value_range, "data_format": data_format}
        self._parts = {name: kind(factor, name=name, **options) for name, kind, factor in parts if factor is not None}

    def draw(self, rng, shape):
        """For each part its own draws."""
        return {name: part.draw(rng, shape) for name, part in self._parts.items()}

    def apply(self, images, **drawn):
        for name, part in self._parts.items():
            images = part.apply(images, **drawn[name])
        return images
