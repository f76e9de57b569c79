"""fashion_mini: the first 1,000 training and 200 test images of each class of Fashion-MNIST, within anmok (MIT)."""

from importlib import resources

from anmok.datasets import cached
from anmok.datasets.fashion_mnist import class_names

__all__ = ["class_names", "load_data"]


def load_data():
    """(x_train, y_train), (x_test, y_test): uint8 (10000, 28, 28), (10000,), (2000, 28, 28), (2000,); needs no network.

    The images stand in Fashion-MNIST's own order; tools/make_fashion_mini.py made the file.
    """
    with (resources.files("anmok.datasets") / "fashion_mini.npz").open("rb") as file:
        return cached.split(cached.read(file, cached.SPLITS))
