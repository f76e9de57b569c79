"""Labels to one-hot rows, and arrays to unit norm."""

import numpy as np
import torch

from anmok.errors import ArgumentError, DataError
from anmok.notices import old_spelling


def to_categorical(x, num_classes=None, dtype=None, *, nb_classes=None):
    """One-hot rows: class indices (...) or (..., 1) to (..., K), as in Keras.

    float64 out of arrays and lists, a float32 tensor out of a tensor. num_classes: K, the highest index + 1 if None.
    dtype: another format for arrays (tf.keras has float32). nb_classes: Keras 1's name of num_classes. Raises DataError
    for an index outside of 0..K-1.
    """
    if nb_classes is not None:
        old_spelling("to_categorical(nb_classes=...)", "to_categorical(num_classes=...)")
        num_classes = nb_classes
    if dtype is not None:
        return to_categorical(x, num_classes).astype(np.dtype(getattr(dtype, "name", dtype)))
    if isinstance(x, torch.Tensor):
        return torch.from_numpy(to_categorical(x.detach().cpu().numpy(), num_classes)).to(x.device, torch.float32)
    try:
        x = np.array(x, dtype="int64")
    except (TypeError, ValueError):
        raise DataError(
            "Expected class indices (whole numbers), got values that are none. Number text first: "
            "sklearn.preprocessing.LabelEncoder or pandas.factorize."
        ) from None
    shape = x.shape[:-1] if x.ndim > 1 and x.shape[-1] == 1 else x.shape
    if not x.size and not num_classes:
        raise DataError("There are no labels to tell the number of classes from; give num_classes.")
    # The number of classes that Keras makes of 0 is the number it makes of None.
    count = int(num_classes or x.max() + 1)
    outside = (x < 0) | (x >= count)
    if outside.any():
        raise DataError(
            f"Expected class indices in 0..{count - 1} (num_classes={num_classes}), got {x[outside].flat[0]}. "
            "Number the classes from 0, or give the right num_classes."
        )
    rows = np.zeros((x.size, count))
    rows[np.arange(x.size), x.reshape(-1)] = 1
    return rows.reshape(*shape, count)


def normalize(x, axis=-1, order=2):
    """`x` (array or tensor) divided by its norm along `axis`, as in Keras; what is all zeros stays.

    order: of the norm, 1, 2, any number, or inf. Floats keep their format; out of integers float64 is made.
    """
    if isinstance(x, torch.Tensor):
        if not x.is_floating_point():
            x = x.float()
        norm = torch.linalg.vector_norm(x, order, dim=axis, keepdim=True)
        return x / torch.where(norm == 0, 1, norm)
    if axis is None:
        raise ArgumentError("Expected axis as a number; None is not an axis.")
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    # Keras makes a row, (1, N), out of an array of one axis.
    norm = np.atleast_2d(norm) if x.ndim == 1 else norm
    return x / np.where(norm == 0, 1, norm).astype(norm.dtype)
