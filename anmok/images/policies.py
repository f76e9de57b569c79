"""AutoAugment, RandAugment and TrivialAugment as tables. Draw operations first, then apply them.

Operations are named as in the papers and work as in Pillow: ShearX, ShearY, TranslateX, TranslateY, Rotate,
Brightness, Color (saturation), Contrast, Sharpness, Posterize, Solarize, AutoContrast, Equalize, Invert, Identity. A
drawn operation is a pair (name, value); the value is what the operation takes: a slope, pixels, degrees, a change of
the factor 1, bits, a threshold, or None.
"""

import math

from anmok.images import blur, color, moves, tone

# Range of each value from the lowest magnitude to the highest, and whether its sign is drawn.
# AutoAugment: Cubuk et al. 2019 (arXiv 1805.09501), table 6. The paper's factors 0.1..1.9 are read as 1 +- 0.9, and
# TranslateX, TranslateY as parts of the side (150 of 331 pixels), as torchvision does; so a magnitude is always a
# distance from the unchanged picture. RandAugment (arXiv 1909.13719) takes the same ranges.
# TrivialAugment: Mueller and Hutter 2021 (arXiv 2103.10158), table 1, "Wide"; its translations are pixels.
# fmt: off
#                    AutoAugment, RandAugment    TrivialAugment Wide    sign drawn
RANGES = {
    "ShearX":       ((0.0, 0.3),                (0.0, 0.99),            True),
    "ShearY":       ((0.0, 0.3),                (0.0, 0.99),            True),
    "TranslateX":   ((0.0, 150 / 331),          (0.0, 32.0),            True),
    "TranslateY":   ((0.0, 150 / 331),          (0.0, 32.0),            True),
    "Rotate":       ((0.0, 30.0),               (0.0, 135.0),           True),
    "Brightness":   ((0.0, 0.9),                (0.0, 0.99),            True),
    "Color":        ((0.0, 0.9),                (0.0, 0.99),            True),
    "Contrast":     ((0.0, 0.9),                (0.0, 0.99),            True),
    "Sharpness":    ((0.0, 0.9),                (0.0, 0.99),            True),
    "Posterize":    ((8, 4),                    (8, 2),                 False),
    "Solarize":     ((256.0, 0.0),              (256.0, 0.0),           False),
}

# The 14 operations of RandAugment (section 3) and TrivialAugment.
OPERATIONS = (
    "Identity", "AutoContrast", "Equalize", "Rotate", "Solarize", "Color", "Posterize",
    "Contrast", "Brightness", "Sharpness", "ShearX", "ShearY", "TranslateX", "TranslateY",
)

# Two operations a row: name, probability, magnitude 0..9 (None where the operation has none).
# AutoAugment, table 7 (CIFAR-10) and table 9 (ImageNet).
POLICIES = {
    "cifar10": (
        (("Invert",       0.1, None), ("Contrast",     0.2, 6)),
        (("Rotate",       0.7, 2),    ("TranslateX",   0.3, 9)),
        (("Sharpness",    0.8, 1),    ("Sharpness",    0.9, 3)),
        (("ShearY",       0.5, 8),    ("TranslateY",   0.7, 9)),
        (("AutoContrast", 0.5, None), ("Equalize",     0.9, None)),
        (("ShearY",       0.2, 7),    ("Posterize",    0.3, 7)),
        (("Color",        0.4, 3),    ("Brightness",   0.6, 7)),
        (("Sharpness",    0.3, 9),    ("Brightness",   0.7, 9)),
        (("Equalize",     0.6, None), ("Equalize",     0.5, None)),
        (("Contrast",     0.6, 7),    ("Sharpness",    0.6, 5)),
        (("Color",        0.7, 7),    ("TranslateX",   0.5, 8)),
        (("Equalize",     0.3, None), ("AutoContrast", 0.4, None)),
        (("TranslateY",   0.4, 3),    ("Sharpness",    0.2, 6)),
        (("Brightness",   0.9, 6),    ("Color",        0.2, 8)),
        (("Solarize",     0.5, 2),    ("Invert",       0.0, None)),
        (("Equalize",     0.2, None), ("AutoContrast", 0.6, None)),
        (("Equalize",     0.2, None), ("Equalize",     0.6, None)),
        (("Color",        0.9, 9),    ("Equalize",     0.6, None)),
        (("AutoContrast", 0.8, None), ("Solarize",     0.2, 8)),
        (("Brightness",   0.1, 3),    ("Color",        0.7, 0)),
        (("Solarize",     0.4, 5),    ("AutoContrast", 0.9, None)),
        (("TranslateY",   0.9, 9),    ("TranslateY",   0.7, 9)),
        (("AutoContrast", 0.9, None), ("Solarize",     0.8, 3)),
        (("Equalize",     0.8, None), ("Invert",       0.1, None)),
        (("TranslateY",   0.7, 9),    ("AutoContrast", 0.9, None)),
    ),
    "imagenet": (
        (("Posterize",    0.4, 8),    ("Rotate",       0.6, 9)),
        (("Solarize",     0.6, 5),    ("AutoContrast", 0.6, None)),
        (("Equalize",     0.8, None), ("Equalize",     0.6, None)),
        (("Posterize",    0.6, 7),    ("Posterize",    0.6, 6)),
        (("Equalize",     0.4, None), ("Solarize",     0.2, 4)),
        (("Equalize",     0.4, None), ("Rotate",       0.8, 8)),
        (("Solarize",     0.6, 3),    ("Equalize",     0.6, None)),
        (("Posterize",    0.8, 5),    ("Equalize",     1.0, None)),
        (("Rotate",       0.2, 3),    ("Solarize",     0.6, 8)),
        (("Equalize",     0.6, None), ("Posterize",    0.4, 6)),
        (("Rotate",       0.8, 8),    ("Color",        0.4, 0)),
        (("Rotate",       0.4, 9),    ("Equalize",     0.6, None)),
        (("Equalize",     0.0, None), ("Equalize",     0.8, None)),
        (("Invert",       0.6, None), ("Equalize",     1.0, None)),
        (("Color",        0.6, 4),    ("Contrast",     1.0, 8)),
        (("Rotate",       0.8, 8),    ("Color",        1.0, 2)),
        (("Color",        0.8, 8),    ("Solarize",     0.8, 7)),
        (("Sharpness",    0.4, 7),    ("Invert",       0.6, None)),
        (("ShearX",       0.6, 5),    ("Equalize",     1.0, None)),
        (("Color",        0.4, 0),    ("Equalize",     0.6, None)),
        (("Equalize",     0.4, None), ("Solarize",     0.2, 4)),
        (("Solarize",     0.6, 5),    ("AutoContrast", 0.6, None)),
        (("Invert",       0.6, None), ("Equalize",     1.0, None)),
        (("Color",        0.6, 4),    ("Contrast",     1.0, 8)),
        (("Equalize",     0.8, None), ("Equalize",     0.6, None)),
    ),
}
# fmt: on
_HIGHEST = 9  # magnitudes of the policies are 0..9
HIGHEST_MAGNITUDE = 30  # of RandAugment and TrivialAugment: 31 steps, as in their code


def draw_autoaugment(rng, shape, *, policy):
    """{"operations"}: those of one row of POLICIES[policy], each row as likely, each with its own probability."""
    rows = POLICIES[policy]
    drawn = []
    for name, probability, magnitude in rows[rng.integers(len(rows))]:
        if rng.random() < probability:
            drawn.append((name, _drawn_value(rng, name, 0, magnitude, _HIGHEST, shape)))
    return {"operations": tuple(drawn)}


def draw_randaugment(rng, shape, *, num_ops, magnitude):
    """{"operations"}: `num_ops` of OPERATIONS, each as likely, all of `magnitude` (0..30)."""
    names = [OPERATIONS[k] for k in rng.integers(len(OPERATIONS), size=num_ops)]
    return {
        "operations": tuple((name, _drawn_value(rng, name, 0, magnitude, HIGHEST_MAGNITUDE, shape)) for name in names)
    }


def draw_trivialaugment(rng, shape):
    """{"operations"}: one of OPERATIONS, each as likely, of a magnitude 0..30, each as likely, in the wide ranges."""
    name, magnitude = OPERATIONS[rng.integers(len(OPERATIONS))], int(rng.integers(HIGHEST_MAGNITUDE + 1))
    return {"operations": ((name, _drawn_value(rng, name, 1, magnitude, HIGHEST_MAGNITUDE, shape)),)}


def _drawn_value(rng, name, column, magnitude, highest, shape):
    if name not in RANGES:
        return None
    size = {"TranslateX": shape[1], "TranslateY": shape[0]}.get(name, 1) if column == 0 else 1
    low, high = RANGES[name][column]
    value = (low + (high - low) * magnitude / highest) * size
    return -value if RANGES[name][2] and rng.random() < 0.5 else value


def operate(image, *, operations, fill_mode="constant", cval=128, order=1):
    """`operations`, pairs (name, value), one after the other on an image (H, W, C), uint8 or float32 in 0..255.

    fill_mode, cval, order: of the moves, as in geometry.warp; grey (128) is the authors' filling.
    """
    for name, value in operations:
        if name in _MOVES:
            place = _MOVES[name](*image.shape[:2], value)
            image = moves.moved(image, place, fill_mode=fill_mode, cval=cval, order=order)
        else:
            image = _CHANGES[name](image, value)
    return image


# Shears hold the upper left corner (of the first pixel, whose centre is half a pixel in), as Pillow's and the authors'
# do. Translations are whole pixels.
_MOVES = {
    "ShearX": lambda height, width, slope: (1.0, slope, slope / 2, 0.0, 1.0, 0.0),
    "ShearY": lambda height, width, slope: (1.0, 0.0, 0.0, slope, 1.0, slope / 2),
    "TranslateX": lambda height, width, pixels: (1.0, 0.0, float(math.trunc(pixels)), 0.0, 1.0, 0.0),
    "TranslateY": lambda height, width, pixels: (1.0, 0.0, 0.0, 0.0, 1.0, float(math.trunc(pixels))),
    "Rotate": lambda height, width, degrees: moves.move(height, width, degrees=degrees),
}
_CHANGES = {
    "Identity": lambda image, value: image,
    "Brightness": lambda image, change: color.brightness(image, factor=1 + change),
    "Color": lambda image, change: color.saturation(image, factor=1 + change),
    "Contrast": lambda image, change: color.contrast(image, factor=1 + change),
    "Sharpness": lambda image, change: blur.sharpness(image, factor=1 + change),
    "Posterize": lambda image, bits: tone.posterize(image, bits=round(bits)),
    "Solarize": lambda image, threshold: tone.solarize(image, threshold=threshold),
    "AutoContrast": lambda image, value: tone.autocontrast(image),
    "Equalize": lambda image, value: tone.equalize(image),
    "Invert": lambda image, value: tone.invert(image),
}
