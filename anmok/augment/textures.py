"""Transforms that blur, sharpen, add noise or cover parts."""

from dataclasses import dataclass

from anmok.augment import ranges
from anmok.augment.transform import Transform
from anmok.errors import ArgumentError
from anmok.images import blur, color, erase, noise


@dataclass(frozen=True, kw_only=True)
class Blur(Transform):
    """The mean of a square about each pixel. size: its side, an odd number or a pair of them."""

    size: int | tuple = (3, 7)

    def __post_init__(self):
        super().__post_init__()
        self.keep(size=ranges.odd_pair("Blur", "size", self.size))

    def draw(self, rng, shape):
        return blur.draw_size(rng, size=self.size)

    def apply(self, image, size):
        return blur.blur(image, size=size)


@dataclass(frozen=True, kw_only=True)
class MedianBlur(Transform):
    """The median of a square about each pixel. size: its side, an odd number or a pair of them."""

    size: int | tuple = (3, 7)

    def __post_init__(self):
        super().__post_init__()
        self.keep(size=ranges.odd_pair("MedianBlur", "size", self.size))

    def draw(self, rng, shape):
        return blur.draw_size(rng, size=self.size)

    def apply(self, image, size):
        return blur.median_blur(image, size=size)


@dataclass(frozen=True, kw_only=True)
class GaussianBlur(Transform):
    """Convolution with a Gaussian. sigma: pixels, a number is itself, a pair is the range."""

    sigma: float | tuple = (0.1, 2.0)

    def __post_init__(self):
        super().__post_init__()
        self.keep(sigma=ranges.pair("GaussianBlur", "sigma", self.sigma, low=0))

    def draw(self, rng, shape):
        return blur.draw_sigma(rng, sigma=self.sigma)

    def apply(self, image, sigma):
        return blur.gaussian_blur(image, sigma=sigma)


@dataclass(frozen=True, kw_only=True)
class Sharpen(Transform):
    """Details times a factor, as Pillow's ImageEnhance.Sharpness. factor: a pair; below 1 smooths, above 1 sharpens."""

    factor: float | tuple = (1.0, 3.0)

    def __post_init__(self):
        super().__post_init__()
        self.keep(factor=ranges.around_one("Sharpen", "factor", self.factor))

    def draw(self, rng, shape):
        return color.draw_factor(rng, factor=self.factor)

    def apply(self, image, factor):
        return blur.sharpness(image, factor=factor)


@dataclass(frozen=True, kw_only=True)
class GaussianNoise(Transform):
    """Normal noise, of each pixel and colour by itself. std: grey levels, a number is itself, a pair is the range."""

    std: float | tuple = (0.0, 15.0)

    def __post_init__(self):
        super().__post_init__()
        self.keep(std=ranges.pair("GaussianNoise", "std", self.std, low=0, high=255))

    def draw(self, rng, shape):
        return noise.draw_gaussian_noise(rng, shape, std=self.std)

    def apply(self, image, amounts):
        return noise.add_noise(image, amounts=amounts)


@dataclass(frozen=True, kw_only=True)
class SaltAndPepper(Transform):
    """Single pixels turned white or black, half of them each. amount: their part, a number or a pair, 0..1."""

    amount: float | tuple = (0.0, 0.05)

    def __post_init__(self):
        super().__post_init__()
        self.keep(amount=ranges.pair("SaltAndPepper", "amount", self.amount, low=0, high=1))

    def draw(self, rng, shape):
        return noise.draw_salt_and_pepper(rng, shape, amount=self.amount)

    def apply(self, image, salt, pepper):
        return noise.salt_and_pepper(image, salt=salt, pepper=pepper)


@dataclass(frozen=True, kw_only=True)
class Cutout(Transform):
    """Squares covered; those at the edge are cut off by it.

    size: pixels (an int), or a part of the shorter side (a float up to 1). holes: how many. fill: a level, one level a
    colour, 'noise', or 'mean', the image's mean colour.
    """

    size: int | float = 0.25
    holes: int = 1
    fill: float | tuple | str = 0

    def __post_init__(self):
        super().__post_init__()
        if isinstance(self.size, float):
            ranges.number("Cutout", "size", self.size, low=0, high=1)
        else:
            ranges.integer("Cutout", "size", self.size)
        ranges.integer("Cutout", "holes", self.holes)
        _check_fill(self)

    def draw(self, rng, shape):
        boxes = erase.draw_cutout(rng, shape, holes=self.holes, size=self.size)["boxes"]
        return {"boxes": boxes, **erase.draw_fills(rng, shape, boxes, fill=self.fill)}

    def apply(self, image, boxes, fills):
        return erase.erase(image, boxes=boxes, fills=fills)


@dataclass(frozen=True, kw_only=True)
class RandomErasing(Transform):
    """One box covered, in every second image by default.

    area: its part of the image's area. ratio: height / width. fill: as in Cutout, by default noise.
    """

    p: float = 0.5
    area: tuple = (0.02, 0.33)
    ratio: tuple = (0.3, 3.3)
    fill: float | tuple | str = "noise"

    def __post_init__(self):
        super().__post_init__()
        self.keep(
            area=ranges.pair("RandomErasing", "area", self.area, low=0, high=1),
            ratio=ranges.pair("RandomErasing", "ratio", self.ratio, low=0),
        )
        if self.ratio[0] == 0:
            raise ArgumentError(f"RandomErasing: ratio must be above 0, got {self.ratio}.")
        _check_fill(self)

    def draw(self, rng, shape):
        boxes = erase.draw_erasing(rng, shape, area=self.area, ratio=self.ratio)["boxes"]
        return {"boxes": boxes, **erase.draw_fills(rng, shape, boxes, fill=self.fill)}

    def apply(self, image, boxes, fills):
        return erase.erase(image, boxes=boxes, fills=fills)


def _check_fill(transform):
    owner, fill = type(transform).__name__, transform.fill
    if isinstance(fill, str):
        ranges.choice(owner, "fill", fill, erase.FILLS)
        return
    for level in fill if isinstance(fill, (tuple, list)) else (fill,):
        ranges.number(owner, "fill", level, low=0, high=255)
