"""Colours of images changed, on any device: pure functions of images (B, C, H, W) in floating point.

A factor is a tensor that broadcasts against the images, (B, 1, 1, 1) for one of each image.
"""

import torch

# ITU-R BT.601, rounded as Keras and Pillow's relatives have it.
_LUMA = (0.2989, 0.587, 0.114)


def grayscale(images):
    """(B, 1, H, W): the brightness of RGB images; grey ones as they are."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.split(1, 1)
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def blend(images, others, amounts):
    """From `images` (amount 0) to `others` (1), and beyond."""
    return images + amounts * (others - images)


def contrast(images, factors):
    """Distances from each channel's mean, times the factors."""
    images = images.contiguous()  # planes, which are summed faster
    mean = images.mean((2, 3), keepdim=True)
    return (images - mean) * factors + mean


def hue_saturation_value(images):
    """RGB images >= 0 as three planes (B, H, W): hue 0..1, saturation 0..1, value as the brightest channel.

    Source: Smith 1978, hexcone model.
    """
    images = images.contiguous()  # planes, which are computed with faster
    red, green, blue = images.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    darkest = torch.minimum(torch.minimum(red, green), blue)
    chroma = value - darkest
    sixth = 1 / (6 * torch.where(chroma > 0, chroma, 1))
    hue = torch.where(
        value == red,
        (green - blue) * sixth,
        torch.where(value == green, (blue - red) * sixth + 1 / 3, (red - green) * sixth + 2 / 3),
    )
    hue = torch.where(hue < 0, hue + 1, hue)
    saturation = torch.where(value > 0, chroma / torch.where(value > 0, value, 1), 0)
    return torch.where(chroma > 0, hue, 0), saturation, value


def red_green_blue(hue, saturation, value):
    """The way back from `hue_saturation_value`; hue may be any number, turns of 1."""
    sector = (hue - torch.floor(hue)) * 6
    chroma = value * saturation
    darkest = value - chroma
    return torch.stack(
        [
            darkest + chroma * ((sector - 3).abs() - 1).clamp(0, 1),
            darkest + chroma * (2 - (sector - 2).abs()).clamp(0, 1),
            darkest + chroma * (2 - (sector - 4).abs()).clamp(0, 1),
        ],
        1,
    )


def turn_hue(images, turns):
    """RGB images >= 0 with the hue moved by so many turns, (B, 1, 1, 1)."""
    hue, saturation, value = hue_saturation_value(images)
    return red_green_blue(hue + turns[:, 0], saturation, value)


def saturate(images, factors):
    """RGB images >= 0 with the saturation times the factors (B, 1, 1, 1), within 0..1."""
    hue, saturation, value = hue_saturation_value(images)
    return red_green_blue(hue, (saturation * factors[:, 0]).clamp(0, 1), value)


def posterize(images, bits):
    """Values 0..255 as whole numbers with their `bits` highest bits (whole numbers 1..8, (B, 1, 1, 1)) alone."""
    steps = torch.pow(2.0, 8 - bits)
    return torch.floor(torch.floor(images).clamp(0, 255) / steps) * steps


def solarize(images, additions, thresholds):
    """Values 0..255 with additions, inverted where they are not below the thresholds."""
    brighter = (images + additions).clamp(0, 255)
    return torch.where(brighter < thresholds, brighter, 255 - brighter)


def stretch(images, lowest, highest):
    """Each channel of each image stretched over lowest..highest; one of a single value stays."""
    images = images.contiguous()
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    spread = high - low
    flat = spread <= 0
    stretched = (images - low) * ((highest - lowest) / torch.where(flat, 1, spread)) + lowest
    return torch.where(flat, images, stretched.clamp(lowest, highest))


def equalize(images, bins):
    """Values 0..255 spread so that each channel of each image has a flat histogram of `bins` bins.

    A channel within one bin stays. Source: Gonzalez and Woods, Digital Image Processing, section 3.3.
    """
    batch, channels, height, width = images.shape
    planes = images.reshape(batch * channels, height * width)
    # The addend keeps what was a whole number before it was scaled in its own bin.
    indices = (planes * ((bins - 1) / 255) + 1e-3).clamp(0, bins - 1).long()
    counts = torch.zeros(batch * channels, bins, dtype=images.dtype, device=images.device)
    counts.scatter_add_(1, indices, torch.ones_like(planes))
    below = counts.cumsum(1)
    # What the lowest bin in use holds counts as 0.
    lowest = torch.where(below > 0, below, below[:, -1:]).amin(1, keepdim=True)
    rest = below[:, -1:] - lowest
    table = ((below - lowest) * 255 / rest.clamp_min(1)).round().clamp(0, 255)
    equalized = torch.where(rest > 0, table.gather(1, indices), planes)
    return equalized.view(batch, channels, height, width)
