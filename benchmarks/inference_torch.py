"""ResNet-50, VGG16 and MobileNetV2 in plain PyTorch, the same networks as keras.applications has.

Modules bear the names of Keras' layers, which is how they get the same weights.
"""

import torch
from inference_weights import drawn
from torch import nn

# fmt: off
RESNET_STAGES = {  # channels in, filters of a block's convolutions, stride of the first block, blocks
    "conv2": (  64, ( 64,  64,  256), 1, 3),
    "conv3": ( 256, (128, 128,  512), 2, 4),
    "conv4": ( 512, (256, 256, 1024), 2, 6),
    "conv5": (1024, (512, 512, 2048), 2, 3),
}
VGG_BLOCKS = ((3, 64, 64), (64, 128, 128), (128, 256, 256, 256), (256, 512, 512, 512), (512, 512, 512, 512))
MOBILENET_BLOCKS = (  # expansion, filters, times, stride of the first
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)
# fmt: on


def named(**modules):
    """A Sequential of modules with names."""
    sequence = nn.Sequential()
    for name, module in modules.items():
        sequence.add_module(name, module)
    return sequence


class Residual(nn.Module):
    """A path and a shortcut, added; then what comes after."""

    def __init__(self, path, shortcut=None, after=None):
        super().__init__()
        self.path = path
        self.shortcut = shortcut or nn.Identity()
        self.after = after or nn.Identity()

    def forward(self, x):
        return self.after(self.path(x) + self.shortcut(x))


def resnet50():
    """ResNet-50 (He et al. 2015), Keras' version: the stride is in the first 1x1 convolution."""

    def unit(name, channels, filters, kernel, stride=1):
        padding = kernel // 2
        return {
            f"{name}_conv": nn.Conv2d(channels, filters, kernel, stride, padding),
            f"{name}_bn": nn.BatchNorm2d(filters, eps=1.001e-5),
        }

    network = named(**unit("conv1", 3, 64, 7, 2), relu=nn.ReLU(inplace=True), pool=nn.MaxPool2d(3, 2, 1))
    for stage, (channels, filters, stride, blocks) in RESNET_STAGES.items():
        for number in range(1, blocks + 1):
            name = f"{stage}_block{number}"
            path = named(
                **unit(f"{name}_1", channels, filters[0], 1, stride if number == 1 else 1),
                relu_1=nn.ReLU(inplace=True),
                **unit(f"{name}_2", filters[0], filters[1], 3),
                relu_2=nn.ReLU(inplace=True),
                **unit(f"{name}_3", filters[1], filters[2], 1),
            )
            shortcut = named(**unit(f"{name}_0", channels, filters[2], 1, stride)) if number == 1 else None
            network.add_module(name, Residual(path, shortcut, nn.ReLU(inplace=True)))
            channels = filters[2]
    return named(
        features=network, pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(),
        predictions=nn.Linear(2048, 1000), softmax=nn.Softmax(1),
    )  # fmt: skip


def vgg16():
    """VGG16 (Simonyan & Zisserman 2014), column D."""
    network = nn.Sequential()
    for number, filters in enumerate(VGG_BLOCKS, 1):
        for place in range(1, len(filters)):
            network.add_module(
                f"block{number}_conv{place}", nn.Conv2d(filters[place - 1], filters[place], 3, padding=1)
            )
            network.add_module(f"relu{number}_{place}", nn.ReLU(inplace=True))
        network.add_module(f"pool{number}", nn.MaxPool2d(2))
    return named(
        features=network, flatten=nn.Flatten(),
        fc1=nn.Linear(512 * 7 * 7, 4096), relu_1=nn.ReLU(inplace=True),
        fc2=nn.Linear(4096, 4096), relu_2=nn.ReLU(inplace=True),
        predictions=nn.Linear(4096, 1000), softmax=nn.Softmax(1),
    )  # fmt: skip


def mobilenet_v2():
    """MobileNetV2 (Sandler et al. 2018), padded as Keras pads it: where the stride is 2, zeros come last."""

    def unit(name, norm, channels, filters, kernel, *, stride=1, groups=1, act=True):
        made = {}
        if stride == 2:
            made[f"{name}_zeros"] = nn.ZeroPad2d((0, 1, 0, 1))
        padding = kernel // 2 if stride == 1 else 0
        made[name] = nn.Conv2d(channels, filters, kernel, stride, padding, groups=groups, bias=False)
        made[norm] = nn.BatchNorm2d(filters, eps=1e-3)
        if act:
            made[f"{name}_relu"] = nn.ReLU6(inplace=True)
        return made

    network = named(**unit("Conv1", "bn_Conv1", 3, 32, 3, stride=2))
    channels, number = 32, 0
    for expansion, filters, times, first_stride in MOBILENET_BLOCKS:
        for repeat in range(times):
            name = f"block_{number}_" if number else "expanded_conv_"
            stride, wide = first_stride if repeat == 0 else 1, expansion * channels
            path = named(
                **(unit(f"{name}expand", f"{name}expand_BN", channels, wide, 1) if expansion > 1 else {}),
                **unit(f"{name}depthwise", f"{name}depthwise_BN", wide, wide, 3, stride=stride, groups=wide),
                **unit(f"{name}project", f"{name}project_BN", wide, filters, 1, act=False),
            )
            network.add_module(name, Residual(path) if stride == 1 and channels == filters else path)
            channels, number = filters, number + 1
    return named(
        features=network, **unit("Conv_1", "Conv_1_bn", channels, 1280, 1), pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(), predictions=nn.Linear(1280, 1000), softmax=nn.Softmax(1),
    )  # fmt: skip


NETWORKS = {"resnet50": resnet50, "vgg16": vgg16, "mobilenet_v2": mobilenet_v2}


@torch.no_grad()
def fill(model):
    """Give every convolution, normalization and Linear the weights that Keras' layer of its name gets."""
    for path, module in model.named_modules():
        name = path.split(".")[-1]
        if isinstance(module, nn.BatchNorm2d):
            weights = [module.weight, module.bias, module.running_mean, module.running_var]
            values = drawn(name, [tuple(weight.shape) for weight in weights])
        elif isinstance(module, nn.Conv2d | nn.Linear):
            weights = [module.weight] if module.bias is None else [module.weight, module.bias]
            values = _kernel_and_bias(name, module)
        else:
            continue
        for weight, value in zip(weights, values, strict=True):
            weight.copy_(torch.from_numpy(value))


def _kernel_and_bias(name, module):
    bias = [] if module.bias is None else [tuple(module.bias.shape)]
    if isinstance(module, nn.Linear):
        kernel, *rest = drawn(name, [(module.in_features, module.out_features), *bias])
        if name == "fc1":
            # Keras flattens rows, columns, channels; torch channels, rows, columns.
            kernel = kernel.reshape(7, 7, 512, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
        return [kernel.T.copy(), *rest]
    filters, channels, *sizes = module.weight.shape
    if module.groups > 1:
        kernel, *rest = drawn(name, [(*sizes, filters, channels), *bias])
        return [kernel.transpose(2, 3, 0, 1).copy(), *rest]
    kernel, *rest = drawn(name, [(*sizes, channels, filters), *bias])
    return [kernel.transpose(3, 2, 0, 1).copy(), *rest]
