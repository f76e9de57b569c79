"""AlexNet. A. Krizhevsky, I. Sutskever, G. E. Hinton: ImageNet Classification with Deep CNNs, 2012.

As in section 3.5 and figure 2: two groups in conv2, conv4 and conv5 (the two GPUs), local response normalization after
conv1 and conv2, pooling windows of 3 that move by 2, dropout before fc7 and fc8.
Differences: images are 227 x 227, since 55 positions of an 11 x 11 kernel that moves by 4 take 227 pixels and not the
paper's 224; kernels begin as He et al. (2015) have it for ReLU and biases as 0, since the paper's N(0, 0.01) and biases
of 1 are made for pixels of 0..255 less their mean.
"""

from anmok import layers
from anmok.models import Sequential

# fmt: off
# Section 3.5: filters, kernel, stride, groups, then what follows.
SECTION_3_5 = {
    "conv1": ( 96, 11, 4, 1, ("normalize", "pool")),
    "conv2": (256,  5, 1, 2, ("normalize", "pool")),
    "conv3": (384,  3, 1, 1, ()),
    "conv4": (384,  3, 1, 2, ()),
    "conv5": (256,  3, 1, 2, ("pool",)),
}

# Figure 2 has the maps of each layer; the paper counts neither parameters nor operations by layer.
MODULES = {
    "conv1": ("55x55x96", "", ""),
    "norm1": ("", "", ""),
    "pool1": ("", "", ""),
    "conv2": ("27x27x256", "", ""),
    "norm2": ("", "", ""),
    "pool2": ("", "", ""),
    "conv3": ("13x13x384", "", ""),
    "conv4": ("13x13x384", "", ""),
    "conv5": ("13x13x256", "", ""),
    "pool5": ("", "", ""),
    "fc6": ("4096", "", ""),
    "fc7": ("4096", "", ""),
    "fc8": ("1000", "", ""),
}
# fmt: on
LECTURE_MODULES = dict.fromkeys(MODULES)


def alexnet(input_shape=(227, 227, 3), classes=1000):
    """The paper's network, both halves in one."""
    start = {"kernel_initializer": "he_normal", "activation": "relu"}
    model = Sequential([layers.Input(input_shape)], name="alexnet")
    for name, (filters, kernel, stride, groups, after) in SECTION_3_5.items():
        padding = "valid" if name == "conv1" else "same"
        model.add(layers.Conv2D(filters, kernel, stride, padding, groups=groups, **start, name=name))
        if "normalize" in after:
            model.add(layers.LocalResponseNormalization(name=f"norm{name[-1]}"))
        if "pool" in after:
            model.add(layers.MaxPooling2D(3, 2, name=f"pool{name[-1]}"))
    model.add(layers.Flatten(name="fc6_flat"))
    for name in ("fc6", "fc7"):
        model.add(layers.Dense(4096, **start, name=name))
        model.add(layers.Dropout(0.5, name=f"{name}_dropout"))
    model.add(layers.Dense(classes, activation="softmax", name="fc8"))
    return model


def alexnet_lecture(input_shape=(224, 224, 3), classes=1000, activation="relu"):
    """The lecture's AlexNet: one tower, batch normalization for the LRN, no dropout; it also takes 32 x 32 pixels."""
    return Sequential(
        [
            layers.Input(input_shape),
            layers.Conv2D(96, 11, 4, "same", activation=activation, name="conv1"),
            layers.MaxPooling2D(3, 2, name="pool1"),
            layers.BatchNormalization(name="norm1"),
            layers.Conv2D(256, 5, padding="same", activation=activation, name="conv2"),
            layers.MaxPooling2D(3, 2, name="pool2"),
            layers.BatchNormalization(name="norm2"),
            layers.Conv2D(384, 3, padding="same", activation=activation, name="conv3"),
            layers.Conv2D(384, 3, padding="same", activation=activation, name="conv4"),
            layers.Conv2D(256, 3, padding="same", activation=activation, name="conv5"),
            layers.Flatten(name="fc6_flat"),
            layers.Dense(4096, activation=activation, name="fc6"),
            layers.Dense(4096, activation=activation, name="fc7"),
            layers.Dense(classes, activation="softmax", name="fc8"),
        ],
        name="alexnet_lecture",
    )
