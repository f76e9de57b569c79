"""The networks of the zoo: who built them when, how large they are, and what their papers say. Plain facts, no torch.

`parameters` (trained ones) and `macs` (multiply-accumulates for one image of `input_shape`) are ours; the tests hold
them to what the networks come to. `smallest` is the side in pixels of the smallest image that a network takes: one on
which all its windows fit and each of its halvings still finds two pixels.
"""

from dataclasses import dataclass, field

_LENET = "LeCun et al.: Gradient-Based Learning Applied to Document Recognition"
_ALEXNET = "Krizhevsky et al.: ImageNet Classification with Deep Convolutional Neural Networks"
_CHATFIELD = "Chatfield et al.: Return of the Devil in the Details"
_VGG = "Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition"
_GOOGLENET = "Szegedy et al.: Going Deeper with Convolutions"
_RESNET = "He et al.: Deep Residual Learning for Image Recognition"
_SENET = "Hu et al.: Squeeze-and-Excitation Networks"
_LECTURE = "the lecture's variant; the paper is "


@dataclass(frozen=True)
class Network:
    """One network. `function` is 'file.function' within anmok/zoo, called with `arguments`, input shape and classes."""

    function: str
    year: int
    paper: str
    input_shape: tuple  # the paper's (H, W, C)
    classes: int
    smallest: int
    parameters: int
    macs: int
    error: str = ""  # per cent, as the paper has it
    source: str = ""  # of the error: where, on which images, how tested
    paper_parameters: str = ""  # as printed
    paper_operations: str = ""  # as printed
    arguments: dict = field(default_factory=dict)
    modules: str = "MODULES"  # the table in the file
    without_heads: bool = False  # whether auxiliary classifiers are left out of `parameters` and `macs`


def _imagenet(function, year, paper, smallest, parameters, macs, error="", source="", **more):
    shape = more.pop("input_shape", (224, 224, 3))
    return Network(function, year, paper, shape, 1000, smallest, parameters, macs, error, source, **more)


def _vgg(configuration, parameters, macs, error, printed):
    source = "table 3, one scale, validation set of ILSVRC-2012, top-1 / top-5"
    more = {"paper_parameters": f"{printed} parameters", "arguments": {"configuration": configuration}}
    return _imagenet("vgg.vgg", 2014, _VGG, 32, parameters, macs, error, source, **more)


def _cnn(architecture, smallest, parameters, macs, error):
    source = "table 3, validation set of ILSVRC-2012, top-5"
    more = {"arguments": {"architecture": architecture}}
    return _imagenet("chatfield.cnn", 2014, _CHATFIELD, smallest, parameters, macs, error, source, **more)


def _resnet(depth, parameters, macs, error, source, printed):
    more = {"paper_operations": printed, "arguments": {"depth": depth}}
    source += ", 10 crops, validation set of ILSVRC-2012, " + ("top-1 / top-5" if "/" in error else "top-1")
    return _imagenet("resnet.resnet", 2015, _RESNET, 17, parameters, macs, error, source, **more)


def _cifar_resnet(depth, parameters, macs, error, printed):
    return Network(
        "resnet.cifar_resnet", 2015, _RESNET, (32, 32, 3), 10, 3, parameters, macs, error, "table 6, CIFAR-10 test set",
        paper_parameters=f"{printed} parameters", arguments={"depth": depth}, modules="CIFAR_MODULES",
    )  # fmt: skip


def _se_resnet(depth, parameters, macs, error, printed):
    source = "table 2, 1 crop, validation set of ILSVRC-2012, top-1 / top-5"
    more = {"paper_operations": printed, "arguments": {"depth": depth}}
    return _imagenet("senet.se_resnet", 2017, _SENET, 17, parameters, macs, error, source, **more)


# fmt: off
NETWORKS = {
    "lenet5": Network(
        "lenet.lenet5", 1998, _LENET, (32, 32, 1), 10, 28, 60_000, 326_520, "0.95", "section III.B, MNIST test set",
        paper_parameters="60,000 parameters", paper_operations="340,908 connections"),
    "lenet5-lecture": Network(
        "lenet.lenet5_lecture", 1998, _LECTURE + _LENET, (32, 32, 1), 10, 16, 61_706, 416_520,
        modules="LECTURE_MODULES"),
    "alexnet": _imagenet(
        "alexnet.alexnet", 2012, _ALEXNET, 67, 60_965_224, 724_406_816, "40.7 / 18.2",
        "table 2, one network, validation set of ILSVRC-2012, top-1 / top-5",
        input_shape=(227, 227, 3), paper_parameters="60 million parameters"),
    "alexnet-lecture": _imagenet(
        "alexnet.alexnet_lecture", 2012, _LECTURE + _ALEXNET, 25, 201_839_656, 1_278_584_832,
        modules="LECTURE_MODULES"),
    "cnn-f": _cnn("F", 39, 60_834_536, 724_005_632, "16.7"),
    "cnn-m": _cnn("M", 41, 102_908_520, 1_676_172_320, "13.7"),
    "cnn-s": _cnn("S", 19, 102_908_520, 2_927_705_120, "13.1"),
    "vgg-a": _vgg("A", 132_863_336, 7_609_090_048, "29.6 / 10.4", "133M"),
    "vgg-a-lrn": _vgg("A-LRN", 132_863_336, 7_609_090_048, "29.7 / 10.5", "133M"),
    "vgg-b": _vgg("B", 133_047_848, 11_308_466_176, "28.7 / 9.9", "133M"),
    "vgg-c": _vgg("C", 133_638_952, 11_770_888_192, "27.3 / 8.8", "134M"),
    "vgg-d": _vgg("D", 138_357_544, 15_470_264_320, "25.6 / 8.1", "138M"),
    "vgg-e": _vgg("E", 143_667_240, 19_632_062_464, "25.5 / 8.0", "144M"),
    "googlenet": _imagenet(
        "googlenet.googlenet", 2014, _GOOGLENET, 65, 6_998_552, 1_582_671_872, "10.07",
        "table 3, one network, 1 crop, validation set of ILSVRC-2014, top-5", without_heads=True,
        paper_operations="1.5 billion multiply-adds"),
    "resnet18": _resnet(18, 11_689_512, 1_814_073_344, "27.88", "table 2 (A)", "1.8 x 10^9 FLOPs"),
    "resnet34": _resnet(34, 21_797_672, 3_663_761_408, "24.52 / 7.46", "table 3 (B)", "3.6 x 10^9 FLOPs"),
    "resnet50": _resnet(50, 25_557_032, 3_857_973_248, "22.85 / 6.71", "table 3", "3.8 x 10^9 FLOPs"),
    "resnet101": _resnet(101, 44_549_160, 7_570_194_432, "21.75 / 6.05", "table 3", "7.6 x 10^9 FLOPs"),
    "resnet152": _resnet(152, 60_192_808, 11_282_415_616, "21.43 / 5.71", "table 3", "11.3 x 10^9 FLOPs"),
    "cifar-resnet20": _cifar_resnet(20, 269_722, 40_551_040, "8.75", "0.27M"),
    "cifar-resnet32": _cifar_resnet(32, 464_154, 68_862_592, "7.51", "0.46M"),
    "cifar-resnet44": _cifar_resnet(44, 658_586, 97_174_144, "7.17", "0.66M"),
    "cifar-resnet56": _cifar_resnet(56, 853_018, 125_485_696, "6.97", "0.85M"),
    "cifar-resnet110": _cifar_resnet(110, 1_727_962, 252_887_680, "6.43", "1.7M"),
    "se-resnet50": _se_resnet(50, 28_088_024, 3_860_488_192, "23.29 / 6.62", "3.87 GFLOPs"),
    "se-resnet101": _se_resnet(101, 49_326_872, 7_574_937_600, "22.38 / 6.07", "7.60 GFLOPs"),
    "se-resnet152": _se_resnet(152, 66_821_848, 11_288_993_792, "21.57 / 5.73", "11.32 GFLOPs"),
    "senet154": _imagenet(
        "senet.senet154", 2017, _SENET, 17, 115_088_984, 20_688_363_520, "18.68 / 4.47",
        "table 8, 224 pixels, 1 crop, validation set of ILSVRC-2012, top-1 / top-5"),
    "small": Network("small.small", 2026, "none: it is anmok's own", (32, 32, 3), 10, 8, 316_970, 13_862_784),
}

# Other names that people know them by.
ALIASES = {
    "lenet": "lenet5-lecture", "lenet-5": "lenet5",
    "vgg-f": "cnn-f", "vgg-m": "cnn-m", "vgg-s": "cnn-s",
    "vgg11": "vgg-a", "vgg13": "vgg-b", "vgg16": "vgg-d", "vgg19": "vgg-e",
    "inception-v1": "googlenet", "senet": "senet154",
}
# fmt: on
