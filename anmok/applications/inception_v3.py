"""Inception v3 (Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", arXiv:1512.00567).

As in Keras, without the paper's auxiliary classifier. Pixels: -1 to 1, by `preprocess_input`. Smallest input 75 x 75.
"""

from anmok.applications import imagenet
from anmok.applications.branches import AVERAGE, MAX, Fork, walked
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.layers import GlobalAveragePooling2D

# fmt: off
# Table 1, its first rows. A convolution: filters, kernel (rows, columns), stride, padding.
STEM = [(32, 3, 2, "valid"), (32, 3, 1, "valid"), (64, 3), MAX, (80, 1, 1, "valid"), (192, 3, 1, "valid"), MAX]

# Figure 5, with figure 10 between grids: 35 x 35.
def _figure_5(pooled):
    return [
        [(64, 1)],
        [(48, 1), (64, 5)],
        [(64, 1), (96, 3), (96, 3)],
        [AVERAGE, (pooled, 1)],
    ]

# Figure 6 with n = 7: 17 x 17, `narrow` filters between.
def _figure_6(narrow):
    return [
        [(192, 1)],
        [(narrow, 1), (narrow, (1, 7)), (192, (7, 1))],
        [(narrow, 1), (narrow, (7, 1)), (narrow, (1, 7)), (narrow, (7, 1)), (192, (1, 7))],
        [AVERAGE, (192, 1)],
    ]

# Figure 7: 8 x 8.
def _figure_7(fork):
    return [
        [(320, 1)],
        [(384, 1),           Fork([[(384, (1, 3))], [(384, (3, 1))]], fork)],
        [(448, 1), (384, 3), Fork([[(384, (1, 3))], [(384, (3, 1))]])],
        [AVERAGE, (192, 1)],
    ]

MODULES = {
    "mixed0":  _figure_5(32),
    "mixed1":  _figure_5(64),
    "mixed2":  _figure_5(64),
    "mixed3":  [[(384, 3, 2, "valid")], [(64, 1), (96, 3), (96, 3, 2, "valid")], [MAX]],
    "mixed4":  _figure_6(128),
    "mixed5":  _figure_6(160),
    "mixed6":  _figure_6(160),
    "mixed7":  _figure_6(192),
    "mixed8":  [
        [(192, 1), (320, 3, 2, "valid")],
        [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2, "valid")],
        [MAX],
    ],
    "mixed9":  _figure_7("mixed9_0"),
    "mixed10": _figure_7("mixed9_1"),
}
# fmt: on


def InceptionV3(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="inception_v3",
):
    """Inception v3 (as in Keras): images (B, 299, 299, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 75 x 75 to features (B, H', W', 2048), about H / 32 - 1. Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    x = _features(request.image(request.shape(usual=299, smallest=75)))
    if include_top:
        x = request.classified(GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = request.pooled(x)
    return request.model(x, "inception_v3")


def _features(x):
    return walked(x, [*STEM, *(Fork(branches, name) for name, branches in MODULES.items())])


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3), 0..255, in -1..1 (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="tf")
