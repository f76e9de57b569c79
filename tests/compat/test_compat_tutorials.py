"""What tutorials of TensorFlow do beside the course: older names of seeds, one-hot rows, tables, layers of layers."""

import numpy as np
import pytest

from anmok import compat


@pytest.fixture
def tf():
    with compat.active():
        import tensorflow

        yield tensorflow


def test_seeds_are_split_and_folded_under_the_experimental_names(tf):
    seed = tf.constant([7, 9])
    parts = tf.random.experimental.stateless_split(seed, num=3)
    assert parts.shape == (3, 2) and len({tuple(part) for part in parts.numpy().tolist()}) == 3
    np.testing.assert_array_equal(parts, tf.random.split(seed, 3))
    steps = [tuple(tf.random.experimental.stateless_fold_in(seed, step).numpy().tolist()) for step in (0, 1, 2, 0)]
    assert len(set(steps)) == 3 and steps[0] == steps[3] == tuple(tf.random.fold_in([7, 9], 0).numpy().tolist())
    orders = [
        tf.random.experimental.stateless_shuffle(tf.range(40), seed=pair).numpy() for pair in (parts[0], parts[1])
    ]
    assert sorted(orders[0]) == list(range(40)) and (orders[0] != orders[1]).any()
    np.testing.assert_array_equal(orders[0], tf.random.experimental.stateless_shuffle(tf.range(40), seed=parts[0]))


def test_one_hot_rows_keep_what_is_mixed_with_them_in_float32(tf):
    rows = tf.keras.utils.to_categorical([2, 0], num_classes=3)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, [[0, 0, 1], [1, 0, 0]])
    mixed = 0.25 * tf.constant(rows[0]) + 0.75 * tf.constant(rows[1])
    assert mixed.dtype == tf.float32
    assert tf.keras.utils.to_categorical([1], 2, dtype="int32").dtype == np.int32


def test_tables_are_refused_with_the_way_to_read_them(tf):
    with pytest.raises(AttributeError, match=r"pandas\.read_csv"):
        tf.data.experimental.make_csv_dataset("iris.csv", 8)
