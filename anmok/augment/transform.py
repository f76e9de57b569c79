"""What every transform is: a frozen record of ranges that draws numbers and applies them, with probability p."""

from dataclasses import dataclass

import numpy as np

from anmok import random
from anmok.augment import ranges
from anmok.errors import ArgumentError, DataError, ShapeError

_DTYPES = (np.uint8, np.float32)


@dataclass(frozen=True, kw_only=True)
class Transform:
    """Changes one image (H, W, C), C 1, 3 or 4, uint8 or float32 in 0..255, into one of the same dtype and range.

    p: the probability that anything happens. Subclasses give `draw(rng, shape)`, which returns a dict, and
    `apply(image, **drawn)`, which is pure; neither knows of p. The image given is never written to; where nothing
    happens it is returned itself.
    """

    p: float = 1.0

    def __post_init__(self):
        self.keep(p=ranges.number(type(self).__name__, "p", self.p, low=0, high=1))

    def keep(self, **values):
        """Set fields while the object is made; it is frozen afterwards."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def draw(self, rng, shape):
        """The numbers of one application to an image of `shape` (H, W, C), as a dict."""
        return {}

    def apply(self, image, **drawn):
        """`image` changed by what `draw` returned."""
        raise NotImplementedError(f"{type(self).__name__} needs apply(image, **drawn).")

    def __call__(self, image, rng=None):
        """`image`, changed with probability p. rng: a numpy Generator; without it the next draws of this process."""
        check_image(type(self).__name__, image)
        return self.transformed(image, generator(type(self).__name__, rng))

    def transformed(self, image, rng):
        """As the call, for an image and a Generator that were checked before."""
        if rng.random() >= self.p:
            return image
        return self.apply(image, **self.draw(rng, image.shape))


@dataclass(frozen=True, kw_only=True)
class BatchTransform:
    """Changes a batch of images (B, H, W, C) and their one-hot labels (B, K) together; p is each image's own."""

    p: float = 1.0

    def __post_init__(self):
        self.keep(p=ranges.number(type(self).__name__, "p", self.p, low=0, high=1))

    keep = Transform.keep

    def apply_batch(self, images, labels, rng=None):
        """(images, labels) changed: images of their own dtype, labels float32 (B, K)."""
        name = type(self).__name__
        images, labels = check_batch(name, images, labels)
        return self.mixed(images, labels, generator(name, rng))

    def mixed(self, images, labels, rng):
        """As apply_batch, for a batch that was checked before."""
        raise NotImplementedError(f"{type(self).__name__} needs mixed(images, labels, rng).")

    def __call__(self, image, rng=None):
        """Always raises: one image cannot be mixed with another."""
        name = type(self).__name__
        raise ArgumentError(f"{name} mixes the images of a batch: call {name}(...).apply_batch(images, labels, rng).")


def generator(owner, rng):
    """`rng` if it is a numpy Generator; a new one from the next seed of this process for None."""
    if rng is None:
        return np.random.Generator(np.random.SFC64(random.next_seed("augment")))
    if not isinstance(rng, np.random.Generator):
        raise ArgumentError(f"{owner}: expected rng to be a numpy Generator, np.random.default_rng(3); got {rng!r}.")
    return rng


def check_image(owner, image):
    """Raise ShapeError or DataError unless `image` is one that transforms take."""
    if not isinstance(image, np.ndarray):
        raise DataError(f"{owner}: expected a numpy array (H, W, C), got {type(image).__name__}; np.asarray makes one.")
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or image.size == 0:
        advice = {2: " A grey image needs its channel axis: image[..., None].", 4: " Give one image at a time."}
        raise ShapeError(
            f"{owner}: expected one image (H, W, C), C 1, 3 or 4, got shape {image.shape}.{advice.get(image.ndim, '')}"
        )
    if image.dtype not in _DTYPES:
        raise DataError(
            f"{owner}: expected uint8, or float32 in 0..255, got {image.dtype}. "
            "image.astype('float32') makes the latter; pixels in 0..1 are multiplied by 255 first."
        )


def check_batch(owner, images, labels):
    """(images, labels float32) of a batch (B, H, W, C) and one-hot labels (B, K); else ShapeError or DataError."""
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim != 4:
        raise ShapeError(f"{owner}: expected images (B, H, W, C), got shape {images.shape}.")
    if images.dtype not in _DTYPES:
        raise DataError(f"{owner}: expected images in uint8 or float32, got {images.dtype}.")
    if labels.ndim != 2 or labels.shape[1] < 2:
        kind = "binary labels" if labels.dtype.kind in "fb" or labels.ndim == 2 else "class numbers"
        raise DataError(
            f"{owner}: expected one-hot labels (B, K), K >= 2, got {kind} of shape {labels.shape}, which cannot be "
            "mixed. class_mode='categorical' gives one-hot labels, and so does utils.to_categorical."
        )
    if len(labels) != len(images):
        raise ShapeError(f"{owner}: got {len(images)} images and {len(labels)} labels.")
    return images, labels.astype(np.float32)
