"""Images moved by affine or projective maps, on any device: pure functions of tensors.

A map takes a position (x, y) of the output, in pixels from the centre of the top left pixel, to one of the input: a
tensor (B, 2, 3), affine, or (B, 3, 3), projective. Images are (B, C, H, W).
"""

import torch
from torch.nn import functional as F

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


def rotation(angles, height, width):
    """Maps that turn images counter-clockwise about their middle; angles (B,) in degrees."""
    theta = torch.deg2rad(angles)
    cos, sin = torch.cos(theta), torch.sin(theta)
    x, y = (width - 1) / 2, (height - 1) / 2
    return _affine((cos, -sin, x - x * cos + y * sin), (sin, cos, y - x * sin - y * cos))


def zoom(heights, widths, height, width):
    """Maps that show, about the middle, `heights` times the height and `widths` times the width; each (B,)."""
    x, y = (width - 1) / 2, (height - 1) / 2
    zero = torch.zeros_like(heights)
    return _affine((widths, zero, x * (1 - widths)), (zero, heights, y * (1 - heights)))


def translation(down, right):
    """Maps that move images by so many pixels; each (B,)."""
    one, zero = torch.ones_like(down), torch.zeros_like(down)
    return _affine((one, zero, -right), (zero, one, -down))


def shear(x_factors, y_factors):
    """Maps that add x_factors * y to x, and y_factors * x to y (about the top left pixel, as in Keras); each (B,)."""
    one, zero = torch.ones_like(x_factors), torch.zeros_like(x_factors)
    return _affine((one, x_factors, zero), (y_factors, one, zero))


def _affine(first, second):
    return torch.stack([torch.stack(first, -1), torch.stack(second, -1)], 1)


def flip(images, *, horizontally, vertically):
    """Images mirrored where a bool (B,) says so; None: none of them."""
    for flags, axis in ((horizontally, 3), (vertically, 2)):
        if flags is not None:
            images = torch.where(flags.view(-1, 1, 1, 1), images.flip(axis), images)
    return images


def warp(images, maps, *, fill_mode="reflect", fill_value=0.0, interpolation="bilinear"):
    """Images of the same size, each pixel fetched from where `maps` sends it.

    fill_mode: what lies outside: 'reflect' (d c b a | a b c d | d c b a), 'wrap', 'constant' (fill_value), or
    'nearest' (the edge's pixel). interpolation: 'bilinear' in floating point, 'nearest' for images of any type.
    """
    height, width = images.shape[2:]
    x, y = _positions(maps, height, width)
    if interpolation == "nearest":
        return _picked(images, x, y, fill_mode, fill_value)
    if fill_mode == "constant":
        return _interpolated(images - fill_value, x, y) + fill_value if fill_value else _interpolated(images, x, y)
    if fill_mode == "wrap":
        # Between the last pixel and the first lies one more interval.
        images = F.pad(images, (0, 1, 0, 1), mode="circular")
    return _interpolated(images, *(_inside(p, size, fill_mode) for p, size in ((x, width), (y, height))))


def _positions(maps, height, width):
    """(x, y), each (B, H, W), of the input; new tensors."""
    options = {"dtype": maps.dtype, "device": maps.device}
    columns = torch.arange(width, **options)
    rows = torch.arange(height, **options)[:, None]
    entries = maps[:, :, :, None, None].unbind(1)
    x, y, *scale = ((row[:, 0] * columns + row[:, 2]) + row[:, 1] * rows for row in entries)
    return (x / scale[0], y / scale[0]) if scale else (x, y)


def _inside(positions, size, fill_mode):
    """Positions brought, in place, onto the image: turned over, or round, at its edges, or held there."""
    if fill_mode == "wrap":
        return positions.sub_((positions * (1 / size)).floor_(), alpha=size)
    if fill_mode == "reflect":
        # Mirrors stand half a pixel outside.
        positions.add_(0.5)
        positions.sub_((positions * (0.5 / size)).floor_(), alpha=2 * size)
        positions.sub_(size).abs_().neg_().add_(size - 0.5)
    return positions.clamp_(0, size - 1)


def _interpolated(images, x, y):
    """Bilinear; outside is 0. The positions are used up; not every device knows how to fill otherwise."""
    height, width = images.shape[2:]
    scaled = (p.mul_(2 / size).add_(1 / size - 1) for p, size in ((x, width), (y, height)))
    grid = torch.stack(tuple(scaled), -1).to(images.dtype)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _picked(images, x, y, fill_mode, fill_value):
    """The nearest pixels (of two as near, the even one, as in Keras), of images of any type."""
    batch, _, height, width = images.shape
    columns, rows = torch.round(x).long(), torch.round(y).long()
    outside = None
    if fill_mode == "constant":
        outside = (columns < 0) | (columns >= width) | (rows < 0) | (rows >= height)
    columns, rows = (_index(index, size, fill_mode) for index, size in ((columns, width), (rows, height)))
    first = torch.arange(batch, device=images.device).view(-1, 1, 1) * (height * width)
    pixels = images.permute(0, 2, 3, 1).reshape(batch * height * width, -1)
    picked = pixels.index_select(0, (first + rows * width + columns).flatten())
    picked = picked.view(batch, height, width, -1).permute(0, 3, 1, 2)
    return picked if outside is None else picked.masked_fill(outside[:, None], fill_value)


def _index(index, size, fill_mode):
    if fill_mode == "wrap":
        return index % size
    if fill_mode == "reflect":
        turns = index % (2 * size)
        return torch.minimum(turns, 2 * size - 1 - turns)
    return index.clamp(0, size - 1)
