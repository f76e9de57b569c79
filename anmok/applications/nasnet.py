"""NASNet-A (Zoph et al. 2018, "Learning Transferable Architectures for Scalable Image Recognition", arXiv:1707.07012).

As in Keras: without drop path and without auxiliary classifier. Pixels: -1 to 1, by `preprocess_input`. The size of the
images must be known. Keras refuses NASNetMobile on its torch backend; here it is there.
"""

from typing import NamedTuple

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.applications.padding import halving
from anmok.errors import ArgumentError
from anmok.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Cropping2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
    add,
    concatenate,
)


class Cell(NamedTuple):
    """A column of figure 4: blocks that add two things each, and what is put together in the end."""

    kind: str
    blocks: tuple
    output: tuple


# fmt: off
# Figure 4. A block: two operands (what is done, to what, its name), and the name of their sum.
# To what: "h", the cell's input; "p", that of the cell before; or the number of a block.
# What: a separable convolution (kernel), a 3x3 pooling, nothing; "/2" with stride 2.
NORMAL = Cell("normal", (
    (("5x5",   "h", "left1"), ("3x3",   "p", "right1"), "add_1"),
    (("5x5",   "p", "left2"), ("3x3",   "p", "right2"), "add_2"),
    (("avg",   "h", "left3"), ("",      "p", None),     "add_3"),
    (("avg",   "p", "left4"), ("avg",   "p", "right4"), "add_4"),
    (("3x3",   "h", "left5"), ("",      "h", None),     "add_5"),
), ("p", 1, 2, 3, 4, 5))
REDUCTION = Cell("reduction", (
    (("5x5/2", "h", "left1"), ("7x7/2", "p", "right1"), "add_1"),
    (("max/2", "h", "left2"), ("7x7/2", "p", "right2"), "add_2"),
    (("avg/2", "h", "left3"), ("5x5/2", "p", "right3"), "add3"),
    (("",      2,   None),    ("avg",   1,   "left4"),  None),
    (("3x3",   1,   "left4"), ("max/2", "h", "right5"), "add4"),
), (2, 3, 4, 5))

# Table 2: penultimate filters, cells a stage, filters of the stem, whether a reduction's input is skipped, image size
VARIANTS = {
    "nasnet_mobile": (1056, 4, 32, False, 224),
    "nasnet_large":  (4032, 6, 96, True,  331),
}
PUBLISHED = {224: "nasnet_mobile", 331: "nasnet_large"}  # by the size of the images, as in Keras
# fmt: on


def NASNet(
    input_shape=None,
    penultimate_filters=4032,
    num_blocks=6,
    stem_block_filters=96,
    skip_reduction=True,
    filter_multiplier=2,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    default_size=None,
    classifier_activation="softmax",
    name="NASNet",
):
    """NASNet-A (num_blocks @ penultimate_filters), as in Keras: images (B, H, W, C) in -1..1 to scores (B, classes).

    stem_block_filters: of the first convolution. skip_reduction: whether the cell after a reduction cell gets, as what
    came before, the input of the cell before that one. filter_multiplier: how much wider each stage is than the last.
    default_size: of the images; 224 and 331 say whose weights 'imagenet' means. Raises ArgumentError.
    """
    size = default_size or 331
    if input_shape is None and input_tensor is None:
        input_shape = (size, size, 3)
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    if request.of_imagenet and size not in PUBLISHED:
        raise ArgumentError(f"ImageNet's weights are those of NASNetMobile and NASNetLarge, got default_size={size}.")
    if penultimate_filters % (24 * filter_multiplier**2):
        raise ArgumentError(
            f"penultimate_filters must be a multiple of {24 * filter_multiplier**2} (24 * filter_multiplier ** 2), got "
            f"{penultimate_filters}."
        )
    x = request.image(request.shape(usual=size))
    if None in x.shape[1:3]:
        raise ArgumentError(
            f"NASNet pads according to the size of the images, which must be known; got {x.shape[1:]}. Say "
            f"input_shape=({size}, {size}, 3)."
        )
    filters = penultimate_filters // 24
    x = _projected(x, stem_block_filters, "stem_conv1", "stem_bn1", kernel=3, strides=2, padding="valid")
    x, p = _cell(REDUCTION, x, x, filters // filter_multiplier**2, "stem_1")
    x, p = _cell(REDUCTION, x, p, filters // filter_multiplier, "stem_2")
    for stage in range(3):
        width, first = filters * filter_multiplier**stage, stage * num_blocks
        if stage:
            x, before = _cell(REDUCTION, x, p, width, f"reduce_{first}")
            p = p if skip_reduction else before
        for place in range(num_blocks):
            x, p = _cell(NORMAL, x, p, width, f"{first + place + bool(stage)}")
    x = Activation("relu")(x)
    x = request.classified(GlobalAveragePooling2D()(x)) if include_top else request.pooled(x)
    return request.model(x, PUBLISHED.get(size))


def _cell(cell, x, p, filters, number):
    """(the cell's output, x); p: the input of the cell before, brought to x's size and `filters`."""
    tensors = {"p": _adjusted(p, x, filters, number) if p is not x else x}
    h = _projected(Activation("relu")(x), filters, f"{cell.kind}_conv_1_{number}", f"{cell.kind}_bn_1_{number}")
    tensors["h"] = h
    if cell is REDUCTION:
        tensors["h padded"] = ZeroPadding2D(halving(h, 3), name=f"reduction_pad_1_{number}")(h)
    for block, (left, right, total) in enumerate(cell.blocks, 1):
        operands = []
        for what, source, role in (left, right):
            source = "h padded" if what in ("max/2", "avg/2") else source
            operands.append(_operation(what, tensors[source], filters, f"{cell.kind}_{role}_{number}"))
        tensors[block] = add(operands, name=total and f"{cell.kind}_{total}_{number}")
    return concatenate([tensors[key] for key in cell.output], name=f"{cell.kind}_concat_{number}"), x


def _operation(what, x, filters, name):
    """One operand of a block; poolings of stride 2 get their input padded."""
    kind, _, halves = what.partition("/")
    strides = 2 if halves else 1
    if kind == "":
        return x
    if kind in ("avg", "max"):
        pooling = AveragePooling2D if kind == "avg" else MaxPooling2D
        return pooling(3, strides=strides, padding="valid" if halves else "same", name=name)(x)
    return _separable_twice(x, filters, int(kind[0]), strides, name)


def _separable_twice(x, filters, kernel, strides, name):
    """ReLU, separable convolution, batch normalization; and once more."""
    for number in (1, 2):
        label, padding = f"separable_conv_{number}", "same"
        x = Activation("relu")(x)
        if strides == 2:
            x, padding = ZeroPadding2D(halving(x, kernel), name=f"{label}_pad_{name}")(x), "valid"
        x = SeparableConv2D(filters, kernel, strides=strides, padding=padding, use_bias=False, name=f"{label}_{name}")(
            x
        )
        x, strides = _normalized(x, f"{label}_bn_{name}"), 1
    return x


def _adjusted(p, x, filters, number):
    """p in the size of x: of `filters` channels if it is larger, or has another count."""
    if p.shape[2] != x.shape[2]:
        p = Activation("relu", name=f"adjust_relu_1_{number}")(p)
        # Every other pixel, and every other one of those between.
        between = Cropping2D(((1, 0), (1, 0)))(ZeroPadding2D(((0, 1), (0, 1)))(p))
        halves = []
        for half, pixels in ((1, p), (2, between)):
            y = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{half}_{number}")(pixels)
            halves.append(_convolved(y, filters // 2, f"adjust_conv_{half}_{number}"))
        return _normalized(concatenate(halves), f"adjust_bn_{number}")
    if p.shape[3] != filters:
        return _projected(Activation("relu")(p), filters, f"adjust_conv_projection_{number}", f"adjust_bn_{number}")
    return p


def _projected(x, filters, name, normalization, **kwargs):
    return _normalized(_convolved(x, filters, name, **kwargs), normalization)


def _convolved(x, filters, name, kernel=1, strides=1, padding="same"):
    kwargs = {"padding": padding, "use_bias": False, "kernel_initializer": "he_normal", "name": name}
    return Conv2D(filters, kernel, strides=strides, **kwargs)(x)


def _normalized(x, name):
    return BatchNormalization(momentum=0.9997, epsilon=1e-3, name=name)(x)


def _variant(key, class_name):
    filters, cells, stem, skips, size = VARIANTS[key]

    def network(
        input_shape=None,
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=key,
    ):
        return NASNet(
            input_shape,
            penultimate_filters=filters,
            num_blocks=cells,
            stem_block_filters=stem,
            skip_reduction=skips,
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            pooling=pooling,
            classes=classes,
            default_size=size,
            classifier_activation=classifier_activation,
            name=name,
        )

    network.__name__ = network.__qualname__ = class_name
    network.__doc__ = f"""{class_name} (as in Keras): images (B, {size}, {size}, 3) in -1..1 to scores (B, classes).

    Without the top: images of at least 32 x 32, of known size, to features (B, H / 32, W / 32, {filters}).
    Raises ArgumentError.
    """
    return network


NASNetMobile = _variant("nasnet_mobile", "NASNetMobile")
NASNetLarge = _variant("nasnet_large", "NASNetLarge")


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3), 0..255, in -1..1 (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="tf")
