"""Mixing the images of a batch (B, H, W, C), uint8 or float32, and their labels (B, K). Draw first, then apply."""

import numpy as np


def draw_mixup(rng, count, *, alpha, p=1.0):
    """{"partners": int (B,), "shares": float32 (B,)}: with whom each of `count` images is mixed, and its own share.

    Shares are Beta(alpha, alpha), one an image (as in Keras; the paper's code draws one a batch); 1 where an image is
    left alone, which happens with probability 1 - p. Zhang et al. 2017, equation 2.
    """
    partners = rng.permutation(count)
    shares = rng.beta(alpha, alpha, count).astype(np.float32)
    shares[rng.random(count) >= p] = 1.0
    return {"partners": partners, "shares": shares}


def draw_cutmix(rng, shape, *, alpha, p=1.0):
    """{"partners": int (B,), "boxes": int (B, 4)}: with whom, and which box (top, left, bottom, right) comes from it.

    shape: (B, H, W, C). The box has the image's form and the part 1 - Beta(alpha, alpha) of its area, its middle is any
    pixel, and what reaches over the edge is cut: Yun et al. 2019, equation 2. It is empty with probability 1 - p.
    """
    count, height, width = shape[:3]
    partners = rng.permutation(count)
    side = np.sqrt(1.0 - rng.beta(alpha, alpha, count))
    tall, wide = (height * side).astype(int), (width * side).astype(int)
    top, left = rng.integers(height, size=count) - tall // 2, rng.integers(width, size=count) - wide // 2
    boxes = np.stack([top.clip(0), left.clip(0), (top + tall).clip(0, height), (left + wide).clip(0, width)], axis=1)
    boxes[rng.random(count) >= p] = 0
    return {"partners": partners, "boxes": boxes}


def mixup(images, *, partners, shares):
    """share * image + (1 - share) * partner; uint8 comes out rounded."""
    shares = shares.astype(np.float32)[:, None, None, None]
    mixed = shares * images + (1 - shares) * images[partners]
    return np.rint(mixed).astype(np.uint8) if images.dtype == np.uint8 else mixed


def cutmix(images, *, partners, boxes):
    """The images, each with its box cut out of its partner."""
    result = images.copy()
    for index, (partner, (top, left, bottom, right)) in enumerate(zip(partners, boxes, strict=True)):
        result[index, top:bottom, left:right] = images[partner, top:bottom, left:right]
    return result


def box_shares(shape, *, boxes):
    """What is left of each image (B, H, W, C) outside its box, as a part of its area: float32 (B,)."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return (1 - areas / (shape[1] * shape[2])).astype(np.float32)


def mixed_labels(labels, *, partners, shares):
    """share * label + (1 - share) * partner's label, float32 (B, K); the images' own mixing does not enter."""
    labels = np.asarray(labels, np.float32)
    return shares[:, None] * labels + (1 - shares)[:, None] * labels[partners]
