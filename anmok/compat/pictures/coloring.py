"""Brightness, contrast, colours and formats of pictures: what tf.image has of it.

Whole-number pictures are computed in 0..1 and brought back, cut off at black and white; floats are left as they come.
"""

import numpy as np
import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import tensor, torch_dtype
from anmok.compat.pictures.batches import cast, converted, in_floats, need, need_colors, pictures

_LUMA = (0.2989, 0.5870, 0.1140)


@function(name="image_convert_image_dtype")
def convert_image_dtype(image, dtype, saturate=False):
    """The picture in another format, white staying white: 255 becomes 1.0."""
    return converted(tensor(image), torch_dtype(dtype), saturate=saturate)


@function(name="saturate_cast")
def saturate_cast(value, dtype):
    """The format changed without scaling, what is out of range at the range's end."""
    value, dtype = tensor(value), torch_dtype(dtype)
    return value.to(dtype) if dtype.is_floating_point else cast(value, dtype, saturate=True)


@function(name="image_adjust_brightness")
@in_floats
def adjust_brightness(image, delta):
    """image + delta."""
    return image + tensor(delta)


@function(name="image_adjust_contrast")
@in_floats
def adjust_contrast(images, contrast_factor):
    """Each channel's mean + factor * (image - mean)."""
    mean = images.mean((-3, -2), keepdim=True)
    return (images - mean) * tensor(contrast_factor) + mean


@function(name="image_adjust_gamma")
@in_floats
def adjust_gamma(image, gamma=1, gain=1):
    """gain * image ** gamma."""
    need(float(gamma) >= 0, f"tf.image.adjust_gamma: expected gamma of 0 or more, got {gamma}.")
    return gain * image ** float(gamma)


@function(name="image_adjust_saturation")
@in_floats
def adjust_saturation(image, saturation_factor):
    """The saturation (of HSV) times the factor, at most 1."""
    need_colors(image, "adjust_saturation")
    hue, saturation, value = _hsv(image)
    return _rgb(hue, (saturation * tensor(saturation_factor)).clamp(0, 1), value)


@function(name="image_adjust_hue")
@in_floats
def adjust_hue(image, delta):
    """The hue (of HSV) turned by `delta` of the circle, in -1..1."""
    need_colors(image, "adjust_hue")
    hue, saturation, value = _hsv(image)
    return _rgb(hue + tensor(delta), saturation, value)


@function(name="image_rgb_to_hsv")
def rgb_to_hsv(images):
    """Hue, saturation and value in 0..1 of colours in 0..1."""
    images = tensor(images)
    need_colors(images, "rgb_to_hsv")
    need(images.is_floating_point(), "tf.image.rgb_to_hsv: expected floats in 0..1; divide by 255.")
    return torch.stack(_hsv(images), -1)


@function(name="image_hsv_to_rgb")
def hsv_to_rgb(images):
    images = tensor(images)
    need_colors(images, "hsv_to_rgb")
    return _rgb(*images.unbind(-1))


@function(name="image_rgb_to_grayscale")
def rgb_to_grayscale(images):
    """0.2989 red + 0.5870 green + 0.1140 blue, in one channel."""
    images = tensor(images)
    need_colors(images, "rgb_to_grayscale")
    floats = converted(images, torch.float32) if not images.is_floating_point() else images
    grey = (floats * torch.tensor(_LUMA, dtype=floats.dtype)).sum(-1, keepdim=True)
    return converted(grey, images.dtype)


def _linear(name, matrix):
    matrix = torch.tensor(matrix)

    def convert(images):
        images = tensor(images)
        need_colors(images, name)
        return images @ matrix.to(images.dtype)

    convert.__name__ = name
    return function(convert, name=f"image_{name}")


_YIQ = np.array(
    [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
)  # fmt: skip
_YUV = np.array([[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]])
rgb_to_yiq = _linear("rgb_to_yiq", _YIQ.tolist())
_FROM_YIQ = [[1.0, 1.0, 1.0], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
yiq_to_rgb = _linear("yiq_to_rgb", _FROM_YIQ)
rgb_to_yuv = _linear("rgb_to_yuv", _YUV.tolist())
yuv_to_rgb = _linear("yuv_to_rgb", np.linalg.inv(_YUV).tolist())


@function(name="image_per_image_standardization")
def per_image_standardization(image):
    """Each picture with mean 0 and standard deviation 1; a flat one becomes 0."""
    images, was_batch = pictures(image, "per_image_standardization")
    images = images.float() if not images.is_floating_point() else images
    count = images[0].numel()
    mean = images.mean((1, 2, 3), keepdim=True)
    deviation = ((images - mean) ** 2).mean((1, 2, 3), keepdim=True).sqrt()
    made = (images - mean) / deviation.clamp(min=count**-0.5)
    return made if was_batch else made[0]


# HSV ------------------------------------------------------------------------------------------------------------------


def _hsv(colors):
    """(hue, saturation, value) of colours (..., 3)."""
    red, green, blue = colors.unbind(-1)
    value, low = colors.amax(-1), colors.amin(-1)
    spread = value - low
    saturation = torch.where(value > 0, spread / torch.where(value > 0, value, 1), 0)
    scale = 1 / (6 * torch.where(spread > 0, spread, 1))
    hue = torch.where(
        red == value,
        scale * (green - blue),
        torch.where(green == value, scale * (blue - red) + 2 / 6, scale * (red - green) + 4 / 6),
    )
    hue = torch.where(spread > 0, hue, 0)
    return torch.where(hue < 0, hue + 1, hue), saturation, value


def _rgb(hue, saturation, value):
    """Colours (..., 3) of hues, saturations and values."""
    angle = (hue - hue.floor()) * 6
    shares = torch.stack([(angle - 3).abs() - 1, 2 - (angle - 2).abs(), 2 - (angle - 4).abs()], -1).clamp(0, 1)
    return ((1 - saturation)[..., None] + saturation[..., None] * shares) * value[..., None]
