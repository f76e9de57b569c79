"""ImageDataGenerator after its random changes: own function, rescale, centre, deviation, whitening."""

import dataclasses
from collections.abc import Callable

import numpy as np
import torch

from anmok.errors import DataError, NotBuiltError, ShapeError

_EPSILON = 1e-6  # Keras adds it to deviations


@dataclasses.dataclass(frozen=True)
class Standardization:
    """The steps that are wanted, carried out in this order; ImageDataGenerator's arguments of these names."""

    preprocessing_function: Callable | None = None
    rescale: float | None = None
    samplewise_center: bool = False
    samplewise_std_normalization: bool = False
    featurewise_center: bool = False
    featurewise_std_normalization: bool = False
    zca_whitening: bool = False
    zca_epsilon: float = 1e-6

    @property
    def learns(self):
        """The name of the first step that needs the training images' statistics, or None."""
        steps = ("zca_whitening", "featurewise_std_normalization", "featurewise_center")
        return next((step for step in steps if getattr(self, step)), None)

    def apply(self, images, learned, *, owned=False):
        """float32 (B, H, W, C) of images (B, H, W, C). learned: the Learned statistics.

        owned: whether float32 images may be written to; else the result has memory of its own.
        """
        self._require(learned)
        images = self._started(images, owned)
        if self.samplewise_center:
            images -= images.mean(axis=(1, 2, 3), keepdims=True)
        if self.samplewise_std_normalization:
            images /= images.std(axis=(1, 2, 3), keepdims=True) + _EPSILON
        if self.learns:
            images = self._featurewise(images, learned)
        return images

    def _require(self, learned):
        for step, statistic, attribute in (
            ("featurewise_center", "mean", "mean"),
            ("featurewise_std_normalization", "deviation", "std"),
            ("zca_whitening", "whitening", "zca_whitening_matrix"),
        ):
            if getattr(self, step) and getattr(learned, statistic) is None:
                raise NotBuiltError(
                    f"ImageDataGenerator: {step}=True needs the training images' statistics, which nobody has given it "
                    f"yet. Call fit(x_train) on this generator before its flows are read, or set its {attribute}."
                )

    def _started(self, images, owned):
        """After the steps that are there most often: own function and rescale."""
        if self.preprocessing_function is not None:
            images, owned = np.stack([self._own(image) for image in images]), True
        factor = self.rescale or 1
        if images.dtype == np.uint8:
            # torch casts and multiplies several times faster than NumPy.
            tensor = torch.from_numpy(np.ascontiguousarray(images)).to(torch.float32)
            return (tensor.mul_(factor) if factor != 1 else tensor).numpy()
        if owned and images.dtype == np.float32:
            return images if factor == 1 else np.multiply(images, np.float32(factor), out=images)
        return np.multiply(images, np.float32(factor), dtype=np.float32)

    def _own(self, image):
        result = np.asarray(self.preprocessing_function(image.astype(np.float32)))
        if result.shape != image.shape:
            raise ShapeError(
                f"preprocessing_function: expected an image of the shape it was given, {image.shape}, got "
                f"{result.shape}. Change the size with target_size instead."
            )
        return result

    def _featurewise(self, images, learned):
        if self.featurewise_center:
            images = images - _fitting(learned.mean, images, "mean")
        if self.featurewise_std_normalization:
            images = images / (_fitting(learned.deviation, images, "std") + _EPSILON)
        if self.zca_whitening:
            flat = images.reshape(len(images), -1)
            if flat.shape[1] != len(learned.whitening):
                raise ShapeError(
                    f"zca_whitening: fit saw images of {len(learned.whitening)} numbers, these have {flat.shape[1]} "
                    f"(shape {images.shape[1:]}). Give fit images of the size that the flow gives."
                )
            images = (flat @ learned.whitening).reshape(images.shape)
        return images

    def learn(self, images):
        """The Learned statistics of images float32 (N, H, W, C), which are already rescaled and are not kept."""
        if not np.isfinite(images.sum(dtype=np.float64)):
            raise DataError("fit: the images hold NaN or infinite values; their statistics would be NaN too.")
        mean = deviation = whitening = None
        if self.featurewise_center:
            mean = images.mean(axis=(0, 1, 2), keepdims=True)[0]
            images = images - mean
        if self.featurewise_std_normalization:
            deviation = images.std(axis=(0, 1, 2), keepdims=True)[0]
            images = images / (deviation + _EPSILON)
        if self.zca_whitening:
            count = len(images)
            # As in Keras: the directions of the pixels, each divided by its deviation over the images.
            directions, sizes, _ = np.linalg.svd(images.reshape(count, -1).T, full_matrices=False)
            whitening = (directions * (np.sqrt(count) / (sizes + self.zca_epsilon))) @ directions.T
        return Learned(mean, deviation, whitening)


@dataclasses.dataclass(frozen=True)
class Learned:
    """Statistics of training images: mean, deviation (1, 1, C), whitening (H*W*C, H*W*C); None if unused."""

    mean: np.ndarray | None = None
    deviation: np.ndarray | None = None
    whitening: np.ndarray | None = None


def _fitting(statistic, images, name):
    statistic = np.asarray(statistic, np.float32)
    try:
        np.broadcast_shapes(statistic.shape, images.shape)
    except ValueError:
        raise ShapeError(
            f"featurewise normalisation: the {name} has shape {statistic.shape}, the images {images.shape[1:]}. "
            "Give fit images with the channels that the flow gives."
        ) from None
    return statistic
