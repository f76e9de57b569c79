"""Files that a person wants classified, brought to what a run's network was trained on."""

import dataclasses
from pathlib import Path

import numpy as np

from anmok.errors import AnmokError
from anmok.images.decode import decode
from anmok.images.geometry import fit_within
from anmok.images.resize import load

# How pictures out of files are brought to a network's size: the largest square out of their middle, so that their
# proportions stay.
HOW = {"color_mode": "rgb", "interpolation": "bilinear", "keep_aspect_ratio": True}
CROP = "crop"  # what classes.json calls that

# Of 255. A picture's border is its background more often than not.
_FAR, _NEAR = 128, 64


@dataclasses.dataclass(frozen=True)
class Picture:
    """A file and its pixels, uint8 (H, W, C), as large as the network's input."""

    path: Path
    pixels: np.ndarray


def read(paths, *, classes, invert=False):
    """(Pictures, errors): each file decoded and brought to the 'shape' in a run's classes.json; errors name the file.

    As the run's own pictures were where they came out of files, else whole, with bars in the colour of its border.
    """
    ready, refused = [], []
    for path in paths:
        try:
            pixels = _fitted(path, classes)
        except AnmokError as error:
            refused.append(error)
            continue
        ready.append(Picture(path, 255 - pixels if invert else pixels))
    return ready, refused


def _fitted(path, classes):
    height, width, channels = classes["shape"]
    if classes.get("fitting") == CROP:
        return load(path, size=(height, width), **HOW)
    image = decode(path, color_mode="grayscale" if channels == 1 else "rgb")
    return fit_within(image, height=height, width=width)


def stack(pictures):
    """Their pixels as one array uint8 (N, H, W, C)."""
    return np.stack([picture.pixels for picture in pictures])


def hint(pictures, *, classes):
    """A sentence for whoever shows dark on light to a network that learned light on dark, or the reverse; else None."""
    usual = classes["border"]
    found = [p.path.name for p in pictures if _is_inverted(border_mean(p.pixels[None]), usual)]
    if not found:
        return None
    background = "darker" if usual < 128 else "lighter"
    return f"{', '.join(found)}: the images this network learned from have a {background} background. Try --invert."


def border_mean(images):
    """The mean of the outermost pixels of images (N, H, W, C)."""
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return float(np.concatenate([edge.reshape(-1) for edge in edges]).mean())


def _is_inverted(border, usual):
    return abs(border - usual) > _FAR and abs(255 - border - usual) < _NEAR
