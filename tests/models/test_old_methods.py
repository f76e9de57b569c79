"""Methods and counts of Keras 1 and 2 do what today's do."""

import numpy as np
import pytest

from anmok import layers, models, utils
from anmok.errors import ArgumentError
from anmok.preprocessing.image import ImageDataGenerator

X = np.linspace(0, 1, 10 * 27, dtype="float32").reshape(10, 3, 3, 3)
Y = np.eye(2, dtype="float32")[np.arange(10) % 2]


def network():
    utils.set_random_seed(1)
    model = models.Sequential([layers.Flatten(input_shape=(3, 3, 3)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return model


def batches(size=4):
    while True:
        for start in range(0, len(X), size):
            yield X[start : start + size], Y[start : start + size]


def test_samples_are_counted_in_batches_of_a_generator():
    old, new = network(), network()
    told = old.fit_generator(
        batches(), samples_per_epoch=10, nb_epoch=2, verbose=0, validation_data=batches(), nb_val_samples=8
    )
    said = new.fit(batches(), steps_per_epoch=3, epochs=2, verbose=0, validation_data=batches(), validation_steps=2)
    assert told.history == said.history
    assert old.evaluate_generator(batches(), val_samples=8) == new.evaluate(batches(), steps=2, verbose=0)
    np.testing.assert_array_equal(
        old.predict_generator(batches(5), val_samples=10), new.predict(batches(5), steps=2, verbose=0)
    )


def test_samples_are_counted_in_batches_of_a_flow():
    flow = ImageDataGenerator().flow(X, Y, batch_size=4, shuffle=False)
    model = network()
    model.fit_generator(flow, samples_per_epoch=10, nb_epoch=1, verbose=0)
    assert int(model.optimizer.iterations) == 3
    with pytest.raises(ArgumentError, match="nb_val_samples=8 counts samples"):
        model.fit_generator(flow, 1, verbose=0, validation_data=[(X, Y)], nb_val_samples=8)


def test_a_begun_batch_counts():
    old, new = network(), network()
    said = new.fit(batches(), steps_per_epoch=3, verbose=0).history
    assert old.fit(batches(), steps_per_epoch=10 / 4, verbose=0).history == said
    with pytest.raises(ArgumentError, match="steps to be a whole number"):
        new.fit(batches(), steps_per_epoch=-1.5, verbose=0)


def test_classes_and_probabilities():
    model = network()
    scores = model.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict_proba(X), scores)
    np.testing.assert_array_equal(model.predict_classes(X), scores.argmax(-1))


def test_what_asks_for_nothing_and_what_is_gone():
    model = network()
    model.reset_states()
    model._make_predict_function()
    model.compile("sgd", "mse", experimental_run_tf_function=False, target_tensors=None)
    with pytest.raises(ArgumentError, match="use to_json"):
        model.to_yaml()
