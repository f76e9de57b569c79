"""Labels out of the columns of a table."""

import numpy as np
import pandas as pd
from pandas.api import types

from anmok.errors import ArgumentError, DataError, unknown_name

KINDS = ("auto", "classes", "multilabel", "regression")
_SEPARATORS = r"[|;]"


def labels_of(columns, *, kind="auto", classes=None):
    """(labels, kind, class names, {row: why it is left out}) of a dict of name to column (Series of one length).

    What `kind` makes of which columns is said at tables.read_table. Labels of rows left out are 0. Raises DataError
    naming column and rows where a cell is empty or not what the kind needs.
    """
    if kind not in KINDS:
        raise unknown_name("kind of labels", kind, KINDS)
    if classes is not None:
        classes = _checked(classes)
    for name, column in columns.items():
        if len(rows := np.flatnonzero(column.isna().to_numpy())):
            raise DataError(
                f"Column {name!r} has no label in {rows_named(rows)} of {len(column):,}. Fill them in or drop the rows."
            )
    columns = {name: column.infer_objects() for name, column in columns.items()}
    if kind == "auto":
        kind = _kind_of(columns)
    if kind == "regression":
        if classes is not None:
            raise ArgumentError("Labels that are numbers (kind='regression') have no classes; leave classes out.")
        numbers = np.stack([numbers_of(name, column) for name, column in columns.items()], axis=-1)
        return (numbers[:, 0] if len(columns) == 1 else numbers), kind, (), {}
    if len(columns) > 1 or (kind == "multilabel" and _is_numeric(next(iter(columns.values())))):
        return _from_flags(columns, kind, classes)
    ((name, column),) = columns.items()
    return (_lists if kind == "multilabel" else _names)(name, column, classes)


def numbers_of(name, column):
    """A column as float32 (N,); raises DataError naming the rows that hold no finite number."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    if len(rows := np.flatnonzero(~np.isfinite(numbers))):
        raise DataError(
            f"Column {name!r} should hold numbers; it has {_shown(column.iloc[rows[0]])} in row {rows[0] + 1} "
            f"({rows_named(rows)} of {len(column):,} hold none)."
        )
    return numbers.astype(np.float32)


def rows_named(rows):
    """ "rows 3, 7 and 9": row numbers counted from 1 below the header, the first ten, out of indices from 0."""
    numbers = [f"{row + 1:,}" for row in rows[:10]]
    if len(rows) > 10:
        return f"rows {', '.join(numbers)} and {len(rows) - 10:,} more"
    return f"row {numbers[0]}" if len(rows) == 1 else f"rows {', '.join(numbers[:-1])} and {numbers[-1]}"


def _shown(cell):
    return repr(cell.item() if isinstance(cell, np.generic) else cell)


def _kind_of(columns):
    if len(columns) > 1:
        for name, column in columns.items():
            numbers = pd.to_numeric(column, errors="coerce")
            if len(rows := np.flatnonzero(~numbers.isin([0, 1]).to_numpy())):
                raise DataError(
                    f"Several label columns are taken for labels of 0 and 1 each, but {name!r} has "
                    f"{_shown(column.iloc[rows[0]])} in row {rows[0] + 1}. For numbers to predict say "
                    "kind='regression'; for classes name one column."
                )
        return "multilabel"
    (column,) = columns.values()
    if _has_lists(column):
        return "multilabel"
    return "regression" if types.is_float_dtype(column.dtype) else "classes"


def _is_numeric(column):
    return types.is_numeric_dtype(column.dtype) or types.is_bool_dtype(column.dtype)


def _has_lists(column):
    return column.dtype == object and any(
        isinstance(cell, (list, tuple, set, frozenset, np.ndarray)) for cell in column
    )


def _checked(classes):
    if isinstance(classes, (str, bytes)):
        raise ArgumentError(f"Expected a list of class names, got one name: {classes!r}.")
    names = [str(name) for name in classes]
    if not names or len(set(names)) < len(names):
        raise ArgumentError(f"Expected class names that differ from one another, got {names}.")
    return names


def _names(name, column, classes):
    """One class a row: text, whole numbers, True and False; numbers keep the order of numbers."""
    if _has_lists(column):
        raise DataError(
            f"Column {name!r} holds lists of labels; kind='multilabel' reads them, one class a row is wanted."
        )
    codes, unique = pd.factorize(column)
    texts = [_text(value) for value in unique]
    if classes is None:
        order = sorted(range(len(unique)), key=_order(unique, texts))
        classes = list(dict.fromkeys(texts[i] for i in order))
    index = {text: place for place, text in enumerate(classes)}
    labels = np.array([index.get(text, -1) for text in texts] or [0], np.int64)[codes]
    left_out = {
        int(row): f"its label {texts[codes[row]]!r} is not one of the classes asked for"
        for row in np.flatnonzero(labels < 0)
    }
    return np.maximum(labels, 0), "classes", tuple(classes), left_out


def _order(unique, texts):
    numeric = all(isinstance(value, (int, float, np.number, bool, np.bool_)) for value in unique)
    return (lambda i: unique[i]) if numeric else (lambda i: texts[i])


def _text(value):
    # 3.0 in a column of whole numbers that once had holes is class 3.
    return str(int(value)) if isinstance(value, (float, np.floating)) and value == int(value) else str(value)


def _lists(name, column, classes):
    """Several classes a row: lists, or text with | or ; between them; an empty list, or | alone, is none of them."""
    if not _has_lists(column):
        cells = [
            [part.strip() for part in cell if part.strip()]
            for cell in column.astype(str).str.split(_SEPARATORS, regex=True)
        ]
    else:
        cells = [[str(cell)] if isinstance(cell, (str, int)) else [str(part) for part in cell] for cell in column]
    if classes is None:
        classes = sorted({label for cell in cells for label in cell})
        if not classes:
            raise DataError(f"Column {name!r} has no label in any row.")
    index = {label: place for place, label in enumerate(classes)}
    labels, left_out = np.zeros((len(cells), len(classes)), np.float32), {}
    for row, cell in enumerate(cells):
        known = [index[label] for label in cell if label in index]
        labels[row, known] = 1
        if cell and not known:
            left_out[row] = f"none of its labels {', '.join(map(repr, cell))} is one of the classes asked for"
    return labels, "multilabel", tuple(classes), left_out


def _from_flags(columns, kind, classes):
    """A column per class, 0 or 1 in each; for kind "classes" exactly one 1 a row."""
    names = [str(name) for name in columns]
    if classes is not None and sorted(classes) != sorted(names):
        raise ArgumentError(
            f"With a column per class the columns are the classes ({', '.join(names)}); classes={classes} are others."
        )
    flags = np.stack([numbers_of(name, column) for name, column in columns.items()], axis=-1)
    if len(wrong := np.argwhere((flags != 0) & (flags != 1))):
        row, place = wrong[0]
        raise DataError(
            f"Label columns hold 0 or 1, but {names[place]!r} has {flags[row, place]:g} in row {row + 1}. "
            "For numbers to predict say kind='regression'."
        )
    if classes is not None:
        flags, names = flags[:, [names.index(name) for name in classes]], classes
    if kind == "multilabel":
        return flags, kind, tuple(names), {}
    if len(rows := np.flatnonzero(flags.sum(axis=1) != 1)):
        raise DataError(
            f"One class a row is wanted (kind='classes'), but {rows_named(rows)} of {len(flags):,} have none or "
            f"several of {', '.join(names)}. kind='multilabel' allows that."
        )
    return flags.argmax(axis=1), kind, tuple(names), {}
