"""SE-ResNet and SENet. J. Hu, L. Shen, G. Sun: Squeeze-and-Excitation Networks, 2017.

SE-ResNets are ResNets whose blocks weigh their maps (figure 3) before they are added; the middle column of table 1.
SENet-154 won ILSVRC 2017; the appendix tells how it differs from an SE-ResNeXt-152 (64 x 4d): three 3x3 in place of the
first 7x7, half as many maps in the first 1x1 of each block, 3x3 where a shortcut projects with stride 2, dropout.
Difference: 'same' padding puts the odd row and column of zeros below and to the right, where Caffe puts one all around.
"""

from anmok import layers
from anmok.models import Model

# fmt: off
# Table 1:  conv2_x  conv3_x  conv4_x  conv5_x
TABLE_1 = {
    50:  (       3,       4,       6,       3),
    101: (       3,       4,      23,       3),
    152: (       3,       8,      36,       3),
    154: (       3,       8,      36,       3),
}
# fmt: on
REDUCTION = 16  # r of section 3, 16 in all networks
GROUPS = 64  # of SENet-154

MODULES = {
    "conv1": ("112x112", "", ""),
    "conv2_x": ("56x56", "", ""),
    "conv3_x": ("28x28", "", ""),
    "conv4_x": ("14x14", "", ""),
    "conv5_x": ("7x7", "", ""),
    "fc": ("1x1", "", ""),
}


def se_resnet(depth=50, input_shape=(224, 224, 3), classes=1000):
    """The ResNet of that depth (50, 101 or 152) with squeeze and excitation in every block."""
    image = layers.Input(input_shape)
    x = layers.ReLU(name="conv1_relu")(_convolution(image, 64, 7, "conv1", strides=2))
    x = layers.MaxPooling2D(3, 2, "same", name="conv2_pool")(x)
    for filters, strides, name in _blocks(depth):
        y = layers.ReLU(name=f"{name}_relu1")(_convolution(x, filters, 1, f"{name}_conv1", strides=strides))
        y = layers.ReLU(name=f"{name}_relu2")(_convolution(y, filters, 3, f"{name}_conv2"))
        y = _convolution(y, 4 * filters, 1, f"{name}_conv3")
        if x.shape[-1] != 4 * filters:
            x = _convolution(x, 4 * filters, 1, f"{name}_shortcut", strides=strides)
        x = _joined(x, y, name)
    x = layers.GlobalAveragePooling2D(name="fc_pool")(x)
    return Model(image, layers.Dense(classes, activation="softmax", name="fc")(x), name=f"se_resnet{depth}")


def senet154(input_shape=(224, 224, 3), classes=1000):
    """SENet-154 of the appendix."""
    image = x = layers.Input(input_shape)
    for number, (filters, strides) in enumerate(((64, 2), (64, 1), (128, 1)), 1):
        x = _convolution(x, filters, 3, f"conv1_{number}", strides=strides)
        x = layers.ReLU(name=f"conv1_{number}_relu")(x)
    x = layers.MaxPooling2D(3, 2, "same", name="conv2_pool")(x)
    for filters, strides, name in _blocks(154):
        y = layers.ReLU(name=f"{name}_relu1")(_convolution(x, 2 * filters, 1, f"{name}_conv1"))
        y = _convolution(y, 4 * filters, 3, f"{name}_conv2", strides=strides, groups=GROUPS)
        y = layers.ReLU(name=f"{name}_relu2")(y)
        y = _convolution(y, 4 * filters, 1, f"{name}_conv3")
        if x.shape[-1] != 4 * filters:
            x = _convolution(x, 4 * filters, 3 if strides > 1 else 1, f"{name}_shortcut", strides=strides)
        x = _joined(x, y, name)
    x = layers.GlobalAveragePooling2D(name="fc_pool")(x)
    x = layers.Dropout(0.2, name="fc_dropout")(x)
    return Model(image, layers.Dense(classes, activation="softmax", name="fc")(x), name="senet154")


def squeeze_and_excitation(x, name="se"):
    """x (B, H, W, C) with each map times a weight in 0..1 that a bottleneck of C / 16 units makes of all means."""
    maps = x.shape[-1]
    y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    y = layers.Dense(maps // REDUCTION, activation="relu", kernel_initializer="he_normal", name=f"{name}_down")(y)
    y = layers.Dense(maps, activation="sigmoid", name=f"{name}_up")(y)
    return layers.Multiply(name=f"{name}_scale")([x, y])


def _blocks(depth):
    """(filters, strides, name) of each block."""
    for stage, count in enumerate(TABLE_1[depth]):
        for number in range(count):
            yield 64 * 2**stage, 2 if stage and not number else 1, f"conv{stage + 2}_{number + 1}"


def _joined(x, y, name):
    y = squeeze_and_excitation(y, f"{name}_se")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))


def _convolution(x, filters, kernel, name, *, strides=1, groups=1):
    start = {"use_bias": False, "kernel_initializer": "he_normal"}
    x = layers.Conv2D(filters, kernel, strides, "same", groups=groups, **start, name=name)(x)
    return layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=f"{name}_bn")(x)
