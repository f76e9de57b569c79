import numpy as np
import pytest

from anmok import random
from anmok.data.splits import stratified_split
from anmok.errors import ArgumentError, DataError


def test_each_class_gives_its_share():
    labels = np.repeat([0, 1, 2], [30, 50, 11])
    random.set_seed(3)
    train, validation = stratified_split(labels, fraction=0.1)
    assert np.bincount(labels[validation]).tolist() == [3, 5, 2]
    assert sorted([*train, *validation]) == list(range(91))


def test_the_seed_alone_decides():
    labels = np.arange(100) % 4
    splits = []
    for seed in (1, 1, 2):
        random.set_seed(seed)
        splits.append(stratified_split(labels, fraction=0.2)[1].tolist())
    assert splits[0] == splits[1] != splits[2]


def test_column_labels_are_accepted():
    assert len(stratified_split(np.array([[0], [1], [0], [1]]), fraction=0.5)[1]) == 2


def test_refusals():
    with pytest.raises(DataError, match=r"Class 1 has 1 image"):
        stratified_split(np.array([0, 0, 1]), fraction=0.5)
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        stratified_split(np.array([0, 0]), fraction=1.0)
