"""Folded weights are made anew once training has moved what they were made of."""

import numpy as np
import pytest

from anmok import layers
from anmok.models import Sequential


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "adagrad"])
def test_predictions_between_trainings_are_those_of_the_layers(optimizer):
    rng = np.random.default_rng(0)
    x, y = rng.random((24, 6, 6, 2), np.float32), rng.integers(0, 3, 24)
    model = Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, loss="sparse_categorical_crossentropy")
    for _ in range(3):
        model.fit(x, y, batch_size=8, epochs=1, verbose=0, validation_data=(x, y))
        layer_by_layer = model(x, training=False).detach().numpy()
        np.testing.assert_allclose(model.predict(x, verbose=0), layer_by_layer, atol=1e-5)


def test_frozen_weights_and_moving_statistics():
    x = np.random.default_rng(0).random((24, 6, 6, 2), np.float32) + 3
    model = Sequential([layers.Input((6, 6, 2)), layers.Conv2D(4, 3), layers.BatchNormalization(momentum=0.5)])
    before = model.predict(x, verbose=0)
    model(x, training=True)
    after = model.predict(x, verbose=0)
    np.testing.assert_allclose(after, model(x, training=False).detach().numpy(), atol=1e-5)
    assert abs(after - before).max() > 0.1
