"""Transforms that mix the images of a batch (B, H, W, C), and their one-hot labels (B, K) alike."""

from dataclasses import dataclass

from anmok.augment import ranges
from anmok.augment.transform import BatchTransform
from anmok.errors import ArgumentError
from anmok.images import mix


@dataclass(frozen=True, kw_only=True)
class MixUp(BatchTransform):
    """Each image and label mixed with another's of the batch, by a share drawn from Beta(alpha, alpha)."""

    alpha: float = 0.2

    def __post_init__(self):
        super().__post_init__()
        _keep_alpha(self)

    def mixed(self, images, labels, rng):
        drawn = mix.draw_mixup(rng, len(images), alpha=self.alpha, p=self.p)
        return mix.mixup(images, **drawn), mix.mixed_labels(labels, **drawn)


@dataclass(frozen=True, kw_only=True)
class CutMix(BatchTransform):
    """A box of each image taken from another of the batch, and the labels mixed by what area each has."""

    alpha: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        _keep_alpha(self)

    def mixed(self, images, labels, rng):
        drawn = mix.draw_cutmix(rng, images.shape, alpha=self.alpha, p=self.p)
        shares = mix.box_shares(images.shape, boxes=drawn["boxes"])
        return mix.cutmix(images, **drawn), mix.mixed_labels(labels, partners=drawn["partners"], shares=shares)


def _keep_alpha(transform):
    owner = type(transform).__name__
    alpha = ranges.number(owner, "alpha", transform.alpha, low=0)
    if alpha == 0:
        raise ArgumentError(f"{owner}: expected alpha above 0, got {transform.alpha!r}; to leave it out, take p=0.")
    transform.keep(alpha=alpha)
