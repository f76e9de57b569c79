import inspect
import json

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from anmok import initializers

CLASSES = [
    "Zeros", "Ones", "Constant", "Identity", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
    "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "Orthogonal",
]  # fmt: skip
CONFIGURED = [
    *[(name, {}) for name in CLASSES],
    ("Constant", {"value": 2.5}),
    ("Constant", {"value": [1.0, 2.0, 3.0]}),
    ("Constant", {"value": np.arange(3.0)}),
    ("Constant", {"value": np.float32(1.5)}),
    ("Constant", {"value": torch.arange(3.0)}),
    ("Identity", {"gain": 0.5}),
    ("RandomNormal", {"mean": 1.0, "stddev": 2.0, "seed": 3}),
    ("RandomUniform", {"minval": -2.0, "maxval": 0.5, "seed": 3}),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0.1, "seed": 3}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"distribution": "normal", "input_axes": [0], "output_axes": [1]}),
    ("VarianceScaling", {"distribution": "untruncated_normal", "mode": "fan_avg"}),
    ("GlorotUniform", {"seed": 4, "input_axes": [0], "output_axes": [1]}),
    ("Orthogonal", {"gain": 2.0, "seed": 8}),
]


@pytest.mark.parametrize("name, arguments", CONFIGURED, ids=str)
def test_configs_travel_both_ways(name, arguments):
    ours, theirs = getattr(initializers, name)(**arguments), getattr(keras.initializers, name)(**arguments)
    written, keras_written = initializers.serialize(ours), keras.initializers.serialize(theirs)
    if name == "Identity":  # Keras 3.15 forgets the gain when it writes, and takes it when it reads
        assert keras_written["config"] == {} and written["config"] == {"gain": arguments.get("gain", 1.0)}
        assert keras.initializers.deserialize(written).gain == ours.gain == initializers.deserialize(written).gain
        return
    assert written == keras_written
    assert json.loads(json.dumps(written)) == written
    assert initializers.serialize(initializers.deserialize(keras_written)) == keras_written
    assert keras.initializers.serialize(keras.initializers.deserialize(written)) == written
    if name == "Constant":
        np.testing.assert_array_equal(initializers.deserialize(keras_written)((2, 3)), theirs((2, 3)))


@pytest.mark.parametrize("name, arguments", [c for c in CONFIGURED if c[0] != "Orthogonal"], ids=str)
def test_values_have_the_law_of_keras(name, arguments):
    arguments = (
        {**arguments, "seed": 11} if "seed" in inspect.signature(getattr(initializers, name)).parameters else arguments
    )
    shape = (150, 3) if name in ("Identity", "Constant") else (5, 4, 20, 30)
    ours = getattr(initializers, name)(**arguments)(shape)
    theirs = getattr(keras.initializers, name)(**arguments)(shape)
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    if "seed" in arguments:
        assert stats.ks_2samp(ours.numpy().ravel(), theirs.numpy().ravel()).pvalue > 0.01
        assert ours.std().item() == pytest.approx(theirs.std().item(), rel=0.05)
    else:
        torch.testing.assert_close(ours, theirs)


@given(st.lists(st.integers(1, 9), max_size=5))
@settings(max_examples=25, deadline=None)
def test_fans(shape):
    assert initializers.compute_fans(shape) == keras.src.initializers.random_initializers.compute_fans(shape)
    if len(shape) > 2:
        axes = [0, 1], [2]
        assert initializers.compute_fans(shape, *axes) == keras.src.initializers.random_initializers.compute_fans(
            shape, *axes
        )


def test_a_seed_generator_is_read_and_written():
    theirs = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(4))
    written = keras.initializers.serialize(theirs)
    assert initializers.serialize(initializers.deserialize(written)) == written


def test_every_name_and_argument_of_keras_is_known():
    for name, theirs in keras.src.initializers.ALL_OBJECTS_DICT.items():
        if theirs in (keras.initializers.Initializer, keras.initializers.STFT):  # STFT is for sound
            continue
        ours = initializers.get(name)
        assert type(ours).__name__ == theirs.__name__
        mine = inspect.signature(type(ours)).parameters
        for parameter in inspect.signature(theirs).parameters.values():
            assert mine[parameter.name].default == parameter.default
    for name in dir(keras.initializers):
        if not name.startswith("_") and "stft" not in name.lower():
            assert hasattr(initializers, name), name
