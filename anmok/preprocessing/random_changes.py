"""A batch of images changed at random, each by its own draw."""

import dataclasses
import functools

import numpy as np

from anmok.augment import Compose
from anmok.errors import AnmokError, DataError, ShapeError
from anmok.images import geometry
from anmok.preprocessing import transforms
from anmok.preprocessing.transforms import Ranges


@dataclasses.dataclass(frozen=True)
class RandomChanges:
    """What is drawn for each image, how what lies beyond its edges is filled, and what of `anmok.augment` follows."""

    ranges: Ranges
    fill_mode: str = "nearest"
    cval: float = 0.0
    order: int = 1
    augment: Compose | None = None

    @property
    def is_still(self):
        """Whether no image is ever changed."""
        return self.ranges.is_still and self.augment is None

    @functools.cached_property
    def filling(self):
        """The arguments of a warp."""
        return {"fill_mode": self.fill_mode, "cval": self.cval, "order": self.order}

    def one(self, image, drawn):
        """One image (H, W, C) with one draw carried out."""
        return transforms.apply(image, drawn, **self.filling)

    def change(self, images, labels, rng, *, names=None):
        """(images (B, H, W, C) uint8 or float32, labels) out of a list of images of one shape, each changed.

        rng: a NumPy RandomState. labels change where `augment` mixes images. names: what errors call the images.
        """
        # What follows in grey levels gets grey levels; else the warp computes in float32, which OpenCV does faster, and
        # nothing is rounded in between. Splines overshoot, and Keras rounds down before it brightens.
        in_levels = images[0].dtype == np.uint8 and self.augment is not None and self.order < 2
        in_levels = in_levels and self.ranges.brightness is None
        changed = np.empty((len(images), *images[0].shape), np.uint8 if in_levels else np.float32)
        if self.ranges.is_still:
            for i, image in enumerate(images):
                changed[i] = image
        else:
            self._change(images, rng, changed)
        if self.augment is None:
            return changed, labels
        own = np.random.Generator(np.random.SFC64(rng.randint(1 << 31)))
        names = names or [f"image {i} of the batch" for i in range(len(images))]
        images = _stacked([self._augmented(image, own, name) for image, name in zip(changed, names, strict=True)])
        return self.augment.apply_batch(images, labels, own) if self.augment.per_batch else (images, labels)

    def _change(self, images, rng, changed):
        drawn = self.ranges.draw_many(rng, len(images), images[0].shape)
        maps = transforms.maps_of(drawn, *images[0].shape[:2]) if self.ranges.moves else None
        cast = np.empty(images[0].shape, changed.dtype)
        for i, image in enumerate(images):
            out = changed[i]
            if maps is not None:
                if image.dtype != cast.dtype:
                    np.copyto(cast, image, casting="unsafe")
                    image = cast
                geometry.warp(image, maps[i], out=out, **self.filling)
            else:
                down, right = (-1 if drawn[key][i] else 1 for key in ("flip_vertical", "flip_horizontal"))
                out[...] = image[::down, ::right]
            if drawn["channel_shift_intensity"] is not None:
                out[...] = transforms.shift_channels(out, drawn["channel_shift_intensity"][i])
            if drawn["brightness"] is not None:
                out[...] = transforms.brighten(out, drawn["brightness"][i])

    def _augmented(self, image, rng, name):
        try:
            return self.augment.images_only(image, rng)
        except AnmokError:
            raise
        except Exception as reason:
            raise DataError(f"augment failed on {name}: {type(reason).__name__}: {reason}") from reason


def _stacked(images):
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise ShapeError(
            f"augment made images of different sizes, {' and '.join(map(str, sorted(shapes)[:2]))}, which cannot be "
            "one batch. Crop or resize to one size."
        )
    return np.stack(images)
