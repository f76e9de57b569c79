"""Dense layers, and layers that apply one function."""

import inspect
import operator

import torch.nn.functional as F
from torch.utils import _pytree as pytree

from anmok import activations, constraints, initializers, outside, regularizers
from anmok.errors import ArgumentError, ShapeError
from anmok.layers import registered
from anmok.layers.layer import Layer
from anmok.layers.symbolic import KerasTensor, symbolic_leaves
from anmok.registry import find_custom, get_registered_name


@registered.add
class Dense(Layer):
    """activation(inputs @ kernel + bias) over the last axis: (B, ..., C) to (B, ..., units), as in Keras.

    Raises ArgumentError for units below 1 and for LoRA or quantization, ShapeError for inputs whose last axis is
    unknown or not the one it was built for.
    """

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if lora_rank is not None or lora_alpha is not None or quantization_config is not None:
            raise ArgumentError(
                f"Dense '{self.name}': lora_rank, lora_alpha and quantization_config are not supported; leave them out."
            )
        self.units = _whole_number(self, units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.quantization_config = None
        self._width = None

    def build(self, input_shape):
        if len(input_shape) < 2:
            self._refuse_rank(input_shape)
        self._width = input_shape[-1]
        if self._width is None:
            raise ShapeError(
                f"Dense '{self.name}' needs to know the length of its input's last axis, got shape {input_shape}. "
                "Give the Input that length."
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self._width, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            axes=(1, 0),
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        else:
            self.bias = None

    def call(self, inputs):
        shape = inputs.shape
        if len(shape) < 2:
            self._refuse_rank(tuple(shape))
        if shape[-1] != self._width:
            raise ShapeError(
                f"Dense '{self.name}': expected last axis {self._width}, got {shape[-1]} (shape {tuple(shape)}): "
                "flatten first?"
            )
        if not inputs.is_floating_point():
            inputs = inputs.to(self.kernel.dtype)
        return self.activation(F.linear(inputs, self.kernel, self.bias))

    def _refuse_rank(self, shape):
        raise ShapeError(
            f"Dense '{self.name}': expected (batch, ..., features), got {shape}. "
            "A single sample needs its batch axis: x[None]."
        )


def _whole_number(layer, units):
    try:
        units = operator.index(units)
    except TypeError:
        units = 0 if not isinstance(units, float) or not units.is_integer() else int(units)
    if units < 1:
        raise ArgumentError(f"Dense '{layer.name}': units must be a whole number above 0.")
    return units


@registered.add
class Activation(Layer):
    """An activation function, by name or as it is, applied to the inputs (as in Keras)."""

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)


@registered.add
class Identity(Layer):
    """The inputs, unchanged."""

    def call(self, inputs):
        return inputs


@registered.add
class Lambda(Layer):
    """A function of your own as a layer: function(inputs, **arguments), as in Keras.

    output_shape: of one sample, or a function of the input's shape; only needed where the function does not run on
    torch's `meta` device. Named functions are saved by their name; raises ArgumentError where a Python lambda would
    have to be saved, since files hold no code.
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError(f"Lambda '{self.name}' needs a function, got {function!r}.")
        if mask is not None:
            raise ArgumentError(f"Lambda '{self.name}': masks are not supported; leave `mask` out.")
        self.function = function
        self.arguments = dict(arguments or {})
        self._output_shape = output_shape
        self._call_takes_training = _has_parameter(function, "training")

    may_need_numbers = True

    def call(self, inputs, **phase):
        return outside.ask(self.function, inputs, **self.arguments, **phase)

    def compute_output_spec(self, inputs, **phase):
        if self._output_shape is None:
            return super().compute_output_spec(inputs, **phase)
        first = symbolic_leaves(inputs)[0]
        if callable(self._output_shape):
            shapes = pytree.tree_map(lambda leaf: leaf.shape, inputs)
            return KerasTensor(self._output_shape(shapes), first.dtype)
        return KerasTensor((first.shape[0], *self._output_shape), first.dtype)

    def get_config(self):
        saved = self._saved(self.function)
        config = {**super().get_config(), "function": saved}
        if self._output_shape is not None:
            shape = self._output_shape
            config["output_shape"] = self._saved(shape) if callable(shape) else tuple(shape)
        config["arguments"] = dict(self.arguments)
        return config

    def _saved(self, function):
        name = getattr(function, "__name__", None)
        if name is None or name == "<lambda>":
            raise ArgumentError(
                f"Lambda '{self.name}' holds a function without a name, which cannot be saved: files hold no code. "
                "Write it with `def`, decorate it with @register_keras_serializable() and pass that function."
            )
        if hasattr(function, "__dict__"):
            name = get_registered_name(function)
        return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for key in ("function", "output_shape"):
            if isinstance(config.get(key), dict):
                config[key] = _named_function(config[key], config.get("name"))
        return cls(**config)


def _has_parameter(function, name):
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):  # functions of C extensions have no signature
        return False


def _named_function(config, layer_name):
    if config.get("class_name") == "__lambda__":
        raise ArgumentError(
            f"Lambda '{layer_name}' was saved as Python bytecode, which anmok never runs. "
            "Build the layer again in your program and load the weights only."
        )
    name, registered_name = config.get("config"), config.get("registered_name")
    function = find_custom(name, registered_name)
    if function is None:
        try:
            function = activations.get(name)
        except ArgumentError:
            raise ArgumentError(
                f"Lambda '{layer_name}' was saved with the function {name!r}, which is not known here. "
                f"Pass custom_objects={{{name!r}: {name}}}, or decorate it with @register_keras_serializable()."
            ) from None
    return function
