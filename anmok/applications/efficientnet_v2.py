"""EfficientNetV2 (Tan & Le 2021, "EfficientNetV2: Smaller Models and Faster Training", arXiv:2104.00298).

As in Keras: the network takes pixels in 0..255 unless include_preprocessing=False, and `preprocess_input` does nothing.
Strides 2 pad as TensorFlow's 'same'. S, M and L are written in full; B0 to B3 are one table, scaled.
"""

import math
from typing import NamedTuple

from anmok.applications.efficientnet import CONVOLUTION_INITIALIZER, excited, joined, rounded, topped
from anmok.applications.head import Request
from anmok.applications.imagenet import (  # noqa: F401 - Keras has decode_predictions here
    TORCH_DEVIATION,
    TORCH_MEAN,
    decode_predictions,
)
from anmok.errors import unknown_name
from anmok.layers import Activation, BatchNormalization, Conv2D, DepthwiseConv2D, Normalization, Rescaling


class Stage(NamedTuple):
    """A row of table 4, with Keras' names; conv_type 1 is Fused-MBConv, 0 is MBConv."""

    conv_type: int
    kernel_size: int
    num_repeat: int
    input_filters: int
    output_filters: int
    expand_ratio: int
    se_ratio: float
    strides: int


def _rows(*rows):
    return tuple(Stage(conv_type, 3, *rest) for conv_type, *rest in rows)


# fmt: off
FUSED, MOBILE = 1, 0
TOP = 1280
# Table 4 (S) and the authors' program:
#    block, layers, in, out, expansion, squeeze, stride
SMALL = _rows(
    (FUSED,   2,  24,  24,  1,  0.0,  1),
    (FUSED,   4,  24,  48,  4,  0.0,  2),
    (FUSED,   4,  48,  64,  4,  0.0,  2),
    (MOBILE,  6,  64, 128,  4,  0.25, 2),
    (MOBILE,  9, 128, 160,  6,  0.25, 1),
    (MOBILE, 15, 160, 256,  6,  0.25, 2),
)
MEDIUM = _rows(
    (FUSED,   3,  24,  24,  1,  0.0,  1),
    (FUSED,   5,  24,  48,  4,  0.0,  2),
    (FUSED,   5,  48,  80,  4,  0.0,  2),
    (MOBILE,  7,  80, 160,  4,  0.25, 2),
    (MOBILE, 14, 160, 176,  6,  0.25, 1),
    (MOBILE, 18, 176, 304,  6,  0.25, 2),
    (MOBILE,  5, 304, 512,  6,  0.25, 1),
)
LARGE = _rows(
    (FUSED,   4,  32,  32,  1,  0.0,  1),
    (FUSED,   7,  32,  64,  4,  0.0,  2),
    (FUSED,   7,  64,  96,  4,  0.0,  2),
    (MOBILE, 10,  96, 192,  4,  0.25, 2),
    (MOBILE, 19, 192, 224,  6,  0.25, 1),
    (MOBILE, 25, 224, 384,  6,  0.25, 2),
    (MOBILE,  7, 384, 640,  6,  0.25, 1),
)
BASE = _rows(
    (FUSED,   1,  32,  16,  1,  0.0,  1),
    (FUSED,   2,  16,  32,  4,  0.0,  2),
    (FUSED,   2,  32,  48,  4,  0.0,  2),
    (MOBILE,  3,  48,  96,  4,  0.25, 2),
    (MOBILE,  5,  96, 112,  6,  0.25, 1),
    (MOBILE,  8, 112, 192,  6,  0.25, 2),
)

# Rows, width, depth, size of the images; the name that Keras gives the network.
VARIANTS = {
    "efficientnetv2-b0": (BASE,   1.0, 1.0, 224),
    "efficientnetv2-b1": (BASE,   1.0, 1.1, 240),
    "efficientnetv2-b2": (BASE,   1.1, 1.2, 260),
    "efficientnetv2-b3": (BASE,   1.2, 1.4, 300),
    "efficientnetv2-s":  (SMALL,  1.0, 1.0, 384),
    "efficientnetv2-m":  (MEDIUM, 1.0, 1.0, 480),
    "efficientnetv2-l":  (LARGE,  1.0, 1.0, 480),
}
# fmt: on


def EfficientNetV2(
    width_coefficient,
    depth_coefficient,
    default_size,
    dropout_rate=0.2,
    drop_connect_rate=0.2,
    depth_divisor=8,
    min_depth=8,
    bn_momentum=0.9,
    activation="swish",
    blocks_args="default",
    name="efficientnetv2",
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    include_preprocessing=True,
    weights_name=None,
):
    """EfficientNetV2 of any width and depth (as in Keras): images (B, H, W, C) in 0..255 to scores (B, classes).

    width_coefficient, depth_coefficient: what the table's filters and layers are multiplied with. drop_connect_rate:
    how often the last residual branch is left out in training; less often the earlier ones. blocks_args: the table's
    rows, each a dict with the names of Stage; "default": those of weights_name. weights_name: a key of VARIANTS (if
    not given, the name), whose weights 'imagenet' means and as for which pixels are scaled. Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    variant = weights_name or name
    if variant not in VARIANTS and (request.of_imagenet or blocks_args == "default"):
        raise unknown_name("weights_name of EfficientNetV2, needed for 'imagenet' and 'default',", variant, VARIANTS)
    stages = VARIANTS[variant][0] if blocks_args == "default" else [Stage(**row) for row in blocks_args]
    convolutions = _Convolutions(activation, bn_momentum)

    def wide(filters):
        return max(min_depth or depth_divisor, rounded(filters * width_coefficient, depth_divisor, at_least=0))

    x = request.image(request.shape(usual=default_size))
    if include_preprocessing:
        x = _scaled(x, like_first=variant.split("-")[-1].startswith("b"))
    x = convolutions.plain(x, wide(stages[0].input_filters), "stem_", 3, strides=2)

    layers = sum(stage.num_repeat for stage in stages)  # before the depth is scaled
    done = 0
    for number, stage in enumerate(stages, 1):
        block = convolutions.fused if stage.conv_type == FUSED else convolutions.mobile
        row = stage._replace(input_filters=wide(stage.input_filters), output_filters=wide(stage.output_filters))
        for place in range(math.ceil(depth_coefficient * stage.num_repeat)):
            start, name_ = x, f"block{number}{chr(ord('a') + place)}_"
            x = block(x, row, name_)
            if row.strides == 1 and row.input_filters == row.output_filters:
                x = joined(x, start, name_, drop_rate=drop_connect_rate * done / layers)
            row = row._replace(input_filters=row.output_filters, strides=1)
            done += 1

    x = convolutions.plain(x, wide(TOP), "top_")
    return request.model(topped(x, request, dropout_rate), variant)


def _scaled(x, *, like_first):
    """Pixels 0..255 as the network was trained on them: B0 to B3 as ImageNet's mean and deviation say, others -1..1."""
    if not like_first or x.shape[-1] != 3:
        return Rescaling(1 / 128, offset=-1)(x)
    variance = [deviation**2 for deviation in TORCH_DEVIATION]
    return Normalization(mean=list(TORCH_MEAN), variance=variance, axis=3)(Rescaling(1 / 255)(x))


class _Convolutions:
    """The blocks of one network, which share activation and the momentum of their batch normalizations."""

    def __init__(self, activation, momentum):
        self.activation, self.momentum = activation, momentum

    def plain(self, x, filters, name, kernel=1, *, strides=1, activates=True):
        """Convolution, batch normalization, and an activation unless told otherwise."""
        x = Conv2D(
            filters,
            kernel,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer=CONVOLUTION_INITIALIZER,
            name=f"{name}conv",
        )(x)
        return self._normalized(x, name, activates)

    def _normalized(self, x, name, activates=True):
        x = BatchNormalization(momentum=self.momentum, name=f"{name}bn")(x)
        return Activation(self.activation, name=f"{name}activation")(x) if activates else x

    def mobile(self, x, row, name):
        """MBConv: expanded, each channel convolved by itself, squeezed and excited, projected."""
        if row.expand_ratio != 1:
            x = self.plain(x, row.input_filters * row.expand_ratio, f"{name}expand_")
        x = DepthwiseConv2D(
            row.kernel_size,
            strides=row.strides,
            padding="same",
            use_bias=False,
            depthwise_initializer=CONVOLUTION_INITIALIZER,
            name=f"{name}dwconv2",
        )(x)
        x = self._excited(self._normalized(x, name), row, name)
        return self.plain(x, row.output_filters, f"{name}project_", activates=False)

    def fused(self, x, row, name):
        """Fused-MBConv: one convolution does what expanding and the one by channel do in MBConv."""
        if row.expand_ratio == 1:
            x = self._excited(x, row, name)
            return self.plain(x, row.output_filters, f"{name}project_", row.kernel_size, strides=row.strides)
        filters = row.input_filters * row.expand_ratio
        x = self.plain(x, filters, f"{name}expand_", row.kernel_size, strides=row.strides)
        return self.plain(self._excited(x, row, name), row.output_filters, f"{name}project_", activates=False)

    def _excited(self, x, row, name):
        if not 0 < row.se_ratio <= 1:
            return x
        return excited(x, max(1, int(row.input_filters * row.se_ratio)), name, activation=self.activation)


def _variant(key):
    _, width, depth, size = VARIANTS[key]

    def network(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        include_preprocessing=True,
        name=key,
    ):
        return EfficientNetV2(
            width,
            depth,
            size,
            name=name,
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            include_preprocessing=include_preprocessing,
            weights_name=key,
        )

    network.__name__ = network.__qualname__ = f"EfficientNetV2{key.rpartition('-')[2].upper()}"
    network.__doc__ = f"""{network.__name__} (as in Keras): images (B, {size}, {size}, 3) in 0..255 to (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 1280 or more).
    include_preprocessing: whether the network scales its pixels itself. Raises ArgumentError.
    """
    return network


EfficientNetV2B0, EfficientNetV2B1, EfficientNetV2B2, EfficientNetV2B3 = (
    _variant(f"efficientnetv2-b{number}") for number in range(4)
)
EfficientNetV2S, EfficientNetV2M, EfficientNetV2L = (_variant(f"efficientnetv2-{size}") for size in "sml")


def preprocess_input(x, data_format=None):
    """x as it is: the network scales its pixels itself (as in Keras)."""
    return x
