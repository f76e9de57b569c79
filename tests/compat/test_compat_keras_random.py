"""keras.random.shuffle along any axis."""

import numpy as np
import pytest

from anmok.compat import keras_random


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_shuffle_puts_slices_of_its_axis_into_another_order(axis):
    x = np.arange(2 * 30 * 40).reshape(2, 30, 40) if axis else np.arange(60).reshape(30, 2)
    found = np.moveaxis(keras_random.shuffle(x, axis=axis, seed=3).numpy(), axis, 0)
    wanted = np.moveaxis(x, axis, 0)
    order = [int(np.flatnonzero([np.array_equal(part, each) for each in wanted])[0]) for part in found]
    assert sorted(order) == list(range(len(wanted))) and order != sorted(order)
