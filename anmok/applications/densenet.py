"""DenseNet-121, -169 and -201: Huang et al. 2016, "Densely Connected Convolutional Networks", Table 1.

As in Keras: images in 0..1, less ImageNet's mean, divided by its deviation.
"""

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)

# fmt: off
# Table 1: layers of each dense block; k = 32 channels are added by each.
#                 (1)  (2)  (3)  (4)
TABLE_1 = {
    "densenet121": (6,  12,  24,  16),
    "densenet169": (6,  12,  32,  32),
    "densenet201": (6,  12,  48,  32),
}
# fmt: on
GROWTH = 32
BOTTLENECK = 4 * GROWTH  # filters of the 1x1 convolution before each 3x3
COMPRESSION = 0.5  # of the channels, in the transition between blocks
EPSILON = 1.001e-5


def DenseNet121(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="densenet121",
):
    """DenseNet121 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, C). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _densenet("densenet121", request)


def DenseNet169(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="densenet169",
):
    """DenseNet169 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, C). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _densenet("densenet169", request)


def DenseNet201(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="densenet201",
):
    """DenseNet201 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, C). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _densenet("densenet201", request)


def _densenet(network, request):
    x = request.image(request.shape())
    x = ZeroPadding2D(3)(x)
    x = Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = _normalized(x, "conv1_")
    x = ZeroPadding2D(1)(x)
    x = MaxPooling2D(3, strides=2, name="pool1")(x)
    for block, count in enumerate(TABLE_1[network], 2):
        if block > 2:
            x = _transition(x, f"pool{block - 1}")
        for number in range(1, count + 1):
            x = _widened(x, f"conv{block}_block{number}")
    x = _normalized(x, "")
    if request.include_top:
        x = request.classified(GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = request.pooled(x, names=("avg_pool", "max_pool"))
    return request.model(x, network)


def _widened(x, name):
    """x (B, H, W, C) and what a 1x1 and a 3x3 convolution make of it: (B, H, W, C + 32)."""
    added = _normalized(x, f"{name}_0_")
    added = Conv2D(BOTTLENECK, 1, use_bias=False, name=f"{name}_1_conv")(added)
    added = _normalized(added, f"{name}_1_")
    added = Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(added)
    return Concatenate(name=f"{name}_concat")([x, added])


def _transition(x, name):
    """Half the channels, half the height and width."""
    x = _normalized(x, f"{name}_")
    x = Conv2D(int(x.shape[-1] * COMPRESSION), 1, use_bias=False, name=f"{name}_conv")(x)
    return AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _normalized(x, prefix):
    x = BatchNormalization(epsilon=EPSILON, name=f"{prefix}bn")(x)
    return Activation("relu", name=f"{prefix}relu")(x)


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3), RGB in 0..255, normalized as DenseNet wants them (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="torch")
