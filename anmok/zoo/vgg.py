"""VGG. K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014.

The columns of table 1. D is called VGG16, E is VGG19; `anmok.applications` has those two with Keras' layer names, for
the published weights.
Difference: kernels begin as He et al. (2015) have it; the paper begins the deep networks with the weights of A.
"""

from anmok import layers
from anmok.models import Sequential

# fmt: off
# Table 1, kernel-filters; a pooling ends each row.
TABLE_1 = {
    "A":     (("3-64",),        ("3-128",),         ("3-256", "3-256"),
              ("3-512", "3-512"),                   ("3-512", "3-512")),
    "A-LRN": (("3-64", "LRN"),  ("3-128",),         ("3-256", "3-256"),
              ("3-512", "3-512"),                   ("3-512", "3-512")),
    "B":     (("3-64", "3-64"), ("3-128", "3-128"), ("3-256", "3-256"),
              ("3-512", "3-512"),                   ("3-512", "3-512")),
    "C":     (("3-64", "3-64"), ("3-128", "3-128"), ("3-256", "3-256", "1-256"),
              ("3-512", "3-512", "1-512"),          ("3-512", "3-512", "1-512")),
    "D":     (("3-64", "3-64"), ("3-128", "3-128"), ("3-256", "3-256", "3-256"),
              ("3-512", "3-512", "3-512"),          ("3-512", "3-512", "3-512")),
    "E":     (("3-64", "3-64"), ("3-128", "3-128"), ("3-256", "3-256", "3-256", "3-256"),
              ("3-512", "3-512", "3-512", "3-512"), ("3-512", "3-512", "3-512", "3-512")),
}
# fmt: on
MODULES = dict.fromkeys(("block1", "block2", "block3", "block4", "block5", "fc6", "fc7", "fc8"))


def vgg(configuration="D", input_shape=(224, 224, 3), classes=1000):
    """The network of that column of table 1: 'A', 'A-LRN', 'B', 'C', 'D' or 'E'."""
    start = {"kernel_initializer": "he_normal", "activation": "relu"}
    model = Sequential([layers.Input(input_shape)], name=f"vgg_{configuration.lower().replace('-', '_')}")
    for block, row in enumerate(TABLE_1[configuration], 1):
        for number, entry in enumerate(row, 1):
            if entry == "LRN":
                model.add(layers.LocalResponseNormalization(name=f"block{block}_norm"))
                continue
            kernel, filters = map(int, entry.split("-"))
            name = f"block{block}_conv{number}"
            model.add(layers.Conv2D(filters, kernel, padding="same", **start, name=name))
        model.add(layers.MaxPooling2D(name=f"block{block}_pool"))
    model.add(layers.Flatten(name="fc6_flat"))
    for name in ("fc6", "fc7"):
        model.add(layers.Dense(4096, **start, name=name))
        model.add(layers.Dropout(0.5, name=f"{name}_dropout"))
    model.add(layers.Dense(classes, activation="softmax", name="fc8"))
    return model
