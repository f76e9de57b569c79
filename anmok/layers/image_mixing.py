"""Layers that mix the images of a batch in training, and their labels: MixUp and CutMix, as in Keras."""

import numpy as np
import torch

from anmok.errors import DataError
from anmok.layers.augmentation import AugmentationLayer, per_image, uniform
from anmok.layers.random_filters import bounds, within
from anmok.layers.registered import add
from anmok.layers.spans import from_zero, number, span


class _MixingLayer(AugmentationLayer):
    """Mixes each image with another of the batch; `weights` (B,) is what the image itself counts in the labels.

    Labels are mixed where the layer is called on a dict of "images" and "labels" (one-hot, or numbers to be measured).
    """

    def apply_to_labels(self, labels, *, weights, partners, **_):
        if labels.dim() < 2 and not labels.is_floating_point():
            raise DataError(
                f"{type(self).__name__} '{self.name}': numbers of classes cannot be mixed; labels must be one-hot, "
                f"(batch, classes), got shape {tuple(labels.shape)}: to_categorical(labels, num_classes)."
            )
        labels = labels if labels.is_floating_point() else labels.to(torch.float32)
        return mixed(labels, partners, weights.to(labels.dtype).view(-1, *(1,) * (labels.dim() - 1)))


def mixed(values, partners, weights):
    """values * weights + values[partners] * (1 - weights); weights broadcast."""
    return values * weights + values[partners] * (1 - weights)


@add
class MixUp(_MixingLayer):
    """In training lays over each image another of the batch, as in Keras (Zhang et al. 2018).

    alpha: the image's own weight is drawn from Beta(alpha, alpha). Called on images alone, labels stay as they are.
    """

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.alpha = number("MixUp", "alpha", alpha, least=1e-6)

    def draw(self, rng, shape):
        """partners: (B,), which image is laid over. weights: (B,) of the images themselves."""
        partners = rng.permutation(shape[0])
        return {"partners": partners, "weights": rng.beta(self.alpha, self.alpha, shape[0])}

    def apply(self, images, *, partners, weights):
        return mixed(images, partners, per_image(weights))

    def apply_to_masks(self, masks, *, partners, weights):
        masks = masks if masks.is_floating_point() else masks.to(torch.float32)
        return mixed(masks, partners, per_image(weights))


@add
class CutMix(_MixingLayer):
    """In training puts into each image a rectangle of another of the batch, as in Keras (Yun et al. 2019).

    factor: alpha of the distribution Beta(alpha, alpha) of the part that stays, drawn for the batch from (0, factor) or
    (lower, upper). A single image stays as it is. Called on images alone, labels stay as they are.
    """

    def __init__(self, factor=1.0, seed=None, data_format=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = span("CutMix", "factor", factor, within=(0, 1), alone=from_zero)

    def draw(self, rng, shape):
        """partners: (B,). weights: (B,), the part that stays. left, right, top, bottom: (B,) in pixels."""
        batch, height, width, _ = shape
        alpha = float(uniform(rng, self.factor)) + 1e-6
        sizes = np.sqrt(1 - rng.beta(alpha, alpha, batch))
        left, right = bounds(rng, sizes, width)
        top, bottom = bounds(rng, sizes, height)
        weights = 1 - (right - left) * (bottom - top) / (width * height)
        box = {"left": left, "right": right, "top": top, "bottom": bottom}
        return {"partners": rng.permutation(batch), "weights": weights, **box}

    def apply(self, images, *, partners, weights, **box):
        return torch.where(within(images, **box), images[partners], images)

    apply_to_masks = apply
