"""MobileNetV2: Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", Table 2.

As in Keras: batch normalization after every convolution, ReLU6 after all but the projections; zeros are added by a
layer of its own where the stride is 2; images in -1..1.
"""

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.applications.padding import halving
from anmok.applications.sizes import divisible, size_of_weights, square_side
from anmok.errors import ArgumentError
from anmok.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    ReLU,
    ZeroPadding2D,
)

# fmt: off
# Table 2: t (expansion), c (channels), n (times), s (stride of the first).
FIRST = 32
TABLE_2 = (
    (1,  16, 1, 1),
    (6,  24, 2, 2),
    (6,  32, 3, 2),
    (6,  64, 4, 2),
    (6,  96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
LAST = 1280
# What weights are published for: width multiplier, size of the images.
PUBLISHED_ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
PUBLISHED_SIZES = (96, 128, 160, 192, 224)
# fmt: on


def MobileNetV2(
    input_shape=None,
    alpha=1.0,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    """MobileNetV2 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    alpha: the width multiplier of all filters. ImageNet's weights are there for alpha 0.35, 0.5, 0.75, 1, 1.3 and 1.4
    and images of 96, 128, 160, 192 and 224; for other sizes those of 224 are taken. Without the top: images of at least
    32 x 32 to features (B, H / 32, W / 32, 1280). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    given = request.given_shape
    if given is None and input_tensor is not None:
        given = input_tensor.shape[1:]
    shape = request.shape(usual=square_side(given, PUBLISHED_SIZES))
    if request.of_imagenet and alpha not in PUBLISHED_ALPHAS:
        raise ArgumentError(f"ImageNet's weights are for alpha 0.35, 0.5, 0.75, 1.0, 1.3 or 1.4, got {alpha!r}.")
    size = size_of_weights(request, shape, PUBLISHED_SIZES)

    x = request.image(shape)
    x = Conv2D(divisible(FIRST * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
    x = BatchNormalization(epsilon=1e-3, momentum=0.999, name="bn_Conv1")(x)
    x = ReLU(6.0, name="Conv1_relu")(x)
    number = 0
    for expansion, filters, times, stride in TABLE_2:
        for repeat in range(times):
            prefix = f"block_{number}_" if number else "expanded_conv_"
            stride_here = stride if repeat == 0 else 1
            x = _inverted_residual(x, expansion, divisible(int(filters * alpha)), stride_here, prefix)
            number += 1
    last = divisible(LAST * alpha) if alpha > 1.0 else LAST
    x = Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    x = BatchNormalization(epsilon=1e-3, momentum=0.999, name="Conv_1_bn")(x)
    x = ReLU(6.0, name="out_relu")(x)
    x = request.classified(GlobalAveragePooling2D()(x)) if include_top else request.pooled(x)
    return request.model(x, f"mobilenet_v2_{float(alpha)}_{size}", name=f"mobilenetv2_{alpha:0.2f}_{size}")


def _inverted_residual(x, expansion, filters, stride, prefix):
    """Table 1: a 1x1 convolution that widens, a depthwise 3x3, a 1x1 that narrows; added to x where it fits."""
    start, channels = x, x.shape[-1]
    if expansion != 1:
        x = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = BatchNormalization(epsilon=1e-3, momentum=0.999, name=f"{prefix}expand_BN")(x)
        x = ReLU(6.0, name=f"{prefix}expand_relu")(x)
    padding = "same"
    if stride == 2:
        x = ZeroPadding2D(halving(x, 3), name=f"{prefix}pad")(x)
        padding = "valid"
    x = DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = BatchNormalization(epsilon=1e-3, momentum=0.999, name=f"{prefix}depthwise_BN")(x)
    x = ReLU(6.0, name=f"{prefix}depthwise_relu")(x)
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = BatchNormalization(epsilon=1e-3, momentum=0.999, name=f"{prefix}project_BN")(x)
    return Add(name=f"{prefix}add")([start, x]) if stride == 1 and channels == filters else x


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3) in 0..255 scaled to -1..1, as MobileNetV2 wants them (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="tf")
