"""What the images of a folder show: one class each, several labels each, or nothing that is said."""

import numpy as np
import torch

from anmok.data import folders
from anmok.data.samples import Samples
from anmok.errors import ArgumentError, DataError, unknown_name


def labelled(directory, labels, label_mode, class_names, follow_links):
    """The Samples of a folder with their labels, in the order of the sorted paths."""
    if isinstance(labels, str) and labels == "inferred":
        samples = folders.read_folder(directory, classes=class_names, follow_links=follow_links)
        return samples if label_mode != "multilabel" else _split_names(samples)
    if isinstance(labels, str):
        raise ArgumentError(f"Expected labels 'inferred', None, or one entry per file; got {labels!r}.")
    if class_names is not None and label_mode != "multilabel":
        raise ArgumentError(
            "class_names go with labels='inferred', where they name the sub-folders; "
            + ("without labels there are no classes." if labels is None else "with a list, classes are its values.")
        )
    found = folders.read_folder(directory, classes=["."], follow_links=follow_links)
    files = Samples(found.paths, [name.removeprefix("./").removeprefix(".\\") for name in found.names])
    if labels is None:
        return Samples(files.paths, files.names, skipped=found.skipped)
    if len(labels) != len(files):
        raise DataError(
            f"Expected one label per file: {len(files)} files in {directory}, {len(labels)} labels. They belong to the "
            "files sorted by folder, then by name."
        )
    if label_mode == "multilabel":
        rows, classes = _many(labels, class_names)
        return Samples(files.paths, files.names, rows, "multilabel", classes, skipped=found.skipped)
    indices, classes = _one_each(labels)
    return Samples(files.paths, files.names, indices, "classes", classes, skipped=found.skipped)


def _one_each(labels):
    """(index of each file's class, names of the classes) of a list of whole numbers; classes are its values, sorted."""
    array = labels.numpy() if torch.is_tensor(labels) else np.asarray(labels)
    if array.ndim != 1 or array.dtype.kind not in "iub":
        hint = " Number them: pandas.factorize(labels)[0]." if array.dtype.kind in "USO" else ""
        hint = " Several labels per image: label_mode='multilabel'." if array.ndim == 2 else hint
        raise DataError(
            f"Expected one whole number per file as labels, got {array.dtype} of shape {array.shape}.{hint}"
        )
    values, indices = np.unique(array.astype(np.int64), return_inverse=True)
    return indices, [str(value) for value in values]


def _many(labels, class_names):
    """(float32 rows (N, K) of 0 and 1, names of the columns) of such rows, or of a list of names per file."""
    if not isinstance(labels, np.ndarray) and all(
        isinstance(entry, (list, tuple, set, frozenset)) and all(isinstance(name, str) for name in entry)
        for entry in labels
    ):
        classes = sorted(set().union(*labels)) if class_names is None else list(class_names)
        return _rows(labels, classes), classes
    try:
        rows = np.asarray(labels, np.float32)
    except (TypeError, ValueError):
        rows = None
    if rows is None or rows.ndim != 2 or not np.isin(rows, (0, 1)).all():
        raise DataError(
            "label_mode='multilabel': expected labels as rows of 0 and 1, (N, K), or as a list of names per file, "
            f"got {'uneven rows' if rows is None else f'{rows.dtype} of shape {rows.shape}'}."
        )
    classes = [str(i) for i in range(rows.shape[1])] if class_names is None else list(class_names)
    if len(classes) != rows.shape[1]:
        raise DataError(f"Expected a name for each of {rows.shape[1]} columns of labels, got class_names={classes}.")
    return rows, classes


def _split_names(samples):
    """Folders named after several labels (black_dress) as multilabel rows."""
    words = [name.split("_") for name in samples.classes]
    classes = sorted(set().union(*words))
    rows = _rows(words, classes)[samples.labels]
    return Samples(samples.paths, samples.names, rows, "multilabel", classes, skipped=samples.skipped)


def _rows(entries, classes):
    column = {name: i for i, name in enumerate(classes)}
    rows = np.zeros((len(entries), len(classes)), np.float32)
    for row, names in zip(rows, entries, strict=True):
        for name in names:
            if name not in column:
                raise unknown_name("label", name, classes)
            row[column[name]] = 1
    return rows
