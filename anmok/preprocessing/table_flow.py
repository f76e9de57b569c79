"""ImageDataGenerator.flow_from_dataframe: batches of the image files that a table lists."""

import os

import numpy as np
import pandas as pd

from anmok.data.lookup import Lookup
from anmok.data.samples import Samples, Skipped
from anmok.data.tables import column_of, read_csv, typed
from anmok.errors import ArgumentError, DataError, MissingFileError
from anmok.images.resize import image_size
from anmok.notices import once
from anmok.preprocessing.file_flow import (
    FileIterator,
    check_class_count,
    one_hot,
    require_class_mode,
    require_generators,
    say_found,
)
from anmok.preprocessing.flow import part_of, saver

_WITH_CLASSES = ("binary", "categorical", "sparse")
_SHOWN = 5


class DataFrameIterator(FileIterator):
    """Batches of the images that a DataFrame (or the path of a CSV) lists (as in Keras).

    x_col: names of files, found as data.lookup says. y_col: a column, or a list of them for class_mode 'raw' and
    'multi_output'. class_mode: y is 'categorical' (one-hot rows; of a column of lists, a 1 for each label), 'binary' or
    'sparse' (class numbers), 'raw' (the column's numbers; of several columns (B, K), for multi-label tables),
    'multi_output' (a list of arrays), 'input' (the images) or None. weight_col: numbers, given along as sample weights.
    validate_filenames: False to believe that every file is there and is an image.
    """

    allowed_class_modes = ("binary", "categorical", "input", "multi_output", "raw", "sparse", None)

    def __init__(
        self,
        dataframe,
        directory=None,
        image_data_generator=None,
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
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
        dtype=None,
        validate_filenames=True,
        on_error="skip",
        **more,
    ):
        require_class_mode(class_mode, self.allowed_class_modes)
        image_size(target_size)
        require_generators(image_data_generator, data_format, dtype)
        frame, home = _frame(dataframe, x_col)
        self.directory = directory or ""
        self.class_mode = class_mode
        names = _names(frame, x_col)
        frame, labels, class_names = _labelled(frame, y_col, class_mode, classes)
        names = names.loc[frame.index]
        weights = _weights(frame, weight_col)
        found = _on_disk(names.tolist(), directory, home, weights, x_col, validate_filenames, on_error)
        # As in Keras the parts are cut after what is not there was left out, and before damage is looked for.
        first, last = part_of(subset, image_data_generator.validation_split, len(found.kept))
        rows = found.kept[first:last]
        samples = found.samples.take(np.arange(first, last))
        if validate_filenames:
            readable = samples.readable(on_error=on_error)
            paths = set(readable.paths)
            rows = [row for row, path in zip(rows, samples.paths, strict=True) if path in paths]
            samples = readable
        self._labels = _taken(labels, rows)
        if class_names is not None:
            self.class_indices = {name: number for number, name in enumerate(class_names)}
            self.num_classes = len(class_names)
        validated = "validated" if validate_filenames else "non-validated"
        belonging = f" belonging to {len(class_names)} classes" if class_names is not None else ""
        say_found(f"Found {len(samples)} {validated} image filenames{belonging}.", samples.skipped)
        super().__init__(
            samples,
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
        """The class number of each image (a list of them where it has several labels), in the order of `filenames`."""
        return [self._labels[row] for row in self._rows()] if self.class_mode in _WITH_CLASSES else None

    @property
    def labels(self):
        """What each image's y is made of: `classes`, or the columns' values."""
        return self.classes if self.class_mode in _WITH_CLASSES else _taken(self._labels, self._rows())

    @property
    def sample_weight(self):
        """float32 (n,) of weight_col, or None."""
        return None if self._samples.weights is None else self._samples.weights[self._rows()]

    def _targets(self, rows):
        if self.class_mode == "categorical":
            return one_hot([self._labels[row] for row in rows], self.num_classes, self.dtype)
        if self.class_mode in ("binary", "sparse"):
            return np.array([self._labels[row] for row in rows], self.dtype)
        return _taken(self._labels, rows)


def _taken(labels, rows):
    if labels is None:
        return None
    if isinstance(labels, np.ndarray):
        return labels[rows]
    if labels and isinstance(labels[0], np.ndarray):  # multi_output
        return [column[rows] for column in labels]
    return [labels[row] for row in rows]


def _frame(table, x_col):
    """(DataFrame with rows numbered from 0, folder of the CSV or None)."""
    if isinstance(table, (str, os.PathLike)):
        frame = read_csv(table)
        others = [name for name in frame.columns if name != x_col]
        return frame.assign(**{name: typed(frame[name]) for name in others}), os.path.dirname(os.path.abspath(table))
    if not isinstance(table, pd.DataFrame):
        raise ArgumentError(f"dataframe: expected a pandas DataFrame or the path of a CSV, got {type(table).__name__}.")
    if not len(table):
        raise DataError("The table has no rows.")
    return table.reset_index(drop=True), None


def _names(frame, x_col):
    column = column_of(frame, x_col)
    wrong = [value for value in column if not isinstance(value, (str, os.PathLike))]
    if wrong:
        raise DataError(f"x_col={x_col!r}: all values must be names of files (text), got {wrong[0]!r}.")
    return column.map(os.fspath)


def _weights(frame, weight_col):
    if weight_col is None:
        return None
    column = column_of(frame, weight_col)
    if column.dtype.kind not in "biuf":
        raise DataError(f"weight_col={weight_col!r}: numbers expected, the column holds {column.iloc[0]!r}.")
    return column.to_numpy(np.float32)


def _labelled(frame, y_col, class_mode, classes):
    """(rows that have a label, their labels, class names or None)."""
    if class_mode in ("input", None):
        _refuse_classes(classes, class_mode)
        return frame, None, None
    if class_mode in _WITH_CLASSES:
        return _classified(frame, y_col, class_mode, classes)
    _refuse_classes(classes, class_mode)
    if class_mode == "multi_output":
        if not isinstance(y_col, (list, tuple)):
            raise ArgumentError(f"class_mode='multi_output': expected y_col to be a list of columns, got {y_col!r}.")
        return frame, [np.array(column_of(frame, name).tolist()) for name in y_col], None
    return frame, _numbers(frame, y_col), None


def _refuse_classes(classes, class_mode):
    if classes:
        once(("classes unused", class_mode), f"classes is of no use with class_mode={class_mode!r}.")


def _numbers(frame, y_col):
    several = isinstance(y_col, (list, tuple))
    columns = [column_of(frame, name) for name in (y_col if several else [y_col])]
    for column in columns:
        try:
            numbers = pd.to_numeric(column)
        except (ValueError, TypeError):
            example = next(value for value in column if not isinstance(value, (int, float)))
            raise DataError(
                f"class_mode='raw' gives y_col's values as they are, which must be numbers; {column.name!r} holds "
                f"{example!r}. For names of classes use class_mode='categorical' or 'sparse'."
            ) from None
        if numbers.isna().any():
            raise DataError(f"y_col={column.name!r}: row {int(numbers.isna().to_numpy().argmax()) + 1} has no value.")
    values = [pd.to_numeric(column).to_numpy() for column in columns]
    values = np.stack(values, axis=1) if several else values[0]
    return values.astype(np.float32) if values.dtype.kind == "f" else values


def _classified(frame, y_col, class_mode, classes):
    if isinstance(y_col, (list, tuple)):
        raise DataError(
            f"class_mode={class_mode!r} takes one column of class names; y_col lists {len(y_col)}. For columns of 0 "
            "and 1 (several labels an image) use class_mode='raw'."
        )
    column = column_of(frame, y_col)
    _check_labels(column, class_mode)
    # Whole numbers are names of classes too; several names make a list.
    labels = [_as_labels(value) for value in column]
    if classes:
        names = list(dict.fromkeys(classes))
        labels = [[label for label in held if label in names] for held in labels]
        kept = [row for row, held in enumerate(labels) if held]
        if not kept:
            raise DataError(
                f"classes={names}: no row of y_col={y_col!r} has one of them; it has "
                f"{', '.join(map(repr, sorted(set(map(str, column)))[:_SHOWN]))}."
            )
        frame, labels = frame.iloc[kept], [labels[row] for row in kept]
    else:
        names = sorted({label for held in labels for label in held})
    check_class_count(class_mode, names)
    numbers = {name: number for number, name in enumerate(names)}
    found = [[numbers[label] for label in held] for held in labels]
    is_listed = [isinstance(value, (list, tuple)) for value in column.loc[frame.index]]
    # A row with one name has a number, a row with a list of names a list of numbers.
    return frame, [held if listed else held[0] for held, listed in zip(found, is_listed, strict=True)], names


def _as_labels(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _check_labels(column, class_mode):
    allowed = (str, int, np.integer, bool, np.bool_)
    for row, value in enumerate(column):
        is_list = isinstance(value, (list, tuple))
        if is_list and class_mode != "categorical":
            raise DataError(
                f"class_mode={class_mode!r} takes one label an image; row {row + 1} of {column.name!r} has the list "
                f"{value!r}. Use class_mode='categorical'."
            )
        for label in value if is_list else [value]:
            if not isinstance(label, allowed):
                missing = isinstance(label, float) and np.isnan(label)
                raise DataError(
                    f"y_col={column.name!r}: row {row + 1} "
                    + (
                        "has no label; drop or fill such rows."
                        if missing
                        else f"holds {label!r}; class names expected. "
                    )
                    + ("" if missing else "For numbers to be predicted use class_mode='raw'.")
                )


class _Found:
    """The rows whose files are there: their numbers and their Samples."""

    def __init__(self, kept, samples):
        self.kept, self.samples = kept, samples


def _on_disk(names, directory, home, weights, x_col, validated, on_error):
    root = os.path.abspath(os.path.expanduser(os.fspath(directory))) if directory else home or os.getcwd()
    if not validated:
        paths = [os.path.join(root, name) for name in names]
        return _Found(list(range(len(names))), Samples(paths, names, weights=weights))
    lookup = Lookup([root] if directory or home is None else [root, os.getcwd()])
    known = {name: lookup.find(name) for name in dict.fromkeys(names)}
    gone = [name for name in names if known[name] is None]
    if gone:
        listed = ", ".join(map(repr, gone[:_SHOWN])) + (", ..." if len(gone) > _SHOWN else "")
        message = f"{len(gone)} of the {len(names)} files that x_col={x_col!r} names are not in {root}: {listed}."
        if len(gone) == len(names) or on_error == "raise":
            raise MissingFileError(f"{message} Set `directory` to the folder that the names are relative to.")
        once(("missing files", root, x_col, len(gone)), f"{message} They are left out.")
    kept = [row for row, name in enumerate(names) if known[name] is not None]
    samples = Samples(
        [known[names[row]] for row in kept],
        [names[row] for row in kept],
        weights=None if weights is None else weights[kept],
        skipped=[Skipped(name, "there is no such file") for name in gone],
    )
    return _Found(kept, samples)
