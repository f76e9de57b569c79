"""One description of a model, built with Keras and with anmok, the same weights in both."""

import keras
import numpy as np
import pytest

import anmok
from anmok import mixed_precision, notices


@pytest.fixture(autouse=True)
def _float32():
    """Keras computes in float32 by default; anmok's default is to choose."""
    before = mixed_precision.global_policy()
    mixed_precision.set_global_policy("float32")
    notices.forget()
    yield
    mixed_precision.set_global_policy(before)


@pytest.fixture
def twins():
    """twins(build) -> (ours, theirs): `build(library)` with both libraries, with Keras' weights in both."""

    def make(build):
        keras.utils.set_random_seed(0)
        theirs, ours = build(keras), build(anmok)
        values = theirs.get_weights()
        # Keras begins biases at 0 and gammas at 1: draw all, so that an exchanged pair shows. Small: Keras cuts
        # probabilities to 1e-7, anmok computes from logits.
        rng = np.random.default_rng(0)
        values = [value + rng.uniform(-0.1, 0.1, value.shape).astype("float32") for value in values]
        theirs.set_weights(values)
        ours.set_weights(values)
        return ours, theirs

    return make


@pytest.fixture
def same_fit(twins):
    """same_fit(build, *args, **fit arguments): both histories agree in names, order and numbers within 1e-4."""

    def fit(build, *args, tolerance=1e-4, **kwargs):
        ours, theirs = twins(build)
        kwargs = {"verbose": 0, "epochs": 2, "shuffle": False, **kwargs}

        def run(model):
            # Generators are used up by the first who reads them.
            made = {key: value() if callable(value) else value for key, value in kwargs.items()}
            return model.fit(*(arg() if callable(arg) else arg for arg in args), **made).history

        expected, found = run(theirs), run(ours)
        assert list(found) == list(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values, atol=tolerance, rtol=tolerance, err_msg=name)
        for mine, reference in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(mine, reference, atol=5e-4)
        return ours, theirs

    return fit
