"""Layers that sharpen, blur or erase parts of images at random in training, as Keras' do."""

import numpy as np
import torch
from torch.nn import functional as F

from anmok.errors import ArgumentError
from anmok.layers.arguments import integers
from anmok.layers.augmentation import chosen, per_image, uniform
from anmok.layers.coloring import blend
from anmok.layers.random_color import ColorLayer
from anmok.layers.registered import add
from anmok.layers.spans import from_zero, number, span

# Pillow's kernel for smoothing, with which ImageEnhance.Sharpness works: rows of 1/13, 5/13 in the middle.
_EDGE, _MIDDLE = 1 / 13, 5 / 13


def smooth(images):
    """Images (B, C, H, W) under Pillow's SMOOTH kernel; outside is 0, as in Keras."""
    rows = F.pad(images, (0, 0, 1, 1))
    columns = F.pad(rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:], (1, 1))
    boxes = columns[:, :, :, :-2] + columns[:, :, :, 1:-1] + columns[:, :, :, 2:]
    return _EDGE * boxes + (_MIDDLE - _EDGE) * images


def gaussian_blur(images, *, size, deviations):
    """Images (B, C, H, W) under a Gaussian kernel; outside is 0, as in Keras.

    size: (width, height) of the kernel in pixels, odd. deviations: the same of the Gaussian, a tensor (2,), > 0.
    """
    channels = images.shape[1]
    (across, margin_x), (down, margin_y) = (
        (_gaussian(length, deviation), length // 2) for length, deviation in zip(size, deviations, strict=True)
    )
    for kernel, margins in ((across[None, :], (0, margin_x)), (down[:, None], (margin_y, 0))):
        kernel = kernel.to(images.dtype).expand(channels, 1, *kernel.shape)
        images = F.conv2d(images, kernel, padding=margins, groups=channels)
    return images


def _gaussian(length, deviation):
    """The weights of that many pixels, of sum 1."""
    distances = torch.arange(length, dtype=deviation.dtype, device=deviation.device) - (length - 1) / 2
    weights = torch.exp(-0.5 * (distances / deviation) ** 2)
    return weights / weights.sum()


@add
class RandomSharpness(ColorLayer):
    """In training blurs or sharpens each image, as in Keras.

    factor: the most, from 0 (smoothed) by 0.5 (no change) to 1 (sharpened), or (lower, upper).
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = span("RandomSharpness", "factor", factor, within=(0, 1), alone=from_zero)

    def draw(self, rng, shape):
        """amounts: (B,), 0 smoothed, 1 as it is, 2 sharpened."""
        return {"amounts": 2 * uniform(rng, self.factor, shape[0])}

    def apply(self, images, *, amounts):
        return self.clipped(blend(smooth(images), images, per_image(amounts)))


@add
class RandomGaussianBlur(ColorLayer):
    """In training blurs some images, all of a batch alike, as in Keras.

    factor: the probability, drawn for each image from (0, factor) or (lower, upper). kernel_size: odd, or two numbers
    (width, height). sigma: the standard deviation in pixels, at most, or (lower, upper), drawn for either direction.
    """

    def __init__(
        self, factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, seed=None, **kwargs
    ):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        owner = "RandomGaussianBlur"
        self.factor = span(owner, "factor", factor, within=(0, 1), alone=from_zero)
        self.kernel_size = integers(owner, "kernel_size", kernel_size, 2)
        if not all(length % 2 for length in self.kernel_size):
            raise ArgumentError(f"{owner}: kernel_size must be odd, so that it has a middle; got {kernel_size!r}.")
        self.sigma = span(owner, "sigma", sigma, within=(0, np.inf), alone=from_zero)

    def draw(self, rng, shape):
        """blurred: bool (B,). deviations: (2,) across and down."""
        blurred = chosen(rng, self.factor, shape[0])
        return {"blurred": blurred, "deviations": uniform(rng, self.sigma, 2) + 1e-6}

    def apply(self, images, *, blurred, deviations):
        soft = gaussian_blur(images, size=self.kernel_size, deviations=deviations)
        return self.clipped(torch.where(per_image(blurred), soft, images))


@add
class RandomErasing(ColorLayer):
    """In training paints over a rectangle of some images, as in Keras (Zhong et al. 2017).

    factor: the probability, drawn for each image from (0, factor) or (lower, upper). scale: the squares of the
    rectangle's height and width, as fractions of the image's, from 0 to 1: at most, or (lower, upper). fill_value: a
    number, one for each of 3 channels, or None for normal noise times the highest value, cut off at the value range.
    """

    def __init__(
        self,
        factor=1.0,
        scale=(0.02, 0.33),
        fill_value=None,
        value_range=(0, 255),
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = span("RandomErasing", "factor", factor, within=(0, 1), alone=from_zero)
        self.scale = span("RandomErasing", "scale", scale, within=(0, 1), alone=from_zero)
        self.fill_value = _checked_fill(fill_value)

    def draw(self, rng, shape):
        """erased: bool (B,). left, right, top, bottom: (B,) in pixels. noise: a seed, or None."""
        batch, height, width, _ = shape
        sizes = np.sqrt(uniform(rng, self.scale, batch, 2))
        left, right = bounds(rng, sizes[:, 0], width)
        top, bottom = bounds(rng, sizes[:, 1], height)
        drawn = {"erased": chosen(rng, self.factor, batch), "left": left, "right": right, "top": top, "bottom": bottom}
        return {**drawn, "noise": int(rng.integers(1 << 62)) if self.fill_value is None else None}

    def apply(self, images, *, erased, noise, **box):
        inside = within(images, **box) & per_image(erased)
        return torch.where(inside, self.clipped(self._fill(images, noise)), images)

    def _fill(self, images, noise):
        if self.fill_value is None:
            batch, channels, height, width = images.shape
            source = torch.Generator().manual_seed(noise)
            normal = torch.randn(batch, height, width, channels, generator=source).permute(0, 3, 1, 2)
            return normal.to(images.device, images.dtype) * self.value_range[1]
        return torch.tensor(self.fill_value, dtype=images.dtype, device=images.device).view(1, -1, 1, 1)


def _checked_fill(value):
    if isinstance(value, (list, tuple)) and len(value) == 3:
        return tuple(number("RandomErasing", "fill_value", entry) for entry in value)
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise ArgumentError(f"RandomErasing: fill_value must be a number, three of them, or None; got {value!r}.")


def bounds(rng, parts, length):
    """Where stretches of so many `parts` (B,) of a length begin and end, anywhere within it."""
    sizes = parts * length
    starts = rng.random(len(sizes)) * (length - sizes)
    return starts, starts + sizes


def within(images, *, left, right, top, bottom):
    """bool (B, 1, H, W): the pixels whose positions lie in boxes, each border (B,) in pixels; right and bottom not."""
    height, width = images.shape[2:]
    columns = torch.arange(width, device=images.device)
    rows = torch.arange(height, device=images.device)[:, None]
    across = (columns >= per_image(left)) & (columns < per_image(right))
    return across & (rows >= per_image(top)) & (rows < per_image(bottom))
