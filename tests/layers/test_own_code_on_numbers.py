"""A person's own code in a layer may mix its input with tensors of its own, which are never on `meta`."""

import numpy as np
import pytest
import torch

from anmok import Input, activations, layers, models
from anmok.errors import ShapeError


def test_a_lambda_may_subtract_a_tensor():
    mean = torch.tensor([1.0, 2.0, 3.0])
    model = models.Sequential([Input((4, 5, 3)), layers.Lambda(lambda x: (x - mean)[:, ::2])])
    assert model.output_shape == (None, 2, 5, 3)
    x = np.random.rand(2, 4, 5, 3).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), (x - mean.numpy())[:, ::2], rtol=1e-6)


def test_so_may_a_layer_of_ones_own_whose_losses_of_the_trial_are_forgotten():
    class Shifted(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = layers.Dense(2)

        def call(self, x):
            y = self.inner(x) + torch.ones(2)
            self.add_loss(y.sum())
            return y

    layer = Shifted()
    assert layer(Input((3,))).shape == (None, 2)
    assert layer.losses == []


def test_sizes_that_do_not_fit_are_still_said():
    with pytest.raises(ShapeError, match="cannot take an input of shape"):
        layers.Lambda(lambda x: x @ torch.ones(7, 7))(Input((3,)))


def test_a_function_may_stand_for_an_activation():
    def theirs(x):
        return torch.relu(x)

    theirs.stands_for = activations.relu
    assert layers.Dense(2, activation=theirs).activation is activations.relu
