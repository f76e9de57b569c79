"""The small network of anmok's own, for images of 28 to 96 pixels: what `anmok train` takes where nothing is said.

No paper. It is the one that had learned most after so many seconds of two cores, of nine that were tried: see
`python benchmarks/small_networks.py`. One 3x3 convolution (without bias; batch normalization; ReLU) for each size of
maps, and more maps where their size halves. Shortcuts, pairs of convolutions, coarser first kernels and squeeze and
excitation all cost more time than they were worth.
The image is halved as often as leaves 3 pixels or more: 3 times for 28 and 32 pixels, 4 for 48 and 64, 5 for 96 and
above. Then each map gives its largest value, of which 30 % are dropped, to one dense layer.
"""

from anmok import initializers, layers
from anmok.models import Sequential

MAPS = (32, 64, 128, 192, 256, 256)  # of the whole image, of its half, quarter, ...
FEWEST_PIXELS = 3
MODULES = dict.fromkeys([*(f"conv{number}" for number in range(1, len(MAPS) + 1)), "fc"])


def small(input_shape=(32, 32, 3), classes=10):
    """The network, as a Sequential that ends in probabilities."""
    stack = [layers.Input(input_shape)]
    for number in range(1, 2 + halvings(min(input_shape[:2]))):
        if number > 1:
            stack.append(layers.MaxPooling2D(name=f"conv{number}_pool"))
        stack += _convolution(MAPS[number - 1], f"conv{number}")
    return Sequential(
        [
            *stack,
            layers.GlobalMaxPooling2D(name="fc_pool"),
            layers.Dropout(0.3, name="fc_dropout"),
            layers.Dense(classes, activation="softmax", kernel_initializer=start(), name="fc"),
        ],
        name="small",
    )


def halvings(side):
    """How often an image of `side` pixels is halved."""
    count = 1
    while count < len(MAPS) - 1 and side // 2 ** (count + 1) >= FEWEST_PIXELS:
        count += 1
    return count


def _convolution(filters, name):
    return [
        layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer=start(), name=name),
        layers.BatchNormalization(momentum=0.9, name=f"{name}_bn"),
        layers.ReLU(name=f"{name}_relu"),
    ]


def start():
    """Kernels of a third of LeCun's variance: batch normalization is blind to size, and small ones turn faster.

    On fashion-mini He's normal started with a loss of 2.9 and ended at 90.9 %, this one with 1.4 and at 91.5 %.
    """
    return initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
