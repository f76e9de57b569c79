"""The pieces of a chain: layers and small groups of layers with their gradients written out.

Images are (B, H, W, C) at the border of every piece. What a piece keeps for its gradient is as little as it can be:
a convolution's own output is overwritten by its ReLU, and is not kept at all where pooling follows.
"""

import torch

from anmok.layers.noise import keep_mask
from anmok.layers.padding import padded
from anmok.models.fast import bits


class Tail:
    """What follows a linear piece at once: ReLU, ReLU and 2 x 2 max-pooling, dropout. It works in place."""

    def __init__(self, relu=False, pool=False, dropout=None):
        self.relu, self.pool = relu, pool
        self.dropout = dropout  # a Dropout layer, or None

    def forward(self, y):
        """(result, saved tensors, rest); y may be overwritten."""
        shape, masks = y.shape, []
        if self.pool:
            y, *masks = bits.relu_pool(y)
        elif self.relu:
            bits.relu_(y)
        mask = None
        if self.dropout is not None and self.dropout.rate:
            mask = keep_mask(tuple(y.shape), self.dropout.rate, like=y, seed=self.dropout.seed)
            y = y.mul_(mask)
        kept = [y, *masks] if self.relu else []
        return y, kept if mask is None else [*kept, mask], (shape, mask is not None)

    def backward(self, gradient, kept, rest):
        """The gradient with respect to what `forward` was given."""
        shape, dropped = rest
        if dropped:
            gradient = gradient * kept.pop()
        if self.pool:
            gradient = gradient if gradient.is_contiguous() else gradient.contiguous()
            return bits.relu_pool_gradient(gradient, *kept, shape)
        if self.relu:
            gradient = gradient if gradient.is_contiguous() else gradient.contiguous()
            return bits.relu_gradient(gradient, kept[0])
        return gradient


class _LinearPiece:
    """What Conv2D and Dense share: kernel, bias, and the format they compute in."""

    def __init__(self, layer, tail, dtype):
        self.layer, self.tail, self.dtype = layer, tail, dtype
        self.kernel, self.bias = layer.kernel, layer.bias
        self.weights = [self.kernel] if self.bias is None else [self.kernel, self.bias]

    def _in_format(self):
        """(kernel, bias) in the format of the piece."""
        if self.dtype is torch.float32:
            return self.kernel.detach(), None if self.bias is None else self.bias.detach()
        return self.kernel.to(self.dtype), None if self.bias is None else self.bias.to(self.dtype)


class ConvolutionPiece(_LinearPiece):
    """Conv2D with its tail."""

    def forward(self, x):
        layer = self.layer
        kernel, bias = self._in_format()
        size = x.shape
        x, padding = padded(layer.checked_view(x), layer.padding, layer.kernel_size, layer.strides, layer.dilation_rate)
        padding = [padding, padding] if isinstance(padding, int) else padding
        y = torch.conv2d(x, kernel, bias, layer.strides, padding, layer.dilation_rate, layer.groups)
        y, kept, rest = self.tail.forward(y.permute(0, 2, 3, 1))
        return y, [x, kernel, *kept], (size, padding, rest)

    def backward(self, gradient, saved, rest, wanted):
        layer = self.layer
        x, kernel, *kept = saved
        size, padding, tail_rest = rest
        gradient = self.tail.backward(gradient, kept, tail_rest).permute(0, 3, 1, 2)
        mask = [wanted[0], wanted[1], len(wanted) > 2 and wanted[2]]
        x_gradient, kernel_gradient, bias_gradient = torch.ops.aten.convolution_backward(
            gradient, x, kernel, [kernel.size(0)], layer.strides, padding, layer.dilation_rate, False, [0, 0],
            layer.groups, mask,
        )  # fmt: skip
        if wanted[0]:
            x_gradient = x_gradient.permute(0, 2, 3, 1)[:, : size[1], : size[2]]
        return x_gradient, [_float(g) for g in (kernel_gradient, bias_gradient)[: len(self.weights)]]


class DensePiece(_LinearPiece):
    """Dense with its tail."""

    def forward(self, x):
        kernel, bias = self._in_format()
        shape = x.shape
        if len(shape) > 2:
            x = x.reshape(-1, shape[-1])
        y = torch.mm(x, kernel.t()) if bias is None else torch.addmm(bias, x, kernel.t())
        if len(shape) > 2:
            y = y.view(*shape[:-1], -1)
        y, kept, rest = self.tail.forward(y)
        return y, [x, kernel, *kept], (shape, rest)

    def backward(self, gradient, saved, rest, wanted):
        x, kernel, *kept = saved
        shape, tail_rest = rest
        gradient = self.tail.backward(gradient, kept, tail_rest)
        if len(shape) > 2:
            gradient = gradient.reshape(-1, gradient.shape[-1])
        x_gradient = None
        if wanted[0]:
            x_gradient = torch.mm(gradient, kernel)
            if len(shape) > 2:
                x_gradient = x_gradient.view(shape)
        gradients = [_float(torch.mm(gradient.t(), x)) if wanted[1] else None]
        if self.bias is not None:
            gradients.append(_column_sums(gradient) if wanted[2] else None)
        return x_gradient, gradients


class BatchNormalizationPiece:
    """BatchNormalization over the last axis of images, in training, with its tail."""

    def __init__(self, layer, tail, dtype):
        self.layer, self.tail, self.dtype = layer, tail, dtype
        self.gamma, self.beta = layer.gamma, layer.beta
        self.weights = [weight for weight in (self.gamma, self.beta) if weight is not None]

    def forward(self, x):
        layer = self.layer
        images = x.permute(0, 3, 1, 2)
        with layer.moving_statistics(images) as (mean, variance):
            y, batch_mean, batch_scale = torch.native_batch_norm(
                images, self.gamma, self.beta, mean, variance, True, 1 - layer.momentum, layer.epsilon
            )
        y, kept, rest = self.tail.forward(y.permute(0, 2, 3, 1))
        return y, [x, batch_mean, batch_scale, *kept], rest

    def backward(self, gradient, saved, rest, wanted):
        x, batch_mean, batch_scale, *kept = saved
        gradient = self.tail.backward(gradient, kept, rest).permute(0, 3, 1, 2)
        own = iter(wanted[1:])
        mask = [wanted[0], *(weight is not None and next(own) for weight in (self.gamma, self.beta))]
        x_gradient, *gradients = torch.ops.aten.native_batch_norm_backward(
            gradient, x.permute(0, 3, 1, 2), self.gamma, None, None, batch_mean, batch_scale, True,
            self.layer.epsilon, mask,
        )  # fmt: skip
        weights = (self.gamma, self.beta)
        gradients = [gradient for weight, gradient in zip(weights, gradients, strict=True) if weight is not None]
        return x_gradient.permute(0, 2, 3, 1) if wanted[0] else None, gradients


class _Weightless:
    weights = ()

    def __init__(self, dtype):
        self.dtype = dtype


class SumPiece(_Weightless):
    """Add of two tensors of one shape, with its tail."""

    def __init__(self, tail, dtype):
        super().__init__(dtype)
        self.tail = tail

    def forward(self, tensors):
        first, second = tensors
        return self.tail.forward(torch.add(first.to(self.dtype), second.to(self.dtype)))

    def backward(self, gradient, saved, rest, wanted):
        gradient = self.tail.backward(gradient, saved, rest)
        return (gradient, gradient), ()


class MaxPoolingPiece(_Weightless):
    """MaxPooling2D of any window."""

    def __init__(self, layer, dtype):
        super().__init__(dtype)
        self.layer = layer

    def forward(self, x):
        layer = self.layer
        x = x.permute(0, 3, 1, 2)
        y, indices = torch.ops.aten.max_pool2d_with_indices(x, layer.pool_size, layer.strides)
        return y.permute(0, 2, 3, 1), [x, indices], None

    def backward(self, gradient, saved, rest, wanted):
        x, indices = saved
        layer = self.layer
        gradient = torch.ops.aten.max_pool2d_with_indices_backward(
            gradient.permute(0, 3, 1, 2), x, layer.pool_size, layer.strides, [0, 0], [1, 1], False, indices
        )
        return gradient.permute(0, 2, 3, 1), ()


class GlobalAveragePiece(_Weightless):
    """GlobalAveragePooling2D: (B, H, W, C) to (B, C)."""

    def forward(self, x):
        return x.mean((1, 2)), (), x.shape

    def backward(self, gradient, saved, rest, wanted):
        batch, rows, columns, channels = rest
        spread = (gradient / (rows * columns))[:, None, None, :]
        return spread.expand(batch, rows, columns, channels).contiguous(), ()


class FlattenPiece(_Weightless):
    """Flatten, in channels-last order."""

    def forward(self, x):
        return x.reshape(x.shape[0], -1), (), x.shape

    def backward(self, gradient, saved, rest, wanted):
        return gradient.reshape(rest), ()


class DropoutPiece(_Weightless):
    """Dropout that follows nothing it could be joined with."""

    def __init__(self, layer, dtype):
        super().__init__(dtype)
        self.layer = layer

    def forward(self, x):
        mask = keep_mask(tuple(x.shape), self.layer.rate, like=x, seed=self.layer.seed)
        return x * mask, [mask], None

    def backward(self, gradient, saved, rest, wanted):
        return gradient * saved[0], ()


def _column_sums(gradient):
    """The gradient of a bias, summed in float32."""
    return gradient.sum(0) if gradient.dtype is torch.float32 else gradient.sum(0, dtype=torch.float32)


def _float(gradient):
    """Gradients of weights are float32, as the weights are."""
    return gradient if gradient is None or gradient.dtype is torch.float32 else gradient.float()
