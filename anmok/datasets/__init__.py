"""Data sets that everybody knows, as Keras gives them: `mnist.load_data()`; fashion_mini lies in the package."""

from anmok.datasets import boston_housing, cifar10, cifar100, fashion_mini, fashion_mnist, mnist

__all__ = ["boston_housing", "cifar10", "cifar100", "fashion_mini", "fashion_mnist", "mnist"]
