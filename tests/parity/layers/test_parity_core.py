import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_twins import compare, plain_config

from anmok import layers
from anmok.registry import register_keras_serializable

few = settings(max_examples=25, deadline=None)
initializers = st.sampled_from(["glorot_uniform", "HeNormal", "zeros", "random_uniform"])
regularizers = st.sampled_from([None, "l2", {"class_name": "L1", "config": {"l1": 0.03}}])
constraints = st.sampled_from([None, "non_neg", "max_norm", "UnitNorm"])


@given(
    arguments=st.fixed_dictionaries(
        {
            "units": st.integers(1, 6),
            "activation": st.sampled_from([None, "relu", "softmax", "tanh", "linear"]),
            "use_bias": st.booleans(),
            "kernel_initializer": initializers,
            "bias_initializer": initializers,
            "kernel_regularizer": regularizers,
            "bias_regularizer": regularizers,
            "activity_regularizer": regularizers,
            "kernel_constraint": constraints,
            "bias_constraint": constraints,
            "trainable": st.booleans(),
        }
    ),
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple),
    seed=st.integers(0, 999),
)
@few
def test_dense(arguments, shape, seed):
    compare("Dense", arguments, shape, seed=seed)


@pytest.mark.parametrize("activation", ["relu", "softmax", "gelu", "sigmoid"])
def test_activation(activation):
    compare("Activation", {"activation": activation}, (3, 2, 5))


def test_identity():
    compare("Identity", {}, (3, 2, 5))


def test_lambda_is_saved_as_in_keras():
    @keras.saving.register_keras_serializable()
    @register_keras_serializable()
    def scaled(x, factor):
        return x * factor

    arguments = {"function": scaled, "arguments": {"factor": 3.0}, "output_shape": (5,)}
    twins = [package.Lambda(**arguments) for package in (layers, keras.layers)]
    ours, theirs = map(plain_config, twins)
    theirs["output_shape"] = list(theirs["output_shape"])
    assert ours == theirs
    read = layers.Lambda.from_config(twins[1].get_config())
    assert read.function is scaled and read.arguments == {"factor": 3.0}
