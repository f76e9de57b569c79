"""Layers that move the pixels of images at random in training, as Keras' do."""

import math

import numpy as np
import torch

from anmok.layers import warping
from anmok.layers.arguments import choice, integer
from anmok.layers.augmentation import AugmentationLayer, chosen, per_image, uniform
from anmok.layers.interpolation import largest_box, resize
from anmok.layers.registered import add
from anmok.layers.spans import from_zero, mirrored, number, span

_FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")


@add
class RandomFlip(AugmentationLayer):
    """In training mirrors half of the images; mode 'horizontal', 'vertical' or 'horizontal_and_vertical'.

    With both, each direction is drawn for itself, as in Keras 2; Keras 3.15 either turns an image upside down or
    leaves it.
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.mode = choice("RandomFlip", "mode", mode, _FLIPS)

    def draw(self, rng, shape):
        flags = rng.random((2, shape[0])) < 0.5
        return {
            "horizontally": flags[0] if "horizontal" in self.mode else None,
            "vertically": flags[1] if "vertical" in self.mode else None,
        }

    def apply(self, images, *, horizontally, vertically):
        return warping.flip(images, horizontally=horizontally, vertically=vertically)

    apply_to_masks = apply


class _WarpLayer(AugmentationLayer):
    """Fetches every pixel from elsewhere. A subclass draws and writes `maps(height, width, **drawn)`."""

    def __init__(self, *, fill_mode, interpolation, fill_value, **kwargs):
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.fill_mode = choice(owner, "fill_mode", fill_mode, warping.FILL_MODES)
        self.interpolation = choice(owner, "interpolation", interpolation, warping.INTERPOLATIONS)
        self.fill_value = number(owner, "fill_value", fill_value)

    def apply(self, images, **drawn):
        return self._warped(images, self.interpolation, drawn)

    def apply_to_masks(self, masks, **drawn):
        return self._warped(masks, "nearest", drawn)

    def _warped(self, images, interpolation, drawn):
        maps = self.maps(*images.shape[2:], **drawn)
        fill = {"fill_mode": self.fill_mode, "fill_value": self.fill_value}
        return warping.warp(images, maps, interpolation=interpolation, **fill)


@add
class RandomRotation(_WarpLayer):
    """In training turns each image about its middle, as in Keras.

    factor: the most, as a fraction of a full turn, in either direction (0.1: from -36 to 36 degrees), or (lower,
    upper); above 0 is counter-clockwise. fill_mode, interpolation: as `warping.warp` has them.
    """

    def __init__(
        self,
        factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        options = {"fill_mode": fill_mode, "interpolation": interpolation, "fill_value": fill_value}
        super().__init__(seed=seed, data_format=data_format, **options, **kwargs)
        self.factor = span("RandomRotation", "factor", factor, within=(-1, 1), alone=mirrored)

    def draw(self, rng, shape):
        """angles: (B,) in degrees."""
        return {"angles": 360 * uniform(rng, self.factor, shape[0])}

    def maps(self, height, width, *, angles):
        return warping.rotation(angles, height, width)


@add
class RandomZoom(_WarpLayer):
    """In training shows each image larger or smaller about its middle, as in Keras.

    height_factor: the most, in either direction, or (lower, upper): 0.2 shows up to 1.2 times the height, which is
    smaller, -0.2 down to 0.8 times. width_factor: the same for the width; None: what was drawn for the height.
    """

    def __init__(
        self,
        height_factor,
        width_factor=None,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        options = {"fill_mode": fill_mode, "interpolation": interpolation, "fill_value": fill_value}
        super().__init__(seed=seed, data_format=data_format, **options, **kwargs)
        within = (math.nextafter(-1, 0), 1)  # at -1 nothing would be left to show
        self.height_factor, self.width_factor = height_factor, width_factor
        self._heights = span("RandomZoom", "height_factor", height_factor, within=within, alone=mirrored)
        self._widths = None
        if width_factor is not None:
            self._widths = span("RandomZoom", "width_factor", width_factor, within=within, alone=mirrored)

    def draw(self, rng, shape):
        """heights, widths: (B,), how much is shown, 1 being all."""
        heights = 1 + uniform(rng, self._heights, shape[0])
        widths = heights if self._widths is None else 1 + uniform(rng, self._widths, shape[0])
        return {"heights": heights, "widths": widths}

    def maps(self, height, width, *, heights, widths):
        return warping.zoom(heights, widths, height, width)


@add
class RandomTranslation(_WarpLayer):
    """In training moves each image, as in Keras.

    height_factor, width_factor: the most, as a fraction of the height (down) and of the width (to the right), in either
    direction, or (lower, upper).
    """

    def __init__(
        self,
        height_factor,
        width_factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        options = {"fill_mode": fill_mode, "interpolation": interpolation, "fill_value": fill_value}
        super().__init__(seed=seed, data_format=data_format, **options, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._heights = span("RandomTranslation", "height_factor", height_factor, within=(-1, 1), alone=mirrored)
        self._widths = span("RandomTranslation", "width_factor", width_factor, within=(-1, 1), alone=mirrored)

    def draw(self, rng, shape):
        """down, right: (B,) in pixels."""
        batch, height, width, _ = shape
        down, right = (uniform(rng, bounds, batch) for bounds in (self._heights, self._widths))
        return {"down": down * height, "right": right * width}

    def maps(self, height, width, *, down, right):
        return warping.translation(down, right)


@add
class RandomShear(_WarpLayer):
    """In training leans each image to the side (x_factor) and up or down (y_factor), as in Keras.

    A factor is the most, from 0 to 1, or (lower, upper): the pixels by which a row moves against the next. The
    direction is drawn. Files in which Keras wrote one number have (-number, number), which is taken as well.
    """

    def __init__(
        self,
        x_factor=0.0,
        y_factor=0.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        data_format=None,
        seed=None,
        **kwargs,
    ):
        options = {"fill_mode": fill_mode, "interpolation": interpolation, "fill_value": fill_value}
        super().__init__(seed=seed, data_format=data_format, **options, **kwargs)
        self.x_factor, self.y_factor = (
            _positive(span("RandomShear", name, factor, within=(-1, 1), alone=from_zero))
            for name, factor in (("x_factor", x_factor), ("y_factor", y_factor))
        )

    def draw(self, rng, shape):
        """x_factors, y_factors: (B,), both of one sign."""
        signs = np.where(rng.random(shape[0]) > 0.5, -1.0, 1.0)
        x_factors, y_factors = (uniform(rng, bounds, shape[0]) for bounds in (self.x_factor, self.y_factor))
        return {"x_factors": x_factors * signs, "y_factors": y_factors * signs}

    def maps(self, height, width, *, x_factors, y_factors):
        return warping.shear(x_factors, y_factors)


def _positive(bounds):
    """The span of the sizes in a span: the sign is drawn anyway."""
    lower, upper = bounds
    return (0, max(-lower, upper)) if lower < 0 < upper else tuple(sorted((abs(lower), abs(upper))))


@add
class RandomPerspective(_WarpLayer):
    """In training looks at some images from an angle, as in Keras.

    factor: the probability, drawn for each image from (0, factor) or (lower, upper). scale: how far corners move, from
    0 to 1. Outside is fill_value.
    """

    def __init__(
        self,
        factor=1.0,
        scale=1.0,
        interpolation="bilinear",
        fill_value=0.0,
        seed=None,
        data_format=None,
        **kwargs,
    ):
        options = {"fill_mode": "constant", "interpolation": interpolation, "fill_value": fill_value}
        super().__init__(seed=seed, data_format=data_format, **options, **kwargs)
        self.factor = span("RandomPerspective", "factor", factor, within=(0, 1), alone=from_zero)
        self.scale = number("RandomPerspective", "scale", scale, least=0, most=1)

    def draw(self, rng, shape):
        """tilted: bool (B,). maps: (B, 3, 3) from the output to the input."""
        batch, height, width, _ = shape
        tilted = chosen(rng, self.factor, batch)
        right, bottom = width - 1, height - 1
        corners = np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]], float)
        moved = corners * (1 + uniform(rng, (-self.scale / 2, self.scale / 2), batch, 4, 2))
        return {"tilted": tilted, "maps": homographies(moved, np.broadcast_to(corners, moved.shape))}

    def apply(self, images, *, tilted, maps):
        return torch.where(per_image(tilted), super().apply(images, maps=maps), images)

    def apply_to_masks(self, masks, *, tilted, maps):
        return torch.where(per_image(tilted), super().apply_to_masks(masks, maps=maps), masks)

    def maps(self, height, width, *, maps):
        return maps


def homographies(points, goals):
    """Projective maps (B, 3, 3) that take four points (x, y) each to their goals; NumPy (B, 4, 2).

    Four corners of which three lie on a line have none; the nearest map is found.
    """
    batch = len(points)
    rows = np.zeros((batch, 8, 8))
    ones = np.ones((batch, 4, 1))
    rows[:, :4, :3] = rows[:, 4:, 3:6] = np.concatenate([points, ones], 2)
    rows[:, :4, 6:] = -goals[:, :, :1] * points
    rows[:, 4:, 6:] = -goals[:, :, 1:] * points
    entries = np.linalg.pinv(rows) @ np.concatenate([goals[:, :, 0], goals[:, :, 1]], 1)[..., None]
    return np.concatenate([entries[..., 0], np.ones((batch, 1))], 1).reshape(batch, 3, 3)


@add
class RandomCrop(AugmentationLayer):
    """In training cuts (height, width) out of the images of a batch, at one random place for all, as in Keras.

    Otherwise, and of images that are smaller, the largest middle box of that shape is resized (bilinear).
    """

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, name=name, **kwargs)
        self.height, self.width = integer("RandomCrop", "height", height), integer("RandomCrop", "width", width)

    def draw(self, rng, shape):
        """top, left: pixels; None of images that are too small."""
        _, height, width, _ = shape
        if height < self.height or width < self.width:
            return {"top": None, "left": None}
        top, left = rng.integers(0, (height - self.height + 1, width - self.width + 1))
        return {"top": int(top), "left": int(left)}

    def apply(self, images, *, top, left):
        if top is None:
            return self.at_rest(images)
        return images[:, :, top : top + self.height, left : left + self.width]

    def apply_to_masks(self, masks, *, top, left):
        return self.masks_at_rest(masks) if top is None else self.apply(masks, top=top, left=left)

    def at_rest(self, images):
        return resize(self._middle(images), height=self.height, width=self.width)

    def masks_at_rest(self, masks):
        middle = self._middle(masks).to(torch.float32)
        return resize(middle, height=self.height, width=self.width, interpolation="nearest").to(masks.dtype)

    def _middle(self, x):
        top, left, height, width = largest_box(*x.shape[2:], like=(self.height, self.width))
        return x[:, :, top : top + height, left : left + width]
