"""VGG16: Simonyan & Zisserman 2014, "Very Deep Convolutional Networks for Large-Scale Image Recognition", Table 1.

As in Keras: images in BGR less ImageNet's mean; no dropout between the dense layers.
"""

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras has it here
from anmok.layers import Conv2D, Dense, Flatten, MaxPooling2D

# fmt: off
# Table 1, column D: filters of the 3x3 convolutions; after each block a 2x2 max-pooling.
TABLE_1_D = (
    ( 64,  64),
    (128, 128),
    (256, 256, 256),
    (512, 512, 512),
    (512, 512, 512),
)
DENSE = {"fc1": 4096, "fc2": 4096}
# fmt: on


def VGG16(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="vgg16",
):
    """VGG16 (as in Keras): images (B, 224, 224, 3) through `preprocess_input` to scores (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 512). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return vgg(TABLE_1_D, request, "vgg16")


def vgg(blocks, request, network):
    """The network of a column of Table 1."""
    x = request.image(request.shape())
    for number, block in enumerate(blocks, 1):
        for place, filters in enumerate(block, 1):
            name = f"block{number}_conv{place}"
            x = Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
        x = MaxPooling2D(2, strides=2, name=f"block{number}_pool")(x)
    if request.include_top:
        x = Flatten(name="flatten")(x)
        for name, units in DENSE.items():
            x = Dense(units, activation="relu", name=name)(x)
        x = request.classified(x)
    else:
        x = request.pooled(x)
    return request.model(x, network)


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3), RGB in 0..255, in BGR and less ImageNet's mean, as VGG wants them (as in Keras)."""
    return imagenet.preprocess_input(x, data_format, mode="caffe")
