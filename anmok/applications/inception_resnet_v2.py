"""Inception-ResNet v2 (Szegedy et al. 2017, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on
Learning", arXiv:1602.07261).

As in Keras: the stem is Inception v3's and a module with pooling, instead of figure 3; widths as in the authors'
program, from which figures 16 to 19 differ in places. Pixels: -1 to 1, by `preprocess_input`. Smallest input 75 x 75.
"""

from anmok.applications import imagenet
from anmok.applications.branches import AVERAGE, MAX, Fork, Step, convolved, walked
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.layers import Activation, Concatenate, Conv2D, GlobalAveragePooling2D
from anmok.layers.residual import CustomScaleLayer

# fmt: off
# A convolution: filters, kernel (rows, columns), stride, padding.
STEM = [(32, 3, 2, "valid"), (32, 3, 1, "valid"), (64, 3), MAX, (80, 1, 1, "valid"), (192, 3, 1, "valid"), MAX]

MIXED = {
    "mixed_5b": [[(96, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)], [AVERAGE, (64, 1)]],
    "mixed_6a": [[(384, 3, 2, "valid")], [(256, 1), (256, 3), (384, 3, 2, "valid")], [MAX]],
    "mixed_7a": [
        [(256, 1), (384, 3, 2, "valid")],
        [(256, 1), (288, 3, 2, "valid")],
        [(256, 1), (288, 3), (320, 3, 2, "valid")],
        [MAX],
    ],
}
# Figures 16, 17 and 19, by the size of their map: 35 x 35, 17 x 17, 8 x 8.
RESIDUAL = {
    "block35": [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]],
    "block17": [[(192, 1)], [(128, 1), (160, (1, 7)), (192, (7, 1))]],
    "block8":  [[(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]],
}
# Figure 15: the module that begins a stage, its residual blocks, how many, and what each is scaled by (section 3.3).
STAGES = [
    ("mixed_5b", "block35", 10, 0.17),
    ("mixed_6a", "block17", 20, 0.1),
    ("mixed_7a", "block8",  10, 0.2),
]
LAST = Step(1536, 1)
# fmt: on


def InceptionResNetV2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="inception_resnet_v2",
):
    """Inception-ResNet v2 (as in Keras): images (B, 299, 299, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 75 x 75 to features (B, H', W', 1536), about H / 32 - 1. Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    x = _features(request.image(request.shape(usual=299, smallest=75)))
    if include_top:
        x = request.classified(GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = request.pooled(x)
    return request.model(x, "inception_resnet_v2")


def _features(x):
    x = walked(x, STEM)
    for mixed, kind, count, scale in STAGES:
        x = walked(x, [Fork(MIXED[mixed], mixed)])
        for number in range(1, count + 1):
            is_last = (kind, number) == ("block8", count)  # neither scaled nor followed by an activation
            x = _residual(x, kind, f"{kind}_{number}", scale=1.0 if is_last else scale)
            x = x if is_last else Activation("relu", name=f"{kind}_{number}_ac")(x)
    return convolved(x, LAST, "conv_7b")


def _residual(x, kind, name, *, scale):
    branches = Concatenate(name=f"{name}_mixed")([walked(x, branch) for branch in RESIDUAL[kind]])
    branches = Conv2D(x.shape[-1], 1, padding="same", name=f"{name}_conv")(branches)
    return CustomScaleLayer(scale)([x, branches])


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3), 0..255, in -1..1 (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="tf")
