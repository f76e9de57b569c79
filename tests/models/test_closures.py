"""Loss functions given to compile that name symbolic tensors of the model."""

import copy

import numpy as np
import pytest
import torch

from anmok import layers, models

x = layers.Input((6,))
code = layers.Dense(2, name="code")(x)
restored = layers.Dense(6, name="restored")(code)


def size_of_code():
    return torch.sum(code**2, -1)


def far_and_large(y_true, y_pred):
    return torch.mean((y_true - y_pred) ** 2, -1) + 0.1 * size_of_code()


def expected(model, data):
    values = models.Model(x, code).predict(data, verbose=0)
    return ((data - model.predict(data, verbose=0)) ** 2).mean() + 0.1 * (values**2).sum(-1).mean()


@pytest.fixture
def data():
    return np.random.default_rng(0).normal(size=(48, 6)).astype("float32")


def test_the_loss_is_that_of_the_batch_and_its_gradient_goes_through(data):
    model = models.Model(x, restored)
    model.compile("sgd", far_and_large)
    before = expected(model, data)
    assert model.evaluate(data, data, batch_size=16, verbose=0) == pytest.approx(before, rel=1e-5)
    model.compile("adam", far_and_large)  # again: nothing is kept twice
    assert sum("kept" in layer.name for layer in model.layers) == 1
    model.fit(data, data, epochs=30, batch_size=20, validation_data=(data, data), verbose=0)
    assert expected(model, data) < 0.9 * before
    assert far_and_large.__globals__["code"] is code


def test_tensors_in_a_closure_and_a_copy(data):
    def made():
        inner = layers.Input((6,))
        hidden = layers.Dense(3)(inner)
        model = models.Model(inner, layers.Dense(1)(hidden))
        model.compile("sgd", lambda y, p: torch.mean(y * p, -1) + torch.mean(hidden, -1), metrics=["mae"])
        return model, models.Model(inner, hidden)

    model, up_to_hidden = made()
    y = np.ones((48, 1), "float32")
    found = model.evaluate(data, y, verbose=0)[0]
    assert found == pytest.approx(
        (model.predict(data, verbose=0).mean() + up_to_hidden.predict(data, verbose=0).mean()), rel=1e-4
    )
    model.fit(data, y, epochs=1, verbose=0)
    assert np.allclose(copy.deepcopy(model)(torch.ones(1, 6)).detach(), model(torch.ones(1, 6)).detach())
