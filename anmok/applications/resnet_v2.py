"""ResNet-50, -101 and -152, version 2: He et al. 2016, "Identity Mappings in Deep Residual Networks", Figure 4(e).

Normalization and ReLU stand before the convolutions. As in Keras: a stage's stride is in the 3x3 convolution of its
last block, where the shortcut takes every second pixel; images in -1..1.
"""

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.applications.resnet import normalized, pooled_stem, stem, topped
from anmok.layers import Add, Conv2D, MaxPooling2D, ZeroPadding2D

# fmt: off
# Blocks of each stage, as in Table 1 of the first ResNet's paper.
#                conv2_x  conv3_x  conv4_x  conv5_x
TABLE_1 = {
    "resnet50v2":  (   3,       4,       6,       3),
    "resnet101v2": (   3,       4,      23,       3),
    "resnet152v2": (   3,       8,      36,       3),
}
# Filters of a block's 1x1, 3x3 and 1x1 convolutions, and the stride of a stage's last block.
STAGES = {
    "conv2": ( 64,  64,  256, 2),
    "conv3": (128, 128,  512, 2),
    "conv4": (256, 256, 1024, 2),
    "conv5": (512, 512, 2048, 1),
}
# fmt: on


def ResNet50V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet50v2",
):
    """ResNet50V2 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 2048). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _resnet("resnet50v2", request)


def ResNet101V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet101v2",
):
    """ResNet101V2 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 2048). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _resnet("resnet101v2", request)


def ResNet152V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet152v2",
):
    """ResNet152V2 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 2048). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _resnet("resnet152v2", request)


def _resnet(network, request):
    x = pooled_stem(stem(request.image(request.shape())))
    for (stage, (*filters, stride)), blocks in zip(STAGES.items(), TABLE_1[network], strict=True):
        for number in range(1, blocks + 1):
            x = _block(x, filters, stride if number == blocks else 1, f"{stage}_block{number}", widens=number == 1)
    x = normalized(x, "post")
    return request.model(topped(x, request), network)


def _block(x, filters, stride, name, *, widens):
    """1x1, 3x3, 1x1, each after normalization and ReLU, added to the input, or to its fit by a 1x1 convolution."""
    ready = normalized(x, f"{name}_preact")
    if widens:
        shortcut = Conv2D(filters[2], 1, strides=stride, name=f"{name}_0_conv")(ready)
    else:
        shortcut = MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = Conv2D(filters[0], 1, use_bias=False, name=f"{name}_1_conv")(ready)
    x = normalized(x, f"{name}_1")
    x = ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = Conv2D(filters[1], 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = normalized(x, f"{name}_2")
    x = Conv2D(filters[2], 1, name=f"{name}_3_conv")(x)
    return Add(name=f"{name}_out")([shortcut, x])


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3) in 0..255 scaled to -1..1, as ResNet's version 2 wants them (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="tf")
