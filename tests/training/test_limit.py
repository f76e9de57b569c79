"""Fewer batches than there are: as many epochs, the same shapes, and everything again afterwards."""

import numpy as np
import pytest

from anmok import Sequential, layers
from anmok.callbacks import LambdaCallback
from anmok.training import limit


@pytest.fixture
def model():
    model = Sequential([layers.Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


X, Y = np.random.default_rng(0).normal(size=(100, 3)).astype("float32"), np.arange(100) % 2


def batches_of(model, **more):
    seen = []
    hear = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    history = model.fit(X, Y, batch_size=10, verbose=0, callbacks=[hear], **more)
    return seen, history


def test_epochs_stay_and_batches_are_fewer(model):
    with limit.limited(training=2, validation=1):
        seen, history = batches_of(model, epochs=3, validation_data=(X, Y))
    assert seen == [0, 1] * 3
    assert len(history.history["loss"]) == len(history.history["val_loss"]) == 3
    assert history.params["steps"] == 2


def test_a_generator_with_steps_goes_on_where_it_was(model):
    begun = []

    def endless():
        while True:
            for begin in range(0, 100, 10):
                begun.append(begin)
                yield X[begin : begin + 10], Y[begin : begin + 10]

    with limit.limited(training=2):
        history = model.fit(endless(), steps_per_epoch=10, epochs=2, verbose=0)
    assert begun == [0, 10, 20, 30]
    assert len(history.history["loss"]) == 2


def test_evaluate_measures_the_first_batches(model):
    with limit.limited(validation=1):
        short = model.evaluate(X, Y, batch_size=10, verbose=0)
    assert short == model.evaluate(X[:10], Y[:10], verbose=0)


def test_predict_gives_as_many_rows_as_asked_the_rest_of_them_again(model):
    whole = model.predict(X, batch_size=10, verbose=0)
    with limit.limited(prediction=2):
        short = model.predict(X[:95], batch_size=10, verbose=0)
    assert short.shape == (95, 2)
    assert np.array_equal(short[:20], whole[:20])
    assert np.array_equal(short[20:30], whole[:10])
    assert np.array_equal(short[90:], whole[:5])


def test_many_small_predictions_become_one_row_each(model):
    with limit.limited(prediction=8, whole=3):
        parts = [model.predict(X[i : i + 10], verbose=0) for i in range(0, 50, 10)]
    assert [len(part) for part in parts] == [10] * 5
    assert np.array_equal(parts[2], model.predict(X[20:30], verbose=0))
    assert np.allclose(parts[3], model.predict(X[30:31], verbose=0))


def test_single_steps_end(model):
    with limit.limited(single=3):
        values = [model.train_on_batch(X[:10], Y[:10])[0] for _ in range(6)]
    assert len(set(values)) == 3 and values[2] == values[5]
    assert model.optimizer.iterations == 3


def test_nothing_is_left_behind(model):
    with pytest.raises(ZeroDivisionError), limit.limited(training=1):
        raise ZeroDivisionError
    assert not limit.limit.is_set
    assert batches_of(model)[0] == list(range(10))
