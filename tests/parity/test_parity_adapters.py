"""Splits and steps as Keras' own adapters make them."""

import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.trainers.data_adapters import array_slicing
from keras.src.trainers.epoch_iterator import EpochIterator

from anmok.errors import DataError
from anmok.training.adapters import adapt, train_validation_split


@given(n=st.integers(1, 300), fraction=st.floats(0.01, 0.99))
@settings(max_examples=25, deadline=None)
def test_the_validation_split_is_keras_own(n, fraction):
    arrays = np.arange(2 * n).reshape(n, 2), np.arange(n), None
    try:
        theirs = array_slicing.train_validation_split(arrays, fraction)
    except ValueError:
        with pytest.raises(DataError):
            train_validation_split(arrays, fraction)
        return
    for ours, part in zip(train_validation_split(arrays, fraction), theirs, strict=True):
        assert ours[2] is None
        for a, b in zip(ours[:2], part[:2], strict=True):
            np.testing.assert_array_equal(a.numpy(), b.array if hasattr(b, "array") else b)


class Numbers(keras.utils.PyDataset):
    def __init__(self, length):
        super().__init__()
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return np.full((2, 1), index), np.full(2, index)


@given(
    n=st.integers(1, 30),
    size=st.one_of(st.none(), st.integers(1, 7)),
    steps=st.one_of(st.none(), st.integers(1, 9)),
    kind=st.sampled_from(["arrays", "PyDataset"]),
)
@settings(max_examples=25, deadline=None)
def test_four_epochs_have_the_batches_that_keras_gives(n, size, steps, kind):
    if kind == "arrays":
        given_x = {"x": np.arange(n)[:, None], "y": np.arange(n), "batch_size": size}
    else:
        given_x = {"x": Numbers(n)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = EpochIterator(**given_x, steps_per_epoch=steps)
        ours = adapt(**given_x, steps=steps)
        assert ours.num_batches == theirs.num_batches
        for epoch in range(4):
            expected = [np.asarray(b[1]).tolist() for _, _, data in theirs for b in data]
            assert [y.tolist() for _, y, _ in ours.batches(epoch)] == expected


def test_class_weights_are_keras_own():
    from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights

    rng = np.random.default_rng(0)
    table = {k: float(rng.random()) for k in range(5)}
    y = rng.integers(0, 5, 40)
    for labels in (y, y[:, None], np.eye(5)[y], y.astype(float)):
        ((_, _, ours),) = adapt(np.zeros((40, 1)), labels, batch_size=40, class_weight=table).batches(0)
        np.testing.assert_allclose(ours.numpy(), class_weight_to_sample_weights(labels, table))
