"""tf.image against Keras' operations on images."""

import keras
import numpy as np
import pytest

from anmok.compat.tensors import Tensor
from anmok.compat.tf import image as tf_image

FLOATS = np.random.default_rng(0).random((2, 12, 17, 3), dtype=np.float32)


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(7, 5), (20, 40), (12, 17)])
def test_resize_is_keras_resize(method, size):
    expected = keras.ops.convert_to_numpy(keras.ops.image.resize(FLOATS, size, interpolation=method))
    made = tf_image.resize(FLOATS, size, method=method)
    assert isinstance(made, Tensor)
    np.testing.assert_allclose(made.numpy(), expected, atol=2e-5)
    np.testing.assert_array_equal(tf_image.resize(FLOATS[0], size, method).numpy(), made[0].numpy())


@pytest.mark.parametrize("padding", ["VALID", "SAME"])
def test_patches_are_keras_patches(padding):
    expected = keras.ops.image.extract_patches(FLOATS, (3, 4), strides=(2, 3), padding=padding.lower())
    made = tf_image.extract_patches(FLOATS, [1, 3, 4, 1], [1, 2, 3, 1], [1, 1, 1, 1], padding)
    np.testing.assert_allclose(made.numpy(), keras.ops.convert_to_numpy(expected), atol=1e-6)
