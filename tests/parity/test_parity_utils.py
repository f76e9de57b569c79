"""to_categorical, normalize and the naming of downloads, beside Keras'."""

import io
import zipfile

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from anmok import utils

SHAPES = st.sampled_from([(5,), (5, 1), (2, 3), (2, 3, 1), (1,), (1, 1)])


LABELS = SHAPES.flatmap(lambda shape: arrays_of.arrays(np.int64, shape, elements=st.integers(0, 6)))


@given(labels=LABELS, extra=st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_to_categorical(labels, extra):
    classes = int(labels.max()) + 1 + extra if extra else None
    for given_labels in (labels, labels.tolist(), labels.astype("float32")):
        ours, theirs = utils.to_categorical(given_labels, classes), keras.utils.to_categorical(given_labels, classes)
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    tensor = torch.from_numpy(labels)
    classes = classes or int(labels.max()) + 1
    ours, theirs = utils.to_categorical(tensor, classes), keras.utils.to_categorical(tensor, classes)
    # Keras' format follows its backend: float32 on TensorFlow and JAX, int64 on torch.
    torch.testing.assert_close(ours, theirs.cpu().float())


@given(
    x=arrays_of.arrays(np.float32, st.sampled_from([(4,), (3, 4), (2, 3, 2)]), elements=st.floats(-9, 9, width=32)),
    axis=st.integers(-3, 2),
    order=st.sampled_from([1, 2, 3, np.inf]),
)
@settings(max_examples=25, deadline=None)
def test_normalize(x, axis, order):
    axis = max(-x.ndim, min(axis, x.ndim - 1))
    if axis == 0:
        axis = -x.ndim  # Keras takes 0 for "not given" and normalizes along the last axis
    theirs = keras.utils.normalize(x, axis, order)
    np.testing.assert_allclose(utils.normalize(x, axis, order), theirs, rtol=1e-6)
    assert utils.normalize(x, axis, order).dtype == theirs.dtype
    if (np.abs(x) > 1e-3).all() and order != np.inf:  # Keras refuses inf for tensors
        tensor = torch.from_numpy(x)
        theirs = keras.utils.normalize(tensor, axis, order).cpu()
        torch.testing.assert_close(utils.normalize(tensor, axis, order), theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("fname", [None, "b", "b.zip", "b.c.tar.gz"])
@pytest.mark.parametrize("extract", [False, True])
def test_files_are_named_as_keras_names_them(monkeypatch, tmp_path, serving, fname, extract):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("x.txt", "1")
    with serving({"/a.zip": buffer.getvalue()}) as (url, _):
        ours = utils.get_file(fname, f"{url}/a.zip", extract=extract, cache_dir=tmp_path / "ours")
        (tmp_path / "theirs").mkdir()
        theirs = keras.utils.get_file(fname, f"{url}/a.zip", extract=extract, cache_dir=tmp_path / "theirs")

    def tree(folder):
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))

    assert ours.removeprefix(str(tmp_path / "ours")) == theirs.removeprefix(str(tmp_path / "theirs"))
    assert tree(tmp_path / "ours") == tree(tmp_path / "theirs")
