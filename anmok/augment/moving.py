"""Transforms that move pixels. Neighbours of them in a Compose become one move and one warp."""

from dataclasses import dataclass

from anmok.augment import ranges
from anmok.augment.transform import Transform
from anmok.errors import ArgumentError
from anmok.images import geometry, moves

_STEEPEST = 80.0  # degrees of shear; at 90 nothing is left of the picture


@dataclass(frozen=True, kw_only=True)
class Move(Transform):
    """A transform whose `place(shape, **drawn)` is the six numbers of images/moves.py.

    fill_mode: what is shown beyond the picture's edge: 'nearest', 'constant' (the grey level cval), 'reflect', 'wrap'.
    order: 1 interpolates linearly, 0 takes the nearest pixel.
    """

    fill_mode: str = "nearest"
    cval: float = 0.0
    order: int = 1

    def __post_init__(self):
        super().__post_init__()
        owner = type(self).__name__
        ranges.choice(owner, "fill_mode", self.fill_mode, geometry.FILL_MODES)
        self.keep(
            cval=ranges.number(owner, "cval", self.cval, low=0, high=255),
            order=ranges.integer(owner, "order", self.order, low=0, high=1),
        )

    @property
    def filling(self):
        """How pixels are made: moves of the same filling can be put together."""
        return {"fill_mode": self.fill_mode, "cval": self.cval, "order": self.order}

    def place(self, shape, **drawn):
        """Where the pixels of the result come from."""
        raise NotImplementedError(f"{type(self).__name__} needs place(shape, **drawn).")

    def apply(self, image, **drawn):
        return moves.moved(image, self.place(image.shape, **drawn), **self.filling)


@dataclass(frozen=True, kw_only=True)
class HorizontalFlip(Transform):
    """Mirrors left to right, by default every second image."""

    p: float = 0.5

    def apply(self, image):
        return moves.flip(image, horizontal=True)

    def place(self, shape):
        """The move of images/moves.py."""
        return moves.mirrored(*shape[:2], horizontal=True)


@dataclass(frozen=True, kw_only=True)
class VerticalFlip(Transform):
    """Mirrors top to bottom, by default every second image."""

    p: float = 0.5

    def apply(self, image):
        return moves.flip(image, vertical=True)

    def place(self, shape):
        """The move of images/moves.py."""
        return moves.mirrored(*shape[:2], vertical=True)


@dataclass(frozen=True, kw_only=True)
class Rotate(Move):
    """Turns about the centre. degrees: 30 is -30..30; a pair is the range, counter-clockwise positive."""

    degrees: float | tuple = 15.0

    def __post_init__(self):
        super().__post_init__()
        self.keep(degrees=ranges.around_zero("Rotate", "degrees", self.degrees, most=360))

    def draw(self, rng, shape):
        return moves.draw_turn(rng, degrees=self.degrees)

    def place(self, shape, degrees):
        return moves.move(*shape[:2], degrees=degrees)


@dataclass(frozen=True, kw_only=True)
class Translate(Move):
    """Moves the picture. x, y: parts of its width and height; 0.1 is -0.1..0.1, positive is right and down."""

    x: float | tuple = 0.1
    y: float | tuple = 0.1

    def __post_init__(self):
        super().__post_init__()
        for name in ("x", "y"):
            self.keep(**{name: ranges.around_zero("Translate", name, getattr(self, name), most=1)})

    def draw(self, rng, shape):
        return moves.draw_shift(rng, shape, x=self.x, y=self.y)

    def place(self, shape, right, down):
        return moves.move(*shape[:2], shift=(right, down))


@dataclass(frozen=True, kw_only=True)
class Shear(Move):
    """Slants the picture. x, y: degrees that columns and rows lean; 10 is -10..10. By default only columns do."""

    x: float | tuple = 10.0
    y: float | tuple = 0.0

    def __post_init__(self):
        super().__post_init__()
        for name in ("x", "y"):
            self.keep(**{name: ranges.around_zero("Shear", name, getattr(self, name), most=_STEEPEST)})

    def draw(self, rng, shape):
        return moves.draw_shear(rng, x=self.x, y=self.y)

    def place(self, shape, x, y):
        return moves.move(*shape[:2], shear=(x, y))


@dataclass(frozen=True, kw_only=True)
class Scale(Move):
    """Shows the picture larger or smaller. factor: 0.2 is 0.8..1.2; above 1 enlarges. keep_ratio: alike both ways."""

    factor: float | tuple = 0.2
    keep_ratio: bool = True

    def __post_init__(self):
        super().__post_init__()
        self.keep(factor=_scales("Scale", "factor", self.factor))

    def draw(self, rng, shape):
        return moves.draw_scale(rng, factor=self.factor, keep_ratio=self.keep_ratio)

    def place(self, shape, scale):
        return moves.move(*shape[:2], scale=scale)


Zoom = Scale


@dataclass(frozen=True, kw_only=True)
class Affine(Move):
    """Scales, shears, turns, then shifts, in one warp.

    rotate: degrees. translate: part of width and height, or a pair of such (x, y) (each a number or a range). shear:
    degrees that columns lean, or (x, y) likewise. scale: as in Scale. Numbers are ranges about nothing, as everywhere.
    """

    rotate: float | tuple = 0.0
    translate: float | tuple = 0.0
    shear: float | tuple = 0.0
    scale: float | tuple = 0.0
    keep_ratio: bool = True

    def __post_init__(self):
        super().__post_init__()
        self.keep(
            rotate=ranges.around_zero("Affine", "rotate", self.rotate, most=360),
            translate=_both("translate", self.translate, second=self.translate, most=1),
            shear=_both("shear", self.shear, second=0.0, most=_STEEPEST),
            scale=_scales("Affine", "scale", self.scale),
        )

    def draw(self, rng, shape):
        return {
            **moves.draw_turn(rng, degrees=self.rotate),
            **moves.draw_shift(rng, shape, x=self.translate[0], y=self.translate[1]),
            **moves.draw_shear(rng, x=self.shear[0], y=self.shear[1]),
            **moves.draw_scale(rng, factor=self.scale, keep_ratio=self.keep_ratio),
        }

    def place(self, shape, degrees, right, down, x, y, scale):
        return moves.move(*shape[:2], degrees=degrees, shift=(right, down), shear=(x, y), scale=scale)


def _both(name, value, *, second, most):
    """`value` for (x, y): one number is x, with `second` for y; a pair holds both."""
    x, y = value if isinstance(value, (tuple, list)) and len(value) == 2 else (value, second)
    return tuple(ranges.around_zero("Affine", name, part, most=most) for part in (x, y))


def _scales(owner, name, value):
    low, high = ranges.around_one(owner, name, value)
    if low <= 0:
        raise ArgumentError(
            f"{owner}: expected {name} above 0, since the picture would shrink to nothing; got {value!r}."
        )
    return low, high
