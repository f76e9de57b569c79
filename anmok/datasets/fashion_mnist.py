"""Fashion-MNIST: Zalando's articles, 28 x 28 grey (Xiao, Rasul, Vollgraf 2017; MIT)."""

import contextlib
import gzip

import numpy as np

from anmok.datasets import cached
from anmok.errors import FileFormatError

class_names = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
ORIGIN = cached.KERAS_STORAGE
# array -> (file, sha256); the digests are of Zalando's own files, whose md5 their README states.
FILES = {
    "x_train": (
        "train-images-idx3-ubyte.gz",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "y_train": (
        "train-labels-idx1-ubyte.gz",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "x_test": (
        "t10k-images-idx3-ubyte.gz",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "y_test": (
        "t10k-labels-idx1-ubyte.gz",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}


def load_data():
    """(x_train, y_train), (x_test, y_test): uint8 (60000, 28, 28), (60000,), (10000, 28, 28), (10000,), as in Keras.

    Raises MissingFileError, FileFormatError.
    """
    return cached.split(cached.load("fashion_mnist.npz", cached.SPLITS, _make))


def _make(target):
    arrays = {}
    with contextlib.ExitStack() as stack:
        for name, (file, digest) in FILES.items():
            path = target.with_name("fashion-mnist") / file
            arrays[name] = read_idx(stack.enter_context(cached.source(path, ORIGIN + file, digest)))
        cached.write(target, arrays)


def read_idx(path):
    """The uint8 array of a gzipped IDX file (two zero bytes, type 8, number of axes, big-endian sizes, values)."""
    with gzip.open(path) as file:
        data = file.read()
    axes = data[3] if len(data) > 3 else 0
    shape = np.frombuffer(data, ">i4", count=axes, offset=4) if len(data) >= 4 + 4 * axes else ()
    if data[:3] != b"\0\0\x08" or len(data) != 4 + 4 * axes + int(np.prod(shape)):
        raise FileFormatError(f"{path}: expected an IDX file of unsigned bytes; its header and length disagree.")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
