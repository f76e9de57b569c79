"""Cutting, padding, turning and mirroring pictures: what tf.image has of it."""

import torch

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import integer, tensor
from anmok.compat.pictures.batches import need, on_batches


@function(name="image_flip_left_right")
@on_batches
def flip_left_right(image):
    return image.flip(2)


@function(name="image_flip_up_down")
@on_batches
def flip_up_down(image):
    return image.flip(1)


@function(name="image_transpose")
@on_batches
def transpose(image):
    """Rows and columns exchanged."""
    return image.transpose(1, 2)


@function(name="image_rot90")
@on_batches
def rot90(image, k=1):
    """Turned counter-clockwise k times by 90 degrees."""
    return torch.rot90(image, integer(k) % 4, (1, 2))


@function(name="image_central_crop")
@on_batches
def central_crop(image, central_fraction):
    """The middle of the picture: `central_fraction` of each side."""
    fraction = float(central_fraction)
    need(0 < fraction <= 1, f"tf.image.central_crop: expected a fraction in 0..1, got {fraction}.")
    if fraction == 1:
        return image
    height, width = image.shape[1:3]
    top, left = int((height - height * fraction) / 2), int((width - width * fraction) / 2)
    return image[:, top : height - top, left : width - left]


@function(name="image_crop_to_bounding_box")
@on_batches
def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    top, left, height, width = map(integer, (offset_height, offset_width, target_height, target_width))
    need(top >= 0 and left >= 0 and height > 0 and width > 0, "tf.image.crop_to_bounding_box: no such box.")
    need(
        top + height <= image.shape[1] and left + width <= image.shape[2],
        f"tf.image.crop_to_bounding_box: the box ends at ({top + height}, {left + width}), the picture at "
        f"{tuple(image.shape[1:3])}.",
    )
    return image[:, top : top + height, left : left + width]


@function(name="image_pad_to_bounding_box")
@on_batches
def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Zeros around: `offset` rows and columns before, and behind so many that the target is reached."""
    return padded_to_box(image, *map(integer, (offset_height, offset_width, target_height, target_width)))


def padded_to_box(image, top, left, height, width):
    bottom, right = height - top - image.shape[1], width - left - image.shape[2]
    need(
        min(top, left, bottom, right) >= 0,
        f"tf.image.pad_to_bounding_box: a picture {tuple(image.shape[1:3])} at ({top}, {left}) does not lie within "
        f"({height}, {width}).",
    )
    return torch.nn.functional.pad(image, (0, 0, left, right, top, bottom))


@function(name="image_resize_with_crop_or_pad")
@on_batches
def resize_with_crop_or_pad(image, target_height, target_width):
    """Cut about the middle, or padded with zeros, to (target_height, target_width); no pixel is computed."""
    height, width = integer(target_height), integer(target_width)
    missing_rows, missing_columns = height - image.shape[1], width - image.shape[2]
    top, left = max(-missing_rows // 2, 0), max(-missing_columns // 2, 0)
    image = image[:, top : top + min(height, image.shape[1]), left : left + min(width, image.shape[2])]
    return padded_to_box(image, max(missing_rows // 2, 0), max(missing_columns // 2, 0), height, width)


@function(name="image_extract_patches")
def extract_patches(images, sizes, strides, rates=(1, 1, 1, 1), padding="VALID"):
    """Patches (B, rows, columns, height * width * C) of pictures (B, H, W, C)."""
    images = tensor(images)
    (height, width), (down, right), (tall, wide) = (
        (integer(part[1]), integer(part[2])) for part in (sizes, strides, rates)
    )
    need(str(padding).upper() in ("VALID", "SAME"), f"Expected padding 'VALID' or 'SAME', got {padding!r}.")
    if str(padding).upper() == "SAME":
        images = torch.nn.functional.pad(
            images,
            (0, 0, *_around(images.shape[2], width, right, wide), *_around(images.shape[1], height, down, tall)),
        )
    reach_down, reach_right = (height - 1) * tall + 1, (width - 1) * wide + 1
    windows = images.unfold(1, reach_down, down).unfold(2, reach_right, right)[..., ::tall, ::wide]
    return windows.permute(0, 1, 2, 4, 5, 3).flatten(3)


def _around(size, window, stride, rate):
    reach = (window - 1) * rate + 1
    missing = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return missing // 2, missing - missing // 2


@function(name="image_grayscale_to_rgb")
def grayscale_to_rgb(images):
    images = tensor(images)
    need(images.shape[-1] == 1, f"tf.image.grayscale_to_rgb: expected one channel, got shape {tuple(images.shape)}.")
    return images.expand(*images.shape[:-1], 3).contiguous()
