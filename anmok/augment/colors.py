"""Transforms of colours and grey levels. Where an amount is drawn p is 1 by default, where none is p is 0.5."""

from dataclasses import dataclass

from anmok.augment import ranges
from anmok.augment.transform import Transform
from anmok.images import color, tone


@dataclass(frozen=True, kw_only=True)
class Brightness(Transform):
    """Pixels times a factor. factor: 0.2 is 0.8..1.2; a pair is the range; as Pillow's ImageEnhance.Brightness."""

    factor: float | tuple = 0.2

    def __post_init__(self):
        super().__post_init__()
        self.keep(factor=ranges.around_one("Brightness", "factor", self.factor))

    def draw(self, rng, shape):
        return color.draw_factor(rng, factor=self.factor)

    def apply(self, image, factor):
        return color.brightness(image, factor=factor)


@dataclass(frozen=True, kw_only=True)
class Contrast(Transform):
    """Distances from the mean grey times a factor, as Pillow's ImageEnhance.Contrast. factor: as in Brightness."""

    factor: float | tuple = 0.2

    def __post_init__(self):
        super().__post_init__()
        self.keep(factor=ranges.around_one("Contrast", "factor", self.factor))

    def draw(self, rng, shape):
        return color.draw_factor(rng, factor=self.factor)

    def apply(self, image, factor):
        return color.contrast(image, factor=factor)


@dataclass(frozen=True, kw_only=True)
class Saturation(Transform):
    """Distances of colours from their grey times a factor, as Pillow's ImageEnhance.Color. factor: as in Brightness."""

    factor: float | tuple = 0.2

    def __post_init__(self):
        super().__post_init__()
        self.keep(factor=ranges.around_one("Saturation", "factor", self.factor))

    def draw(self, rng, shape):
        return color.draw_factor(rng, factor=self.factor)

    def apply(self, image, factor):
        return color.saturation(image, factor=factor)


@dataclass(frozen=True, kw_only=True)
class Hue(Transform):
    """Colours turned about the colour circle. shift: parts of the circle, 0.05 is -18 to 18 degrees; at most 0.5."""

    shift: float | tuple = 0.05

    def __post_init__(self):
        super().__post_init__()
        self.keep(shift=ranges.around_zero("Hue", "shift", self.shift, most=0.5))

    def draw(self, rng, shape):
        return color.draw_hue(rng, shift=self.shift)

    def apply(self, image, shift):
        return color.hue(image, shift=shift)


@dataclass(frozen=True, kw_only=True)
class ColorJitter(Transform):
    """Brightness, Contrast, Saturation and Hue in an order that is drawn each time. 0 leaves one out."""

    brightness: float | tuple = 0.2
    contrast: float | tuple = 0.2
    saturation: float | tuple = 0.2
    hue: float | tuple = 0.05

    def __post_init__(self):
        super().__post_init__()
        for name in ("brightness", "contrast", "saturation"):
            self.keep(**{name: ranges.around_one("ColorJitter", name, getattr(self, name))})
        self.keep(hue=ranges.around_zero("ColorJitter", "hue", self.hue, most=0.5))
        nothing = {"hue": (0.0, 0.0)}
        used = {
            name: getattr(self, name)
            for name in ("brightness", "contrast", "saturation", "hue")
            if getattr(self, name) != nothing.get(name, (1.0, 1.0))
        }
        self.keep(_used=used)

    def draw(self, rng, shape):
        return color.draw_color_jitter(rng, **self._used)

    def apply(self, image, **drawn):
        return color.color_jitter(image, **drawn)


@dataclass(frozen=True, kw_only=True)
class Grayscale(Transform):
    """Colours replaced by their grey; the number of channels stays."""

    p: float = 0.5

    def apply(self, image):
        return color.grayscale(image)


@dataclass(frozen=True, kw_only=True)
class Gamma(Transform):
    """255 (pixel / 255) ** gamma. gamma: 0.2 is 0.8..1.2; a pair is the range; above 1 darkens."""

    gamma: float | tuple = 0.2

    def __post_init__(self):
        super().__post_init__()
        self.keep(gamma=ranges.around_one("Gamma", "gamma", self.gamma))

    def draw(self, rng, shape):
        return color.draw_gamma(rng, gamma=self.gamma)

    def apply(self, image, gamma):
        return color.gamma(image, gamma=gamma)


@dataclass(frozen=True, kw_only=True)
class RGBShift(Transform):
    """Something added to red, green and blue each. shift: grey levels, 20 is -20..20. Grey images are refused."""

    shift: float | tuple = 20.0

    def __post_init__(self):
        super().__post_init__()
        self.keep(shift=ranges.around_zero("RGBShift", "shift", self.shift, most=255))

    def draw(self, rng, shape):
        return color.draw_rgb_shift(rng, shift=self.shift)

    def apply(self, image, shift):
        return color.rgb_shift(image, shift=shift)


@dataclass(frozen=True, kw_only=True)
class Invert(Transform):
    """255 - pixel."""

    p: float = 0.5

    def apply(self, image):
        return tone.invert(image)


@dataclass(frozen=True, kw_only=True)
class Posterize(Transform):
    """The highest bits of each level alone. bits: a whole number or a pair of them, 1..8."""

    bits: int | tuple = (4, 7)

    def __post_init__(self):
        super().__post_init__()
        pair = self.bits if isinstance(self.bits, (tuple, list)) else (self.bits, self.bits)
        ranges.pair("Posterize", "bits", pair, low=1, high=8)
        self.keep(bits=tuple(ranges.integer("Posterize", "bits", part, low=1, high=8) for part in pair))

    def draw(self, rng, shape):
        return tone.draw_bits(rng, bits=self.bits)

    def apply(self, image, bits):
        return tone.posterize(image, bits=bits)


@dataclass(frozen=True, kw_only=True)
class Solarize(Transform):
    """Levels at or above a threshold inverted. threshold: a number is itself, a pair is the range; 0..256."""

    threshold: float | tuple = (128.0, 256.0)

    def __post_init__(self):
        super().__post_init__()
        self.keep(threshold=ranges.pair("Solarize", "threshold", self.threshold, low=0, high=256))

    def draw(self, rng, shape):
        return tone.draw_threshold(rng, threshold=self.threshold)

    def apply(self, image, threshold):
        return tone.solarize(image, threshold=threshold)


@dataclass(frozen=True, kw_only=True)
class AutoContrast(Transform):
    """Each colour stretched over 0..255, as Pillow's ImageOps.autocontrast."""

    p: float = 0.5

    def apply(self, image):
        return tone.autocontrast(image)


@dataclass(frozen=True, kw_only=True)
class Equalize(Transform):
    """Each colour's histogram flattened, as Pillow's ImageOps.equalize."""

    p: float = 0.5

    def apply(self, image):
        return tone.equalize(image)


@dataclass(frozen=True, kw_only=True)
class CLAHE(Transform):
    """Contrast-limited adaptive histogram equalisation, of the lightness of colour images.

    clip_limit: a number is itself, a pair is the range. tiles: how many each way.
    """

    clip_limit: float | tuple = (1.0, 4.0)
    tiles: int = 8

    def __post_init__(self):
        super().__post_init__()
        self.keep(
            clip_limit=ranges.pair("CLAHE", "clip_limit", self.clip_limit, low=0.01),
            tiles=ranges.integer("CLAHE", "tiles", self.tiles),
        )

    def draw(self, rng, shape):
        return tone.draw_clip_limit(rng, clip_limit=self.clip_limit)

    def apply(self, image, clip_limit):
        return tone.clahe(image, clip_limit=clip_limit, tiles=self.tiles)
