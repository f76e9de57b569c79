"""ResNet. K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, 2015.

Table 1 (ImageNet) and section 4.2 (CIFAR-10), with the shortcuts A, B and C of section 3.3 and 4.1. The stride of a
bottleneck is in its first 1x1, as in the authors' networks, to which the table's operations belong; torchvision's has
it in the 3x3. Convolutions have no bias, since batch normalization follows.
Difference: 'same' padding puts the odd row and column of zeros below and to the right, where Caffe puts one all around.
"""

from anmok import layers
from anmok.errors import ArgumentError
from anmok.models import Model

# fmt: off
# Table 1:  block         conv2_x  conv3_x  conv4_x  conv5_x
TABLE_1 = {
    18:  ("basic",      (      2,       2,       2,       2)),
    34:  ("basic",      (      3,       4,       6,       3)),
    50:  ("bottleneck", (      3,       4,       6,       3)),
    101: ("bottleneck", (      3,       4,      23,       3)),
    152: ("bottleneck", (      3,       8,      36,       3)),
}
# Section 4.2, for 32 x 32 pixels: 6n + 2 layers, 2n of each size.
CIFAR = {20: 3, 32: 5, 44: 7, 56: 9, 110: 18}

# Table 1 gives sizes, and operations of the whole: see anmok/zoo/networks.py.
MODULES = {
    "conv1":   ("112x112", "", ""),
    "conv2_x": ("56x56",   "", ""),
    "conv3_x": ("28x28",   "", ""),
    "conv4_x": ("14x14",   "", ""),
    "conv5_x": ("7x7",     "", ""),
    "fc":      ("1x1",     "", ""),
}
CIFAR_MODULES = {
    "conv1":   ("32x32x16", "", ""),
    "conv2_x": ("32x32x16", "", ""),
    "conv3_x": ("16x16x32", "", ""),
    "conv4_x": ("8x8x64",   "", ""),
    "fc":      ("10",       "", ""),
}
# fmt: on


def resnet(depth=50, input_shape=(224, 224, 3), classes=1000, *, shortcut="B"):
    """The network of that column of table 1.

    shortcut: where a block changes the number of maps, A pads with zeros, B projects; C projects in every block.
    """
    kind, repeats = TABLE_1[depth]
    block = {"basic": _basic, "bottleneck": _bottleneck}[kind]
    image = layers.Input(input_shape)
    x = layers.ReLU(name="conv1_relu")(_convolution(image, 64, 7, 2, "conv1"))
    x = layers.MaxPooling2D(3, 2, "same", name="conv2_pool")(x)
    for stage, count in enumerate(repeats):
        for number in range(count):
            strides = 2 if stage and not number else 1
            x = block(x, 64 * 2**stage, strides, _checked(shortcut), f"conv{stage + 2}_{number + 1}")
    return _classified(image, x, classes, f"resnet{depth}")


def cifar_resnet(depth=20, input_shape=(32, 32, 3), classes=10, *, shortcut="A"):
    """A network of section 4.2, whose shortcuts are identities, padded with zeros where the number of maps grows."""
    image = layers.Input(input_shape)
    x = layers.ReLU(name="conv1_relu")(_convolution(image, 16, 3, 1, "conv1"))
    for stage in range(3):
        for number in range(CIFAR[depth]):
            strides = 2 if stage and not number else 1
            x = _basic(x, 16 * 2**stage, strides, _checked(shortcut), f"conv{stage + 2}_{number + 1}")
    return _classified(image, x, classes, f"cifar_resnet{depth}")


def _classified(image, x, classes, name):
    x = layers.GlobalAveragePooling2D(name="fc_pool")(x)
    return Model(image, layers.Dense(classes, activation="softmax", name="fc")(x), name=name)


def _basic(x, filters, strides, shortcut, name):
    """Figure 5, left: two 3x3 convolutions."""
    y = layers.ReLU(name=f"{name}_relu1")(_convolution(x, filters, 3, strides, f"{name}_conv1"))
    y = _convolution(y, filters, 3, 1, f"{name}_conv2")
    return _joined(x, y, filters, strides, shortcut, name)


def _bottleneck(x, filters, strides, shortcut, name):
    """Figure 5, right: 1x1 down, 3x3, 1x1 up to four times the maps."""
    y = layers.ReLU(name=f"{name}_relu1")(_convolution(x, filters, 1, strides, f"{name}_conv1"))
    y = layers.ReLU(name=f"{name}_relu2")(_convolution(y, filters, 3, 1, f"{name}_conv2"))
    y = _convolution(y, 4 * filters, 1, 1, f"{name}_conv3")
    return _joined(x, y, 4 * filters, strides, shortcut, name)


def _joined(x, y, filters, strides, shortcut, name):
    more = filters - x.shape[-1]
    if shortcut == "C" or (shortcut == "B" and more):
        x = _convolution(x, filters, 1, strides, f"{name}_shortcut")
    elif more:
        if strides > 1:
            x = layers.MaxPooling2D(1, strides, name=f"{name}_every_other")(x)  # a window of one pixel
        # To a layer told that channels are first, our maps are the last axis of an image.
        x = layers.ZeroPadding2D(((0, 0), (0, more)), data_format="channels_first", name=f"{name}_zeros")(x)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))


def _convolution(x, filters, kernel, strides, name):
    x = layers.Conv2D(filters, kernel, strides, "same", use_bias=False, kernel_initializer="he_normal", name=name)(x)
    return layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=f"{name}_bn")(x)


def _checked(shortcut):
    if shortcut not in ("A", "B", "C"):
        raise ArgumentError(f"Expected shortcut to be 'A', 'B' or 'C' (He et al. 2015, section 4.1), got {shortcut!r}.")
    return shortcut
