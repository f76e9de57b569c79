"""MNIST: handwritten digits, 28 x 28 grey (LeCun, Cortes, Burges; CC BY-SA 3.0)."""

from anmok import files
from anmok.datasets import cached

class_names = tuple("0123456789")
ORIGIN = cached.KERAS_STORAGE + "mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path="mnist.npz"):
    """(x_train, y_train), (x_test, y_test): uint8 (60000, 28, 28), (60000,), (10000, 28, 28), (10000,), as in Keras.

    path: absolute, or relative to the cache's datasets folder. Raises MissingFileError, FileFormatError.
    """
    return cached.split(cached.load(path, cached.SPLITS, _make))


def _make(target):
    files.download(ORIGIN, target, expected=SHA256)
