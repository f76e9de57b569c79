"""MobileNet: Howard et al. 2017, "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications".

As in Keras: batch normalization and ReLU6 after every convolution, zeros on the right and below where the stride is 2,
the classifier a 1x1 convolution after dropout; images in -1..1.
"""

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.applications.sizes import size_of_weights, square_side
from anmok.errors import ArgumentError
from anmok.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)

# fmt: off
# Table 1, after the first convolution (3x3, stride 2, 32 filters): a depthwise 3x3 convolution of this stride, then a
# 1x1 convolution of this many filters. (The paper prints stride 2 at the last one, where the sizes are those of 1.)
FIRST = 32
TABLE_1 = (
    (1,   64),
    (2,  128), (1,  128),
    (2,  256), (1,  256),
    (2,  512), (1,  512), (1, 512), (1, 512), (1, 512), (1, 512),
    (2, 1024), (1, 1024),
)
# What weights are published for: width multiplier, with its spelling in the files' names; size of the images.
PUBLISHED_ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
PUBLISHED_SIZES = (128, 160, 192, 224)
# fmt: on


def MobileNet(
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=1e-3,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    """MobileNet (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    alpha: the width multiplier of all filters. depth_multiplier: outputs of a depthwise convolution for each channel.
    dropout: before the classifier. ImageNet's weights are there for alpha 0.25, 0.5, 0.75 and 1, depth_multiplier 1,
    and images of 128, 160, 192 and 224; for other sizes those of 224 are taken. Without the top: images of at least
    32 x 32 to features (B, H / 32, W / 32, 1024 * alpha). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    shape = request.shape(usual=square_side(request.given_shape, PUBLISHED_SIZES))
    if request.of_imagenet:
        if depth_multiplier != 1:
            raise ArgumentError(f"ImageNet's weights are for depth_multiplier=1, got {depth_multiplier!r}.")
        if alpha not in PUBLISHED_ALPHAS:
            raise ArgumentError(f"ImageNet's weights are for alpha 0.25, 0.5, 0.75 or 1.0, got {alpha!r}.")
    size = size_of_weights(request, shape, PUBLISHED_SIZES)

    x = request.image(shape)
    x = Conv2D(int(FIRST * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(x)
    x = _normalized(x, "conv1")
    for number, (stride, filters) in enumerate(TABLE_1, 1):
        if stride == 2:
            x = ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
        x = DepthwiseConv2D(
            3,
            strides=stride,
            padding="same" if stride == 1 else "valid",
            depth_multiplier=depth_multiplier,
            use_bias=False,
            name=f"conv_dw_{number}",
        )(x)
        x = _normalized(x, f"conv_dw_{number}")
        x = Conv2D(int(filters * alpha), 1, padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
        x = _normalized(x, f"conv_pw_{number}")
    if include_top:
        x = GlobalAveragePooling2D(keepdims=True)(x)
        x = Dropout(dropout, name="dropout")(x)
        x = Conv2D(classes, 1, padding="same", name="conv_preds")(x)
        x = Reshape((classes,), name="reshape_2")(x)
        x = Activation(classifier_activation, name="predictions")(x)
    else:
        x = request.pooled(x)
    return request.model(x, f"mobilenet_{PUBLISHED_ALPHAS.get(alpha)}_{size}", name=f"mobilenet_{alpha:0.2f}_{size}")


def _normalized(x, name):
    x = BatchNormalization(name=f"{name}_bn")(x)
    return ReLU(6.0, name=f"{name}_relu")(x)


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3) in 0..255 scaled to -1..1, as MobileNet wants them (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="tf")
