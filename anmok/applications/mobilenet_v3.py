"""MobileNetV3: Howard et al. 2019, "Searching for MobileNetV3", Tables 1 and 2.

As in Keras: by default the network scales pixels of 0..255 itself and `preprocess_input` does nothing; the minimalistic
variants have no squeeze-and-excite, no hard swish and no 5x5 kernels; dropout stands before the classifier.
"""

from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.applications.padding import halving
from anmok.applications.sizes import divisible
from anmok.errors import ArgumentError
from anmok.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Multiply,
    ReLU,
    Rescaling,
    ZeroPadding2D,
)

# fmt: off
FIRST = 16
# kernel, exp size, #out, SE, NL, s
TABLE_1_LARGE = (
    (3,  16,  16, False, "RE", 1),
    (3,  64,  24, False, "RE", 2),
    (3,  72,  24, False, "RE", 1),
    (5,  72,  40, True,  "RE", 2),
    (5, 120,  40, True,  "RE", 1),
    (5, 120,  40, True,  "RE", 1),
    (3, 240,  80, False, "HS", 2),
    (3, 200,  80, False, "HS", 1),
    (3, 184,  80, False, "HS", 1),
    (3, 184,  80, False, "HS", 1),
    (3, 480, 112, True,  "HS", 1),
    (3, 672, 112, True,  "HS", 1),
    (5, 672, 160, True,  "HS", 2),
    (5, 960, 160, True,  "HS", 1),
    (5, 960, 160, True,  "HS", 1),
)
TABLE_2_SMALL = (
    (3,  16,  16, True,  "RE", 2),
    (3,  72,  24, False, "RE", 2),
    (3,  88,  24, False, "RE", 1),
    (5,  96,  40, True,  "HS", 2),
    (5, 240,  40, True,  "HS", 1),
    (5, 240,  40, True,  "HS", 1),
    (5, 120,  48, True,  "HS", 1),
    (5, 144,  48, True,  "HS", 1),
    (5, 288,  96, True,  "HS", 2),
    (5, 576,  96, True,  "HS", 1),
    (5, 576,  96, True,  "HS", 1),
)
# The rows, and the filters of the 1x1 convolution after pooling.
TABLES = {"large": (TABLE_1_LARGE, 1280), "small": (TABLE_2_SMALL, 1024)}
SQUEEZE = 0.25
# fmt: on


def MobileNetV3Small(
    input_shape=None,
    alpha=1.0,
    minimalistic=False,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    classes=1000,
    pooling=None,
    dropout_rate=0.2,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="MobileNetV3Small",
):
    """MobileNetV3-Small (as in Keras): images (B, H, W, 3) in 0..255 to scores (B, classes).

    alpha: the width multiplier of all filters. minimalistic: plain kernels and activations. dropout_rate: before the
    classifier. include_preprocessing: whether the network scales pixels to -1..1 itself. ImageNet's weights are there
    for alpha 0.75 and 1, minimalistic for 1. Without the top: images of at least 32 x 32 to features
    (B, H / 32, W / 32, 576 * alpha). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _mobilenet("small", request, alpha, minimalistic, dropout_rate, include_preprocessing)


def MobileNetV3Large(
    input_shape=None,
    alpha=1.0,
    minimalistic=False,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    classes=1000,
    pooling=None,
    dropout_rate=0.2,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="MobileNetV3Large",
):
    """MobileNetV3-Large (as in Keras): images (B, H, W, 3) in 0..255 to scores (B, classes).

    alpha: the width multiplier of all filters. minimalistic: plain kernels and activations. dropout_rate: before the
    classifier. include_preprocessing: whether the network scales pixels to -1..1 itself. ImageNet's weights are there
    for alpha 0.75 and 1, minimalistic for 1. Without the top: images of at least 32 x 32 to features
    (B, H / 32, W / 32, 960 * alpha). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _mobilenet("large", request, alpha, minimalistic, dropout_rate, include_preprocessing)


def _mobilenet(kind, request, alpha, minimalistic, dropout_rate, include_preprocessing):
    if request.of_imagenet and alpha not in ((1.0,) if minimalistic else (0.75, 1.0)):
        raise ArgumentError(
            f"ImageNet's weights are for alpha 0.75 or 1.0, and 1.0 only where minimalistic=True, got alpha={alpha!r} "
            f"and minimalistic={minimalistic}."
        )
    rows, last = TABLES[kind]
    activations = {"RE": _relu, "HS": _relu if minimalistic else _hard_swish}
    x = request.image(request.shape(fixed=False))
    if include_preprocessing:
        x = Rescaling(1 / 127.5, offset=-1.0)(x)
    x = Conv2D(FIRST, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = activations["HS"](_normalized(x, "conv_bn"))
    channels = FIRST
    for number, (kernel, expanded, filters, squeezes, nonlinearity, stride) in enumerate(rows):
        x = _inverted_residual(
            x,
            expansion=expanded / channels if number else None,
            filters=divisible(filters * alpha),
            kernel=3 if minimalistic else kernel,
            stride=stride,
            squeezes=squeezes and not minimalistic,
            activation=activations[nonlinearity],
            prefix=f"expanded_conv_{number}_" if number else "expanded_conv_",
        )
        channels = filters
    x = Conv2D(divisible(x.shape[-1] * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
    x = activations["HS"](_normalized(x, "conv_1_bn"))
    if request.include_top:
        x = GlobalAveragePooling2D(keepdims=True)(x)
        x = Conv2D(divisible(last * alpha) if alpha > 1.0 else last, 1, padding="same", name="conv_2")(x)
        x = activations["HS"](x)
        if dropout_rate > 0:
            x = Dropout(dropout_rate)(x)
        x = Conv2D(request.classes, 1, padding="same", name="logits")(x)
        x = Flatten()(x)
        x = Activation(request.classifier_activation, name="predictions")(x)
    else:
        x = request.pooled(x, names=("avg_pool", "max_pool"))
    variant = "_minimalistic" if minimalistic else ""
    return request.model(x, f"mobilenet_v3_{kind}{variant}_224_{float(alpha)}")


def _inverted_residual(x, *, expansion, filters, kernel, stride, squeezes, activation, prefix):
    """A row: widened by a 1x1 convolution (if at all), depthwise, squeezed and excited, narrowed, added to x."""
    start, channels = x, x.shape[-1]
    width = divisible(channels * (expansion or 1))
    if expansion is not None:
        x = Conv2D(width, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = activation(_normalized(x, f"{prefix}expand_bn"))
    padding = "same"
    if stride == 2:
        x = ZeroPadding2D(halving(x, kernel), name=f"{prefix}depthwise_pad")(x)
        padding = "valid"
    x = DepthwiseConv2D(kernel, strides=stride, padding=padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = activation(_normalized(x, f"{prefix}depthwise_bn"))
    if squeezes:
        x = _excited(x, width, f"{prefix}squeeze_excite_")
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _normalized(x, f"{prefix}project_bn")
    return Add(name=f"{prefix}add")([start, x]) if stride == 1 and channels == filters else x


def _excited(x, channels, prefix):
    """x times a weight in 0..1 for each channel, computed from the channels' means."""
    weights = GlobalAveragePooling2D(keepdims=True, name=f"{prefix}avg_pool")(x)
    weights = Conv2D(divisible(channels * SQUEEZE), 1, padding="same", name=f"{prefix}conv")(weights)
    weights = ReLU(name=f"{prefix}relu")(weights)
    weights = Conv2D(channels, 1, padding="same", name=f"{prefix}conv_1")(weights)
    weights = ReLU(6.0)(weights + 3.0) * (1.0 / 6.0)
    return Multiply(name=f"{prefix}mul")([x, weights])


def _normalized(x, name):
    return BatchNormalization(epsilon=1e-3, momentum=0.999, name=name)(x)


def _relu(x):
    return ReLU()(x)


def _hard_swish(x):
    return Activation("hard_swish")(x)


def preprocess_input(x, data_format=None):
    """The images as they are: the network scales them itself (as in Keras)."""
    return x
