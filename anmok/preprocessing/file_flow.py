"""Batches out of image files: what flow_from_directory and flow_from_dataframe share, and the first of them."""

import threading

import numpy as np

from anmok.data import archives, folders
from anmok.data.cache import DecodedImages
from anmok.data.samples import Skipped
from anmok.errors import ArgumentError, DataError, FileFormatError, MissingFileError, unknown_name
from anmok.images.decode import COLOR_MODES
from anmok.images.resize import check_interpolation, image_size
from anmok.notices import once
from anmok.preprocessing.flow import Iterator, part_of, saver
from anmok.training.sequence import EmptyBatch

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_SHOWN = 5  # names of files that a line gives


class FileIterator(Iterator):
    """Batches of image files, changed and standardised by an ImageDataGenerator.

    samples: the files (data.samples.Samples). cache: where decoded images are kept after their first reading: "auto",
    "memory", "disk" or False, see data.cache.DecodedImages. on_error: "skip" leaves out a file that cannot be read and
    lists it in `skipped`; "raise" stops there.

    Files that are no images are found before the first batch and do not count. Damage inside of a file shows when it
    is decoded: its batch is then one smaller, and from then on `n`, `filenames` and `classes` are without it.
    """

    def __init__(
        self,
        samples,
        image_data_generator,
        *,
        class_mode,
        target_size,
        color_mode,
        batch_size,
        shuffle,
        seed,
        subset,
        interpolation,
        keep_aspect_ratio,
        save,
        cache="auto",
        on_error="skip",
        **threads,
    ):
        if color_mode not in COLOR_MODES:
            raise unknown_name("color_mode", color_mode, COLOR_MODES)
        self.image_data_generator = image_data_generator
        self.data_format, self.dtype = image_data_generator.data_format, image_data_generator.dtype
        self.target_size = image_size(target_size)
        self.color_mode, self.class_mode, self.subset = color_mode, class_mode, subset
        self.interpolation, self.keep_aspect_ratio = check_interpolation(interpolation), bool(keep_aspect_ratio)
        self.on_error = on_error
        self._samples = samples
        self._late = {}  # row: Skipped, of those whose damage showed when they were decoded
        self._late_lock = threading.Lock()
        self._save = save
        self._images = DecodedImages(
            samples.paths,
            size=self.target_size,
            color_mode=color_mode,
            interpolation=interpolation,
            keep_aspect_ratio=self.keep_aspect_ratio,
            store=cache,
        )
        super().__init__(len(samples), batch_size, shuffle, seed, **threads)

    # What there is ------------------------------------------------------------------------------------------------

    @property
    def image_shape(self):
        """(H, W, C) of one image, or (C, H, W) under channels_first."""
        channels = _CHANNELS[self.color_mode]
        return (*self.target_size, channels) if self.data_format == "channels_last" else (channels, *self.target_size)

    @property
    def skipped(self):
        """What was left out: (name, reason) of each."""
        return self._samples.skipped + tuple(self._late[row] for row in sorted(self._late))

    @property
    def n(self):
        return len(self._samples) - len(self._late)

    samples = n

    @property
    def filenames(self):
        """The files' names, as the folder or the table has them, in the order of an unshuffled pass."""
        return [self._samples.names[row] for row in self._rows()]

    @property
    def filepaths(self):
        """The files' absolute paths, in the order of `filenames`."""
        return [self._samples.paths[row] for row in self._rows()]

    def _rows(self):
        """The rows that can be read, as far as is known."""
        return [row for row in range(len(self._samples)) if row not in self._late]

    # Batches ------------------------------------------------------------------------------------------------------

    @property
    def gives_the_same_anew(self):
        """Whether an image is the same in every pass."""
        return self._save is None and self.image_data_generator.gives_the_same_anew(self.subset)

    def _make(self, rows, rng):
        images, kept = [], []
        for row in rows.tolist():
            try:
                images.append(self._images.read(row))
            except (FileFormatError, MissingFileError) as reason:
                if self.on_error == "raise":
                    raise
                self._leave_out(row, reason)
            else:
                kept.append(row)
        if not kept:
            raise EmptyBatch(f"None of the {len(rows)} images of this batch can be read; `skipped` says why.")
        targets = self._targets(kept)
        images, targets = self.image_data_generator.batch(
            images,
            targets,
            rng,
            augment=self.subset != "validation",
            names=[self._samples.names[row] for row in kept],
        )
        if self._save is not None:
            self._save(images, kept, rng)
        if self.class_mode == "input":
            targets = images.copy()
        if targets is None:
            return images
        weights = self._samples.weights
        return (images, targets) if weights is None else (images, targets, weights[kept])

    def batch_of_rows(self, rows):
        batch = super().batch_of_rows(rows)[1]
        return [row for row in np.asarray(rows).tolist() if row not in self._late], batch

    def _targets(self, rows):
        """What the batch of these rows (a list) has as y; None for nothing, or for the images themselves."""
        return None

    def _leave_out(self, row, reason):
        name = self._samples.names[row]
        with self._late_lock:
            if row in self._late:
                return
            self._late[row] = Skipped(name, " ".join(str(reason).split()))
        once(("left out", self._samples.paths[row]), f"{name} is left out: {reason}")


def one_hot(classes, count, dtype):
    """Rows (B, count) of 0 and 1: of class numbers (B,), or of lists of them."""
    rows = np.zeros((len(classes), count), dtype)
    for row, held in enumerate(classes):
        rows[row, held] = 1
    return rows


def check_class_count(class_mode, names):
    """Look whether there are as many classes as `class_mode` is for."""
    if class_mode == "binary" and len(names) > 2:
        raise DataError(
            f"class_mode='binary' is for two classes; there are {len(names)}: {_listed(names)}. Use 'categorical' with "
            "softmax and categorical_crossentropy, or 'sparse' with sparse_categorical_crossentropy."
        )
    if class_mode in ("binary", "categorical", "sparse") and len(names) == 1:
        once(
            ("one class", names[0]),
            f"All images are of one class, {names[0]!r}: there is nothing to tell apart. One folder (or label) per "
            "class is expected; for images without classes pass class_mode=None.",
        )


def _listed(names):
    return ", ".join(map(repr, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")


def say_found(message, skipped):
    """Print what Keras prints, and what was left out."""
    print(message)
    if skipped:
        lines = "; ".join(f"{name} ({reason})" for name, reason in skipped[:_SHOWN])
        more = f" and {len(skipped) - _SHOWN} more, see .skipped" if len(skipped) > _SHOWN else ""
        print(f"Left out {len(skipped)} file{'s' * (len(skipped) > 1)}: {lines}{more}")


class DirectoryIterator(FileIterator):
    """Batches of a folder that has a sub-folder per class (as in Keras); a zip of such a folder will do.

    class_mode: y is 'categorical' (one-hot rows), 'binary' or 'sparse' (class numbers), 'input' (the images) or None.
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input", None)

    def __init__(
        self,
        directory,
        image_data_generator,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
        dtype=None,
        on_error="skip",
        **more,
    ):
        require_class_mode(class_mode, self.allowed_class_modes)
        image_size(target_size)
        require_generators(image_data_generator, data_format, dtype)
        self.directory = directory
        found = folders.read_folder(archives.opened(directory), classes=classes, follow_links=follow_links)
        if classes is None:
            _look_for_splits(found.classes)
        check_class_count(class_mode, found.classes)
        if subset is not None:
            found = found.take(_part_of_each_class(found, subset, image_data_generator.validation_split))
        found = found.readable(on_error=on_error)
        self.num_classes = len(found.classes)
        self.class_indices = {name: number for number, name in enumerate(found.classes)}
        say_found(f"Found {len(found)} images belonging to {self.num_classes} classes.", found.skipped)
        super().__init__(
            found,
            image_data_generator,
            class_mode=class_mode,
            target_size=target_size,
            color_mode=color_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            save=saver(save_to_dir, save_prefix, save_format, image_data_generator.data_format),
            on_error=on_error,
            **more,
        )

    @property
    def classes(self):
        """The class number of each image, int32 (n,), in the order of `filenames`."""
        return self._samples.labels[self._rows()].astype(np.int32)

    labels = classes

    def _targets(self, rows):
        if self.class_mode == "categorical":
            return one_hot(self._samples.labels[rows], self.num_classes, self.dtype)
        if self.class_mode in ("binary", "sparse"):
            return self._samples.labels[rows].astype(self.dtype)
        return None


def require_class_mode(class_mode, allowed):
    """Raise for a class_mode that the flow does not have."""
    if class_mode not in allowed:
        raise unknown_name("class_mode", class_mode, [str(mode) for mode in allowed])


def require_generators(generator, data_format, dtype):
    """Raise where a flow is asked for another format than its generator's."""
    for name, given in (("data_format", data_format), ("dtype", dtype)):
        if given is not None and given != getattr(generator, name):
            raise ArgumentError(
                f"{name}={given!r}: the generator has {getattr(generator, name)!r}. Give it to ImageDataGenerator."
            )


def _part_of_each_class(found, subset, validation_split):
    """The rows of a subset: of each class the first part is for validation, the rest for training, as in Keras."""
    part_of(subset, validation_split, len(found))
    rows = []
    for label in range(len(found.classes)):
        members = np.flatnonzero(found.labels == label)
        edge = int(validation_split * len(members))
        rows.append(members[:edge] if subset == "validation" else members[edge:])
    rows = np.concatenate(rows)
    if not len(rows):
        raise DataError(
            f"subset={subset!r}: {validation_split} of each class's images leaves none for it. Give more images, or "
            "another validation_split."
        )
    return rows


def _look_for_splits(classes):
    accepted = {name for names in folders.SPLITS.values() for name in names}
    if len(classes) > 1 and all(name.lower() in accepted for name in classes):
        once(
            ("splits as classes", classes),
            f"The class folders are {', '.join(map(repr, classes))}, which look like parts of a data set, not like "
            "classes. Give one flow for each: flow_from_directory('.../train'), flow_from_directory('.../test').",
        )
