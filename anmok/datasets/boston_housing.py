"""Boston housing: 506 districts, 13 attributes, median value in 1000 dollars (Harrison, Rubinfeld 1978).

Its attribute B was made on the assumption that segregation raises prices: for teaching regression, not for use.
"""

import numpy as np

from anmok import files
from anmok.datasets import cached
from anmok.errors import ArgumentError

feature_names = ("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT")
ORIGIN = cached.KERAS_STORAGE + "boston_housing.npz"
SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path="boston_housing.npz", test_split=0.2, seed=113):
    """(x_train, y_train), (x_test, y_test): float64 (404, 13), (404,), (102, 13), (102,) in Keras' own order.

    path: absolute, or relative to the cache's datasets folder. test_split: fraction in [0, 1) kept for the test.
    Raises ArgumentError, MissingFileError, FileFormatError.
    """
    if not 0 <= test_split < 1:
        raise ArgumentError(f"Expected 0 <= test_split < 1, got {test_split}.")
    x, y = cached.load(path, ("x", "y"), _make)
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)  # the generator that Keras uses, for the same split
    x, y = x[order], y[order]
    boundary = int(len(x) * (1 - test_split))
    return (x[:boundary].copy(), y[:boundary].copy()), (x[boundary:].copy(), y[boundary:].copy())


def _make(target):
    files.download(ORIGIN, target, expected=SHA256)
