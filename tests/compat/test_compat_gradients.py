"""GradientTape against torch's autograd, finite differences, and the rules of TensorFlow's tapes."""

import numpy as np
import pytest
import torch

from anmok import compat
from anmok.compat.gradients import GradientTape, custom_gradient
from anmok.compat.tensors import as_tensor
from anmok.compat.variables import Variable

RNG = np.random.default_rng(1)


@pytest.fixture(autouse=True)
def _active():
    with compat.active():
        yield


def differences(function, value, step=1e-3):
    """Central differences of a function of one array."""
    gradient = np.zeros_like(value)
    for index in np.ndindex(value.shape):
        up, down = value.copy(), value.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (function(up) - function(down)) / (2 * step)
    return gradient


def test_gradients_of_variables_and_watched_tensors():
    x, w, b = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=2)
    given, weights, bias = as_tensor(x), Variable(w), Variable(b)
    with GradientTape() as tape:
        tape.watch(given)
        loss = ((given @ weights + bias) ** 3).sum()
    found = tape.gradient(loss, {"x": given, "parameters": [weights, bias]})

    def value(x, w, b):
        return ((x @ w + b) ** 3).sum()

    np.testing.assert_allclose(found["x"].numpy(), differences(lambda v: value(v, w, b), x), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        found["parameters"][0].numpy(), differences(lambda v: value(x, v, b), w), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(
        found["parameters"][1].numpy(), differences(lambda v: value(x, w, v), b), rtol=1e-4, atol=1e-4
    )


def test_what_is_not_recorded_has_no_gradient():
    v, x = Variable(3.0), as_tensor(2.0)
    outside = v * 2  # before the tape: a constant for it
    with GradientTape() as tape:
        y = outside * v * x
    assert tape.gradient(y, [v, x, outside])[1:] == [None, None]
    with GradientTape() as tape:
        earlier = v * v
    with GradientTape() as tape:
        y = earlier * v  # of another tape
    assert float(tape.gradient(y, v)) == 9
    with GradientTape(watch_accessed_variables=False) as tape:
        y = v * v
    assert tape.gradient(y, v) is None
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = v * v
    assert float(tape.gradient(y, v)) == 6
    with GradientTape() as tape:
        with tape.stop_recording():
            inner = v * v
        y = inner * v
    assert float(tape.gradient(y, v)) == 9
    fixed = Variable(1.0, trainable=False)
    with GradientTape() as tape:
        y = fixed * v
    assert tape.gradient(y, fixed) is None
    assert not x.requires_grad


def test_zero_for_the_unconnected():
    v, w = Variable([1.0, 2.0]), Variable([[3.0]])
    with GradientTape() as tape:
        y = v * v
    found = tape.gradient(y, [v, w], unconnected_gradients="zero")
    assert found[0].numpy().tolist() == [2, 4] and found[1].numpy().tolist() == [[0]]


def test_one_gradient_a_tape_unless_persistent():
    x = as_tensor([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="non-persistent GradientTape"):
        tape.gradient(y, x)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert tape.gradient(z, x).numpy().tolist() == [4, 32]
    assert tape.gradient(z, y).numpy().tolist() == [2, 8]
    assert tape.gradient([y, z], x, output_gradients=[as_tensor([1.0, 1.0]), None]).numpy().tolist() == [6, 36]


@pytest.mark.parametrize("make", [Variable, as_tensor])
def test_nested_tapes(make):
    x = make(3.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        slope = inner.gradient(y, x)
    assert float(slope) == 27 and float(outer.gradient(slope, x)) == 18


def test_two_tapes_over_one_computation():
    a, b = Variable(2.0), Variable(3.0)
    with GradientTape() as first, GradientTape() as second:
        y = a * a * b
    assert float(first.gradient(y, a)) == 12 and float(second.gradient(y, b)) == 4


def test_jacobians_are_torchs():
    x = RNG.normal(size=(3, 2)).astype("float32")
    w = RNG.normal(size=(2, 4)).astype("float32")
    given, weights = as_tensor(x), Variable(w)
    with GradientTape(persistent=True) as tape:
        tape.watch(given)
        y = (given @ weights) ** 2
    expected = torch.autograd.functional.jacobian(lambda x, w: (x @ w) ** 2, (torch.tensor(x), torch.tensor(w)))
    found = tape.jacobian(y, [given, weights])
    for mine, others in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine.numpy(), others.numpy(), rtol=1e-5)
    diagonal = np.stack([expected[0].numpy()[i, :, i] for i in range(3)])
    np.testing.assert_allclose(tape.batch_jacobian(y, given).numpy(), diagonal, rtol=1e-5)


def test_own_gradients():
    @custom_gradient
    def cubed(x):
        return x**3, lambda upstream: upstream * 100.0

    x = as_tensor([2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = cubed(x) * 2
    assert y.numpy() == [16] and tape.gradient(y, x).numpy() == [200]


def test_names_of_the_module():
    import tensorflow as tf

    x = tf.constant([0.3, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.stop_gradient(x) * tf.math.log(x) + tf.nn.softmax(x)[0])
    with torch.enable_grad():
        t = torch.tensor([0.3, 2.0], requires_grad=True)
        (t.detach() * t.log() + t.softmax(0)[0]).sum().backward()
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), t.grad.numpy(), rtol=1e-5)
