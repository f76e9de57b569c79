import threading

import cv2
import numpy as np
import pytest

from anmok import augment, random
from anmok.data.cache import DecodedImages
from anmok.data.picture_batches import PictureBatches, read_all
from anmok.errors import ArgumentError, DataError, FileFormatError
from anmok.training.iterables import SequenceSource


class Counting:
    """Picture i is a 4 x 4 plane of the number i."""

    def read(self, index):
        return np.full((4, 4, 3), index, np.uint8)


def batches(**more):
    random.set_seed(3)
    rows = np.arange(10, 27)
    return PictureBatches(Counting(), rows, rows % 3, batch_size=5, **more)


def seen(batch):
    return batch[0][:, 0, 0, 0].astype(int).tolist()


def test_in_order_each_picture_comes_once_with_its_label():
    made = batches()
    assert len(made) == 4 and made[0][0].shape == (5, 4, 4, 3) and made[0][0].dtype == np.float32
    assert [n for i in range(4) for n in seen(made[i])] == list(range(10, 27))
    assert all((labels == images[:, 0, 0, 0] % 3).all() for images, labels in (made[i] for i in range(4)))
    with pytest.raises(IndexError):
        made[4]


def test_each_epoch_has_an_order_of_its_own_and_every_picture():
    made, orders = batches(shuffled=True), []
    for epoch in (0, 1, 0):
        made.set_epoch(epoch)
        orders.append([n for i in range(4) for n in seen(made[i])])
        assert sorted(orders[-1]) == list(range(10, 27))
    assert orders[0] == orders[2] != orders[1] and orders[0] != sorted(orders[0])


@pytest.mark.parametrize("workers", [0, 2, 8])
def test_a_batch_depends_on_seed_epoch_and_index_alone(workers):
    change = augment.Compose([augment.Brightness(factor=(0.5, 1.5)), augment.GaussianNoise()])
    expected = []
    made = batches(change=change, shuffled=True)
    for epoch in range(2):
        made.set_epoch(epoch)
        expected += [made[i] for i in (3, 2, 1, 0)][::-1]
    made = batches(change=change, shuffled=True)
    made.workers = workers
    source = SequenceSource(made)
    found = [batch for epoch in range(2) for batch in source.batches(epoch)]
    assert len(found) == len(expected)
    for (images, labels), (x, y, _) in zip(expected, found, strict=True):
        assert np.array_equal(images, x.numpy()) and np.array_equal(labels, y.numpy())


def test_changes_are_drawn_for_each_picture_and_leave_the_cache_alone():
    kept = np.full((4, 4, 3), 100, np.uint8)
    kept.flags.writeable = False

    class Same:
        def read(self, index):
            return kept

    random.set_seed(0)
    made = PictureBatches(Same(), range(6), np.zeros(6), batch_size=6, change=augment.Brightness(factor=(0.5, 1.5)))
    levels = made[0][0][:, 0, 0, 0]
    assert len(set(levels.tolist())) >= 4 and levels.min() >= 50 and levels.max() <= 150


def test_what_cannot_be_a_batch_is_refused():
    with pytest.raises(DataError, match="label for each of 3 pictures, got 2"):
        PictureBatches(Counting(), [1, 2, 3], [0, 1], batch_size=2)
    with pytest.raises(DataError, match="no picture"):
        PictureBatches(Counting(), [], [], batch_size=2)
    with pytest.raises(ArgumentError, match="batch_size"):
        PictureBatches(Counting(), [1], [0], batch_size=0)


@pytest.fixture
def files(tmp_path):
    """40 pictures of which number 7 and 30 are damaged inside."""
    paths = []
    for i in range(40):
        data = bytearray(cv2.imencode(".png", np.random.default_rng(i).integers(0, 256, (9, 9, 3), np.uint8))[1])
        if i in (7, 30):
            data[len(data) // 2] ^= 255
        paths.append(tmp_path / f"{i}.png")
        paths[-1].write_bytes(data)
    return paths


def test_reading_all_finds_the_damaged_and_keeps_the_others(files):
    told = []
    decoded = DecodedImages(files, size=(8, 8), store="memory")
    faults = read_all(decoded, tell=lambda done, total: told.append((done, total)))
    assert sorted(faults) == [7, 30] and "7.png" in str(faults[7])
    assert decoded.ready_count == 38
    assert told[-1] == (40, 40) and told == sorted(told)


def test_reading_all_can_stop_at_the_first(files):
    before = threading.active_count()
    with pytest.raises(FileFormatError, match=r"7\.png"):
        read_all(DecodedImages(files, size=(8, 8), store="memory"), on_error="raise")
    assert threading.active_count() == before
