"""ImageDataGenerator's random changes: what is drawn, and what a draw does to an image. Keras' arithmetic throughout.

The drawn numbers come in Keras' order out of NumPy's legacy generator, so that a seed gives here what it gives there.
"""

import dataclasses
import functools

import numpy as np

from anmok.errors import ArgumentError, unknown_name
from anmok.images import geometry

# What a draw consists of, in the order it is drawn.
KEYS = (
    "theta", "tx", "ty", "shear", "zx", "zy", "flip_horizontal", "flip_vertical", "channel_shift_intensity",
    "brightness",
)  # fmt: skip
_STILL = {
    "theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1, "flip_horizontal": False, "flip_vertical": False,
    "channel_shift_intensity": None, "brightness": None,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Ranges:
    """How far each change may go; ImageDataGenerator's arguments of these names. Zoom and brightness are pairs."""

    rotation: float = 0.0
    width_shift: object = 0.0
    height_shift: object = 0.0
    shear: float = 0.0
    zoom: tuple = (1.0, 1.0)
    channel_shift: float = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    brightness: tuple | None = None

    @functools.cached_property
    def is_still(self):
        """Whether no image is ever changed."""
        return self == Ranges()

    @functools.cached_property
    def moves(self):
        """Whether pixels may change their places by more than a flip."""
        is_shifted = _is_given(self.width_shift) or _is_given(self.height_shift)
        return bool(self.rotation or self.shear) or is_shifted or self.zoom != (1.0, 1.0)

    def draw(self, rng, shape):
        """One draw, a dict with Keras' keys, for an image of `shape` (H, W, ...). rng: a NumPy RandomState."""
        values = dict(_STILL)
        if self.rotation:
            values["theta"] = rng.uniform(-self.rotation, self.rotation)
        # Keras draws the vertical shift first, and then moves the picture sideways by it, which shows where the two
        # ranges differ. Here too the first number moves it sideways, but within the range that is named for it.
        if _is_given(self.width_shift):
            values["tx"] = _draw_shift(rng, self.width_shift, shape[1])
        if _is_given(self.height_shift):
            values["ty"] = _draw_shift(rng, self.height_shift, shape[0])
        if self.shear:
            values["shear"] = rng.uniform(-self.shear, self.shear)
        if self.zoom != (1.0, 1.0):
            values["zx"], values["zy"] = rng.uniform(*self.zoom, 2)
        values["flip_horizontal"] = bool((rng.random_sample() < 0.5) and self.horizontal_flip)
        values["flip_vertical"] = bool((rng.random_sample() < 0.5) and self.vertical_flip)
        if self.channel_shift:
            values["channel_shift_intensity"] = rng.uniform(-self.channel_shift, self.channel_shift)
        if self.brightness is not None:
            values["brightness"] = rng.uniform(*self.brightness)
        return values

    def draw_many(self, rng, count, shape):
        """What `draw` gives `count` times in a row, as one dict of arrays (count,); None for what is not drawn."""
        if not (_is_fraction(self.width_shift) and _is_fraction(self.height_shift)):
            drawn = [self.draw(rng, shape) for _ in range(count)]
            return {key: None if drawn[0][key] is None else np.array([one[key] for one in drawn]) for key in KEYS}
        bounds = self._bounds(shape)
        numbers = rng.random_sample((count, len(bounds)))
        values = dict.fromkeys(KEYS)
        for column, (key, (low, high)) in enumerate(bounds.items()):
            values[key] = low + (high - low) * numbers[:, column]
        for key, wanted in (("flip_horizontal", self.horizontal_flip), ("flip_vertical", self.vertical_flip)):
            values[key] = (values[key] < 0.5) & wanted
        return values

    def _bounds(self, shape):
        """{key: (low, high)} of the numbers that one draw takes, in order, where all of them are plain ranges."""
        bounds = {}
        if self.rotation:
            bounds["theta"] = (-self.rotation, self.rotation)
        for key, fraction, size in (("tx", self.width_shift, shape[1]), ("ty", self.height_shift, shape[0])):
            if _is_given(fraction):
                bounds[key] = (-fraction * size, fraction * size)
        if self.shear:
            bounds["shear"] = (-self.shear, self.shear)
        if self.zoom != (1.0, 1.0):
            bounds["zx"] = bounds["zy"] = self.zoom
        bounds["flip_horizontal"] = bounds["flip_vertical"] = (0.0, 1.0)
        if self.channel_shift:
            bounds["channel_shift_intensity"] = (-self.channel_shift, self.channel_shift)
        if self.brightness is not None:
            bounds["brightness"] = self.brightness
        return bounds


def _is_given(shift):
    return bool(np.any(np.asarray(shift) != 0))


def _is_fraction(shift):
    """Whether a shift is drawn as one number: a fraction, or nothing at all (else it is chosen out of several)."""
    return (isinstance(shift, float) and shift < 1) or not _is_given(shift)


def _draw_shift(rng, shift, size):
    """Pixels. A float below 1 is a fraction of `size`, from 1 on pixels; of a list one of its values, either way.

    A whole number n stands for the list 0, ..., n - 1.
    """
    if isinstance(shift, float):
        value = rng.uniform(-shift, shift)
    else:
        value = rng.choice(shift) * rng.choice([-1, 1])
    return value * size if np.max(shift) < 1 else value


def maps_of(drawn, height, width):
    """The affine maps (B, 2, 3) of what `Ranges.draw_many` gave, flips included; None where every one is still."""
    named = {key: drawn[key] for key in ("theta", "tx", "ty", "shear", "zx", "zy")}
    given = {key: value for key, value in named.items() if value is not None}
    if not given and not drawn["flip_horizontal"].any() and not drawn["flip_vertical"].any():
        return None
    return geometry.affine(
        height,
        width,
        rotate=given.get("theta", 0.0),
        shift=(given.get("ty", 0.0), given.get("tx", 0.0)),
        shear=given.get("shear", 0.0),
        zoom=(given.get("zy", 1.0), given.get("zx", 1.0)),
        flip_horizontal=drawn["flip_horizontal"],
        flip_vertical=drawn["flip_vertical"],
    )


def apply(image, drawn, *, fill_mode="nearest", cval=0.0, order=1):
    """`image` (H, W, C) with one draw (a dict with some of Keras' keys) carried out."""
    if unknown := set(drawn) - set(KEYS):
        raise unknown_name("key of a transform", min(unknown), KEYS)
    drawn = {**_STILL, **drawn}
    given = image.dtype
    if given == np.uint8 and drawn["brightness"] is not None:
        # Keras rounds down before it brightens, and nothing earlier: rounded after the warp too, levels would be 2 off.
        image = image.astype(np.float32)
    matrix = geometry.affine(
        *image.shape[:2],
        rotate=drawn["theta"],
        shift=(drawn["ty"], drawn["tx"]),
        shear=drawn["shear"],
        zoom=(drawn["zy"], drawn["zx"]),
        flip_horizontal=drawn["flip_horizontal"],
        flip_vertical=drawn["flip_vertical"],
    )
    image = geometry.warp(image, matrix, fill_mode=fill_mode, cval=cval, order=order)
    if drawn["channel_shift_intensity"] is not None:
        image = shift_channels(image, drawn["channel_shift_intensity"])
    if drawn["brightness"] is not None:
        image = brighten(image, drawn["brightness"])
    return image.astype(given, copy=False)


def shift_channels(image, intensity):
    """`image` with `intensity` added to every value, cut to the lowest and highest value it had."""
    low, high = image.min(), image.max()
    if image.dtype == np.uint8:
        return np.clip(np.rint(image + np.float32(intensity)), low, high).astype(np.uint8)
    return np.clip(image + image.dtype.type(intensity), low, high)


def brighten(image, factor):
    """`image` made brighter by `factor` (1 leaves it), as Keras' generator does: in whole grey levels, cut at 255.

    Values outside of 0..255 are brought into that range first, and back. Fractions within 0..1, of which Keras makes a
    black picture, are multiplied and cut at 1.
    """
    if factor < 0:
        raise ArgumentError(f"brightness: expected a factor of 0 or more, got {factor}.")
    if image.dtype == np.uint8:
        return _levels(image, factor)
    low, high = float(image.min()), float(image.max())
    if low >= 0 and high <= 1 and not np.array_equal(image, np.rint(image)):
        return np.clip(image * image.dtype.type(factor), 0, 1)
    is_outside = low < 0 or high > 255
    if is_outside:
        image = (image - low) / ((high - low) or 1) * 255
    bright = _levels(image.astype(np.uint8), factor).astype(image.dtype)
    return bright / 255 * (high - low) + low if is_outside else bright


def _levels(image, factor):
    """Pillow's enhancement rounds down."""
    table = np.minimum(np.arange(256, dtype=np.float32) * np.float32(factor), 255).astype(np.uint8)
    return table[image]
