"""RandomHeight and RandomWidth of tf.keras 2: batches of another height or width at every step of training."""

from anmok.layers.arguments import choice
from anmok.layers.augmentation import AugmentationLayer
from anmok.layers.interpolation import INTERPOLATIONS, resize
from anmok.layers.registered import add
from anmok.layers.spans import mirrored, span
from anmok.layers.symbolic import KerasTensor


class _RandomSize(AugmentationLayer):
    keras_module = None  # Keras 3 has no such layer
    axis = None  # of (height, width)

    def __init__(self, factor, interpolation="bilinear", seed=None, data_format=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        owner = type(self).__name__
        self.factor = span(owner, "factor", factor, within=(-1, float("inf")), alone=mirrored)
        self.interpolation = choice(owner, "interpolation", interpolation, INTERPOLATIONS)

    def draw(self, rng, shape):
        """size: pixels, one for the batch; at least 1."""
        lower, upper = self.factor
        return {"size": max(int(rng.uniform(1 + lower, 1 + upper) * shape[1 + self.axis]), 1)}

    def apply(self, images, *, size):
        return self._resized(images, size, self.interpolation)

    def apply_to_masks(self, masks, *, size):
        return self._resized(masks.to(self._working_dtype()), size, "nearest").to(masks.dtype)

    def _resized(self, x, size, interpolation):
        sizes = list(x.shape[2:])
        sizes[self.axis] = size
        return resize(x, height=sizes[0], width=sizes[1], interpolation=interpolation)

    def compute_output_spec(self, inputs, **kwargs):
        if isinstance(inputs, dict):
            return {
                key: self.compute_output_spec(value) if key in ("images", "segmentation_masks") else value
                for key, value in inputs.items()
            }
        shape = list(inputs.shape)
        shape[self._spatial_axes[self.axis] - (4 - len(shape))] = None
        return KerasTensor(shape, self.compute_dtype)


@add
class RandomHeight(_RandomSize):
    """In training resizes each batch to height * (1 + f), f drawn from factor (lower, upper), or (-factor, factor).

    As in tf.keras 2. The height is unknown to the layers after it: pool with GlobalAveragePooling2D, not Flatten.
    """

    axis = 0


@add
class RandomWidth(_RandomSize):
    """In training resizes each batch to width * (1 + f), f drawn from factor (lower, upper), or (-factor, factor).

    As in tf.keras 2. The width is unknown to the layers after it: pool with GlobalAveragePooling2D, not Flatten.
    """

    axis = 1
