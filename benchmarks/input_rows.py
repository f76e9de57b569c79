"""What input.py compares, one row of its table each, and the pictures that everybody is given."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# The lectures' cats-and-dogs generator. Shears are in degrees, so that 0.2 is next to nothing, in the lectures as here.
COURSE = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "rescale": 1 / 255,
}
BATCH = 32
SIZE = 150


@dataclass(frozen=True)
class Target:
    """`ours` shall be at least `times` as fast as `theirs`; both are names of contenders."""

    ours: str
    theirs: str
    times: float


@dataclass(frozen=True)
class Row:
    """One comparison: what is read (a key of input_worker.SOURCES), on how many cores, by which peers."""

    title: str
    source: str
    cores: int
    peers: tuple
    targets: tuple = ()
    slice: float = 1.0  # a slice's length, in units of --seconds


ANMOK_KERAS = ("anmok", "keras")
CHAIN = ("anmok", "albumentations", "kornia")
EPOCH_1, LATER, UNCACHED = "anmok, epoch 1", "anmok, from epoch 2 on", "anmok, cache=False"
READY, TRAIN_1, TRAIN_LATER = "ready float32 arrays", "JPEG folder, epoch 1", "JPEG folder, from epoch 2 on"
# fmt: off
ROWS = {
    "arrays_150": Row("uint8 arrays, 150 px, one core", "arrays_150", 1, ANMOK_KERAS,
                      (Target("anmok", "Keras", 10),)),
    "arrays_150_two": Row("uint8 arrays, 150 px, two cores", "arrays_150", 2, ANMOK_KERAS),
    "arrays_28": Row("uint8 arrays, 28 px, one core", "arrays_28", 1, ANMOK_KERAS),
    "arrays_28_two": Row("uint8 arrays, 28 px, two cores", "arrays_28", 2, ANMOK_KERAS),
    "jpeg": Row("JPEG folder, 150 px, one core", "jpeg", 1, ANMOK_KERAS,
                (Target(EPOCH_1, "Keras", 5), Target(LATER, "Keras", 15))),
    "jpeg_two": Row("JPEG folder, 150 px, two cores", "jpeg", 2, ANMOK_KERAS),
    "chain": Row("flip, affine, colours, 150 px, one core", "chain", 1, CHAIN,
                 (Target("anmok", "albumentations", 1.3), Target("anmok", "Kornia", 3))),
    "chain_two": Row("flip, affine, colours, 150 px, two cores", "chain", 2, CHAIN),
    "training": Row("training the 150 px convnet, two cores", "training", 2, ("anmok",),
                    (Target(TRAIN_1, READY, 0.9), Target(TRAIN_LATER, READY, 0.9)), slice=3.0),
}
# fmt: on

MEMORY_TITLE = "a pass of flow_from_dataframe over apparel, 112 x 112, without cache"
MEMORY_LIMIT = 300  # MB


def dataset(name):
    """The folder or file of a data set that shared/prepare_data.py placed."""
    return Path(os.environ.get("ANMOK_HOME", Path.home() / ".anmok")) / "datasets" / name


def photographs_file():
    """cats_and_dogs_small/train as uint8 (2000, 150, 150, 3), made by input_photographs.py."""
    from environments import cache_folder

    return cache_folder() / "photographs-150.npy"


def arrays(size):
    """uint8 (2000, size, size, C) and labels int64 (2000,): photographs at 150 px, digits at 28 px."""
    if size == SIZE:
        return np.load(photographs_file()), np.arange(2000) // 1000
    with np.load(dataset("mnist.npz")) as digits:
        return digits["x_train"][:2000, ..., None], digits["y_train"][:2000].astype(np.int64)
