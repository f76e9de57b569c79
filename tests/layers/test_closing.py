"""A layer whose call uses symbolic tensors that are not its inputs, and adds losses of them."""

import numpy as np
import pytest
import torch

from anmok import layers, models
from anmok.errors import ArgumentError, ShapeError


class FarFromTarget(layers.Layer):
    """Passes its first input on and punishes the distance of a tensor around it from the second."""

    def __init__(self, around, weight=0.5, **kwargs):
        super().__init__(**kwargs)
        self._around = lambda: around
        self._weight = weight

    def call(self, inputs):
        self.add_loss(self._weight * torch.mean((self._around() - inputs[1]) ** 2), inputs=inputs)
        return inputs[0]


def network():
    x, target = layers.Input((3,)), layers.Input((2,))
    hidden = layers.Dense(2, name="hidden")(x)
    out = layers.Dense(1)(hidden)
    return models.Model([x, target], FarFromTarget(hidden, name="far")([out, target]))


def test_the_loss_is_that_of_the_formula():
    model = network()
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 2)).astype("float32")
    kernel, bias = model.get_layer("hidden").get_weights()
    expected = 0.5 * ((x @ kernel + bias - target) ** 2).mean()
    model.compile(optimizer="sgd", loss=None)
    history = model.fit([x, target], batch_size=8, epochs=60, verbose=0).history["loss"]
    assert history[0] == pytest.approx(expected, rel=1e-5)
    assert history[-1] < 0.9 * history[0]
    assert model.predict([x, target], verbose=0).shape == (8, 1)


def test_a_call_without_losses_gives_the_tensors_it_makes():
    x = layers.Input((4,))
    doubled = 2 * x

    class AndDoubled(layers.Layer):
        def call(self, inputs):
            return inputs + doubled

    model = models.Model(x, AndDoubled()(x))
    assert np.allclose(model(torch.ones(1, 4)), 3)


def test_weights_of_its_own_are_refused():
    x = layers.Input((4,))
    doubled = 2 * x

    class Scaled(layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=(4,), initializer="ones")

        def call(self, inputs):
            return inputs * self.scale + doubled

    with pytest.raises((ArgumentError, ShapeError), match="inputs"):
        Scaled()(x)
