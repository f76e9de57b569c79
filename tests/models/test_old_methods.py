"""Methods and counts of Keras 1 and 2 do what today's do."""

import numpy as np
import pytest

from anmok import callbacks, layers, models, utils
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
    with pytest.raises(ArgumentError, match=r"use model\.save"):
        model.export("folder")


def test_attributes_of_other_years():
    model = network()
    model.fit(X, Y, verbose=0)
    assert len(model.layers[1].inbound_nodes) == 1
    assert model.submodules == tuple(model.layers)
    assert not (model.stateful or model.layers[0].dynamic)
    weights = model.optimizer.get_weights()
    assert [np.shape(weight) for weight in weights] == [tuple(weight.shape) for weight in model.optimizer.weights]

    class Own(layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_variable("scale", shape=(input_shape[-1],), initializer="ones")

        def call(self, inputs):
            return inputs * self.scale

    np.testing.assert_array_equal(Own()(X[0, 0]).detach(), X[0, 0])


def test_callbacks_see_the_validation_arrays():
    seen = []

    class Own(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.validation_data)

    model = network()
    model.fit(X, Y, verbose=0, validation_data=(X[:4], Y[:4]), callbacks=[Own()])
    model.fit(X, Y, verbose=0, callbacks=[Own()])
    np.testing.assert_array_equal(seen[0][0], X[:4])
    np.testing.assert_array_equal(seen[0][1], Y[:4])
    assert len(seen[0]) == 3 and seen[1] is None
