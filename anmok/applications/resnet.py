"""ResNet-50, -101 and -152: He et al. 2015, "Deep Residual Learning for Image Recognition", Table 1.

As in Keras: a stage's stride is in its first 1x1 convolution; convolutions have biases though batch normalization
follows them; images in BGR less ImageNet's mean.
"""

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)

# fmt: off
# Table 1: how often each stage repeats its block.
#              conv2_x  conv3_x  conv4_x  conv5_x
TABLE_1 = {
    "resnet50":  (   3,       4,       6,       3),
    "resnet101": (   3,       4,      23,       3),
    "resnet152": (   3,       8,      36,       3),
}
# Table 1: filters of a block's 1x1, 3x3 and 1x1 convolutions, and the stride of a stage's first block.
STAGES = {
    "conv2": ( 64,  64,  256, 1),
    "conv3": (128, 128,  512, 2),
    "conv4": (256, 256, 1024, 2),
    "conv5": (512, 512, 2048, 2),
}
# fmt: on
EPSILON = 1.001e-5


def ResNet50(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet50",
):
    """ResNet50 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 2048). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _resnet("resnet50", request)


def ResNet101(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet101",
):
    """ResNet101 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 2048). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _resnet("resnet101", request)


def ResNet152(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet152",
):
    """ResNet152 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 2048). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _resnet("resnet152", request)


def _resnet(network, request):
    x = stem(request.image(request.shape()))
    x = normalized(x, "conv1")
    x = pooled_stem(x)
    for (stage, (*filters, stride)), blocks in zip(STAGES.items(), TABLE_1[network], strict=True):
        for number in range(1, blocks + 1):
            x = _block(x, filters, stride if number == 1 else 1, f"{stage}_block{number}", widens=number == 1)
    return request.model(topped(x, request), network)


def _block(x, filters, stride, name, *, widens):
    """1x1, 3x3, 1x1, added to the input, which a 1x1 convolution fits where it has other channels."""
    shortcut = x
    if widens:
        shortcut = Conv2D(filters[2], 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = BatchNormalization(epsilon=EPSILON, name=f"{name}_0_bn")(shortcut)
    x = Conv2D(filters[0], 1, strides=stride, name=f"{name}_1_conv")(x)
    x = normalized(x, f"{name}_1")
    x = Conv2D(filters[1], 3, padding="same", name=f"{name}_2_conv")(x)
    x = normalized(x, f"{name}_2")
    x = Conv2D(filters[2], 1, name=f"{name}_3_conv")(x)
    x = BatchNormalization(epsilon=EPSILON, name=f"{name}_3_bn")(x)
    x = Add(name=f"{name}_add")([shortcut, x])
    return Activation("relu", name=f"{name}_out")(x)


def stem(x, use_bias=True):
    """Table 1's conv1: images (B, H, W, 3) to (B, H / 2, W / 2, 64)."""
    x = ZeroPadding2D(3, name="conv1_pad")(x)
    return Conv2D(64, 7, strides=2, use_bias=use_bias, name="conv1_conv")(x)


def pooled_stem(x):
    """The 3x3 max-pooling with which conv2_x begins: (B, H, W, C) to (B, H / 2, W / 2, C)."""
    x = ZeroPadding2D(1, name="pool1_pad")(x)
    return MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def normalized(x, name):
    """Batch normalization, then ReLU."""
    x = BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return Activation("relu", name=f"{name}_relu")(x)


def topped(x, request):
    """Mean features and the scores, or what was asked for in their place."""
    if request.include_top:
        return request.classified(GlobalAveragePooling2D(name="avg_pool")(x))
    return request.pooled(x, names=("avg_pool", "max_pool"))


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3), RGB in 0..255, in BGR and less ImageNet's mean, as ResNet wants them (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="caffe")
