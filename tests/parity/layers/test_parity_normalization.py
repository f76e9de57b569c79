import math

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layer_twins import compare, compare_run, plain_config, random_inputs

from anmok import layers

few = settings(max_examples=25, deadline=None)
learned = {
    "epsilon": st.sampled_from([1e-3, 1e-5, 0.1]),
    "center": st.booleans(),
    "scale": st.booleans(),
    "beta_initializer": st.sampled_from(["zeros", "random_normal"]),
    "gamma_initializer": st.sampled_from(["ones", {"class_name": "Constant", "config": {"value": 0.5}}]),
    "beta_regularizer": st.sampled_from([None, "l2"]),
    "gamma_regularizer": st.sampled_from([None, "l1"]),
    "beta_constraint": st.sampled_from([None, "non_neg"]),
    "gamma_constraint": st.sampled_from([None, "max_norm"]),
    "trainable": st.booleans(),
}
shapes = st.lists(st.integers(2, 5), min_size=2, max_size=5).map(tuple)


@given(
    arguments=st.fixed_dictionaries(
        {
            **learned,
            "momentum": st.sampled_from([0.99, 0.9, 0.5, 0.0, 1.0]),
            "moving_mean_initializer": st.sampled_from(["zeros", "ones"]),
            "moving_variance_initializer": st.sampled_from(["ones", "random_uniform"]),
        }
    ),
    shape=shapes,
    data=st.data(),
    seed=st.integers(0, 999),
)
@settings(max_examples=25, deadline=None)
def test_batch_normalization_in_inference_and_over_three_steps(arguments, shape, data, seed):
    axis = data.draw(st.sampled_from([-1, *range(1, len(shape))]))
    # Two nearly equal values over a tiny epsilon magnify float32's last digit beyond what is compared.
    assume(arguments["epsilon"] >= 1e-3 or math.prod(shape) // shape[axis] >= 6)
    twins = compare("BatchNormalization", {**arguments, "axis": axis}, shape, seed=seed, training=False)
    for step in range(3):
        compare_run(twins, random_inputs(shape, seed + step), training=True)
    compare_run(twins, random_inputs(shape, seed + 9), training=False)


def test_batch_normalization_of_one_value():
    twins = compare("BatchNormalization", {"momentum": 0.5}, (1, 3))
    compare_run(twins, random_inputs((1, 3), 1), training=True)


def test_batch_normalization_over_many_steps_does_not_drift():
    ours, theirs = layers.BatchNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
    for step in range(100):
        x = random_inputs((7, 3, 2, 4), step) * 3 + 1
        ours(x, training=True), theirs(x, training=True)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-6, atol=1e-6)


@given(
    arguments=st.fixed_dictionaries({**learned, "rms_scaling": st.booleans()}),
    shape=shapes,
    data=st.data(),
    seed=st.integers(0, 999),
)
@few
@pytest.mark.filterwarnings("ignore:You passed `rms_scaling")
def test_layer_normalization(arguments, shape, data, seed):
    # Over other axes than the last ones Keras on torch takes a kernel that cannot do it.
    count = data.draw(st.integers(1, len(shape) - 1))
    axis = list(range(-count, 0)) if count > 1 else -1
    if arguments["rms_scaling"]:
        # Keras leaves `scale` to decide whether gamma is made, and rms_scaling overrules it.
        arguments = {**arguments, "center": False}
    compare("LayerNormalization", {**arguments, "axis": axis}, shape, seed=seed)


def test_layer_normalization_over_inner_and_scattered_axes():
    x = random_inputs((3, 4, 5, 6), 0).astype("float64")
    for axes in ([1], [1, 2], [1, 3], [3, 1]):
        layer = layers.LayerNormalization(axis=axes, epsilon=0.01)
        layer(x)
        shape = tuple(x.shape[axis] for axis in sorted(axes))
        gamma, beta = random_inputs(shape, 1), random_inputs(shape, 2)
        layer.set_weights([gamma, beta])
        wide = [1 if axis not in axes else x.shape[axis] for axis in range(4)]
        every = tuple(axes)
        expected = (x - x.mean(every, keepdims=True)) / np.sqrt(x.var(every, keepdims=True) + 0.01)
        expected = expected * gamma.reshape(wide) + beta.reshape(wide)
        np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-4, atol=1e-5)


@given(
    arguments=st.fixed_dictionaries(learned),
    groups=st.sampled_from([-1, 1, 2, 3, 6]),
    shape=st.lists(st.integers(2, 4), min_size=1, max_size=3).map(tuple),
    inner=st.booleans(),
    seed=st.integers(0, 999),
)
@few
def test_group_normalization(arguments, groups, shape, inner, seed):
    if inner:
        arguments, shape = {**arguments, "axis": 1}, (2, 6, *shape)
    else:
        shape = (2, *shape, 6)
    compare("GroupNormalization", {**arguments, "groups": groups}, shape, seed=seed)


@given(shape=shapes, data=st.data(), seed=st.integers(0, 999))
@few
def test_unit_normalization(shape, data, seed):
    axis = data.draw(st.sampled_from([-1, 1, list(range(1, len(shape)))]))
    compare("UnitNormalization", {"axis": axis}, shape, seed=seed)


def test_config_of_keras_2_names_the_axis_in_a_list():
    config = layers.BatchNormalization().get_config()
    assert plain_config(layers.BatchNormalization.from_config({**config, "axis": [3]}))["axis"] == 3
