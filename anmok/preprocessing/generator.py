"""ImageDataGenerator (as in Keras): what is done to images, and the three flows of batches that do it."""

import numbers

import numpy as np

from anmok import augment as augment_room
from anmok import random
from anmok.errors import AnmokError, ArgumentError, DataError, ShapeError, unknown_name
from anmok.images import geometry
from anmok.notices import old_spelling, once
from anmok.preprocessing import transforms
from anmok.preprocessing.array_flow import NumpyArrayIterator
from anmok.preprocessing.file_flow import DirectoryIterator
from anmok.preprocessing.standardization import Standardization
from anmok.preprocessing.table_flow import DataFrameIterator

_DATA_FORMATS = ("channels_last", "channels_first")


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

    augment: ours: a transform or a Compose of `anmok.augment`, applied after the changes above, also on batches (MixUp).
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
    ):
        self.data_format = _choice("data_format", data_format or "channels_last", _DATA_FORMATS)
        self.dtype = np.dtype(dtype or "float32").name
        self.fill_mode = _choice("fill_mode", fill_mode, geometry.FILL_MODES)
        self.cval = cval
        if isinstance(interpolation_order, bool) or interpolation_order not in range(6):
            raise ArgumentError(
                f"interpolation_order: expected 0 (nearest), 1 (linear) or a spline's, 2 to 5; got "
                f"{interpolation_order!r}."
            )
        self.interpolation_order = int(interpolation_order)
        if not isinstance(validation_split, numbers.Real) or not 0 <= validation_split < 1:
            raise ArgumentError(f"validation_split: expected a fraction from 0 to below 1, got {validation_split!r}.")
        self.validation_split = float(validation_split)
        self.ranges = transforms.Ranges(
            rotation=_not_negative("rotation_range", rotation_range),
            width_shift=_shift("width_shift_range", width_shift_range),
            height_shift=_shift("height_shift_range", height_shift_range),
            shear=_not_negative("shear_range", shear_range),
            zoom=_zoom(zoom_range),
            channel_shift=_not_negative("channel_shift_range", channel_shift_range),
            horizontal_flip=bool(horizontal_flip),
            vertical_flip=bool(vertical_flip),
            brightness=None if brightness_range is None else _pair("brightness_range", brightness_range),
        )
        if augment is None and isinstance(preprocessing_function, augment_room.Transform):
            # Called as a plain function it would draw from a stream that all threads share.
            augment, preprocessing_function = preprocessing_function, None
        self.augment = _transform(augment)
        self.standardization = Standardization(
            preprocessing_function=_function(preprocessing_function),
            rescale=None if rescale is None else _number("rescale", rescale),
            samplewise_center=bool(samplewise_center or samplewise_std_normalization),
            samplewise_std_normalization=bool(samplewise_std_normalization),
            # Deviations are about the mean, and whitening divides by them already.
            featurewise_center=bool(featurewise_center or featurewise_std_normalization or zca_whitening),
            featurewise_std_normalization=bool(featurewise_std_normalization and not zca_whitening),
            zca_whitening=bool(zca_whitening),
            zca_epsilon=zca_epsilon,
        )
        self._say_what_was_added(samplewise_center, featurewise_center, featurewise_std_normalization)
        self.learned = None

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
        """The training images' mean (1, 1, C), after `fit`; None if featurewise_center is off."""
        return self._learned_part("mean")

    @property
    def std(self):
        """The training images' deviation (1, 1, C), after `fit`; None if featurewise_std_normalization is off."""
        return self._learned_part("deviation")

    @property
    def zca_whitening_matrix(self):
        """(H*W*C, H*W*C), after `fit`; None if zca_whitening is off."""
        return self._learned_part("whitening")

    def _learned_part(self, name):
        value = None if self.learned is None else getattr(self.learned, name)
        return value if name == "whitening" or value is None else self._outwards(value)

    def __getattr__(self, name):
        # The arguments under Keras' names: rotation_range, rescale, ...
        if name.startswith("_") or name in ("ranges", "standardization"):
            raise AttributeError(name)
        for settings, field in ((self.ranges, name.removesuffix("_range")), (self.standardization, name)):
            if field in settings.__dataclass_fields__:
                value = getattr(settings, field)
                return list(value) if isinstance(value, tuple) else value
        raise AttributeError(f"ImageDataGenerator has no attribute {name!r}.")

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
            **_of_threads("flow", threads),
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
            **_of_threads("flow_from_directory", threads),
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
        dataframe, threads = _with_old_arguments(dataframe, x_col, more)
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
            **_of_threads("flow_from_dataframe", threads),
        )

    def _note_subset(self, subset):
        if subset == "validation" and not (self.ranges.is_still and self.augment is None):
            once(
                "validation subset",
                "The validation subset is not changed at random here, only standardised. (Keras changes it too, so that "
                "its accuracy is measured on distorted images.)",
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
        if augment and not (self.ranges.is_still and self.augment is None):
            images, labels = self._changed(images, labels, rng, names)
        else:
            images = np.stack(images)
        images = self.standardization.apply(images, self.learned)
        return self._outwards(images).astype(self.dtype, copy=False), labels

    def _changed(self, images, labels, rng, names):
        shape = images[0].shape
        # Splines overshoot, and Keras rounds down before it brightens: both want more than grey levels.
        in_levels = images[0].dtype == np.uint8 and self.interpolation_order < 2 and self.ranges.brightness is None
        changed = np.empty((len(images), *shape), np.uint8 if in_levels else np.float32)
        drawn = None if self.ranges.is_still else self.ranges.draw_many(rng, len(images), shape)
        maps = transforms.maps_of(drawn, *shape[:2]) if self.ranges.moves else None
        place = None if self.augment is None else np.random.Generator(np.random.SFC64(rng.randint(1 << 31)))
        augmented = []
        for i, image in enumerate(images):
            image = image if image.dtype == changed.dtype else image.astype(changed.dtype)
            if drawn is None:
                changed[i] = image
            else:
                self._change(image, drawn, i, maps, out=changed[i])
            if place is not None:
                augmented.append(self._augmented(changed[i], place, names[i] if names else f"image {i} of the batch"))
        if place is None:
            return changed, labels
        images = _stacked(augmented)
        return self.augment.apply_batch(images, labels, place) if self.augment.per_batch else (images, labels)

    def _change(self, image, drawn, i, maps, *, out):
        if maps is not None:
            geometry.warp(
                image, maps[i], fill_mode=self.fill_mode, cval=self.cval, order=self.interpolation_order, out=out
            )
        else:
            down, right = (-1 if drawn[key][i] else 1 for key in ("flip_vertical", "flip_horizontal"))
            out[...] = image[::down, ::right]
        if drawn["channel_shift_intensity"] is not None:
            out[...] = transforms.shift_channels(out, drawn["channel_shift_intensity"][i])
        if drawn["brightness"] is not None:
            out[...] = transforms.brighten(out, drawn["brightness"][i])

    def _augmented(self, image, rng, name):
        try:
            return self.augment.images_only(image, rng)
        except AnmokError:
            raise
        except Exception as reason:
            raise DataError(f"augment failed on {name}: {type(reason).__name__}: {reason}") from reason

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
        return self.ranges.draw(_legacy(seed), shape)

    def apply_transform(self, x, transform_parameters):
        """One image with one draw carried out, shape and dtype as they were (as in Keras)."""
        image = self._inwards(_one_image(x))
        changed = transforms.apply(
            image, transform_parameters, fill_mode=self.fill_mode, cval=self.cval, order=self.interpolation_order
        )
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
        how = {"fill_mode": self.fill_mode, "cval": self.cval, "order": self.interpolation_order}
        shape = images.shape[1:]
        return np.stack(
            [
                transforms.apply(image, self.ranges.draw(rng, shape), **how)
                for _ in range(rounds)
                for image in images
            ]
        )  # fmt: skip


def _legacy(seed):
    return np.random.RandomState(random.next_seed("transform") % (1 << 32) if seed is None else seed)


def _one_image(x):
    image = np.asarray(x)
    if image.ndim != 3:
        hint = " A grey image needs its channel axis: image[..., None]." if image.ndim == 2 else ""
        raise ShapeError(f"Expected one image (H, W, C), got {image.shape}.{hint}")
    return image


def _stacked(images):
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise ShapeError(
            f"augment made images of different sizes, {' and '.join(map(str, sorted(shapes)[:2]))}, which cannot be one "
            "batch. Crop or resize to one size."
        )
    return np.stack(images)


# Arguments looked at where they enter ---------------------------------------------------------------------------------


def _choice(name, value, choices):
    if value not in choices:
        raise unknown_name(name, value, choices)
    return value


def _number(name, value):
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not np.isfinite(value):
        raise ArgumentError(f"{name}: expected a number, got {value!r}.")
    return float(value)


def _not_negative(name, value):
    if _number(name, value) < 0:
        raise ArgumentError(f"{name}: expected 0 or more, got {value!r}. The range goes both ways by itself.")
    return float(value)


def _shift(name, value):
    """A float (fraction or pixels), a whole number n (0 .. n - 1 pixels), or a tuple of values, as Keras has them."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(_not_negative(name, value))
    if isinstance(value, numbers.Real):
        return _not_negative(name, value)
    try:
        values = tuple(_number(name, item) for item in value)
    except TypeError:
        values = ()
    if not values:
        raise ArgumentError(
            f"{name}: expected a fraction of the size such as 0.2, pixels, or a list to choose from; got {value!r}."
        )
    return values


def _pair(name, value):
    try:
        low, high = value
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: expected a pair (lowest, highest) such as (0.5, 1.5), got {value!r}.") from None
    low, high = _not_negative(name, low), _not_negative(name, high)
    if low > high:
        raise ArgumentError(f"{name}: expected the lower number first, got {value!r}.")
    return low, high


def _zoom(value):
    if isinstance(value, numbers.Real):
        amount = _not_negative("zoom_range", value)
        if amount >= 1:
            raise ArgumentError(
                f"zoom_range={value!r} would zoom by factors from {1 - amount:g} to {1 + amount:g}; they must be above "
                "0. Give a number below 1, or a pair such as (0.5, 2.0)."
            )
        return 1 - amount, 1 + amount
    low, high = _pair("zoom_range", value)
    if low == 0:
        raise ArgumentError(f"zoom_range: factors must be above 0, got {value!r}.")
    return low, high


def _function(value):
    if value is not None and not callable(value):
        raise ArgumentError(f"preprocessing_function: expected a function of one image, got {value!r}.")
    return value


def _transform(value):
    if value is None:
        return None
    if isinstance(value, augment_room.Compose):
        return value
    return augment_room.Compose(value if isinstance(value, (list, tuple)) else [value])


def _of_threads(method, given):
    for name in given:
        if name not in ("workers", "use_multiprocessing", "max_queue_size"):
            raise unknown_name(f"argument of {method}", name, ("workers", "use_multiprocessing", "max_queue_size"))
    return given


def _with_old_arguments(dataframe, x_col, more):
    """(the table as Keras 2's arguments want it, what else was given)."""
    more = dict(more)
    more.pop("has_ext", None)  # names without their extension are found anyway
    if more.pop("drop_duplicates", False):
        old_spelling("drop_duplicates=True", "dataframe.drop_duplicates(x_col)", stacklevel=5)
        dataframe = dataframe.drop_duplicates(x_col)
    if more.pop("sort", False):
        old_spelling("sort=True", "dataframe.sort_values(x_col)", stacklevel=5)
        dataframe = dataframe.sort_values(x_col)
    return dataframe, more
