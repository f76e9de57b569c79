"""Colours of one image (H, W, C), uint8 or float32 in 0..255; the result is of that shape, dtype and range.

C is 1, 3 (RGB) or 4; alpha stays what it was. Factors mean what they mean in Pillow's ImageEnhance: 1 changes nothing,
0 gives black, one grey, or no colour, above 1 is more. Pillow cuts fractions off where these functions round.
"""

import operator

import cv2
import numpy as np

from anmok.errors import ShapeError
from anmok.images.channels import LUMA, between, rounded, without_alpha

_JITTERS = ("brightness", "contrast", "saturation", "hue")
_IDENTITY = np.eye(3)
_LEVELS = np.arange(256) / 255


def draw_factor(rng, *, factor):
    """{"factor": uniform in the pair `factor`}; for brightness, contrast, saturation and sharpness."""
    return {"factor": between(rng, factor)}


def draw_hue(rng, *, shift):
    """{"shift": uniform in the pair `shift`}, in parts of the colour circle."""
    return {"shift": between(rng, shift)}


def draw_gamma(rng, *, gamma):
    """{"gamma": uniform in the pair `gamma`}."""
    return {"gamma": between(rng, gamma)}


def draw_rgb_shift(rng, *, shift):
    """{"shift": (red, green, blue)}: grey levels, each uniform in the pair `shift`."""
    return {"shift": tuple(between(rng, shift) for _ in range(3))}


def draw_color_jitter(rng, *, brightness=None, contrast=None, saturation=None, hue=None):
    """{"order", and each that has a range}: which comes first is drawn too, each order as likely as another."""
    ranges = {"brightness": brightness, "contrast": contrast, "saturation": saturation, "hue": hue}
    drawn = {name: between(rng, bounds) for name, bounds in ranges.items() if bounds is not None}
    names = tuple(drawn)
    return {"order": tuple(names[k] for k in rng.permutation(len(names))), **drawn}


@without_alpha
def brightness(image, *, factor):
    """image * factor."""
    if image.dtype == np.uint8:
        return cv2.convertScaleAbs(image, alpha=factor).reshape(image.shape)
    return rounded(image * np.float32(factor), image)


@without_alpha
def contrast(image, *, factor):
    """mean + factor * (image - mean), where mean is the image's mean grey, rounded as Pillow rounds it."""
    mean = _mean_gray(image)
    if image.dtype == np.uint8:
        return cv2.addWeighted(image, factor, image, 0.0, (1.0 - factor) * int(mean + 0.5)).reshape(image.shape)
    return rounded(image * np.float32(factor) + np.float32((1.0 - factor) * mean), image)


def _mean_gray(image):
    means = cv2.mean(image)
    return means[0] if image.shape[2] == 1 else sum(map(operator.mul, means, LUMA))


@without_alpha
def saturation(image, *, factor):
    """grey + factor * (image - grey), grey of each pixel by Rec. 601. A grey image has none and stays as it is."""
    if image.shape[2] == 1:
        return image.copy()
    # Both in one linear map of the colours: factor * I + (1 - factor) * luma.
    matrix = _IDENTITY * factor + (1.0 - factor) * LUMA
    mixed = cv2.transform(image, matrix)
    return mixed if image.dtype == np.uint8 else rounded(mixed, image)


@without_alpha
def hue(image, *, shift):
    """Colours turned about the circle by `shift` of it (1/3 makes red green), brightness and saturation (HSV) kept.

    uint8 counts the circle in 256 steps. A grey image stays as it is.
    """
    if image.shape[2] == 1:
        return image.copy()
    if image.dtype == np.uint8:
        step = round(shift * 256) % 256
        if step == 0:
            return image.copy()
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
        angle = cv2.extractChannel(hsv, 0)
        angle += np.uint8(step)  # beyond 255 it goes on from 0, as the circle does
        cv2.insertChannel(angle, hsv, 0)
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = np.mod(hsv[..., 0] + np.float32(360.0 * shift), np.float32(360.0))
    return rounded(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), image)


@without_alpha
def grayscale(image):
    """Each colour replaced by its grey of Rec. 601; three equal channels where there were three."""
    if image.shape[2] == 1:
        return image.copy()
    return rounded(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), image)


@without_alpha
def gamma(image, *, gamma):
    """255 * (image / 255) ** gamma; above 1 darkens the middle, below 1 lightens it."""
    if image.dtype == np.uint8:
        levels = np.rint(255 * _LEVELS**gamma).astype(np.uint8)
        return cv2.LUT(image, levels).reshape(image.shape)
    return rounded(255 * (image / np.float32(255)) ** np.float32(gamma), image)


@without_alpha
def rgb_shift(image, *, shift):
    """`shift` (red, green, blue) added, in grey levels. Raises ShapeError for a grey image, which has one channel."""
    if image.shape[2] == 1:
        raise ShapeError(
            f"rgb_shift: expected an image with three colours, got {image.shape}. For a grey image use brightness."
        )
    if image.dtype == np.uint8:
        return cv2.transform(image, np.column_stack([_IDENTITY, shift]))
    return rounded(image + np.asarray(shift, np.float32), image)


@without_alpha
def color_jitter(image, *, order, **drawn):
    """Brightness, contrast, saturation and hue in the `order` (a tuple of those names) with the numbers `drawn`.

    As torchvision's ColorJitter: the order is drawn, since contrast after brightness is not brightness after contrast.
    """
    for name in order:
        image = _BY_NAME[name](image, **{"shift" if name == "hue" else "factor": drawn[name]})
    return image


_BY_NAME = dict(zip(_JITTERS, (brightness, contrast, saturation, hue), strict=True))
