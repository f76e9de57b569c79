"""Every optimizer against Keras: random settings, random gradients, 30 steps, same weights and same state."""

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import notices, optimizers, schedules

SHAPES = [(7, 5), (5,), (3, 3, 2, 4), (), (4, 6)]
STEPS = 30

OWN = {
    "SGD": {"momentum": [0.0, 0.9], "nesterov": [False, True]},
    "RMSprop": {"rho": [0.9, 0.5], "momentum": [0.0, 0.7], "epsilon": [1e-7, 1e-3], "centered": [False, True]},
    "Adam": {"beta_1": [0.9, 0.5], "beta_2": [0.999, 0.9], "epsilon": [1e-7, 1e-2], "amsgrad": [False, True]},
    "AdamW": {"weight_decay": [0.004, 0.1], "amsgrad": [False, True]},
    "Adamax": {"beta_1": [0.9, 0.5], "epsilon": [1e-7, 1e-3]},
    "Adagrad": {"initial_accumulator_value": [0.1, 0.0], "epsilon": [1e-7, 1e-3]},
    "Adadelta": {"learning_rate": [1.0, 0.01], "rho": [0.95, 0.5], "epsilon": [1e-7, 1e-3]},
    "Nadam": {"beta_1": [0.9, 0.5], "beta_2": [0.999, 0.9], "epsilon": [1e-7, 1e-3]},
    "Lion": {"beta_1": [0.9, 0.5], "beta_2": [0.99, 0.9]},
    "Muon": {
        "nesterov": [True, False],
        "rms_rate": [0.2, None],
        "adam_lr_ratio": [1, 0.5],
        "adam_weight_decay": [0.004, None],
        "exclude_layers": [None, ["second"]],
    },
}
SHARED = [
    {},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 1.0},
    {"weight_decay": 0.05},
    {"weight_decay": 0.05, "global_clipnorm": 1.0},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4},
    {"use_ema": True, "weight_decay": 0.01},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "clipnorm": 0.5, "use_ema": True, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 8.0},
]
RATES = [
    None,
    0.003,
    ("ExponentialDecay", {"initial_learning_rate": 0.01, "decay_steps": 7, "decay_rate": 0.6}),
    ("CosineDecay", {"initial_learning_rate": 0.001, "decay_steps": 20, "warmup_target": 0.02, "warmup_steps": 5}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 12], "values": [0.02, 0.01, 0.001]}),
]


class Parameter(torch.nn.Parameter):
    """A torch parameter with the name that Keras' counterpart has."""

    path = name = None


def draw_weights(rng):
    values = [np.float32(rng.normal(size=shape)) for shape in SHAPES]
    paths = ["first/kernel", "first/bias", "conv/kernel", "scale", "second/kernel"]
    theirs, ours = [], []
    for value, path in zip(values, paths, strict=True):
        theirs.append(keras.Variable(value, name=path.rsplit("/", maxsplit=1)[-1]))
        theirs[-1]._path = path
        parameter = Parameter(torch.tensor(value))
        parameter.path, parameter.name = path, theirs[-1].name
        ours.append(parameter)
    return theirs, ours


def make_pair(name, arguments, rate):
    ours, theirs = dict(arguments), dict(arguments)
    if isinstance(rate, tuple):
        theirs["learning_rate"] = getattr(keras.optimizers.schedules, rate[0])(**rate[1])
        ours["learning_rate"] = getattr(schedules, rate[0])(**rate[1])
    elif rate is not None:
        ours["learning_rate"] = theirs["learning_rate"] = rate
    return getattr(keras.optimizers, name)(**theirs), getattr(optimizers, name)(**ours)


def follow(keras_optimizer, optimizer, seed, *, steps=STEPS, exclude=None, missing=()):
    """Drive both with the same gradients; returns both lists of weights."""
    rng = np.random.default_rng(seed)
    theirs, ours = draw_weights(rng)
    if exclude:
        keras_optimizer.exclude_from_weight_decay(var_names=exclude)
        optimizer.exclude_from_weight_decay(var_names=exclude)
    keras_optimizer.build(theirs)
    optimizer.build(ours)
    for step in range(steps):
        grads = [np.float32(rng.normal(size=shape) * rng.choice([0.01, 1.0, 3.0])) for shape in SHAPES]
        chosen = [i for i in range(len(SHAPES)) if step not in missing or i != 1]
        keras_optimizer.apply([torch.tensor(grads[i]) for i in chosen], [theirs[i] for i in chosen])
        if len(chosen) == len(SHAPES):
            optimizer.apply([torch.tensor(g) for g in grads])
        else:
            optimizer.apply([torch.tensor(g) if i in chosen else None for i, g in enumerate(grads)])
    return theirs, ours


def assert_same(theirs, ours, tolerance=1e-5):
    for expected, weight in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(
            weight.detach().numpy(), expected.numpy(), rtol=tolerance, atol=tolerance, err_msg=weight.path
        )


def assert_same_state(keras_optimizer, optimizer):
    arrays = optimizer.state_arrays()
    assert len(arrays) == len(keras_optimizer.variables)
    for (name, array), variable in zip(arrays, keras_optimizer.variables, strict=True):
        if variable.name in ("iteration", "learning_rate") or "variable" not in variable.name:
            assert name == variable.name
        np.testing.assert_allclose(array, variable.numpy(), rtol=2e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("may_fuse", [True, False], ids=["fused", "formula"])
@pytest.mark.parametrize("name", OWN)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_thirty_steps_are_keras(name, may_fuse, data):
    arguments = {key: data.draw(st.sampled_from(values), label=key) for key, values in OWN[name].items()}
    arguments.update(data.draw(st.sampled_from(SHARED)))
    rate = data.draw(st.sampled_from(RATES))
    if "learning_rate" in arguments and rate is not None:
        arguments.pop("learning_rate")
    theirs, ours = make_pair(name, arguments, rate)
    ours.may_fuse = may_fuse
    seed = data.draw(st.integers(0, 10**6))
    assert_same(*follow(theirs, ours, seed))
    assert_same_state(theirs, ours)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW", "Muon"])
def test_spared_weights_and_missing_gradients_are_keras(name):
    arguments = {"weight_decay": 0.1}
    theirs, ours = make_pair(name, arguments, 0.01)
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="does not depend on first/bias"):
        pair = follow(theirs, ours, 3, exclude=["bias", "scale"], missing=(2, 3, 11))
    assert_same(*pair)


@pytest.mark.parametrize("name", OWN)
def test_average_is_finalized_as_in_keras(name):
    theirs, ours = make_pair(name, {"use_ema": True, "ema_momentum": 0.9}, 0.01)
    expected, weights = follow(theirs, ours, 5)
    theirs.finalize_variable_values(expected)
    ours.finalize_variable_values()
    assert_same(expected, weights)


@pytest.mark.parametrize("name", OWN)
def test_config_travels_both_ways(name):
    theirs = getattr(keras.optimizers, name)()
    ours = getattr(optimizers, name)()
    expected, config = theirs.get_config(), ours.get_config()
    expected.pop("name"), config.pop("name")
    rate = expected.pop("learning_rate")
    assert config.pop("learning_rate") == pytest.approx(rate, rel=1e-7)
    assert config == expected
    keras.optimizers.deserialize(optimizers.serialize(ours))
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert type(again) is type(ours)
    assert optimizers.get(name.lower()).get_config() == ours.get_config()


def test_schedule_in_a_config_travels_both_ways():
    rate = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}
    ours = optimizers.Adam(schedules.ExponentialDecay(**rate))
    theirs = keras.optimizers.deserialize(optimizers.serialize(ours))
    assert float(theirs._learning_rate(7)) == pytest.approx(0.1 * 0.5**0.7)
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert again._learning_rate.get_config() == ours._learning_rate.get_config()


@pytest.mark.parametrize("name", OWN)
def test_state_saved_by_keras_continues_here(name):
    arguments = {"weight_decay": 0.01}
    theirs, ours = make_pair(name, arguments, 0.01)
    expected, weights = follow(theirs, ours, 7, steps=5)
    _, fresh = make_pair(name, arguments, 0.5)
    fresh.build(weights)
    fresh.load_state_arrays([variable.numpy() for variable in theirs.variables])
    assert float(fresh.learning_rate) == 0.01
    assert fresh.iterations == 5
    grads = [np.float32(np.random.default_rng(1).normal(size=shape)) for shape in SHAPES]
    theirs.apply([torch.tensor(g) for g in grads], expected)
    fresh.apply([torch.tensor(g) for g in grads])
    assert_same(expected, weights)


def test_signatures_are_keras():
    import inspect

    for name in OWN:
        expected = inspect.signature(getattr(keras.optimizers, name).__init__).parameters
        found = inspect.signature(getattr(optimizers, name)).parameters
        both = {key: p.default for key, p in expected.items() if key not in ("self", "kwargs")}
        assert {key: p.default for key, p in found.items() if key != "old"} == both, name
