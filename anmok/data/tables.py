"""Images that a table lists: a CSV file or a DataFrame with a column of names and columns of labels."""

import difflib
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd

from anmok.data import folders
from anmok.data.lookup import Lookup
from anmok.data.samples import Samples, Skipped
from anmok.data.table_labels import labels_of, numbers_of, rows_named
from anmok.errors import ArgumentError, DataError, FileFormatError, unknown_name

_ENCODINGS = ("utf-8-sig", "cp949")


def read_table(
    table,
    *,
    directory=None,
    image_column,
    label_columns,
    kind="auto",
    weight_column=None,
    classes=None,
    missing="raise",
):
    """Samples of a table: a DataFrame, or the path of a CSV (UTF-8, also with BOM, or cp949; comma, semicolon or tab).

    image_column: names of files, found as data.lookup says: under `directory`; without it, beside the CSV, then in the
    current folder. `names` are the table's own.
    label_columns: None (no labels), one column or a list of them. kind:
    - "classes": one column of text or whole numbers, each value a class (sorted; numbers as numbers); or several
      columns of 0 and 1 with exactly one 1 in each row;
    - "multilabel": several columns of 0 and 1, a class each; or one column of lists or tuples, or of text with | or ;
      between the labels. An empty list, or | alone, is a row with none;
    - "regression": one column of numbers, or several;
    - "auto": one column of text, categories, True/False or whole numbers is "classes", one of floats "regression",
      one of lists "multilabel"; several of 0 and 1 are "multilabel".
    classes: their order; rows with none of them are left out (`skipped`), as in Keras. weight_column: numbers.
    missing: "raise" a DataError that names the first five files that are not there, or "skip" them (`skipped`;
    a class that has no other files is none then, as in Keras).
    Raises DataError too for a column that is not there, an empty cell, an empty table, or when no row is left.
    """
    if missing not in ("raise", "skip"):
        raise unknown_name("missing", missing, ("raise", "skip"))
    frame, home = _frame(table)
    if len(frame) == 0:
        raise DataError("The table has no rows below its header.")
    if label_columns is None and (kind != "auto" or classes is not None):
        raise ArgumentError(f"kind={kind!r} and classes={classes!r} need label_columns; it is None.")
    names = _image_names(image_column, column_of(frame, image_column))
    weights = None if weight_column is None else numbers_of(weight_column, column_of(frame, weight_column))
    labels, label_kind, class_names, left_out = None, None, (), {}
    if label_columns is not None:
        columns = {name: column_of(frame, name) for name in _listed(label_columns)}
        if home is not None:
            columns = {name: typed(column) for name, column in columns.items()}
        labels, label_kind, class_names, left_out = labels_of(columns, kind=kind, classes=classes)
    paths = _paths(names, _roots(directory, home), missing)
    here = np.array([path is not None for path in paths])
    if label_columns is not None and not here.all():  # as in Keras, a class is one that has a file
        columns = {name: column[here] for name, column in columns.items()}
        labels, label_kind, class_names, left_out = labels_of(columns, kind=label_kind, classes=classes)
    samples = Samples(
        [path for path in paths if path],
        [name for name, path in zip(names, paths, strict=True) if path],
        labels,
        label_kind,
        class_names,
        None if weights is None else weights[here],
        [Skipped(name, "there is no such file") for name, path in zip(names, paths, strict=True) if not path],
    ).without(left_out)
    if len(samples) == 0:
        raise DataError(f"No row is left. The first one, {samples.skipped[0].name}: {samples.skipped[0].reason}.")
    return samples


def read_csv(path):
    """The CSV at `path` as a DataFrame of text (empty cells are missing values; "NA" and "None" are text).

    UTF-8, with or without BOM, or cp949; comma, semicolon or tab, whichever the header has most of. Raises
    MissingFileError or FileFormatError.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise folders.not_there(Path(os.path.abspath(path)), "table")
    try:
        text = _decoded(path.read_bytes(), path)
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read as a CSV: {error.strerror}.") from error
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    try:
        frame = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, na_values=[""])
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise FileFormatError(f"{path} is not a CSV that can be read: {' '.join(str(error).split())}.") from error
    return frame.rename(columns=str.strip)


def typed(column):
    """A text column of read_csv, without spaces around; as numbers where all cells are numbers (007 is a name)."""
    column = column.str.strip()
    column = column.mask(column == "")
    filled = column.dropna()
    if len(filled) == 0 or filled.str.contains(r"^[-+]?0\d", regex=True).any():
        return column
    try:
        return pd.to_numeric(column)
    except (ValueError, TypeError):
        return column


def column_of(frame, name):
    """A column of a DataFrame; raises DataError with the nearest name and all of them when it is not there."""
    if name not in frame.columns:
        known = [str(column) for column in frame.columns]
        near = difflib.get_close_matches(str(name).lower(), [column.lower() for column in known], n=1, cutoff=0.5)
        offer = next((f" Did you mean {column!r}?" for column in known if near and column.lower() == near[0]), "")
        raise DataError(f"The table has no column {name!r}.{offer} Its columns: {', '.join(known)}.")
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise DataError(f"The table has {column.shape[1]} columns named {name!r}; rename all but one.")
    return column


def _frame(table):
    """(DataFrame, folder of the CSV or None)."""
    if isinstance(table, pd.DataFrame):
        return table, None
    if isinstance(table, (str, os.PathLike)):
        return read_csv(table), os.path.dirname(os.path.abspath(Path(table).expanduser()))
    raise ArgumentError(f"Expected a DataFrame or the path of a CSV, got {type(table).__name__}.")


def _decoded(data, path):
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileFormatError(f"{path}: expected text in UTF-8 or cp949 (a CSV), and it is neither. Save it as CSV UTF-8.")


def _listed(label_columns):
    if isinstance(label_columns, (list, tuple)):
        if not label_columns:
            raise ArgumentError("label_columns is an empty list; name a column, or give None for no labels.")
        if len(set(label_columns)) < len(label_columns):
            raise ArgumentError(f"A column is named more than once in label_columns={list(label_columns)}.")
        return list(label_columns)
    return [label_columns]


def _image_names(name, column):
    if len(rows := np.flatnonzero(column.isna().to_numpy())):
        raise DataError(f"Column {name!r} names no image in {rows_named(rows)} of {len(column):,}.")
    names = []
    for row, cell in enumerate(column):
        if isinstance(cell, bool) or not isinstance(cell, (str, os.PathLike, int, np.integer)):
            raise DataError(f"Column {name!r} should hold names of files; row {row + 1} has {cell!r}.")
        names.append(os.fspath(cell).strip() if isinstance(cell, (str, os.PathLike)) else str(cell))
    return names


def _roots(directory, home):
    if directory is None:
        return list(dict.fromkeys([home or os.getcwd(), os.getcwd()]))
    path = Path(directory).expanduser()
    if home is not None and not path.is_dir() and (Path(home) / path).is_dir():
        path = Path(home) / path
    return [folders.a_folder(path)]


def _paths(names, roots, missing):
    """The path of each file, None where there is none (unless all are missing, or missing files are refused)."""
    lookup = Lookup(roots)
    found = {name: lookup.find(name) for name in dict.fromkeys(names)}
    gone = [name for name in names if found[name] is None]
    listed = ", ".join(map(repr, gone[:5])) + (", ..." if len(gone) > 5 else "")
    looked = f"Looked under {' and '.join(map(str, roots))}"
    if len(gone) == len(names):
        raise DataError(
            f"None of the {len(names):,} files in the table is on disk: {listed}. {looked}; give directory=."
        )
    if gone and missing == "raise":
        raise DataError(
            f"{len(gone):,} of the {len(names):,} files in the table are not on disk: {listed}. {looked}. "
            "missing='skip' goes on without them and lists them."
        )
    return [found[name] for name in names]
