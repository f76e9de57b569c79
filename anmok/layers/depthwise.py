"""Convolution of each channel by itself, alone or followed by a mixing of channels (Xception, MobileNet)."""

from torch.nn import functional as F

from anmok.layers.arguments import integer
from anmok.layers.convolution import KernelLayer
from anmok.layers.padding import padded
from anmok.layers.registered import add


class _Depthwise(KernelLayer):
    one_of_strides_and_dilation = False

    def _depthwise_kernel(self, name, channels):
        # torch: the output channels of an input channel are neighbours, (in * multiplier, 1, ...).
        return self._weight(
            name,
            "depthwise",
            (*self.kernel_size, channels, self.depth_multiplier),
            axes=(self.rank, self.rank + 1, *range(self.rank)),
            stored_shape=(channels * self.depth_multiplier, 1, *self.kernel_size),
        )

    def _each_channel(self, inputs, kernel, bias):
        """The depthwise convolution of `inputs` as torch has it, (B, C * depth_multiplier, ...)."""
        x, padding = padded(self.checked_view(inputs), self.padding, self.kernel_size, self.strides, self.dilation_rate)
        return self._convolution(x, kernel, bias, self.strides, padding, self.dilation_rate, self._channels)

    @property
    def _convolution(self):
        return F.conv2d if self.rank == 2 else F.conv1d


class _DepthwiseConvolution(_Depthwise):
    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
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
        self.depth_multiplier = integer(type(self).__name__, "depth_multiplier", depth_multiplier)
        self._keep_rules("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._keep_rules("bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape):
        channels = self._input_channels(input_shape)
        self.kernel = self._depthwise_kernel("kernel", channels)
        self._build_bias(channels * self.depth_multiplier)

    def convolve(self, inputs):
        """Kernel and bias, without the activation."""
        return self.keras_view(self._each_channel(inputs, self.kernel, self.bias))


class _SeparableConvolution(_Depthwise):
    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
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
        self.filters = integer(type(self).__name__, "filters", filters)
        self.depth_multiplier = integer(type(self).__name__, "depth_multiplier", depth_multiplier)
        self._keep_rules("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._keep_rules("pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint)
        self._keep_rules("bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape):
        channels = self._input_channels(input_shape)
        self.depthwise_kernel = self._depthwise_kernel("depthwise_kernel", channels)
        shape = (*(1,) * self.rank, channels * self.depth_multiplier, self.filters)
        axes = (self.rank + 1, self.rank, *range(self.rank))
        self.pointwise_kernel = self._weight("pointwise_kernel", "pointwise", shape, axes=axes)
        self._build_bias(self.filters)

    def convolve(self, inputs):
        """Both kernels and the bias, without the activation."""
        y = self._each_channel(inputs, self.depthwise_kernel, None)
        return self.keras_view(self._convolution(y, self.pointwise_kernel, self.bias))


@add
class DepthwiseConv2D(_DepthwiseConvolution):
    """Each channel of images (B, H, W, C) by itself, to (B, H', W', C * depth_multiplier), as in Keras."""


@add
class DepthwiseConv1D(_DepthwiseConvolution):
    """Each channel of series (B, steps, C) by itself, to (B, steps', C * depth_multiplier), as in Keras."""

    rank = 1


@add
class SeparableConv2D(_SeparableConvolution):
    """Depthwise convolution of images, then a 1x1 convolution to (B, H', W', filters), as in Keras."""


@add
class SeparableConv1D(_SeparableConvolution):
    """Depthwise convolution of series, then one of width 1 to (B, steps', filters), as in Keras."""

    rank = 1


SeparableConvolution1D = add(SeparableConv1D, "SeparableConvolution1D")
SeparableConvolution2D = add(SeparableConv2D, "SeparableConvolution2D")
