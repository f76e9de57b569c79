"""Transposed convolution: from what a convolution makes back to the size of its input."""

from torch.nn import functional as F

from anmok.errors import ArgumentError
from anmok.layers.arguments import integer, integers
from anmok.layers.convolution import KernelLayer
from anmok.layers.padding import reach
from anmok.layers.registered import add


def crops(window, stride, dilation, padding, output_padding):
    """How much of the full result (size - 1) * stride + reach Keras drops before and after; negative: adds zeros."""
    span = reach(window, dilation)
    if padding == "valid":
        return 0, -(max(stride - span, 0) if output_padding is None else output_padding)
    # Keras fixes the size ('same': size * stride, or by output_padding) and puts the odd one of the margin before.
    margin = stride + span - 2 if output_padding is None else span + span % 2 - 2 + output_padding
    before = min(margin - margin // 2, span - 1)
    return span - 1 - before, span - 1 - (margin - before)


class _TransposedConvolution(KernelLayer):
    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            kernel_size,
            strides,
            padding,
            dilation_rate,
            activation,
            use_bias,
            data_format=data_format,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        owner = type(self).__name__
        self.filters = integer(owner, "filters", filters)
        self.output_padding = output_padding
        if output_padding is not None:
            self.output_padding = integers(owner, "output_padding", output_padding, self.rank, least=0)
            if any(extra >= stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
                raise ArgumentError(
                    f"{owner}: output_padding must be smaller than strides, got output_padding={output_padding} and "
                    f"strides={self.strides}."
                )
        self._keep_rules("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._keep_rules("bias", bias_initializer, bias_regularizer, bias_constraint)
        extra = self.output_padding or (None,) * self.rank
        self._dropped = [
            crops(window, stride, dilation, self.padding, more)
            for window, stride, dilation, more in zip(
                self.kernel_size, self.strides, self.dilation_rate, extra, strict=True
            )
        ]

    def build(self, input_shape):
        self._channels = self.channels_of(input_shape)
        shape = (*self.kernel_size, self.filters, self._channels)
        axes = (self.rank + 1, self.rank, *range(self.rank))
        self.kernel = self._weight("kernel", "kernel", shape, axes=axes)
        self._build_bias(self.filters)

    def convolve(self, inputs):
        """Kernel and bias, without the activation."""
        x = self.checked_view(inputs)
        # torch drops the same on both sides and adds on the right; what that leaves to drop is cut off afterwards.
        both = [max(min(crop), 0) for crop in self._dropped]
        added = [max(-after, 0) for _, after in self._dropped]
        convolution = F.conv_transpose2d if self.rank == 2 else F.conv_transpose1d
        y = convolution(x, self.kernel, self.bias, self.strides, both, added, 1, self.dilation_rate)
        for axis, (before, after), done in zip(range(2, self.rank + 2), self._dropped, both, strict=True):
            before, after = before - done, max(after - done, 0)
            if before or after:
                y = y.narrow(axis, before, y.shape[axis] - before - after)
        return self.keras_view(y)


@add
class Conv2DTranspose(_TransposedConvolution):
    """Transposed convolution of images (B, H, W, C) to (B, H', W', filters), as in Keras."""


@add
class Conv1DTranspose(_TransposedConvolution):
    """Transposed convolution of series (B, steps, C) to (B, steps', filters), as in Keras."""

    rank = 1


Convolution1DTranspose = add(Conv1DTranspose, "Convolution1DTranspose")
Convolution2DTranspose = add(Conv2DTranspose, "Convolution2DTranspose", "Deconvolution2D")
