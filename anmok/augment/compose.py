"""Several transforms as one."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anmok.augment.moving import HorizontalFlip, Move, VerticalFlip
from anmok.augment.transform import BatchTransform, Transform, check_batch, check_image, generator
from anmok.errors import ArgumentError, ShapeError
from anmok.images import moves

_LARGEST_SEED = 2**63


@dataclass(frozen=True)
class _Several(Transform):
    """Holds transforms, draws one seed, and applies what a Generator of that seed draws."""

    transforms: Sequence

    def __post_init__(self):
        super().__post_init__()
        owner = type(self).__name__
        if not isinstance(self.transforms, (list, tuple)):
            raise ArgumentError(f"{owner}: expected a list of transforms, got {self.transforms!r}.")
        for transform in self.transforms:
            _check_transform(owner, transform)
        self.keep(transforms=tuple(self.transforms))

    def __reduce__(self):
        # The steps are functions made on the spot, which cannot be pickled: they are made anew.
        return functools.partial(type(self), p=self.p), (self.transforms,)

    def draw(self, rng, shape):
        """{"seed"}: what the transforms draw follows from it."""
        return {"seed": int(rng.integers(_LARGEST_SEED))}

    def apply(self, image, seed):
        """`image` changed by the transforms, with what a Generator of `seed` draws."""
        return self.in_turn(image, np.random.default_rng(seed))

    def transformed(self, image, rng):
        return image if rng.random() >= self.p else self.in_turn(image, rng)

    def in_turn(self, image, rng):
        """`image` changed by the transforms, whatever p is."""
        raise NotImplementedError


@dataclass(frozen=True)
class Compose(_Several):
    """Transforms one after the other, all of them with probability p.

        augment = Compose([HorizontalFlip(), Affine(rotate=20), ColorJitter(), MixUp()])
        images, labels = augment.batch(images, labels)

    Neighbours that move pixels (flips, Rotate, Translate, Shear, Scale, Affine, of equal fill_mode, cval, order) become
    one move and one warp, so that nothing is interpolated twice and what one pushed out another may bring back.
    A plain function image -> image is a transform too; what it returns must be such an image. MixUp and CutMix need a
    batch and come last.
    """

    def __post_init__(self):
        super().__post_init__()
        mixes = [isinstance(transform, BatchTransform) or _is_mixing(transform) for transform in self.transforms]
        if sorted(mixes) != mixes:
            late = self.transforms[mixes.index(True) + mixes[mixes.index(True) :].index(False)]
            raise ArgumentError(f"Compose: {_name(late)} works on one image and must stand before MixUp and CutMix.")
        split = mixes.index(True) if True in mixes else len(mixes)
        self.keep(per_image=self.transforms[:split], per_batch=self.transforms[split:])
        self.keep(_steps=tuple(_steps(self.per_image)))

    def __call__(self, image, rng=None):
        """One image (H, W, C) changed. Raises ArgumentError if there is a transform that needs a batch."""
        if self.per_batch:
            raise ArgumentError(
                f"Compose: {_name(self.per_batch[0])} mixes the images of a batch: call .batch(images, labels), or "
                ".images_only(image) and .apply_batch(images, labels) one after the other."
            )
        check_image("Compose", image)
        return self.transformed(image, generator("Compose", rng))

    def images_only(self, image, rng=None):
        """One image changed by those transforms that need no batch."""
        check_image("Compose", image)
        return self.transformed(image, generator("Compose", rng))

    def in_turn(self, image, rng):
        for step in self._steps:
            image = step(image, rng)
        return image

    def apply_batch(self, images, labels, rng=None):
        """(images (B, H, W, C), labels (B, K)) mixed by those transforms that need a batch; the others do nothing."""
        rng = generator("Compose", rng)
        if not self.per_batch:
            return images, labels
        for transform in self.per_batch:
            images, labels = transform.apply_batch(images, labels, rng)
        return images, labels

    def batch(self, images, labels, rng=None):
        """(images, labels) of a batch: each image changed, then the batch mixed.

        Without a transform that mixes, labels come out as they went in.
        """
        rng = generator("Compose", rng)
        images = np.asarray(images)
        if images.ndim != 4:
            raise ShapeError(f"Compose: expected images (B, H, W, C), got shape {images.shape}.")
        if self.per_batch:
            check_batch(_name(self.per_batch[0]), images, labels)
        if len(images):
            check_image("Compose", images[0])
        images = stacked([self.transformed(image, rng) for image in images]) if len(images) else images
        return self.apply_batch(images, labels, rng)


@dataclass(frozen=True)
class OneOf(_Several):
    """One of the transforms, each as likely; all for single images, or all for batches (OneOf([MixUp(), CutMix()]))."""

    def __post_init__(self):
        super().__post_init__()
        if not self.transforms:
            raise ArgumentError("OneOf: expected at least one transform, got none.")
        mixes = [isinstance(transform, BatchTransform) for transform in self.transforms]
        if any(mixes) and not all(mixes):
            raise ArgumentError("OneOf: expected transforms of single images or transforms of batches, got both.")
        self.keep(is_mixing=all(mixes))
        self.keep(_steps=() if self.is_mixing else tuple(_step(transform) for transform in self.transforms))

    def __call__(self, image, rng=None):
        if self.is_mixing:
            return self.transforms[0](image, rng)
        return super().__call__(image, rng)

    def in_turn(self, image, rng):
        return self._steps[rng.integers(len(self._steps))](image, rng)

    def apply_batch(self, images, labels, rng=None):
        """(images, labels) mixed by one of the transforms, with probability p of the whole batch."""
        if not self.is_mixing:
            raise ArgumentError("OneOf: apply_batch needs transforms of batches such as MixUp.")
        rng = generator("OneOf", rng)
        images, labels = check_batch("OneOf", images, labels)
        if rng.random() >= self.p:
            return images, labels
        return self.transforms[rng.integers(len(self.transforms))].apply_batch(images, labels, rng)


def stacked(images):
    """Images (H, W, C) as a batch (B, H, W, C); ShapeError if they differ in size."""
    sizes = {image.shape for image in images}
    if len(sizes) > 1:
        raise ShapeError(f"Compose: a batch needs images of one size, got {sorted(sizes)}. A crop of fixed size helps.")
    return np.stack(images)


def _is_mixing(transform):
    return getattr(transform, "is_mixing", False)


def _name(transform):
    return type(transform).__name__


def _check_transform(owner, transform):
    if isinstance(transform, type):
        raise ArgumentError(f"{owner}: {transform.__name__} is a class, not a transform; write {transform.__name__}().")
    if not callable(transform):
        raise ArgumentError(
            f"{owner}: expected transforms such as Rotate(degrees=20), or functions image -> image; got {transform!r}."
        )
    if isinstance(transform, Compose) and transform.per_batch:
        raise ArgumentError(f"{owner}: a Compose inside may hold no {_name(transform.per_batch[0])}; put that outside.")


def _steps(transforms):
    """Functions (image, rng) -> image; neighbouring moves of one filling are one of them."""
    group = []
    for transform in transforms:
        if group and not _go_together(group, transform):
            yield _one_move(group)
            group = []
        if _is_move(transform):
            group.append(transform)
        else:
            yield _step(transform)
    if group:
        yield _one_move(group)


def _step(transform):
    if isinstance(transform, Transform):
        return transform.transformed
    owner = f"what {getattr(transform, '__name__', transform)} returned"

    def called(image, rng):
        result = transform(image)
        check_image(owner, result)
        return result

    return called


def _is_flip(transform):
    return isinstance(transform, (HorizontalFlip, VerticalFlip))


def _is_move(transform):
    return _is_flip(transform) or (isinstance(transform, Move) and transform.place is not None)


def _go_together(group, transform):
    if not _is_move(transform):
        return False
    fillings = [member.filling for member in (*group, transform) if not _is_flip(member)]
    return all(filling == fillings[0] for filling in fillings)


def _one_move(group):
    """A function (image, rng) -> image that draws each move of `group` in order and moves the pixels once."""
    if len(group) == 1:
        return group[0].transformed
    filling = next((member.filling for member in group if not _is_flip(member)), {})

    def moved(image, rng):
        shape, place = image.shape, moves.STILL
        for member in group:
            if rng.random() < member.p:
                step = member.place(shape, **member.draw(rng, shape))
                place = step if place is moves.STILL else moves.chained(place, step)
        return moves.moved(image, place, **filling)

    return moved
