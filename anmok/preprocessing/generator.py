"""ImageDataGenerator (as in Keras): what is done to images, and the three flows of batches that do it."""

import dataclasses
import numbers
import operator

import numpy as np

from anmok import augment as augment_room
from anmok import defaults, random
from anmok.errors import ArgumentError, DataError, ShapeError
from anmok.images import geometry
from anmok.notices import old_spelling, once
from anmok.preprocessing import arguments
from anmok.preprocessing.array_flow import NumpyArrayIterator
from anmok.preprocessing.file_flow import DirectoryIterator
from anmok.preprocessing.random_changes import RandomChanges
from anmok.preprocessing.standardization import Learned, Standardization
from anmok.preprocessing.table_flow import DataFrameIterator
from anmok.preprocessing.transforms import Ranges

# Keras' attributes of these names: where their values are kept.
_SETTINGS = {
    **{f"{name}_range": ("changes.ranges", name)
       for name in ("rotation", "width_shift", "height_shift", "shear", "zoom", "channel_shift", "brightness")},
    **{name: ("changes.ranges", name) for name in ("horizontal_flip", "vertical_flip")},
    **{name: ("changes", name) for name in ("fill_mode", "cval", "augment")},
    "interpolation_order": ("changes", "order"),
    **{name: ("standardization", name) for name in Standardization.__dataclass_fields__},
}  # fmt: skip


class ImageDataGenerator:
    """Random changes and standardisation of images, in batches without end (as in Keras, every argument).

    Each image is changed at random (rotation_range, shear_range: degrees; width_shift_range, height_shift_range: a
    fraction below 1, pixels, or a list to choose from; zoom_range: a number or a pair; channel_shift_range: grey
    levels; brightness_range: a pair of factors; horizontal_flip, vertical_flip), then standardised (own
    preprocessing_function, rescale, samplewise_* by the image itself, featurewise_* and zca_whitening by the training
    images given to `fit`). fill_mode 'nearest', 'constant' (cval), 'reflect', 'wrap'; interpolation_order 0 to 5.

    All changes of place are composed and made at once. Images stay uint8 until they are standardised. With the same
    seed a flow gives the batches that Keras' gives, with these exceptions: a width shift moves sideways and a height
    shift up and down (Keras has them the other way round), oblong images turn about their middle, and the validation
    subset is not changed at random.

    augment: ours: a transform or a Compose of `anmok.augment`, carried out after the changes above; MixUp too.
    """

    def __init__(
        self,
        featurewise_center=False,
        samplewise_center=False,
        featurewise_std_normalization=False,
        samplewise_std_normalization=False,
        zca_whitening=False,
        zca_epsilon=1e-6,
        rotation_range=0,
        width_shift_range=0.0,
        height_shift_range=0.0,
        brightness_range=None,
        shear_range=0.0,
        zoom_range=0.0,
        channel_shift_range=0.0,
        fill_mode="nearest",
        cval=0.0,
        horizontal_flip=False,
        vertical_flip=False,
        rescale=None,
        preprocessing_function=None,
        data_format=None,
        validation_split=0.0,
        interpolation_order=1,
        dtype=None,
        *,
        augment=None,
        dim_ordering=None,
    ):
        if dim_ordering is not None:
            data_format = arguments.dim_ordering(dim_ordering)
        self.data_format = arguments.choice(
            "data_format", data_format or defaults.image_data_format(), defaults.DATA_FORMATS
        )
        self.dtype = np.dtype(dtype or "float32").name
        if isinstance(interpolation_order, bool) or interpolation_order not in range(6):
            raise ArgumentError(
                f"interpolation_order: expected 0 (nearest), 1 (linear) or a spline's, 2 to 5; got "
                f"{interpolation_order!r}."
            )
        if not isinstance(validation_split, numbers.Real) or not 0 <= validation_split < 1:
            raise ArgumentError(f"validation_split: expected a fraction from 0 to below 1, got {validation_split!r}.")
        self.validation_split = float(validation_split)
        ranges = Ranges(
            rotation=arguments.not_negative("rotation_range", rotation_range),
            width_shift=arguments.shift("width_shift_range", width_shift_range),
            height_shift=arguments.shift("height_shift_range", height_shift_range),
            shear=arguments.not_negative("shear_range", shear_range),
            zoom=arguments.zoom(zoom_range),
            channel_shift=arguments.not_negative("channel_shift_range", channel_shift_range),
            horizontal_flip=bool(horizontal_flip),
            vertical_flip=bool(vertical_flip),
            brightness=None if brightness_range is None else arguments.pair("brightness_range", brightness_range),
        )
        if augment is None and isinstance(preprocessing_function, augment_room.Transform):
            # Called as a plain function it would draw from a stream that all threads share.
            augment, preprocessing_function = preprocessing_function, None
        self.changes = RandomChanges(
            ranges,
            fill_mode=arguments.choice("fill_mode", fill_mode, geometry.FILL_MODES),
            cval=arguments.number("cval", cval),
            order=int(interpolation_order),
            augment=arguments.transform(augment),
        )
        self.standardization = Standardization(
            preprocessing_function=arguments.function(preprocessing_function),
            rescale=None if rescale is None else arguments.number("rescale", rescale),
            samplewise_center=bool(samplewise_center or samplewise_std_normalization),
            samplewise_std_normalization=bool(samplewise_std_normalization),
            # Deviations are about the mean, and whitening divides by them already.
            featurewise_center=bool(featurewise_center or featurewise_std_normalization or zca_whitening),
            featurewise_std_normalization=bool(featurewise_std_normalization and not zca_whitening),
            zca_whitening=bool(zca_whitening),
            zca_epsilon=zca_epsilon,
        )
        self._say_what_was_added(samplewise_center, featurewise_center, featurewise_std_normalization)
        self.learned = Learned()

    def _say_what_was_added(self, samplewise_center, featurewise_center, featurewise_std_normalization):
        steps = self.standardization
        if steps.samplewise_center and not samplewise_center:
            once("samplewise_center", "samplewise_std_normalization centres each image too: samplewise_center is on.")
        if steps.featurewise_center and not featurewise_center:
            once("featurewise_center", f"{steps.learns} centres the images too: featurewise_center is on.")
        if steps.zca_whitening and featurewise_std_normalization:
            once("zca", "zca_whitening takes the place of featurewise_std_normalization, which is off.")

    # Keras' attributes --------------------------------------------------------------------------------------------

    @property
    def mean(self):
        """The training images' mean (1, 1, C), found by `fit` or set by hand; None if there is none."""
        return self._statistic("mean")

    @mean.setter
    def mean(self, value):
        self._set_statistic("mean", value)

    @property
    def std(self):
        """The training images' deviation (1, 1, C), found by `fit` or set by hand; None if there is none."""
        return self._statistic("deviation")

    @std.setter
    def std(self, value):
        self._set_statistic("deviation", value)

    @property
    def zca_whitening_matrix(self):
        """(H*W*C, H*W*C), found by `fit` or set by hand; None if there is none."""
        return self.learned.whitening

    @zca_whitening_matrix.setter
    def zca_whitening_matrix(self, value):
        self.learned = dataclasses.replace(self.learned, whitening=np.asarray(value, np.float32))

    def _statistic(self, name):
        value = getattr(self.learned, name)
        return None if value is None else self._outwards(value)

    def _set_statistic(self, name, value):
        if value is not None:
            value = np.asarray(value, np.float32)
            value = self._inwards(value) if value.ndim == 3 else value.reshape(1, 1, -1)
        self.learned = dataclasses.replace(self.learned, **{name: value})

    def __getattr__(self, name):
        if name not in _SETTINGS or "changes" not in self.__dict__ or "standardization" not in self.__dict__:
            raise AttributeError(f"ImageDataGenerator has no attribute {name!r}.")
        place, field = _SETTINGS[name]
        value = operator.attrgetter(f"{place}.{field}")(self)
        return list(value) if isinstance(value, tuple) else value

    def __setattr__(self, name, value):
        if name in _SETTINGS:
            raise ArgumentError(
                f"{name} cannot be changed afterwards: make another ImageDataGenerator({name}={value!r}, ...)."
            )
        super().__setattr__(name, value)

    # The flows ----------------------------------------------------------------------------------------------------

    def flow(
        self,
        x,
        y=None,
        batch_size=32,
        shuffle=True,
        sample_weight=None,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        ignore_class_split=False,
        subset=None,
        **threads,
    ):
        """Batches of arrays: images x (N, H, W, C), labels y (N, ...), see NumpyArrayIterator."""
        self._note_subset(subset)
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            ignore_class_split=ignore_class_split,
            subset=subset,
            **arguments.of_threads("flow", threads),
        )

    def flow_from_directory(
        self,
        directory,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
        *,
        cache="auto",
        on_error="skip",
        **threads,
    ):
        """Batches of a folder (or zip) with a sub-folder per class, see DirectoryIterator.

        cache, on_error: ours, see FileIterator.
        """
        self._note_subset(subset)
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            cache=cache,
            on_error=on_error,
            **arguments.of_threads("flow_from_directory", threads),
        )

    def flow_from_dataframe(
        self,
        dataframe,
        directory=None,
        x_col="filename",
        y_col="class",
        weight_col=None,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        validate_filenames=True,
        *,
        keep_aspect_ratio=False,
        cache="auto",
        on_error="skip",
        **more,
    ):
        """Batches of the files that a DataFrame (or CSV) lists, see DataFrameIterator.

        cache, on_error: ours, see FileIterator. Keras 2's has_ext, sort and drop_duplicates are understood.
        """
        self._note_subset(subset)
        if class_mode == "other":
            old_spelling("class_mode='other'", "class_mode='raw'")
            class_mode = "raw"
        dataframe, threads = arguments.with_old_arguments(dataframe, x_col, more)
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            validate_filenames=validate_filenames,
            cache=cache,
            on_error=on_error,
            **arguments.of_threads("flow_from_dataframe", threads),
        )

    def _note_subset(self, subset):
        if subset == "validation" and not self.changes.is_still:
            once(
                "validation subset",
                "The validation subset is not changed at random here, only standardised. (Keras changes it too, and so "
                "measures accuracy on distorted images.)",
            )

    # One batch, one image -----------------------------------------------------------------------------------------

    def batch(self, images, labels, rng, *, augment=True, names=None):
        """(images, labels) changed at random and standardised; images as a list of arrays (H, W, C) of one shape.

        labels: what belongs to them, or None; MixUp and its kin mix them too. rng: a NumPy RandomState. augment: False
        to standardise only. names: what errors call the images. The images come back as (B, H, W, C) of `dtype`, or in
        data_format's order; arrays of channels_first images go in so too.
        """
        if self.data_format == "channels_first" and names is None:
            images = [np.moveaxis(image, 0, -1) for image in images]
        if self._has_own_steps():
            return self._one_by_one(images, rng, augment), labels
        if augment and not self.changes.is_still:
            images, labels = self.changes.change(images, labels, rng, names=names)
        else:
            images = np.stack(images)
        images = self.standardization.apply(images, self.learned, owned=True)
        return self._outwards(images).astype(self.dtype, copy=False), labels

    def gives_the_same_anew(self, subset=None):
        """Whether an image comes out the same each time, as far as that is known."""
        function = self.standardization.preprocessing_function
        # Of a function of one's own nobody knows; those of anmok's applications do not draw.
        is_known = function is None or getattr(function, "__module__", "").startswith("anmok.")
        is_unchanged = subset == "validation" or self.changes.is_still
        return is_unchanged and is_known and not self._has_own_steps()

    def _has_own_steps(self):
        """Whether a subclass changes or standardises images its own way."""
        steps = ("get_random_transform", "apply_transform", "standardize")
        return any(getattr(type(self), step) is not getattr(ImageDataGenerator, step) for step in steps)

    def _one_by_one(self, images, rng, augment):
        if self.augment is not None:
            raise ArgumentError("augment does not go together with a subclass that has its own steps; call it there.")
        made = []
        for image in images:
            image = self._outwards(image).astype(self.dtype)
            if augment:
                drawn = self.get_random_transform(image.shape, seed=rng.randint(1 << 31))
                image = self.apply_transform(image, drawn)
            made.append(self.standardize(image))
        return np.stack(made)

    def _outwards(self, images):
        """Channels where data_format has them."""
        if self.data_format == "channels_last":
            return images
        return np.ascontiguousarray(np.moveaxis(images, -1, -3))

    def _inwards(self, images):
        return images if self.data_format == "channels_last" else np.moveaxis(images, -3, -1)

    def get_random_transform(self, img_shape, seed=None):
        """One draw: a dict of theta, tx, ty, shear, zx, zy, flips, channel_shift_intensity, brightness (as in Keras).

        img_shape: of one image. tx: pixels sideways, ty: up and down. seed: an int makes the draw repeat.
        """
        shape = img_shape if self.data_format == "channels_last" else (*img_shape[1:], img_shape[0])
        return self.changes.ranges.draw(_legacy(seed), shape)

    def apply_transform(self, x, transform_parameters):
        """One image with one draw carried out, shape and dtype as they were (as in Keras)."""
        image = self._inwards(arguments.one_image(x))
        changed = self.changes.one(image, transform_parameters)
        return self._outwards(changed)

    def random_transform(self, x, seed=None):
        """One image changed at random (as in Keras)."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    def standardize(self, x):
        """Images (B, H, W, C), or one, standardised (as in Keras: arrays of floats are also overwritten)."""
        images = np.asarray(x)
        if images.ndim not in (3, 4):
            raise ShapeError(f"standardize: expected one image (H, W, C) or several (B, H, W, C), got {images.shape}.")
        batch = self._inwards(images if images.ndim == 4 else images[None])
        batch = self._outwards(self.standardization.apply(batch, self.learned)).astype(self.dtype, copy=False)
        result = batch if images.ndim == 4 else batch[0]
        if images.dtype.kind == "f" and images.flags.writeable:
            images[...] = result
            return images
        return result

    def fit(self, x, augment=False, rounds=1, seed=None):
        """Find the statistics that featurewise_* and zca_whitening need, from training images x (N, H, W, C).

        augment: find them on images changed at random, `rounds` times over. Rescaling comes first.
        """
        images = np.asarray(x)
        if images.ndim != 4 or images.dtype.kind not in "biuf":
            hint = " Grey images need their channel axis: images[..., None]." if images.ndim == 3 else ""
            raise ShapeError(f"fit: expected images (N, H, W, C), got {images.shape} {images.dtype}.{hint}")
        if not len(images):
            raise DataError("fit: there is no image in x.")
        images = np.array(self._inwards(images), np.float32)
        if self.standardization.rescale:
            images *= np.float32(self.standardization.rescale)
        if augment:
            images = self._many_rounds(images, rounds, _legacy(seed))
        self.learned = self.standardization.learn(images)

    def _many_rounds(self, images, rounds, rng):
        ranges, shape = self.changes.ranges, images.shape[1:]
        return np.stack([self.changes.one(image, ranges.draw(rng, shape)) for _ in range(rounds) for image in images])


def _legacy(seed):
    return np.random.RandomState(random.next_seed("transform") % (1 << 32) if seed is None else seed)
