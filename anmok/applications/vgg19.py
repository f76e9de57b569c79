"""VGG19: Simonyan & Zisserman 2014, "Very Deep Convolutional Networks for Large-Scale Image Recognition", Table 1.

As in Keras: images in BGR less ImageNet's mean; no dropout between the dense layers.
"""

from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.applications.vgg16 import preprocess_input, vgg  # noqa: F401

# fmt: off
# Table 1, column E: filters of the 3x3 convolutions; after each block a 2x2 max-pooling.
TABLE_1_E = (
    ( 64,  64),
    (128, 128),
    (256, 256, 256, 256),
    (512, 512, 512, 512),
    (512, 512, 512, 512),
)
# fmt: on


def VGG19(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="vgg19",
):
    """VGG19 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 512). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return vgg(TABLE_1_E, request, "vgg19")
