"""The networks and sizes that are compared: one row of the table each."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Row:
    """One comparison: a network (a key of the two networks files), its images, and how it is trained."""

    title: str
    shape: tuple  # of one image: (784,) or (H, W, C)
    classes: int  # 1 means one sigmoid unit
    batch: int
    images: int  # rows of the training array; a slow peer trains on its first part
    optimizer: str  # class name in Keras and in PyTorch alike
    options: tuple = ()  # ((name, value), ...) in Keras' spelling
    least: int = 0  # images of a timed slice at least, so that what one call of fit costs is spread as in real use

    @property
    def loss(self):
        return "binary_crossentropy" if self.classes == 1 else "sparse_categorical_crossentropy"


ROWS = {
    "dense": Row("dense 784-64-32-10", (784,), 10, 128, 60_000, "Adam", least=60_000),
    "mnist_cnn": Row("MNIST CNN", (28, 28, 1), 10, 128, 60_000, "Adam", least=7_680),
    "convnet_150": Row("convnet at 150 px", (150, 150, 3), 1, 32, 1_024, "RMSprop", (("learning_rate", 1e-4),)),
    "alexnet": Row("AlexNet at 32 px", (32, 32, 3), 10, 128, 8_192, "Adam"),
    "resnet18": Row(
        "ResNet-18 at 32 px", (32, 32, 3), 10, 128, 4_096, "SGD", (("learning_rate", 0.05), ("momentum", 0.9))
    ),
}

PREDICT_BATCH = 256


def data_of(row):
    """Images float32 (N, *shape) in 0..1 and labels int64 (N,), the same in every process."""
    generator = np.random.default_rng(0)
    images = generator.random((row.images, *row.shape), dtype=np.float32)
    labels = generator.integers(0, max(row.classes, 2), row.images)
    return images, labels
