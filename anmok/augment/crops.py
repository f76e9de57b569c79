"""Transforms that cut a part out; alone among transforms they change an image's size."""

from dataclasses import dataclass

from anmok.augment import ranges
from anmok.augment.transform import Transform
from anmok.errors import ArgumentError
from anmok.images import crop


@dataclass(frozen=True, kw_only=True)
class CenterCrop(Transform):
    """The middle box of height x width pixels (or a square of height). Smaller images are refused."""

    height: int
    width: int | None = None

    def __post_init__(self):
        super().__post_init__()
        _keep_size(self)

    def draw(self, rng, shape):
        return crop.center_box(shape, height=self.height, width=self.width)

    def apply(self, image, **box):
        return crop.crop(image, **box)


@dataclass(frozen=True, kw_only=True)
class RandomCrop(Transform):
    """A box of height x width pixels (or a square of height), anywhere.

    padding: pixels added on every side first, in padding_mode 'constant' (the grey level cval), 'nearest' or 'reflect';
    RandomCrop(height=32, padding=4) is the usual one for CIFAR. Images that stay smaller than the box are refused.
    """

    height: int
    width: int | None = None
    padding: int = 0
    padding_mode: str = "constant"
    cval: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        _keep_size(self)
        ranges.choice("RandomCrop", "padding_mode", self.padding_mode, crop.PADDING_MODES)
        self.keep(
            padding=ranges.integer("RandomCrop", "padding", self.padding, low=0),
            cval=ranges.number("RandomCrop", "cval", self.cval, low=0, high=255),
        )

    def draw(self, rng, shape):
        padded = (shape[0] + 2 * self.padding, shape[1] + 2 * self.padding, shape[2])
        return crop.draw_crop(rng, padded, height=self.height, width=self.width)

    def apply(self, image, **box):
        if self.padding:
            sides = (self.padding, self.padding)
            image = crop.pad(image, rows=sides, columns=sides, mode=self.padding_mode, value=self.cval)
        return crop.crop(image, **box)


@dataclass(frozen=True, kw_only=True)
class RandomResizedCrop(Transform):
    """A box of a part of the image's area, resized to height x width (by default to the image's own size).

    area: the part, (0.08, 1) for ImageNet. ratio: the box's width / height.
    """

    height: int | None = None
    width: int | None = None
    area: tuple = (0.08, 1.0)
    ratio: tuple = (3 / 4, 4 / 3)

    def __post_init__(self):
        super().__post_init__()
        if self.height is not None:
            _keep_size(self)
        elif self.width is not None:
            raise ArgumentError(f"RandomResizedCrop: got width={self.width} without a height; give both or neither.")
        area = ranges.pair("RandomResizedCrop", "area", self.area, low=0, high=1)
        self.keep(area=area, ratio=ranges.pair("RandomResizedCrop", "ratio", self.ratio, low=0))
        if area[0] == 0 or self.ratio[0] == 0:
            raise ArgumentError(f"RandomResizedCrop: area and ratio must be above 0, got {area} and {self.ratio}.")

    def draw(self, rng, shape):
        return crop.draw_resized_crop(rng, shape, area=self.area, ratio=self.ratio)

    def apply(self, image, **box):
        size = image.shape[:2] if self.height is None else (self.height, self.width)
        return crop.resized_crop(image, size=size, **box)


def _keep_size(transform):
    owner = type(transform).__name__
    height = ranges.integer(owner, "height", transform.height)
    width = height if transform.width is None else ranges.integer(owner, "width", transform.width)
    transform.keep(height=height, width=width)
