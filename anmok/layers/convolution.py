"""Convolution: Conv1D and Conv2D, and what every layer with a kernel has."""

from torch.nn import functional as F

from anmok import activations, constraints, initializers, regularizers
from anmok.errors import ArgumentError, ShapeError
from anmok.layers.arguments import choice, integer, integers
from anmok.layers.padding import check_windows_fit, padded
from anmok.layers.registered import add
from anmok.layers.spatial import SpatialLayer
from anmok.notices import old_spelling

# Arguments that nobody wrote beside strides by position.
_OF_KERAS_1 = {"border_mode", "subsample", "init", "bias", "dim_ordering", "W_regularizer", "b_regularizer",
               "W_constraint", "b_constraint"}  # fmt: skip


def _three_numbers(positions):
    return len(positions) >= 3 and all(type(value) is int for value in positions[:3])


def _say_three_numbers():
    old_spelling("Convolution2D(filters, rows, columns)", "Conv2D(filters, (rows, columns))", stacklevel=6)


class KernelLayer(SpatialLayer):
    """A layer that moves kernels over its input: `call` is `activation(convolve(inputs))`."""

    paddings = ("valid", "same")
    one_of_strides_and_dilation = True  # Keras refuses both above 1

    def __init__(self, kernel_size, strides, padding, dilation_rate, activation, use_bias, **kwargs):
        positions, names = self._given_arguments
        if not names.keys().isdisjoint(_OF_KERAS_1) and _three_numbers(positions):
            _say_three_numbers()
            kernel_size = positions[1:3]
            strides = names.get("subsample", 1)
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.kernel_size = integers(owner, "kernel_size", kernel_size, self.rank)
        self.strides = integers(owner, "strides", strides, self.rank)
        self.dilation_rate = integers(owner, "dilation_rate", dilation_rate, self.rank)
        self.padding = choice(owner, "padding", padding, self.paddings)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        if self.one_of_strides_and_dilation and max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                f"{owner}: strides and dilation_rate cannot both be above 1, got strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}."
            )

    def _keep_rules(self, role, initializer, regularizer, constraint):
        setattr(self, f"{role}_initializer", initializers.get(initializer))
        setattr(self, f"{role}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{role}_constraint", constraints.get(constraint))

    def _weight(self, name, role, shape, axes=None, stored_shape=None):
        return self.add_weight(
            shape,
            getattr(self, f"{role}_initializer"),
            regularizer=getattr(self, f"{role}_regularizer"),
            constraint=getattr(self, f"{role}_constraint"),
            name=name,
            axes=axes,
            stored_shape=stored_shape,
        )

    def _build_bias(self, count):
        self.bias = self._weight("bias", "bias", (count,)) if self.use_bias else None

    def _input_channels(self, input_shape):
        """Check the shape to build for; returns how many channels it has."""
        self._channels = self.channels_of(input_shape)
        if self.padding == "valid":
            check_windows_fit(self, "kernel", self.spatial_sizes(input_shape), self.kernel_size, self.dilation_rate)
        return self._channels

    def checked_view(self, inputs):
        """The inputs as torch has them (B, C, ...), in a format with a point; raises ShapeError on other channels."""
        if inputs.dim() != self.rank + 2:
            self.check_rank(tuple(inputs.shape))
        if inputs.shape[self._channel_axis] != self._channels:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': expected {self._channels} channels, for which it was built, got "
                f"{inputs.shape[self._channel_axis]} in an input of shape {tuple(inputs.shape)}."
            )
        if not inputs.is_floating_point():
            inputs = inputs.to(self.dtype_policy.torch_compute_dtype)
        return self.torch_view(inputs)

    def call(self, inputs):
        return self.activation(self.convolve(inputs))

    def get_config(self):
        config = super().get_config()
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config


class _Convolution(KernelLayer):
    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
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
        self.groups = integer(owner, "groups", groups)
        if self.filters % self.groups:
            raise ArgumentError(f"{owner}: filters={filters} cannot be divided into groups={groups}.")
        self._keep_rules("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._keep_rules("bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape):
        channels = self._input_channels(input_shape)
        if channels % self.groups:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}': {channels} channels cannot be divided into "
                f"groups={self.groups}; the input has shape {tuple(input_shape)}."
            )
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        axes = (self.rank + 1, self.rank, *range(self.rank))
        self.kernel = self._weight("kernel", "kernel", shape, axes=axes)
        self._build_bias(self.filters)

    def convolve(self, inputs):
        """Kernel and bias, without the activation."""
        x, padding = padded(self.checked_view(inputs), self.padding, self.kernel_size, self.strides, self.dilation_rate)
        convolution = F.conv2d if self.rank == 2 else F.conv1d
        return self.keras_view(
            convolution(x, self.kernel, self.bias, self.strides, padding, self.dilation_rate, self.groups)
        )


@add
class Conv2D(_Convolution):
    """Convolution of images (B, H, W, C) to (B, H', W', filters), as in Keras; 'same' pads as TensorFlow does.

    Raises ArgumentError or ShapeError, naming the layer, for arguments and inputs it cannot work with.
    """


@add
class Conv1D(_Convolution):
    """Convolution of series (B, steps, C) to (B, steps', filters), as in Keras; padding may also be 'causal'."""

    rank = 1
    paddings = ("valid", "same", "causal")


class Convolution2D(Conv2D):
    """Keras 1's name for Conv2D: of three whole numbers the second and third are the kernel's rows and columns."""

    def __new__(cls, *args, **kwargs):
        if cls is not Convolution2D:
            return super().__new__(cls, *args, **kwargs)
        if _three_numbers(args):
            _say_three_numbers()
            args = (args[0], args[1:3], *args[3:])
        return Conv2D(*args, **kwargs)


add(Conv2D, "Convolution2D")
Convolution1D = add(Conv1D, "Convolution1D")
