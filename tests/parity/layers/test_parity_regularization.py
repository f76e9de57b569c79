import keras
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_twins import compare, compare_run, make_twins, plain_config, random_inputs

RATES = ["Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "AlphaDropout"]


@pytest.mark.parametrize("name", RATES)
@given(rate=st.sampled_from([0.0, 0.25, 0.9]), seed=st.sampled_from([None, 3]))
@settings(max_examples=6, deadline=None)
def test_dropout_outside_training(name, rate, seed):
    shape = (2, 5, 3) if name == "SpatialDropout1D" else (2, 4, 5, 3)
    compare(name, {"rate": rate, "seed": seed}, shape, training=False)


def test_gaussian_noise_outside_training():
    compare("GaussianNoise", {"stddev": 0.3, "seed": 2}, (3, 4), training=False)


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout"])
def test_noise_shape_in_the_config(name):
    twins = make_twins(name, {"rate": 0.5, "noise_shape": (None, 1, 3)})
    assert plain_config(twins.ours) == plain_config(twins.theirs)


def test_dropout_of_everything_and_of_nothing_in_training():
    for rate in (0.0, 1.0):
        twins = make_twins("Dropout", {"rate": rate})
        compare_run(twins, random_inputs((3, 4), 0), training=True)


@pytest.mark.parametrize("l1, l2", [(0.1, 0.0), (0.0, 0.2), (0.3, 0.1)])
def test_activity_regularization(l1, l2):
    compare("ActivityRegularization", {"l1": l1, "l2": l2}, (3, 4, 2))


def test_alpha_dropout_sets_the_values_that_keras_sets():
    x = torch.full((400,), 0.7)
    ours, theirs = (layer(x[None], training=True) for layer in make_twins("AlphaDropout", {"rate": 0.3, "seed": 1}))
    assert keras.backend.backend() == "torch"
    torch.testing.assert_close(ours.unique(), theirs.unique(), rtol=1e-5, atol=1e-5)
