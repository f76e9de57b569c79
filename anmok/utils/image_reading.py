"""From a path to an image as float32, with the pixels of Keras' image_dataset_from_directory."""

import cv2
import numpy as np
import torch

from anmok.data.elements import TensorSpec
from anmok.errors import ArgumentError, unknown_name
from anmok.images.decode import decode
from anmok.layers import interpolation as resampling

CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_KERAS_ONLY = ("area", "gaussian", "mitchellcubic")


class Reader:
    """path -> float32 image (height, width, C), resized as tf.image.resize does without antialias."""

    takes_plain = True

    def __init__(self, color_mode, size, interpolation, crop, pad, data_format):
        if crop and pad:
            raise ArgumentError("Expected crop_to_aspect_ratio or pad_to_aspect_ratio to be True, not both.")
        self.interpolation = str(interpolation).lower()
        if self.interpolation in _KERAS_ONLY:
            raise ArgumentError(
                f"interpolation={interpolation!r} is not available here; {', '.join(resampling.INTERPOLATIONS)} are."
            )
        if self.interpolation not in resampling.INTERPOLATIONS:
            raise unknown_name("interpolation", interpolation, resampling.INTERPOLATIONS)
        self.color_mode, self.size, self.crop, self.pad = color_mode, size, crop, pad
        self.channels_first = data_format == "channels_first"
        channels = CHANNELS[color_mode]
        self.element_spec = TensorSpec((channels, *size) if self.channels_first else (*size, channels), torch.float32)

    def __call__(self, path):
        image = decode(path, color_mode=self.color_mode)
        if self.crop:
            top, left, height, width = resampling.largest_box(*image.shape[:2], like=self.size)
            image = image[top : top + height, left : left + width]
        image = self._padded(image) if self.pad else resized(image, self.size, self.interpolation)
        return np.ascontiguousarray(image.transpose(2, 0, 1)) if self.channels_first else image

    def _padded(self, image):
        """The whole image in the middle of the target, black around it, as tf.image.resize_with_pad has it."""
        height, width = image.shape[:2]
        target_height, target_width = self.size
        # Whole numbers throughout: the side that fits exactly must not lose a row to rounding.
        if width * target_height >= height * target_width:
            inner = max(1, height * target_width // width), target_width
        else:
            inner = target_height, max(1, width * target_height // height)
        top, left = (target_height - inner[0]) // 2, (target_width - inner[1]) // 2
        canvas = np.zeros((*self.size, image.shape[2]), np.float32)
        canvas[top : top + inner[0], left : left + inner[1]] = resized(image, inner, self.interpolation)
        return canvas


def resized(image, size, interpolation):
    """One image (H, W, C) at (height, width): float32, not rounded; pixel centres at half coordinates, no antialias."""
    height, width = size
    image = np.ascontiguousarray(image, np.float32)
    if interpolation == "bilinear":
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, -1)
    batch = torch.from_numpy(image).permute(2, 0, 1)[None]
    out = resampling.resize(batch, height=height, width=width, interpolation=interpolation)
    return out[0].permute(1, 2, 0).contiguous().numpy()
