"""Every schedule against Keras, and OneCycle against PyTorch's."""

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import schedules

RATE = st.floats(1e-4, 1.0)
STEPS = st.integers(1, 50)
ARGUMENTS = {
    "ExponentialDecay": {
        "initial_learning_rate": RATE,
        "decay_steps": STEPS,
        "decay_rate": st.floats(0.1, 1.0),
        "staircase": st.booleans(),
    },
    "PolynomialDecay": {
        "initial_learning_rate": RATE,
        "decay_steps": STEPS,
        "end_learning_rate": RATE,
        "power": st.sampled_from([0.5, 1.0, 2.0]),
        "cycle": st.booleans(),
    },
    "InverseTimeDecay": {
        "initial_learning_rate": RATE,
        "decay_steps": STEPS,
        "decay_rate": st.floats(0.1, 2.0),
        "staircase": st.booleans(),
    },
    "CosineDecay": {
        "initial_learning_rate": RATE,
        "decay_steps": STEPS,
        "alpha": st.floats(0, 1),
        "warmup_target": st.one_of(st.none(), RATE),
        "warmup_steps": STEPS,
    },
    "CosineDecayRestarts": {
        "initial_learning_rate": RATE,
        "first_decay_steps": st.integers(2, 20),
        "t_mul": st.sampled_from([1.0, 1.5, 2.0, 2.7]),
        "m_mul": st.floats(0.3, 1.2),
        "alpha": st.floats(0, 0.5),
    },
}


def jumps(schedule, step):
    """Whether the value at `step` hangs on a rounding error: our values shortly before and after differ."""
    return abs(schedule(step - 1e-4) - schedule(step + 1e-4)) > 1e-3 * abs(schedule(step)) + 1e-6


@pytest.mark.parametrize("name", ARGUMENTS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_values_are_keras(name, data):
    arguments = {key: data.draw(values, label=key) for key, values in ARGUMENTS[name].items()}
    theirs, ours = getattr(keras.optimizers.schedules, name)(**arguments), getattr(schedules, name)(**arguments)
    rounded = name == "CosineDecayRestarts" or arguments.get("staircase")
    for step in [0, 1, 2, 5, 9, 10, 11, 25, 49, 50, 51, 99, 100, 137]:
        if not (rounded and step and jumps(ours, step)):
            value = ours(step)
            assert type(value) is float
            assert value == pytest.approx(float(theirs(step)), rel=2e-5, abs=2e-6)
    assert ours.get_config() == theirs.get_config()


@settings(max_examples=20, deadline=None)
@given(boundaries=st.lists(st.integers(1, 60), min_size=1, max_size=5, unique=True).map(sorted))
def test_piecewise_constant_is_keras(boundaries):
    values = [0.1 / (i + 1) for i in range(len(boundaries) + 1)]
    theirs = keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, values)
    ours = schedules.PiecewiseConstantDecay(boundaries, values)
    for step in range(65):
        assert ours(step) == pytest.approx(float(theirs(step)), rel=1e-6)
    assert ours.get_config() == theirs.get_config()


@pytest.mark.parametrize("name", [*ARGUMENTS, "PiecewiseConstantDecay"])
def test_config_travels_both_ways(name):
    first = {"PiecewiseConstantDecay": ([3], [0.1, 0.2])}.get(name, (0.1, 10, 0.5))
    ours = getattr(schedules, name)(*first)
    theirs = keras.optimizers.schedules.deserialize(schedules.serialize(ours))
    again = schedules.deserialize(keras.optimizers.schedules.serialize(theirs))
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config() == theirs.get_config()


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*")
@settings(max_examples=20, deadline=None)
@given(
    total_steps=st.integers(2, 80),
    pct_start=st.floats(0, 1),
    div_factor=st.floats(1, 50),
    final_div_factor=st.floats(1, 1e4),
    anneal_strategy=st.sampled_from(["cos", "linear"]),
)
def test_one_cycle_is_torchs(**arguments):
    ours = schedules.OneCycle(0.3, **arguments)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.3, cycle_momentum=False, **arguments)
    for step in range(arguments["total_steps"]):
        assert ours(step) == pytest.approx(theirs.get_last_lr()[0], rel=1e-9, abs=1e-12)
        optimizer.step()
        if step + 1 < arguments["total_steps"]:
            theirs.step()
    last = ours(arguments["total_steps"] - 1)
    np.testing.assert_allclose([ours(arguments["total_steps"]), ours(10**6)], last)
    assert schedules.deserialize(schedules.serialize(ours)).get_config() == ours.get_config()
