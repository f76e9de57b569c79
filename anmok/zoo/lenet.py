"""LeNet-5. Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition, 1998.

As in section II.B and figure 2: each map of C3 sees the maps of S2 that table I gives it, pooling has a coefficient and
a bias to train, units are scaled tanhs, and the output is the squared distance of F6 to a picture of each class.
Differences: the ten pictures are drawn anew after the paper's description (7 x 12 pixels, stylised digits); other
numbers of classes get random codes of -1 and 1, which the paper mentions. The paper trains on the distances themselves;
here a softmax of their negatives follows, whose crossentropy is the paper's equation (9) without its constant j.
Weights begin as LeCun's 1998 rule for tanh units has it (variance 1 / fan-in).
The paper's inputs are 32 x 32, background -0.1, ink 1.175. Smaller images get a margin of zeros, as its 28 x 28 had.
"""

import numpy as np

from anmok import layers
from anmok.models import Sequential

# fmt: off
# Table I: which maps of S2 (0 to 5) each map of C3 combines.
TABLE_1 = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)

# Figure 3: what F6 shall look like for each digit, # for 1 and . for -1.
DIGITS = """
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
..###.. ...##.. .#####. ####### ....##. ####### ..####. ####### .#####. .#####.
.##.##. ..###.. ##...## .....## ...###. ##..... .##.... #....## ##...## ##...##
##...## .####.. ##...## ....##. ..####. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## ...##.. .##.##. ######. ##..... ....##. ##...## ##...##
##...## ...##.. ....##. ..####. ##..##. .....## ######. ....##. .#####. ##...##
##...## ...##.. ...##.. .....## ##..##. .....## ##...## ...##.. ##...## .######
##...## ...##.. ..##... .....## ####### .....## ##...## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ....##. .....## ##...## ..##... ##...## .....##
.##.##. ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ....##.
..###.. .###### ####### .#####. ....##. .#####. .#####. ..##... .#####. .####..
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""

# Section II.B, layer by layer: output, trainable parameters, connections.
MODULES = {
    "C1":     ("28x28x6",     "156", "122,304"),
    "S2":     ("14x14x6",      "12",   "5,880"),
    "C3":     ("10x10x16",  "1,516", "151,600"),
    "S4":     ("5x5x16",       "32",   "2,000"),
    "C5":     ("1x1x120",  "48,120",  "48,120"),
    "F6":     ("84",       "10,164",  "10,164"),
    "output": ("10",              "",        ""),
}
# fmt: on
LECTURE_MODULES = dict.fromkeys(MODULES)


def lenet5(input_shape=(32, 32, 1), classes=10):
    """The paper's network, as a Sequential that ends in probabilities."""
    start = {"kernel_initializer": "lecun_uniform"}
    lack = [max(32 - size, 0) for size in input_shape[:2]]
    margin = [layers.ZeroPadding2D([(n // 2, n - n // 2) for n in lack], name="margin")] if any(lack) else []
    return Sequential(
        [
            layers.Input(input_shape),
            *margin,
            layers.Conv2D(6, 5, **start, name="C1"),
            layers.ScaledTanh(name="C1_tanh"),
            layers.Subsampling2D(2, name="S2"),
            layers.ScaledTanh(name="S2_tanh"),
            layers.SparseConv2D(TABLE_1, 5, **start, name="C3"),
            layers.ScaledTanh(name="C3_tanh"),
            layers.Subsampling2D(2, name="S4"),
            layers.ScaledTanh(name="S4_tanh"),
            layers.Conv2D(120, 5, **start, name="C5"),
            layers.ScaledTanh(name="C5_tanh"),
            layers.Flatten(name="F6_flat"),
            layers.Dense(84, **start, name="F6"),
            layers.ScaledTanh(name="F6_tanh"),
            layers.RadialBasis(codes(classes), name="output"),
            layers.Rescaling(-1.0, name="output_nearness"),
            layers.Softmax(name="output_softmax"),
        ],
        name="lenet5",
    )


def codes(classes):
    """What F6 shall be for each class, float32 (classes, 84) of -1 and 1: pictures of the ten digits, else random."""
    if classes != 10:
        return np.random.default_rng(84).choice((-1.0, 1.0), (classes, 84)).astype("float32")
    rows = [row.split() for row in DIGITS.split("\n") if row]
    pictures = ["".join(row[digit] for row in rows) for digit in range(10)]
    return np.array([[1.0 if pixel == "#" else -1.0 for pixel in picture] for picture in pictures], "float32")


def lenet5_lecture(input_shape=(32, 32, 1), classes=10, activation="sigmoid"):
    """The lecture's LeNet: C3 sees all of S2, pooling is the plain mean, and a softmax of 10 units ends it."""
    start = {"kernel_initializer": "random_uniform", "activation": activation}
    return Sequential(
        [
            layers.Input(input_shape),
            layers.Conv2D(6, 5, **start, name="C1"),
            layers.AveragePooling2D(2, name="S2"),
            layers.Conv2D(16, 5, **start, name="C3"),
            layers.AveragePooling2D(2, name="S4"),
            layers.Flatten(name="C5_flat"),
            layers.Dense(120, activation=activation, name="C5"),
            layers.Dense(84, activation=activation, name="F6"),
            layers.Dense(classes, activation="softmax", name="output"),
        ],
        name="lenet5_lecture",
    )
