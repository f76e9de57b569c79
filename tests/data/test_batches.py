import numpy as np
import pytest

from anmok import random
from anmok.data.batches import AugmentedBatches
from anmok.errors import ArgumentError, DataError


@pytest.fixture(autouse=True)
def seed():
    random.set_seed(5)


def source(**options):
    """Ten images whose only bright pixel, in the middle, tells their number."""
    images = np.zeros((10, 9, 9, 1), np.uint8)
    images[:, 4, 4, 0] = np.arange(1, 11)
    return AugmentedBatches(images, np.arange(10), batch_size=4, **options)


def read(batches):
    return [batches[index] for index in range(len(batches))]


def test_every_image_once_an_epoch_in_an_order_of_its_own():
    batches = source()
    orders = []
    for _ in range(3):
        labels = np.concatenate([labels for _, labels in read(batches)])
        assert sorted(labels) == list(range(10))
        orders.append(labels.tolist())
        batches.on_epoch_end()
    assert orders[0] != orders[1] != orders[2]
    assert [len(labels) for _, labels in read(batches)] == [4, 4, 2]


def test_labels_stay_with_their_images_when_these_move():
    batches = source(shift=2, flip=True)
    seen = set()
    for _ in range(20):
        for images, labels in read(batches):
            assert images.dtype == np.float32
            assert np.array_equal(images.max(axis=(1, 2, 3)), labels + 1)
            seen |= {tuple(place) for place in np.argwhere(images[..., 0] > 0)[:, 1:]}
        batches.on_epoch_end()
    assert seen == {(row, column) for row in range(2, 7) for column in range(2, 7)}


def test_a_batch_is_the_same_whenever_it_is_asked_for():
    first, second = source(shift=2, flip=True), source(shift=2, flip=True)
    backwards = [second[index] for index in reversed(range(len(second)))][::-1]
    for (x, y), (again, labels) in zip(read(first), backwards, strict=True):
        assert np.array_equal(x, again) and np.array_equal(y, labels)


def test_without_variation_pixels_are_untouched():
    batches = source()
    for images, labels in read(batches):
        assert np.array_equal(images, batches.images[labels])


def test_refusals():
    with pytest.raises(DataError, match="as many labels"):
        AugmentedBatches(np.zeros((3, 4, 4, 1)), np.zeros(2), batch_size=1)
    with pytest.raises(DataError, match="no image"):
        AugmentedBatches(np.zeros((0, 4, 4, 1)), np.zeros(0), batch_size=1)
    with pytest.raises(ArgumentError, match="batch_size >= 1"):
        AugmentedBatches(np.zeros((1, 4, 4, 1)), np.zeros(1), batch_size=0)
    with pytest.raises(IndexError):
        source()[3]
