"""ImageDataGenerator.flow: batches out of arrays."""

import numpy as np

from anmok.errors import DataError, ShapeError
from anmok.notices import once
from anmok.preprocessing.flow import Iterator, part_of, saver


class NumpyArrayIterator(Iterator):
    """Batches of arrays, changed and standardised by an ImageDataGenerator (as in Keras).

    x: images (N, H, W, C), or [images, other inputs ...]; uint8 stays uint8 until the batch is made. y, sample_weight:
    (N, ...). A batch is x, (x, y) or (x, y, sample_weight).
    """

    def __init__(
        self,
        x,
        y,
        image_data_generator,
        batch_size=32,
        shuffle=False,
        sample_weight=None,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        ignore_class_split=False,
        dtype=None,
        **threads,
    ):
        self.image_data_generator = image_data_generator
        self.data_format = data_format or image_data_generator.data_format
        self.dtype = dtype or image_data_generator.dtype
        self.subset = subset
        images, others = _split_inputs(x)
        images = _checked(images, self.data_format)
        labels = None if y is None else np.asarray(y)
        weights = None if sample_weight is None else np.asarray(sample_weight)
        named = [("y", labels), ("sample_weight", weights), *((f"x[{i + 1}]", o) for i, o in enumerate(others))]
        for name, array in named:
            if array is not None and (array.ndim == 0 or len(array) != len(images)):
                raise DataError(
                    f"flow: x has {len(images)} images, {name} has shape {array.shape}. Each image needs one entry."
                )
        first, last = part_of(subset, image_data_generator.validation_split, len(images))
        if subset is not None and labels is not None and not ignore_class_split:
            _require_same_classes(labels, first if first else last)
        self.x = images[first:last]
        self.x_misc = [other[first:last] for other in others]
        self.y = None if labels is None else labels[first:last]
        self.sample_weight = None if weights is None else weights[first:last]
        self._save = saver(save_to_dir, save_prefix, save_format, self.data_format)
        super().__init__(len(self.x), batch_size, shuffle, seed, **threads)

    @property
    def image_shape(self):
        """(H, W, C) of one image, or (C, H, W) under channels_first."""
        return self.x.shape[1:]

    @property
    def gives_the_same_anew(self):
        """Whether an image is the same in every pass."""
        return self._save is None and self.image_data_generator.gives_the_same_anew(self.subset)

    def _make(self, rows, rng):
        labels = None if self.y is None else self.y[rows]
        images, labels = self.image_data_generator.batch(
            [self.x[row] for row in rows], labels, rng, augment=self.subset != "validation"
        )
        if self._save is not None:
            self._save(images, rows, rng)
        inputs = [images, *(other[rows] for other in self.x_misc)] if self.x_misc else images
        if labels is None:
            return inputs
        return (inputs, labels) if self.sample_weight is None else (inputs, labels, self.sample_weight[rows])


def _split_inputs(x):
    """(images, other inputs) of x, which in Keras is images or [images, other input or list of them]."""
    if not isinstance(x, (tuple, list)) or not hasattr(x[0], "ndim") or x[0].ndim < 4:
        return x, []
    others = x[1] if len(x) == 2 and isinstance(x[1], list) else x[1:]
    return x[0], [np.asarray(other) for other in others]


def _checked(x, data_format):
    """`x` as images uint8 or float32 of four axes."""
    try:
        images = np.asarray(x)
    except ValueError:
        images = np.array(None)
    if images.dtype.kind not in "biuf":
        raise DataError(
            "flow: expected x to be one array of numbers (N, H, W, C); images of different sizes cannot be one. "
            "Resize them first, or keep them in folders and use flow_from_directory(target_size=...)."
        )
    if images.ndim != 4:
        hint = ""
        if images.ndim == 3:
            hint = " Grey images need their channel axis, images[..., None]; one image alone a batch axis, image[None]."
        raise ShapeError(f"flow: expected images (N, H, W, C), of four axes, got {images.shape}.{hint}")
    if not len(images):
        raise DataError(f"flow: there is no image in x (shape {images.shape}).")
    channels = images.shape[3 if data_format == "channels_last" else 1]
    if channels not in (1, 3, 4):
        other = "channels_first" if data_format == "channels_last" else "channels_last"
        once(
            ("channels", channels, data_format),
            f"flow: x of shape {images.shape} has {channels} channels in the format {data_format!r}; images have 1, 3 "
            f"or 4. If its axes are in the other order, pass data_format={other!r} to ImageDataGenerator.",
        )
    return images if images.dtype == np.uint8 else images.astype(np.float32, copy=False)


def _require_same_classes(labels, edge):
    before, after = np.unique(labels[:edge]), np.unique(labels[edge:])
    if not np.array_equal(before, after):
        raise DataError(
            f"flow: with this validation_split the first {edge} samples hold the classes {_shown(before)}, the others "
            f"{_shown(after)}. If the arrays are sorted by class, shuffle x and y together first."
        )


def _shown(values):
    return f"{', '.join(map(str, values[:10]))}{', ...' if len(values) > 10 else ''}"
