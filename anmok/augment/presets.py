"""Ready-made pipelines, by name."""

from anmok.augment.automatic import AutoAugment, RandAugment, TrivialAugment
from anmok.augment.colors import ColorJitter
from anmok.augment.compose import Compose
from anmok.augment.crops import RandomResizedCrop
from anmok.augment.moving import Affine, HorizontalFlip
from anmok.errors import unknown_name

PRESETS = {
    "none": Compose([]),
    # Most photographs, from a few hundred on: nothing that could hide what is to be seen.
    "light": Compose([HorizontalFlip(), RandomResizedCrop(area=(0.7, 1.0))]),
    # Few photographs: seen from elsewhere, in other light.
    "photos": Compose(
        [
            HorizontalFlip(),
            Affine(rotate=20, translate=0.1, shear=8, scale=(0.85, 1.25), fill_mode="reflect"),
            ColorJitter(brightness=0.25, contrast=0.25, saturation=0.25, hue=0.02),
        ]
    ),
    # Writing: a mirrored 3 is no digit, and black goes on beyond the edge.
    "digits": Compose([Affine(rotate=10, translate=0.08, shear=8, scale=0.1, fill_mode="constant")]),
    # ImageDataGenerator(rotation_range=40, width_shift_range=.2, height_shift_range=.2, shear_range=.2, zoom_range=.2,
    # horizontal_flip=True), the setting of a hundred lectures; shear_range counts in degrees there.
    "course": Compose(
        [
            Affine(rotate=40, translate=0.2, shear=0.2, scale=(1 / 1.2, 1 / 0.8), keep_ratio=False),
            HorizontalFlip(),
        ]
    ),
    "randaugment": Compose([HorizontalFlip(), RandAugment()]),
    "autoaugment": Compose([HorizontalFlip(), AutoAugment()]),
    "trivial": Compose([HorizontalFlip(), TrivialAugment()]),
}


def preset(name):
    """The Compose of PRESETS under that name; UnknownNameError offers the nearest."""
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]
