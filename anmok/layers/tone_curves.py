"""Layers that put the values of images through a curve: fewer levels, negatives of highlights, stretched, equalised."""

from anmok.layers import coloring
from anmok.layers.arguments import integer
from anmok.layers.augmentation import per_image, uniform
from anmok.layers.random_color import ColorLayer
from anmok.layers.registered import add
from anmok.layers.spans import from_zero, span, twice


@add
class RandomPosterization(ColorLayer):
    """In training keeps of each value, of 8 bits, only the highest, as Keras documents it.

    factor: how many bits, from 1 to 8; or (lower, upper), of which upper itself is not drawn. Keras' code takes
    (1, factor) where one number is given.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = span("RandomPosterization", "factor", factor, within=(1, 8), alone=twice)

    def draw(self, rng, shape):
        """bits: whole numbers (B,)."""
        lower, upper = map(int, self.factor)
        return {"bits": rng.integers(lower, max(upper, lower + 1), shape[0])}

    def apply(self, images, *, bits):
        return self.off_scale(coloring.posterize(self.on_scale(images, 255), per_image(bits)), 255)


@add
class Solarization(ColorLayer):
    """In training makes the values of each image that are not below a threshold negative, as in Keras.

    addition_factor: what is added before; threshold_factor: the threshold: the most, from 0 to 1 of the value range, or
    (lower, upper). At a threshold of 0 all is made negative.
    """

    def __init__(self, addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, **kwargs)
        self.addition_factor, self.threshold_factor = (
            span("Solarization", name, factor, within=(0, 1), alone=from_zero)
            for name, factor in (("addition_factor", addition_factor), ("threshold_factor", threshold_factor))
        )

    def draw(self, rng, shape):
        """additions, thresholds: (B,) in 0..255."""
        additions, thresholds = (
            255 * uniform(rng, bounds, shape[0]) for bounds in (self.addition_factor, self.threshold_factor)
        )
        return {"additions": additions, "thresholds": thresholds}

    def apply(self, images, *, additions, thresholds):
        solarized = coloring.solarize(self.on_scale(images, 255), per_image(additions), per_image(thresholds))
        return self.off_scale(solarized, 255)


@add
class AutoContrast(ColorLayer):
    """Stretches each channel of each image over the value range, in training and at rest, as in Keras."""

    def __init__(self, value_range=(0, 255), **kwargs):
        super().__init__(value_range=value_range, **kwargs)

    def apply(self, images):
        return coloring.stretch(images, *self.value_range)

    at_rest = apply


@add
class Equalization(ColorLayer):
    """In training makes the histogram, of `bins` bins, of each channel of each image flat.

    As in Keras, where images that come together share one histogram.
    """

    def __init__(self, value_range=(0, 255), bins=256, data_format=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, **kwargs)
        self.bins = integer("Equalization", "bins", bins, least=2)

    def apply(self, images):
        return self.off_scale(coloring.equalize(self.on_scale(images, 255), self.bins), 255)
