"""Files that a person wants classified, brought to what a run's network was trained on."""

import dataclasses
from pathlib import Path

import numpy as np

from anmok.errors import AnmokError
from anmok.images.decode import decode
from anmok.images.geometry import fit_within

# Half of the range: only a picture that is light where the training images are dark (or the reverse) is that far off.
_FAR = 128


@dataclasses.dataclass(frozen=True)
class Picture:
    """A file and its pixels, uint8 (H, W, C), as large as the network's input."""

    path: Path
    pixels: np.ndarray


def read(paths, *, classes, invert=False):
    """(Pictures, errors): each file decoded and fitted to the 'shape' in a run's classes.json; errors name the file."""
    height, width, channels = classes["shape"]
    ready, refused = [], []
    for path in paths:
        try:
            image = decode(path, color_mode="grayscale" if channels == 1 else "rgb")
        except AnmokError as error:
            refused.append(error)
            continue
        pixels = fit_within(image, height=height, width=width)
        ready.append(Picture(path, 255 - pixels if invert else pixels))
    return ready, refused


def stack(pictures):
    """Their pixels as one array uint8 (N, H, W, C)."""
    return np.stack([picture.pixels for picture in pictures])


def hint(pictures, *, classes):
    """A sentence for whoever shows dark on light to a network that learned light on dark; None if all is well."""
    usual = classes["mean"]
    far = [p.path.name for p in pictures if abs(float(p.pixels.mean()) - usual) > _FAR]
    if not far:
        return None
    brightness = "darker" if usual < _FAR else "lighter"
    return f"{', '.join(far)}: the images this network learned from are much {brightness}. Try --invert."
