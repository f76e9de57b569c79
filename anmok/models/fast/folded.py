"""Operations of inference: a layer together with what follows it.

Every one makes a fresh tensor, which nothing else shares memory with, so that the next may write over it.
"""

import torch
from torch.nn import functional as F

from anmok.layers.padding import reach, same_padding
from anmok.models.fast import bits, onednn, winograd

_LARGE = 1 << 20  # numbers of a Dense kernel above which oneDNN beats torch's matrix product on 1 image and on 32
_SMALL = 1 << 10  # numbers of the input and of the kernel up to which torch's convolution begins sooner than oneDNN's
_SIZES = 8  # sizes of inputs for which a convolution keeps its geometry


class Linear:
    """What convolutions and Dense share: weights with batch normalization folded in, and what follows.

    limits: None, or (0, None) for ReLU, (0, high) for one that is cut off. function: any other activation.
    """

    addend = None  # a slot
    pool = False

    def __init__(self, layer, source, output, dtype):
        self.layer, self._dtype = layer, dtype
        self.inputs, self.output = [source], output
        self.normalization = self.limits = self.function = None

    @property
    def is_open(self):
        """Whether it ends with a sum of products, so that something linear may be folded in."""
        return self.limits is None and self.function is None

    @property
    def not_negative(self):
        return self.limits is not None

    def settle(self):
        """Compute the folded weights."""
        layer = self.layer
        kernel, bias = layer.kernel.detach(), None if layer.bias is None else layer.bias.detach()
        if self.normalization is not None:
            kernel, bias = _normalized(kernel, bias, self.normalization)
        self._kernel = kernel.to(self._dtype)
        self._bias = None if bias is None else bias.to(self._dtype)
        self._by_onednn = kernel.device.type == "cpu" and onednn.serves(self._dtype)

    def _read(self, values):
        x = values[self.inputs[0]]
        return x if x.dtype is self._dtype else x.to(self._dtype)


def _normalized(kernel, bias, norm):
    """The weights of a linear operation, first axis its results, with batch normalization behind it."""
    scale = torch.rsqrt(norm.moving_variance + norm.epsilon)
    if norm.gamma is not None:
        scale = scale * norm.gamma.detach()
    offset = -norm.moving_mean if bias is None else bias - norm.moving_mean
    bias = offset * scale
    if norm.beta is not None:
        bias = bias + norm.beta.detach()
    return kernel * scale.view(-1, *(1,) * (kernel.dim() - 1)), bias


class FoldedDense(Linear):
    """Dense, batch normalization, ReLU."""

    def __call__(self, values):
        x = self._read(values)
        if self._by_onednn and self._kernel.numel() >= _LARGE and x.numel():
            y = onednn.linear(x, self._kernel, self._bias, self.limits)
        else:
            y = limited_(F.linear(x, self._kernel, self._bias), self.limits)
        values[self.output] = y if self.function is None else self.function(y)


class FoldedConvolution(Linear):
    """ZeroPadding2D, Conv2D or DepthwiseConv2D, batch normalization, another addend, ReLU, 2 x 2 max-pooling."""

    margins = None  # ((above, below), (left, right)) of zeros
    overwrites_addend = False

    def add(self, slot):
        """Fold in the sum with that slot."""
        self.inputs.append(slot)
        self.addend = slot

    def settle(self):
        super().settle()
        self._settled = {}  # (H, W) of the input -> _Settled
        self._convolutions = {}  # geometry and kernel size -> onednn.Convolution
        self._minimal = {}  # padding -> winograd.Convolution

    def __call__(self, values):
        x = self._read(values)
        settled = self._settled.get(x.shape[1:3]) or self._settle_for(x)
        addend = None if self.addend is None else values[self.addend]
        small = x.numel() <= _SMALL and self._kernel.numel() <= _SMALL
        if settled.convolution is None or small or not x.numel() or not settled.can_add(addend, x):
            y = self._by_torch(settled, x, addend)
        else:
            y = self._by_onednn_of(settled, x, addend)
        if self.pool:
            y = bits.relu_pooled(y)
        values[self.output] = y if self.function is None else self.function(y)

    def _by_torch(self, settled, x, addend):
        y = torch.conv2d(settled.viewed(x), settled.kernel, self._bias, *settled.geometry).permute(0, 2, 3, 1)
        if addend is not None:
            y = y + addend
        return y if self.pool else limited_(y, self.limits)

    def _by_onednn_of(self, settled, x, addend):
        limits = None if self.pool else self.limits
        addend = None if addend is None else addend.permute(0, 3, 1, 2)
        if settled.is_minimal_for(len(x)):
            return self._minimal_of(settled)(settled.viewed(x), limits, addend).permute(0, 2, 3, 1)
        if addend is None:
            return settled.convolution(settled.viewed(x), limits).permute(0, 2, 3, 1)
        # oneDNN has a sum with ReLU, but none with an upper limit.
        relu = limits is not None and limits[1] is None
        y = settled.convolution.added(settled.viewed(x), addend, relu=relu, overwrite=self.overwrites_addend)
        return y.permute(0, 2, 3, 1) if relu else limited_(y.permute(0, 2, 3, 1), limits)

    def _minimal_of(self, settled):
        """Winograd's convolution, whose weights are four times as many, and made when they are first of use."""
        padding = settled.geometry[1]
        if padding not in self._minimal:
            self._minimal[padding] = winograd.Convolution(settled.kernel, self._bias, padding)
        return self._minimal[padding]

    def _settle_for(self, x):
        self.layer.checked_view(x)
        if len(self._settled) >= _SIZES:
            self._settled.clear()
        settled = self._settled[x.shape[1:3]] = _Settled(self, x.shape[1:3])
        if self._by_onednn:
            key = settled.geometry, settled.kernel.size()
            if key not in self._convolutions:
                self._convolutions[key] = onednn.Convolution(settled.kernel, self._bias, *settled.geometry)
            settled.convolution = self._convolutions[key]
        return settled

    def pairs(self, spatial):
        """((above, below), (left, right)): how many zeros the convolution needs around images of those sizes."""
        layer = self.layer
        if layer.padding == "valid":
            return self.margins or ((0, 0), (0, 0))
        axes = zip(spatial, layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
        return tuple(same_padding(*axis) for axis in axes)


class _Settled:
    """How a convolution is computed on images of one size: zeros to add beforehand, kernel, geometry."""

    convolution = None  # oneDNN's, where that is used

    def __init__(self, operation, spatial):
        layer, kernel = operation.layer, operation._kernel
        groups = getattr(layer, "groups", layer._channels)
        pairs = operation.pairs(spatial)
        padding = tuple(min(pair) for pair in pairs)
        before = [max(before - after, 0) for before, after in pairs]
        after = [max(after - before, 0) for before, after in pairs]
        if kernel.size(1) == 1 and groups > 1 and layer.dilation_rate == (1, 1):
            # A depthwise convolution takes less time than a copy of its input. Where it needs more zeros after than
            # before, it gets as many before, and its kernel begins with zeros that meet them.
            kernel = F.pad(kernel, (after[1], 0, after[0], 0))
            padding = (padding[0] + after[0], padding[1] + after[1])
            after = [0, 0]
        self.zeros = [before[1], after[1], before[0], after[0]] if any(before + after) else None
        self.kernel = kernel
        self.geometry = (layer.strides, padding, layer.dilation_rate, groups)
        self._result = tuple(
            (size + sum(pair) - reach(window, dilation)) // stride + 1
            for size, pair, window, dilation, stride in zip(
                spatial, pairs, layer.kernel_size, layer.dilation_rate, layer.strides, strict=True
            )
        )

        self._has_minimal = winograd.serves(kernel, *self.geometry)

    def is_minimal_for(self, count):
        """Whether Winograd's convolution is faster on so many images."""
        return self._has_minimal and winograd.pays(count, *self._result, self.kernel)

    def viewed(self, x):
        """Images (B, H, W, C) as torch has them, with the zeros that the convolution does not add itself."""
        x = x.permute(0, 3, 1, 2)
        return x if self.zeros is None else F.pad(x, self.zeros)

    def can_add(self, addend, x):
        """Whether there is no addend, or one of the result's very shape and format."""
        return addend is None or (addend.shape[:3] == (len(x), *self._result) and addend.dtype is x.dtype)


class Sum:
    """Add of two tensors of one shape, with ReLU if that follows."""

    addend = pool = function = normalization = None
    overwrites_addend = False

    def __init__(self, sources, output):
        self.inputs, self.output = sources, output
        self.limits = None

    is_open = Linear.is_open
    not_negative = Linear.not_negative

    def __call__(self, values):
        values[self.output] = limited_(torch.add(*(values[slot] for slot in self.inputs)), self.limits)


class MaxPooling:
    """ZeroPadding2D and MaxPooling2D without padding of its own, of values that are not negative."""

    not_negative, is_open = True, False

    def __init__(self, layer, margins, source, output):
        self.layer, self.margins = layer, margins
        self.inputs, self.output = [source], output

    def __call__(self, values):
        x = values[self.inputs[0]]
        values[self.output] = bits.largest_of_windows(x, self.layer.pool_size, self.layer.strides, self.margins)


def limited_(y, limits):
    """y within limits (0, high), (0, None) or None; in place."""
    if limits is None:
        return y
    if limits[1] is not None:
        return y.clamp_(*limits)
    return bits.relu_(y) if y.is_contiguous() else y.clamp_min_(0)
