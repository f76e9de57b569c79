"""Small networks of our own for images of 28 to 96 pixels, made to learn as much as possible in a minute of two cores.

No paper; each layout answers one question about where the time of a processor goes, and
`python benchmarks/small_networks.py` measures which answer is right (accuracy after so many seconds of training):

* all: 3x3 convolutions without bias, batch normalization, ReLU; more maps where sizes halve; a dense layer at the end.
* plain: is depth worth its time at all? One convolution a stage.
* residual: two convolutions more where the maps are small already, around which the input passes (after D. Page's
  DAWNBench network, with the pooling before the pair, where it costs a quarter).
* narrow: half the maps, a residual pair in every stage: depth instead of width.
* patches: the first layer sees 2 x 2 pixels each and halves the image, which takes a quarter of the time from all that
  the large maps cost.
* weighed: residual, with squeeze and excitation of each pair.
There are as many halvings as leave 3 pixels or more: 3 for 28 and 32 pixels, 4 for 48 and 64, 5 for 96.
"""

from anmok import initializers, layers
from anmok.models import Model

# fmt: off
# layout:       first layer, its kernel and stride;  maps of the stages; stages from the end with a pair; weighed
LAYOUTS = {
    "plain":    ((32, 3, 1), ( 64, 128, 192, 256, 256), 0, False),
    "residual": ((32, 3, 1), ( 64, 128, 192, 256, 256), 2, False),
    "narrow":   ((24, 3, 1), ( 48,  96, 128, 192, 192), 5, False),
    "patches":  ((48, 2, 2), ( 96, 160, 224, 256, 256), 2, False),
    "weighed":  ((32, 3, 1), ( 64, 128, 192, 256, 256), 2, True),
}
# fmt: on
FEWEST_PIXELS = 3


def small(layout="residual", input_shape=(32, 32, 3), classes=10):
    """The network of that row of LAYOUTS, with as many stages as the image is large."""
    (filters, kernel, stride), maps, pairs, weighed = LAYOUTS[layout]
    image = layers.Input(input_shape)
    x = _convolution(image, filters, kernel, "conv1", strides=stride)
    count = _stages(min(x.shape[1:3]), len(maps))
    for number, filters in enumerate(maps[:count], 2):
        name = f"conv{number}"
        x = layers.MaxPooling2D(name=f"{name}_pool")(x)
        x = _convolution(x, filters, 3, name)
        if number - 2 >= count - pairs:
            y = _convolution(_convolution(x, filters, 3, f"{name}_first"), filters, 3, f"{name}_second")
            x = layers.Add(name=f"{name}_add")([x, _weighed(y, f"{name}_se") if weighed else y])
    x = layers.GlobalMaxPooling2D(name="fc_pool")(x)
    x = layers.Dropout(0.3, name="fc_dropout")(x)
    x = layers.Dense(classes, activation="softmax", kernel_initializer=_start(), name="fc")(x)
    return Model(image, x, name=f"small_{layout}")


def _stages(side, most):
    """How many halvings leave FEWEST_PIXELS or more; one at least."""
    count = 0
    while side // 2 >= FEWEST_PIXELS and count < most:
        side, count = side // 2, count + 1
    return max(count, 1)


def _convolution(x, filters, kernel, name, strides=1):
    x = layers.Conv2D(filters, kernel, strides, "same", use_bias=False, kernel_initializer=_start(), name=name)(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _weighed(x, name):
    maps = x.shape[-1]
    y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    y = layers.Dense(maps // 8, activation="relu", name=f"{name}_down")(y)
    y = layers.Dense(maps, activation="sigmoid", name=f"{name}_up")(y)
    return layers.Multiply(name=f"{name}_scale")([x, y])


def _start():
    """Kernels of a third of LeCun's variance: batch normalization is blind to size, and small ones turn faster."""
    return initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
