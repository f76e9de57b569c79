"""Networks that were candidates for `anmok train`'s default, beside the one that was chosen, anmok/zoo/small.py.

Each layout of LAYOUTS answers one question about where the time of a processor goes:

* residual: two convolutions more where the maps are small already, around which the input passes (after D. Page's
  DAWNBench network, with the pooling before the pair, where it costs a quarter).
* narrow: half the maps, a residual pair in every stage: depth instead of width.
* patches: the first layer sees 2 x 2 pixels each and halves the image, which takes a quarter of the time from all that
  the large maps cost.
* weighed: residual, with squeeze and excitation of each pair.

STACKS have a fixed number of stages: convnet three, resnet8, resnet11 and resnet14 residual pairs in some or all.
"""

from anmok import layers
from anmok.models import Model
from anmok.zoo import small
from anmok.zoo.building import rescaled

# fmt: off
# layout:       first layer, its kernel and stride;  maps of the stages; stages from the end with a pair; weighed
LAYOUTS = {
    "residual": ((32, 3, 1), ( 64, 128, 192, 256, 256), 2, False),
    "narrow":   ((24, 3, 1), ( 48,  96, 128, 192, 192), 5, False),
    "patches":  ((48, 2, 2), ( 96, 160, 224, 256, 256), 2, False),
    "weighed":  ((32, 3, 1), ( 64, 128, 192, 256, 256), 2, True),
}
# c32: a convolution of 32 maps; p: pooling; r64: a residual pair of 64 maps; then how maps become numbers.
STACKS = {
    "convnet":  ("c32 p c64 p c128 p", layers.Flatten, 8),  # the last number: pixels of the smallest image
    "resnet8":  ("c32 p c64 r64 p c128 p r128", layers.GlobalMaxPooling2D, 8),
    "resnet11": ("c32 p c64 p r64 c128 p r128 c256 p r256", layers.GlobalAveragePooling2D, 16),
    "resnet14": ("c24 p c48 p r48 c96 p r96 c192 p r192 c192 p r192", layers.GlobalAveragePooling2D, 32),
}
# fmt: on


def candidates(side):
    """{name: function of (input shape, classes)} of networks that take pixels of 0..255, `side` of them each way."""
    found = {"small": small.small}
    found |= {layout: _of_layout(layout) for layout in LAYOUTS}
    found |= {name: _stacked(name) for name, (_, _, least) in STACKS.items() if least <= side}
    return {name: _of_pixels(build) for name, build in found.items()}


def _of_pixels(build):
    return lambda shape, classes: rescaled(build(shape, classes), 1 / 255)


def _of_layout(layout):
    def build(shape, classes):
        (filters, kernel, stride), maps, pairs, weighed = LAYOUTS[layout]
        image = layers.Input(shape)
        x = _convolution(image, filters, kernel, stride)
        count = small.halvings(min(x.shape[1:3]))
        for number, filters in enumerate(maps[:count]):
            x = _convolution(layers.MaxPooling2D()(x), filters)
            if number >= count - pairs:
                x = _with_pair(x, filters, weighed)
        return _ending(image, layers.GlobalMaxPooling2D()(x), classes, layout)

    return build


def _stacked(name):
    def build(shape, classes):
        words, ending, _ = STACKS[name]
        x = image = layers.Input(shape)
        for word in words.split():
            kind, filters = word[0], int(word[1:] or 0)
            x = {"c": _convolution, "r": _with_pair}[kind](x, filters) if filters else layers.MaxPooling2D()(x)
        return _ending(image, ending()(x), classes, name)

    return build


def _ending(image, x, classes, name):
    x = layers.Dense(classes, activation="softmax", kernel_initializer=small.start())(layers.Dropout(0.3)(x))
    return Model(image, x, name=name)


def _convolution(x, filters, kernel=3, stride=1):
    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, kernel_initializer=small.start())(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def _with_pair(x, filters, weighed=False):
    y = _convolution(_convolution(x, filters), filters)
    return layers.Add()([x, _weighed(y) if weighed else y])


def _weighed(x):
    maps = x.shape[-1]
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Dense(maps, activation="sigmoid")(layers.Dense(maps // 8, activation="relu")(y))
    return layers.Multiply()([x, y])
