"""RandomHeight and RandomWidth: batches of drawn sizes, resized as Resizing resizes."""

import numpy as np
import pytest
import torch

from anmok import layers, models, utils
from anmok.errors import ArgumentError

IMAGES = torch.rand(2, 20, 30, 3, generator=torch.Generator().manual_seed(1))
CASES = [(layers.RandomHeight, 1), (layers.RandomWidth, 2)]


@pytest.mark.parametrize("kind, axis", CASES)
def test_sizes_are_drawn_from_the_factor_and_pixels_resized(kind, axis):
    layer, size = kind((-0.5, 0.1)), IMAGES.shape[axis]
    utils.set_random_seed(3)
    sizes = set()
    for _ in range(60):
        images = layer(IMAGES, training=True)
        sizes.add(images.shape[axis])
        shape = images.shape[1:3]
        np.testing.assert_allclose(images, layers.Resizing(*shape)(IMAGES), atol=1e-6)
    assert sizes <= set(range(size // 2, int(size * 1.1) + 1)) and len(sizes) > 5
    assert min(sizes) < size < max(sizes)


@pytest.mark.parametrize("kind, axis", CASES)
def test_nothing_happens_with_a_factor_of_0_or_at_rest(kind, axis):
    np.testing.assert_array_equal(kind(0.0)(IMAGES, training=True), IMAGES)
    np.testing.assert_array_equal(kind(0.5)(IMAGES, training=False), IMAGES)
    fixed = kind((0.5, 0.5))(IMAGES, training=True)
    assert fixed.shape[axis] == IMAGES.shape[axis] * 1.5


def test_a_network_trains_on_sizes_it_does_not_know():
    model = models.Sequential(
        [
            layers.RandomHeight(0.3, input_shape=(20, 30, 3)),
            layers.RandomWidth(0.3),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(4, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    assert model.layers[1].output_shape == (None, None, None, 3)
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(IMAGES.repeat(8, 1, 1, 1), np.arange(16) % 2, batch_size=4, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    read = layers.deserialize(layers.serialize(model.layers[0]))
    assert read.factor == (-0.3, 0.3)


def test_what_is_no_factor_is_refused():
    with pytest.raises(ArgumentError, match="factor must be a number, or two of them"):
        layers.RandomHeight(-2)


def test_thresholded_relu_keeps_what_is_above_theta():
    x = torch.tensor([[-3.0, 0.5, 1.0, 1.5]])
    np.testing.assert_array_equal(layers.ThresholdedReLU(1.0)(x), [[0, 0, 0, 1.5]])
    np.testing.assert_array_equal(layers.ThresholdedReLU(theta=0.25)(x), [[0, 0.5, 1.0, 1.5]])
