"""While a program is tried out, functions with gradients compute their first calls and give the last results then."""

import numpy as np
import pytest

from anmok import compat
from anmok.training import limit


@pytest.fixture(autouse=True)
def active():
    with compat.active(), limit.limited(steps=3):
        yield


def test_a_tf_function_with_a_tape_computes_three_calls_a_shape():
    import tensorflow as tf

    calls = []

    @tf.function
    def step(x, rate):
        calls.append(tuple(x.shape))
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(x**2)
        return loss, x - rate * tape.gradient(loss, x)

    x = tf.ones((2, 2))
    for _ in range(6):
        loss, x = step(x, 0.1)
    assert len(calls) == 3 and float(loss) == pytest.approx(4 * 0.8**4, rel=1e-5)
    step(tf.ones((5,)), 0.1)
    assert calls[3] == (5,)


def test_a_tf_function_without_gradients_computes_every_call():
    import tensorflow as tf

    double = tf.function(lambda x: 2 * x)
    assert [float(double(tf.constant(float(n)))) for n in range(6)] == [0, 2, 4, 6, 8, 10]


def test_a_function_of_the_backend_too():
    from keras import backend as K
    from keras import layers

    x = layers.Input((2,))
    loss = K.sum(K.square(x))
    iterate = K.function([x], [loss, K.gradients(loss, x)[0]])
    values = [iterate([np.full((1, 2), n)])[0] for n in range(1, 6)]
    assert np.allclose(values, [2, 8, 18, 18, 18])
