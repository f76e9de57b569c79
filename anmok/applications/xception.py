"""Xception (Chollet 2017, "Xception: Deep Learning with Depthwise Separable Convolutions", arXiv:1610.02357).

As in Keras, the first activation of the last block comes after its separable convolution (the paper's figure 5 too).
Pixels: -1 to 1, by `preprocess_input`. Smallest input 71 x 71.
"""

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
    add,
)

# fmt: off
# Figure 5:  block, filters of its separable convolutions, whether a 1x1 convolution of stride 2 goes round it
BLOCKS = [
    ( 2, (128, 128),      True),
    ( 3, (256, 256),      True),
    ( 4, (728, 728),      True),
    *((number, (728, 728, 728), False) for number in range(5, 13)),
    (13, (728, 1024),     True),
]
LAST_BLOCK = (1536, 2048)
# fmt: on


def Xception(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="xception",
):
    """Xception (as in Keras): images (B, 299, 299, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 71 x 71 to features (B, H', W', 2048), about H / 32. Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    x = _features(request.image(request.shape(usual=299, smallest=71)))
    if include_top:
        x = request.classified(GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = request.pooled(x)
    return request.model(x, "xception")


def _features(x):
    for number, (filters, strides) in enumerate([(32, 2), (64, 1)], 1):
        name = f"block1_conv{number}"
        x = Conv2D(filters, 3, strides=strides, use_bias=False, name=name)(x)
        x = BatchNormalization(name=f"{name}_bn")(x)
        x = Activation("relu", name=f"{name}_act")(x)
    for number, filters, shrinks in BLOCKS:
        x = _block(x, number, filters, shrinks)
    for number, filters in enumerate(LAST_BLOCK, 1):
        name = f"block14_sepconv{number}"
        x = Activation("relu", name=f"{name}_act")(_separable(x, filters, name))
    return x


def _block(x, number, all_filters, shrinks):
    start = shortcut = x
    if shrinks:
        shortcut = Conv2D(all_filters[-1], 1, strides=2, padding="same", use_bias=False)(start)
        shortcut = BatchNormalization()(shortcut)
    for index, filters in enumerate(all_filters, 1):
        name = f"block{number}_sepconv{index}"
        if name != "block2_sepconv1":  # block 1 ended with the activation
            x = Activation("relu", name=f"{name}_act")(x)
        x = _separable(x, filters, name)
    if shrinks:
        x = MaxPooling2D(3, strides=2, padding="same", name=f"block{number}_pool")(x)
    return add([x, shortcut])


def _separable(x, filters, name):
    x = SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return BatchNormalization(name=f"{name}_bn")(x)


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3), 0..255, in -1..1 (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="tf")
