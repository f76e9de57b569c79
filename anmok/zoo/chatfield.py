"""CNN-F, CNN-M, CNN-S. K. Chatfield, K. Simonyan, A. Vedaldi, A. Zisserman: Return of the Devil in the Details, 2014.

The lecture calls them VGG-F, VGG-M and VGG-S. All that table 1 says is here; what it leaves open is as in the weights
that the authors published: pooling windows are 3 x 3 (2 x 2 after conv2 of CNN-S), and the last of them reach over the
right and lower border, as Caffe rounds (zeros there change no maximum, for they follow a ReLU).
Differences: LRN has AlexNet's settings, of which the paper says nothing; kernels begin as He et al. (2015) have it.
"""

from anmok import layers
from anmok.models import Sequential

# fmt: off
# Table 1: filters, kernel, stride, padding, LRN, and (window, stride) of the pooling.
TABLE_1 = {
    "F": {
        "conv1": ( 64, 11, 4, 0, "LRN", (3, 2)),
        "conv2": (256,  5, 1, 2, "LRN", (3, 2)),
        "conv3": (256,  3, 1, 1, "-",   None),
        "conv4": (256,  3, 1, 1, "-",   None),
        "conv5": (256,  3, 1, 1, "-",   (3, 2)),
    },
    "M": {
        "conv1": ( 96,  7, 2, 0, "LRN", (3, 2)),
        "conv2": (256,  5, 2, 1, "LRN", (3, 2)),
        "conv3": (512,  3, 1, 1, "-",   None),
        "conv4": (512,  3, 1, 1, "-",   None),
        "conv5": (512,  3, 1, 1, "-",   (3, 2)),
    },
    "S": {
        "conv1": ( 96,  7, 2, 0, "LRN", (3, 3)),
        "conv2": (256,  5, 1, 1, "-",   (2, 2)),
        "conv3": (512,  3, 1, 1, "-",   None),
        "conv4": (512,  3, 1, 1, "-",   None),
        "conv5": (512,  3, 1, 1, "-",   (3, 3)),
    },
}
# fmt: on
MODULES = dict.fromkeys(("conv1", "conv2", "conv3", "conv4", "conv5", "full6", "full7", "full8"))


def cnn(architecture="F", input_shape=(224, 224, 3), classes=1000):
    """The network of that row of table 1: 'F' (fast), 'M' (medium) or 'S' (slow)."""
    start = {"kernel_initializer": "he_normal", "activation": "relu"}
    model = Sequential([layers.Input(input_shape)], name=f"cnn_{architecture.lower()}")
    for name, (filters, kernel, stride, padding, normalization, pooling) in TABLE_1[architecture].items():
        if padding:
            model.add(layers.ZeroPadding2D(padding, name=f"{name}_padding"))
        model.add(layers.Conv2D(filters, kernel, stride, **start, name=name))
        if normalization == "LRN":
            model.add(layers.LocalResponseNormalization(name=f"{name}_norm"))
        if pooling:
            window, step = pooling
            model.add(layers.ZeroPadding2D(((0, step - 1), (0, step - 1)), name=f"{name}_border"))
            model.add(layers.MaxPooling2D(window, step, name=f"{name}_pool"))
    model.add(layers.Flatten(name="full6_flat"))
    for name in ("full6", "full7"):
        model.add(layers.Dense(4096, **start, name=name))
        model.add(layers.Dropout(0.5, name=f"{name}_dropout"))
    model.add(layers.Dense(classes, activation="softmax", name="full8"))
    return model
