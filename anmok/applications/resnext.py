"""ResNeXt-50 and -101: Xie et al. 2016, "Aggregated Residual Transformations for Deep Neural Networks", Table 1.

Keras 3 has them no more; this is keras-applications 1.0.8's network with its layers' names. The 3x3 convolution in 32
groups, which was a depthwise one, a Reshape and a sum there, is one layer here; the published weights are brought over
when they are loaded. Images in 0..1, less ImageNet's mean, divided by its deviation.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path

import h5py

from anmok.applications import imagenet
from anmok.applications.head import Request
from anmok.applications.imagenet import decode_predictions  # noqa: F401 - Keras had it here
from anmok.applications.resnet import EPSILON, normalized, pooled_stem, stem
from anmok.layers import Activation, Add, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, ZeroPadding2D
from anmok.saving import hdf5

# fmt: off
# Table 1: how often each stage repeats its block.
#               conv2  conv3  conv4  conv5
TABLE_1 = {
    "resnext50":  (  3,     4,     6,     3),
    "resnext101": (  3,     4,    23,     3),
}
# Table 1: filters of a block's 1x1, grouped 3x3 and 1x1 convolutions, and the stride of a stage's first block.
STAGES = {
    "conv2": ( 128,  128,  256, 1),
    "conv3": ( 256,  256,  512, 2),
    "conv4": ( 512,  512, 1024, 2),
    "conv5": (1024, 1024, 2048, 2),
}
# fmt: on
GROUPS = 32


def ResNeXt50(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnext50",
):
    """ResNeXt50 (as keras-applications had it): images (B, 224, 224, 3) through `preprocess_input` to (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 2048). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _resnext("resnext50", request)


def ResNeXt101(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnext101",
):
    """ResNeXt101 (as keras-applications had it): images (B, 224, 224, 3) through `preprocess_input` to (B, classes).

    Without the top: images of at least 32 x 32 to features (B, H / 32, W / 32, 2048). Raises ArgumentError.
    """
    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _resnext("resnext101", request)


def _resnext(network, request):
    x = stem(request.image(request.shape()), use_bias=False)
    x = pooled_stem(normalized(x, "conv1"))
    for (stage, (*filters, stride)), blocks in zip(STAGES.items(), TABLE_1[network], strict=True):
        for number in range(1, blocks + 1):
            x = _block(x, filters, stride if number == 1 else 1, f"{stage}_block{number}", widens=number == 1)
    if request.include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(request.classes, activation=request.classifier_activation, name="probs")(x)
    else:
        x = request.pooled(x, names=("avg_pool", "max_pool"))
    return request.model(x, network, translated=_in_groups)


def _block(x, filters, stride, name, *, widens):
    """1x1, 3x3 in groups, 1x1, added to the input, which a 1x1 convolution fits where it has other channels."""
    shortcut = x
    if widens:
        shortcut = Conv2D(filters[2], 1, strides=stride, use_bias=False, name=f"{name}_0_conv")(x)
        shortcut = BatchNormalization(epsilon=EPSILON, name=f"{name}_0_bn")(shortcut)
    x = Conv2D(filters[0], 1, use_bias=False, name=f"{name}_1_conv")(x)
    x = normalized(x, f"{name}_1")
    x = ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = Conv2D(filters[1], 3, strides=stride, groups=GROUPS, use_bias=False, name=f"{name}_2_conv")(x)
    x = normalized(x, f"{name}_2")
    x = Conv2D(filters[2], 1, use_bias=False, name=f"{name}_3_conv")(x)
    x = BatchNormalization(epsilon=EPSILON, name=f"{name}_3_bn")(x)
    x = Add(name=f"{name}_add")([shortcut, x])
    return Activation("relu", name=f"{name}_out")(x)


@contextlib.contextmanager
def _in_groups(path):
    """The path of a file with the weights of `path`, depthwise kernels of keras-applications as grouped ones."""
    with hdf5.opened(path, path) as file:
        kernels = _grouped_kernels(file)
    if not kernels:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copyfile(path, Path(folder) / Path(path).name))
        with h5py.File(copy, "r+") as file:
            for name, kernel in kernels.items():
                del file[name]
                file[name] = kernel
        yield copy


def _grouped_kernels(file):
    """Where in the file a depthwise kernel (3, 3, C, C / 32) of a 3x3 convolution is, and the grouped one for it."""
    places = []

    def collect(place, found):
        if "_2_conv/" in place and len(shape := getattr(found, "shape", ())) == 4 and shape[2] == GROUPS * shape[3]:
            places.append(place)

    file.visititems(collect)
    return {place: grouped_kernel(hdf5.values(hdf5.dataset(file, place))) for place in places}


def grouped_kernel(depthwise):
    """A kernel (3, 3, C, C / 32), applied to each channel, with sums over a group, as one (3, 3, C / 32, C)."""
    rows, columns, channels, width = depthwise.shape
    # Channel g * width + i gives output g * width + m its part [g, i, m]; the sum over i is what a group computes.
    parts = depthwise.reshape(rows, columns, GROUPS, width, width)
    return parts.transpose(0, 1, 3, 2, 4).reshape(rows, columns, width, channels)


def preprocess_input(x, data_format=None):
    """Images (..., H, W, 3), RGB in 0..255, normalized as ResNeXt wants them (as in keras-applications)."""
    return imagenet.preprocess_input(x, data_format, mode="torch")
