"""The layer behind the layers that change images at random while a model trains."""

import contextlib
import operator
import zlib

import numpy as np
import torch

from anmok.errors import ArgumentError, ShapeError
from anmok.layers.data_layer import DataLayer
from anmok.layers.spatial import SpatialLayer
from anmok.layers.symbolic import KerasTensor
from anmok.random import layer_generator


class AugmentationLayer(DataLayer, SpatialLayer):
    """Changes images (B, H, W, C), or one image (H, W, C), in training; gives them back as they are otherwise.

    Pixels may be whole numbers or floating point; they come out in the layer's own format (float32). A dict with
    "images", and with "labels" and "segmentation_masks" if there are any, is changed alike, as in Keras.

    A subclass writes two functions. `draw(rng, shape)` gives a dict of NumPy arrays, one draw for every image of a
    batch of that shape (B, H, W, C). `apply(images, **drawn)` is pure: images (B, C, H, W) and the draws, as tensors.

    Draws come from the master seed, or from `seed`; within a step of `fit` they depend on (seed, epoch, step) alone.
    Called outside a model without `training=`, the layer augments, as in Keras; in a model it does as the model does.
    """

    seed = None

    def __init__(self, *, seed=None, data_format=None, bounding_box_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.seed = _checked_seed(type(self).__name__, seed)
        if bounding_box_format is not None:
            raise ArgumentError(
                f"{type(self).__name__}: bounding boxes are not changed along with images here, so bounding_box_format "
                f"must be None; got {bounding_box_format!r}."
            )

    # What subclasses write ----------------------------------------------------------------------------------------

    def draw(self, rng, shape):
        """What is random about a batch of that shape (B, H, W, C): a dict of NumPy arrays."""
        return {}

    def apply(self, images, **drawn):
        """Images (B, C, H, W) in floating point, changed as was drawn."""
        raise ArgumentError(f"{type(self).__name__} needs a method apply(self, images, **drawn).")

    def at_rest(self, images):
        """What images (B, C, H, W) become where the layer does not augment."""
        return images

    def apply_to_labels(self, labels, **drawn):
        return labels

    def apply_to_masks(self, masks, **drawn):
        """Segmentation masks (B, C, H, W) of any type, moved as the images are."""
        return masks

    def masks_at_rest(self, masks):
        return masks

    # Calling ------------------------------------------------------------------------------------------------------

    def build(self, input_shape):
        shape = self._checked(input_shape)["images"] if isinstance(input_shape, dict) else input_shape
        # Of unbatched images the first axis, which is no batch, has become None.
        if not isinstance(shape, (tuple, list)) or len(shape) != 3:
            self.check_rank(shape)

    def _call_symbolically(self, args, kwargs, training):
        images = args[0].get("images") if args and isinstance(args[0], dict) else args[0] if args else None
        if isinstance(images, KerasTensor) and images.shape[:1] == (None,):
            # Three axes of which the first is the batch are no image.
            self.check_rank(images.shape)
        return super()._call_symbolically(args, kwargs, training)

    def call(self, data, training=False):
        if isinstance(data, dict):
            return self._changed(self._checked(data), training)
        return self._changed({"images": data}, training)["images"]

    def _checked(self, data):
        owner = f"{type(self).__name__} '{self.name}'"
        if "images" not in data:
            raise ArgumentError(f"{owner}: a dict of data needs the key 'images', got {sorted(data)}.")
        if "bounding_boxes" in data:
            raise ArgumentError(
                f"{owner}: bounding boxes would not be moved along with the images; take 'bounding_boxes' out."
            )
        return data

    def _changed(self, data, training):
        images = data["images"]
        if images.dim() not in (3, 4):
            self.check_rank(tuple(images.shape))
        single = images.dim() == 3
        if single:
            data = {key: value.unsqueeze(0) for key, value in data.items() if key in _KNOWN} | {
                key: value for key, value in data.items() if key not in _KNOWN
            }
        x = self.torch_view(data["images"].to(self._working_dtype()))
        with _full_precision(x.device.type):
            changed = self._at_rest(data, x) if not training or x.is_meta else self._augmented(data, x)
        changed = {**data, **changed}
        if single:
            changed = {key: value.squeeze(0) if key in _KNOWN else value for key, value in changed.items()}
        return changed

    def _at_rest(self, data, x):
        changed = {"images": self._finished(self.at_rest(x))}
        if "segmentation_masks" in data:
            changed["segmentation_masks"] = self.keras_view(self.masks_at_rest(self._masks(data)))
        return changed

    def _augmented(self, data, x):
        drawn = self._drawn(x)
        changed = {"images": self._finished(self.apply(x, **drawn))}
        if "labels" in data:
            changed["labels"] = self.apply_to_labels(data["labels"], **drawn)
        if "segmentation_masks" in data:
            changed["segmentation_masks"] = self.keras_view(self.apply_to_masks(self._masks(data), **drawn))
        return changed

    def _masks(self, data):
        masks = data["segmentation_masks"]
        if masks.dim() != 4:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': segmentation masks need a channel axis as images have: "
                f"masks[..., None]; got shape {tuple(masks.shape)}."
            )
        return self.torch_view(masks)

    def _finished(self, x):
        return self.keras_view(x).to(self.dtype_policy.torch_compute_dtype).contiguous()

    def _working_dtype(self):
        """Coordinates and sums need float32, whatever shorter format the layer hands on."""
        compute = self.dtype_policy.torch_compute_dtype
        return compute if compute.itemsize >= 4 else torch.float32

    # Drawing ------------------------------------------------------------------------------------------------------

    def _drawn(self, x):
        batch, channels, height, width = x.shape
        return on_device(self.draw(self._generator(), (batch, height, width, channels)), x.device)

    def _generator(self):
        if self.seed is None:
            return layer_generator()
        # People give all layers one seed. Flips and angles out of the same numbers would always come together.
        kind = zlib.crc32(type(self).__name__.encode())
        own = layer_generator(self.seed).integers(0, 1 << 32, 4)
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence([kind, *map(int, own)])))

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


_KNOWN = ("images", "labels", "segmentation_masks")


def _checked_seed(owner, seed):
    try:
        if isinstance(seed, bool):
            raise TypeError
        found = None if seed is None else operator.index(seed)
    except TypeError:
        found = -1
    if found is not None and found < 0:
        raise ArgumentError(f"{owner}: seed must be a whole number >= 0, or None; got {seed!r}.")
    return found


def on_device(drawn, device):
    """Draws (arrays, and dicts and lists of them) as tensors there; floating point as float32."""
    if isinstance(drawn, dict):
        return {name: on_device(value, device) for name, value in drawn.items()}
    if isinstance(drawn, list):
        return [on_device(value, device) for value in drawn]
    if not isinstance(drawn, np.ndarray):
        return drawn
    if drawn.dtype == np.float64:
        drawn = drawn.astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(drawn)).to(device, non_blocking=True)


def uniform(rng, bounds, *shape):
    """float64 values of that shape, evenly from bounds (lower, upper)."""
    return rng.uniform(bounds[0], bounds[1], shape)


def chosen(rng, bounds, count):
    """Which of `count` images are changed: bool (count,), each with a probability drawn from `bounds`, as in Keras."""
    return rng.random(count) < uniform(rng, bounds, count)


def per_image(values):
    """(B,) as (B, 1, 1, 1)."""
    return values.view(-1, 1, 1, 1)


def _full_precision(device):
    """Sums over windows would lose pixels' digits under autocast."""
    if device != "meta" and torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return contextlib.nullcontext()
