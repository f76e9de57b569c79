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


@pytest.mark.parametrize(
    "name", ["Dropout", "AlphaDropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "BatchNormalization"]
)
def test_a_layer_of_ones_own_keeps_chance_on_through_super(tf, name):
    keras = tf.keras
    base = getattr(keras.layers, name)

    class Always(base):
        def call(self, inputs):
            return super().call(inputs, training=True)

    given = [] if name == "BatchNormalization" else [0.5]
    images = np.random.default_rng(0).normal(3, 1, (8, 6, 6, 4)).astype("float32")
    answer = Always(*given)(images)
    assert isinstance(answer, tf.Tensor)
    if name == "Dropout":
        values = answer.numpy()
        assert 0.3 < (values == 0).mean() < 0.7
        np.testing.assert_allclose(values[values != 0], 2 * images[values != 0], rtol=1e-5)
    inputs = keras.Input((6, 6, 4))
    model = keras.Model(inputs, Always(*given)(inputs))
    drawn = [model.predict(images, verbose=0) for _ in range(2)]
    assert (drawn[0] == drawn[1]).all() == (name == "BatchNormalization") and not np.allclose(drawn[0], images)
    trained = keras.Sequential([keras.Input((6, 6, 4)), Always(*given), keras.layers.Flatten(), keras.layers.Dense(1)])
    trained.compile("sgd", "mse")
    assert np.isfinite(trained.fit(images, np.zeros(8), verbose=0).history["loss"][0])


@pytest.mark.parametrize(
    "name, given", [("Dense", (3,)), ("LayerNormalization", ()), ("PReLU", ()), ("Conv2D", (3, 3))]
)
def test_a_layer_of_ones_own_calls_ours_with_its_tensors(tf, name, given):
    base = getattr(tf.keras.layers, name)

    class Twice(base):
        def call(self, inputs):
            assert isinstance(inputs, tf.Tensor)
            return 2 * super().call(inputs)

    images = np.random.default_rng(1).normal(size=(2, 5, 5, 4)).astype("float32")
    ours, theirs = base(*given), Twice(*given)
    once, _ = ours(images), theirs(images)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(theirs(images), 2 * once.numpy(), rtol=1e-5, atol=1e-6)
    inputs = tf.keras.Input((5, 5, 4))
    model = tf.keras.Model(inputs, theirs(inputs))
    np.testing.assert_allclose(model.predict(images, verbose=0), 2 * once.numpy(), rtol=1e-5, atol=1e-6)
