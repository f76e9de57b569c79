"""EfficientNet (Tan & Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
arXiv:1905.11946).

As in Keras: the network takes pixels in 0..255 and scales them itself, so `preprocess_input` does nothing. With
ImageNet's weights they are divided by the root of the deviation once more, for these were trained so.
"""

import math
from typing import NamedTuple

from anmok.applications.head import Request
from anmok.applications.imagenet import TORCH_DEVIATION, decode_predictions  # noqa: F401 - Keras has the latter here
from anmok.applications.padding import halving
from anmok.errors import ArgumentError
from anmok.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    Normalization,
    Rescaling,
    Reshape,
    ZeroPadding2D,
    add,
    multiply,
)

CONVOLUTION_INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"},
}
DENSE_INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1 / 3, "mode": "fan_out", "distribution": "uniform"},
}


class Stage(NamedTuple):
    """A row of table 1, with Keras' names."""

    kernel_size: int
    repeats: int
    filters_in: int
    filters_out: int
    expand_ratio: int
    strides: int
    se_ratio: float = 0.25
    id_skip: bool = True


# fmt: off
# Table 1, EfficientNet-B0, stages 2 to 8:
#     kernel  layers  in  out  expansion  stride
TABLE_1 = (
    Stage(3,    1,    32,  16,     1,       1),
    Stage(3,    2,    16,  24,     6,       2),
    Stage(5,    2,    24,  40,     6,       2),
    Stage(3,    3,    40,  80,     6,       2),
    Stage(5,    3,    80, 112,     6,       1),
    Stage(5,    4,   112, 192,     6,       2),
    Stage(3,    1,   192, 320,     6,       1),
)
STEM, TOP = 32, 1280  # filters of stages 1 and 9

# Section 3.3, as the authors' program has it:  width  depth  size  dropout
SCALING = {
    "b0": (1.0, 1.0, 224, 0.2),
    "b1": (1.0, 1.1, 240, 0.2),
    "b2": (1.1, 1.2, 260, 0.3),
    "b3": (1.2, 1.4, 300, 0.3),
    "b4": (1.4, 1.8, 380, 0.4),
    "b5": (1.6, 2.2, 456, 0.4),
    "b6": (1.8, 2.6, 528, 0.5),
    "b7": (2.0, 3.1, 600, 0.5),
}
# fmt: on


def EfficientNet(
    width_coefficient,
    depth_coefficient,
    default_size,
    dropout_rate=0.2,
    drop_connect_rate=0.2,
    depth_divisor=8,
    activation="swish",
    blocks_args="default",
    name="efficientnet",
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    weights_name=None,
):
    """EfficientNet of any width and depth (as in Keras): images (B, H, W, C) in 0..255 to scores (B, classes).

    width_coefficient, depth_coefficient: what table 1's filters and layers are multiplied with. drop_connect_rate: how
    often the last residual branch is left out in training; less often the earlier ones. blocks_args: rows for table 1,
    each a dict with the names of Stage. weights_name: "b0" to "b7", whose weights 'imagenet' means.
    Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    if request.of_imagenet and weights_name not in SCALING:
        raise ArgumentError(
            f"ImageNet's weights are of EfficientNetB0 to B7 as they are; build {name!r} with weights=None."
        )
    stages = TABLE_1 if blocks_args == "default" else [Stage(**row) for row in blocks_args]

    def wide(filters):
        return rounded(filters * width_coefficient, depth_divisor)

    x = request.image(request.shape(usual=default_size))
    x = Normalization(axis=3)(Rescaling(1 / 255)(x))
    if request.of_imagenet:
        x = Rescaling([1 / math.sqrt(deviation) for deviation in TORCH_DEVIATION])(x)
    x = ZeroPadding2D(halving(x, 3), name="stem_conv_pad")(x)
    x = _convolved(x, wide(STEM), "stem_", 3, activation=activation, strides=2, padding="valid")

    counts = [math.ceil(depth_coefficient * stage.repeats) for stage in stages]
    done = 0
    for number, (stage, count) in enumerate(zip(stages, counts, strict=True), 1):
        row = stage._replace(filters_in=wide(stage.filters_in), filters_out=wide(stage.filters_out))
        for place in range(count):
            rate = drop_connect_rate * done / sum(counts)
            x = _block(x, row, f"block{number}{chr(ord('a') + place)}_", activation=activation, drop_rate=rate)
            row = row._replace(filters_in=row.filters_out, strides=1)
            done += 1

    x = _convolved(x, wide(TOP), "top_", activation=activation)
    return request.model(topped(x, request, dropout_rate), f"efficientnet{weights_name}")


def rounded(filters, divisor, *, at_least=0.9):
    """The multiple of `divisor` nearest to that many filters, not below `at_least` of them, and one at least."""
    whole = max(divisor, int(filters + divisor / 2) // divisor * divisor)
    return int(whole + divisor if whole < at_least * filters else whole)


def _block(x, row, name, *, activation, drop_rate):
    """Mobile inverted bottleneck with squeeze-and-excitation; `row` has the filters that this block really has."""
    start, filters = x, row.filters_in * row.expand_ratio
    if row.expand_ratio != 1:
        x = _convolved(x, filters, f"{name}expand_", activation=activation)
    if row.strides == 2:
        x = ZeroPadding2D(halving(x, row.kernel_size), name=f"{name}dwconv_pad")(x)
    x = DepthwiseConv2D(
        row.kernel_size,
        strides=row.strides,
        padding="valid" if row.strides == 2 else "same",
        use_bias=False,
        depthwise_initializer=CONVOLUTION_INITIALIZER,
        name=f"{name}dwconv",
    )(x)
    x = BatchNormalization(name=f"{name}bn")(x)
    x = Activation(activation, name=f"{name}activation")(x)
    if 0 < row.se_ratio <= 1:
        x = excited(x, max(1, int(row.filters_in * row.se_ratio)), name, activation=activation)
    x = _convolved(x, row.filters_out, f"{name}project_")
    if row.id_skip and row.strides == 1 and row.filters_in == row.filters_out:
        x = joined(x, start, name, drop_rate=drop_rate)
    return x


def _convolved(x, filters, name, kernel=1, *, activation=None, **kwargs):
    """Convolution, batch normalization and perhaps an activation."""
    kwargs = {"padding": "same", "use_bias": False, "kernel_initializer": CONVOLUTION_INITIALIZER, **kwargs}
    x = Conv2D(filters, kernel, name=f"{name}conv", **kwargs)(x)
    x = BatchNormalization(name=f"{name}bn")(x)
    return x if activation is None else Activation(activation, name=f"{name}activation")(x)


def excited(x, squeezed, name, *, activation):
    """Squeeze-and-excitation: each channel times a factor in 0..1 that `squeezed` numbers of the whole map decide."""
    filters = x.shape[-1]
    factors = GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    factors = Reshape((1, 1, filters), name=f"{name}se_reshape")(factors)
    for count, role, kind in ((squeezed, "reduce", activation), (filters, "expand", "sigmoid")):
        kwargs = {"padding": "same", "kernel_initializer": CONVOLUTION_INITIALIZER}
        factors = Conv2D(count, 1, activation=kind, name=f"{name}se_{role}", **kwargs)(factors)
    return multiply([x, factors], name=f"{name}se_excite")


def joined(x, start, name, *, drop_rate):
    """The sum of a branch and what it began with; in training the branch is left out of a sample at that rate."""
    if drop_rate > 0:
        x = Dropout(drop_rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return add([x, start], name=f"{name}add")


def topped(x, request, dropout_rate):
    """The scores of features x, or without a top what the request's pooling makes of them."""
    if not request.include_top:
        return request.pooled(x, names=("avg_pool", "max_pool"))
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    if dropout_rate > 0:
        x = Dropout(dropout_rate, name="top_dropout")(x)
    return Dense(
        request.classes,
        activation=request.classifier_activation,
        kernel_initializer=DENSE_INITIALIZER,
        name="predictions",
    )(x)


def _variant(key):
    width, depth, size, dropout = SCALING[key]

    def network(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=f"efficientnet{key}",
    ):
        return EfficientNet(
            width,
            depth,
            size,
            dropout,
            name=name,
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            weights_name=key,
        )

    network.__name__ = network.__qualname__ = f"EfficientNet{key.upper()}"
    network.__doc__ = f"""{network.__name__} (as in Keras): images (B, {size}, {size}, 3) in 0..255 to (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, C). Raises ArgumentError.
    """
    return network


EfficientNetB0, EfficientNetB1, EfficientNetB2, EfficientNetB3 = map(_variant, ("b0", "b1", "b2", "b3"))
EfficientNetB4, EfficientNetB5, EfficientNetB6, EfficientNetB7 = map(_variant, ("b4", "b5", "b6", "b7"))


def preprocess_input(x, data_format=None):
    """x as it is: the network scales its pixels itself (as in Keras)."""
    return x
