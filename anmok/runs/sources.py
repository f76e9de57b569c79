"""Where a training's images come from: a name to arrays and class names, or a path to pictures."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from anmok.data import folders
from anmok.datasets import cifar10, fashion_mini, fashion_mnist, mnist
from anmok.errors import UnknownNameError, unknown_name

_SOURCES = {"fashion-mini": fashion_mini, "mnist": mnist, "fashion-mnist": fashion_mnist, "cifar10": cifar10}


@dataclasses.dataclass(frozen=True)
class Images:
    """Arrays uint8 (N, H, W, C) and labels int64 (N,), to train on and to test once; the classes' names in order."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple

    @property
    def shape(self):
        """(H, W, C) of one image."""
        return self.x_train.shape[1:]


def canonical(name):
    """The name of a source as the table has it ('fashion_mini' is accepted); raises UnknownNameError."""
    spelled = str(name).lower().replace("_", "-")
    if spelled not in _SOURCES:
        raise unknown_name("source", name, _SOURCES)
    return spelled


def resolve(source):
    """The name of a source, or the absolute path of what is no name; a name wins over a file that is called the same.

    Raises UnknownNameError, which offers the nearest names and files, for what is neither.
    """
    try:
        return canonical(source)
    except UnknownNameError as error:
        path = os.path.abspath(os.path.expanduser(source))
        if os.path.exists(path):
            return path
        missing = folders.not_there(Path(path), "folder or archive")
        # Whoever writes a path does not mean a name.
        if os.path.basename(source) != source or source.lower().endswith(".zip"):
            raise missing from None
        both = UnknownNameError(f"{error} {missing}")
        both.kind, both.name = "source", source
        raise both from None


def load(name):
    """The Images of a source."""
    module = _SOURCES[canonical(name)]
    (x_train, y_train), (x_test, y_test) = module.load_data()
    classes = tuple(str(label) for label in module.class_names)
    return Images(_with_channels(x_train), _flat(y_train), _with_channels(x_test), _flat(y_test), classes)


def _with_channels(images):
    return images if images.ndim == 4 else images[..., None]


def _flat(labels):
    return labels.reshape(-1).astype(np.int64)
