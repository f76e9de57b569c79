"""Grey levels by rank and by rule, of one image (H, W, C), uint8 or float32 in 0..255, as Pillow's ImageOps does it.

Result: same shape, dtype and range. Each colour is treated by itself; alpha stays what it was.
"""

import cv2
import numpy as np

from anmok.images.channels import between, rounded, without_alpha


def draw_bits(rng, *, bits):
    """{"bits": a whole number in the pair `bits`, both ends included}."""
    return {"bits": int(rng.integers(bits[0], bits[1], endpoint=True))}


def draw_threshold(rng, *, threshold):
    """{"threshold": uniform in the pair `threshold`}."""
    return {"threshold": between(rng, threshold)}


def draw_clip_limit(rng, *, clip_limit):
    """{"clip_limit": uniform in the pair `clip_limit`}."""
    return {"clip_limit": between(rng, clip_limit)}


@without_alpha
def invert(image):
    """255 - image."""
    return np.subtract(255, image, dtype=image.dtype)


@without_alpha
def posterize(image, *, bits):
    """The highest `bits` (1..8) of each grey level; the others become 0."""
    step = 1 << (8 - bits)
    if image.dtype == np.uint8:
        return image & np.uint8(256 - step)
    return np.floor(image / np.float32(step)) * np.float32(step)


@without_alpha
def solarize(image, *, threshold):
    """Levels at or above `threshold` (0..256) inverted."""
    return np.where(image >= threshold, np.subtract(255, image, dtype=image.dtype), image)


@without_alpha
def autocontrast(image):
    """Each colour stretched so that its darkest level becomes 0 and its lightest 255; one of a single level stays."""
    flat = image.reshape(-1, image.shape[2])
    low, high = flat.min(axis=0).astype(np.float64), flat.max(axis=0).astype(np.float64)
    spread = high > low
    scale = np.where(spread, 255 / np.where(spread, high - low, 1), 1.0)
    offset = np.where(spread, -low * scale, 0.0)
    if image.dtype == np.uint8:
        # Pillow cuts the fraction off.
        levels = np.clip(np.arange(256)[:, None] * scale + offset, 0, 255).astype(np.uint8)
        return _looked_up(image, levels)
    return rounded(image * scale.astype(np.float32) + offset.astype(np.float32), image)


@without_alpha
def equalize(image):
    """Each colour's histogram flattened, as Pillow's ImageOps.equalize. float32 is rounded to whole levels first."""
    whole = _whole(image)
    levels = np.stack([_flattening(whole, channel) for channel in range(image.shape[2])], axis=1)
    return _looked_up(whole, levels).astype(image.dtype, copy=False)


def _flattening(image, channel):
    counts = cv2.calcHist([image], [channel], None, [256], [0, 256]).ravel().astype(np.int64)  # OpenCV 4: (256, 1)
    used = np.flatnonzero(counts)
    step = (counts.sum() - counts[used[-1]]) // 255
    if len(used) < 2 or step == 0:
        return np.arange(256, dtype=np.uint8)
    below = np.cumsum(counts) - counts
    return np.minimum((step // 2 + below) // step, 255).astype(np.uint8)


@without_alpha
def clahe(image, *, clip_limit, tiles=8):
    """Contrast-limited adaptive histogram equalisation over tiles x tiles parts of the image (Zuiderveld 1994).

    Of a colour image, its lightness (CIE Lab) is equalised and the colours are kept. float32 is rounded first.
    clip_limit: how many times the even share a level may hold; the rest is dealt out to all.
    """
    whole = _whole(image)
    # A new one each time: OpenCV's keeps buffers that threads must not share.
    equalizer = cv2.createCLAHE(clipLimit=float(clip_limit), tileGridSize=(tiles, tiles))
    if image.shape[2] == 1:
        result = equalizer.apply(whole).reshape(image.shape)
    else:
        lab = cv2.cvtColor(whole, cv2.COLOR_RGB2Lab)
        cv2.insertChannel(equalizer.apply(cv2.extractChannel(lab, 0)), lab, 0)
        result = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return result.astype(image.dtype, copy=False)


def _whole(image):
    return image if image.dtype == np.uint8 else np.rint(image).astype(np.uint8)


def _looked_up(image, levels):
    """Each channel of `image` (uint8) through its column of `levels`, uint8 (256, C)."""
    table = np.ascontiguousarray(levels)[None] if image.shape[2] > 1 else levels[:, 0]
    return cv2.LUT(image, table).reshape(image.shape)
