"""CIFAR-10: small colour photographs, 32 x 32 (Krizhevsky 2009)."""

import numpy as np

from anmok.datasets import cached, cifar

class_names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))


def load_data():
    """(x_train, y_train), (x_test, y_test): uint8 (50000, 32, 32, 3), (50000, 1), (10000, 32, 32, 3), (10000, 1).

    As in Keras. Raises MissingFileError, FileFormatError.
    """
    return cached.split(cached.load("cifar10.npz", cached.SPLITS, _make))


def _make(target):
    cifar.make(target, origin=ORIGIN, sha256=SHA256, names=(*_TRAIN, "test_batch"), arrays=_arrays)


def _arrays(members):
    train, test = [members[name] for name in _TRAIN], members["test_batch"]
    return {
        "x_train": np.concatenate([cifar.images(batch["data"]) for batch in train]),
        "y_train": np.concatenate([cifar.labels(batch["labels"]) for batch in train]),
        "x_test": cifar.images(test["data"]),
        "y_test": cifar.labels(test["labels"]),
    }
