"""Augmentation: transforms of one image (H, W, C), and of batches, to be put together with Compose.

    from anmok import augment

    change = augment.Compose([augment.HorizontalFlip(), augment.Affine(rotate=20, scale=0.2), augment.ColorJitter()])
    changed = change(image)                                  # other numbers each time
    changed = change(image, rng=np.random.default_rng(3))    # always these

Images are uint8, or float32 in 0..255; dtype, range and (but for crops) shape stay. Alpha, as a fourth channel, moves
with the picture (0 where cval fills) and is otherwise left alone. A number stands for a range about "nothing happens"
(degrees=20 is -20..20, factor=0.2 is 0.8..1.2), a pair is the range itself; p is the probability that anything happens.
"""

from anmok.augment.automatic import AutoAugment, RandAugment, TrivialAugment, TrivialAugmentWide
from anmok.augment.colors import (
    CLAHE,
    AutoContrast,
    Brightness,
    ColorJitter,
    Contrast,
    Equalize,
    Gamma,
    Grayscale,
    Hue,
    Invert,
    Posterize,
    RGBShift,
    Saturation,
    Solarize,
)
from anmok.augment.compose import Compose, OneOf
from anmok.augment.crops import CenterCrop, RandomCrop, RandomResizedCrop
from anmok.augment.mixing import CutMix, MixUp
from anmok.augment.moving import Affine, HorizontalFlip, Rotate, Scale, Shear, Translate, VerticalFlip, Zoom
from anmok.augment.presets import PRESETS, preset
from anmok.augment.textures import (
    Blur,
    Cutout,
    GaussianBlur,
    GaussianNoise,
    MedianBlur,
    RandomErasing,
    SaltAndPepper,
    Sharpen,
)
from anmok.augment.transform import BatchTransform, Transform

__all__ = [
    "CLAHE", "PRESETS", "Affine", "AutoAugment", "AutoContrast", "BatchTransform", "Blur", "Brightness", "CenterCrop",
    "ColorJitter", "Compose", "Contrast", "CutMix", "Cutout", "Equalize", "Gamma", "GaussianBlur", "GaussianNoise",
    "Grayscale", "HorizontalFlip", "Hue", "Invert", "MedianBlur", "MixUp", "OneOf", "Posterize", "RGBShift",
    "RandAugment", "RandomCrop", "RandomErasing", "RandomResizedCrop", "Rotate", "SaltAndPepper", "Saturation", "Scale",
    "Sharpen", "Shear", "Solarize", "Transform", "Translate", "TrivialAugment", "TrivialAugmentWide", "VerticalFlip",
    "Zoom", "preset",
]  # fmt: skip
