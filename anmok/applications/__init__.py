"""Keras' named networks, with the weights that its authors publish; each is loaded on first use."""

import importlib

# fmt: off
_NETWORKS = {
    "convnext": ("ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge"),
    "densenet": ("DenseNet121", "DenseNet169", "DenseNet201"),
    "efficientnet": tuple(f"EfficientNetB{number}" for number in range(8)),
    "efficientnet_v2": tuple(f"EfficientNetV2{name}" for name in ("B0", "B1", "B2", "B3", "S", "M", "L")),
    "inception_resnet_v2": ("InceptionResNetV2",),
    "inception_v3": ("InceptionV3",),
    "mobilenet": ("MobileNet",),
    "mobilenet_v2": ("MobileNetV2",),
    "mobilenet_v3": ("MobileNetV3Large", "MobileNetV3Small"),
    "nasnet": ("NASNetLarge", "NASNetMobile"),
    "resnet": ("ResNet50", "ResNet101", "ResNet152"),
    "resnet_v2": ("ResNet50V2", "ResNet101V2", "ResNet152V2"),
    "resnext": ("ResNeXt50", "ResNeXt101"),
    "vgg16": ("VGG16",),
    "vgg19": ("VGG19",),
    "xception": ("Xception",),
}
# fmt: on
_MODULES = {*_NETWORKS, "imagenet_utils", "resnet50"}
_ROOMS = {name: module for module, names in _NETWORKS.items() for name in names}
__all__ = sorted([*_MODULES, *_ROOMS])


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"anmok.applications.{name}")
    if name in _ROOMS:
        return getattr(importlib.import_module(f"anmok.applications.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'anmok.applications' has no attribute {name!r}")


def __dir__():
    return __all__
