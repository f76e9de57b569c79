"""Arithmetic and torch's functions on symbolic tensors: `2 * x`, `x[:, 0]`, `torch.relu(x)` become layers."""

import itertools
import operator

import torch
import torch.nn.functional as F
from torch.utils import _pytree as pytree

from anmok.errors import ArgumentError, unknown_name
from anmok.layers import registered
from anmok.layers.activation import ELU, LeakyReLU
from anmok.layers.core import Activation
from anmok.layers.graph_member import refuse_trial_tensors
from anmok.layers.layer import Layer
from anmok.layers.naming import automatic_name
from anmok.layers.symbolic import KerasTensor, is_symbolic, symbolic_leaves
from anmok.layers.weight import Weight

_FUNCTIONS = {
    "Add": operator.add,
    "Subtract": operator.sub,
    "Multiply": operator.mul,
    "TrueDivide": operator.truediv,
    "FloorDivide": operator.floordiv,
    "Mod": operator.mod,
    "Power": operator.pow,
    "Matmul": operator.matmul,
    "Negative": operator.neg,
    "Absolute": operator.abs,
    "GetItem": operator.getitem,
    "Less": operator.lt,
    "LessEqual": operator.le,
    "Greater": operator.gt,
    "GreaterEqual": operator.ge,
}


@registered.add
class Operation(Layer):
    """One operator applied to tensors and numbers, by the name Keras gives it ('Add', 'TrueDivide', 'GetItem', ...)."""

    def __init__(self, operation, name=None, **kwargs):
        if operation not in _FUNCTIONS:
            raise unknown_name("operation on symbolic tensors", operation, _FUNCTIONS)
        super().__init__(name=name or automatic_name(operation), **kwargs)
        self.operation = operation
        self._function = _FUNCTIONS[operation]

    def forward(self, *operands, training=None):
        if is_symbolic(operands):
            return super().forward(*operands)
        if any(getattr(operand, "dtype", None) is torch.float64 for operand in operands):
            operands, _ = self._prepare(operands, {})
        return self._call_by_policy(operands, {}) if self._follows_policy else self.call(*operands)

    def call(self, *operands):
        if self.operation == "GetItem" and isinstance(operands[1], list):  # what files make of a tuple
            operands = (operands[0], tuple(operands[1]))
        like = next((operand for operand in operands if type(operand) is torch.Tensor), None)
        return self._function(*(_beside(like, operand) for operand in operands))

    def get_config(self):
        return {"operation": self.operation, "name": self.name}

    def keras_entry(self):
        """What stands for this layer in Keras' files: there each operator has a class of its own."""
        return {
            "module": "keras.src.ops.numpy",
            "class_name": self.operation,
            "config": {"name": self.name},
            "registered_name": self.operation,
        }


def _beside(like, operand):
    """An operand as a plain tensor on the device of `like`: arrays in its format, weights in Keras' layout."""
    if type(operand) is torch.Tensor or not hasattr(operand, "__array__"):
        made = operand
    elif isinstance(operand, torch.Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            made = torch.Tensor.as_subclass(operand, torch.Tensor)
        made = operand.keras_view(made) if isinstance(operand, Weight) else made
    else:
        made = torch.as_tensor(operand)
        if like is not None and made.is_floating_point() and like.is_floating_point():
            made = made.to(like.dtype)
    is_elsewhere = like is not None and torch.is_tensor(made) and made.device != like.device
    return made.to(like.device) if is_elsewhere else made


# Python's methods, and the operation each stands for.
_BINARY = {
    "add": "Add",
    "sub": "Subtract",
    "mul": "Multiply",
    "truediv": "TrueDivide",
    "floordiv": "FloorDivide",
    "mod": "Mod",
    "pow": "Power",
    "matmul": "Matmul",
}
_COMPARISONS = {"lt": "Less", "le": "LessEqual", "gt": "Greater", "ge": "GreaterEqual"}


# torch's functions that are activations of Keras when called on one tensor alone.
_ACTIVATIONS = {
    F.relu: "relu",
    torch.relu: "relu",
    F.relu6: "relu6",
    F.selu: "selu",
    F.silu: "silu",
    F.mish: "mish",
    F.softplus: "softplus",
    F.softsign: "softsign",
    F.logsigmoid: "log_sigmoid",
    F.hardsigmoid: "hard_sigmoid",
    F.hardswish: "hard_silu",
    F.tanhshrink: "tanh_shrink",
    torch.sigmoid: "sigmoid",
    torch.tanh: "tanh",
    torch.exp: "exponential",
}


class Function(Layer):
    """A function of torch applied to symbolic tensors; it computes, but cannot be written to a file.

    args, kwargs: what the function gets, with KerasTensors where `call` puts the tensors it is given.
    """

    def __init__(self, function, args, kwargs):
        super().__init__(name=automatic_name(function.__name__))
        refuse_trial_tensors(self, (args, kwargs))
        self._function = function
        places = itertools.count()

        def place(leaf):
            return _Place(next(places)) if isinstance(leaf, KerasTensor) else leaf

        self._given = pytree.tree_map(place, (tuple(args), dict(kwargs)))

    def call(self, *tensors):
        args, kwargs = pytree.tree_map(
            lambda leaf: tensors[leaf.number] if isinstance(leaf, _Place) else leaf, self._given
        )
        return self._function(*args, **kwargs)

    def get_config(self):
        raise ArgumentError(
            f"'{self.name}' is torch's function {self._function.__name__} called on a symbolic tensor, which a file "
            "cannot hold. Use a layer for it: Activation, a merging layer, or a class of your own with call(self, x)."
        )


class _Place:
    """Stands for the tensor of that number."""

    def __init__(self, number):
        self.number = number


def _call_of_torch(cls, function, types, args=(), kwargs=None):
    kwargs = kwargs or {}
    layer = _known_layer(function, args[1:], {k: v for k, v in kwargs.items() if k not in ("inplace", "_stacklevel")})
    if layer is not None:
        return layer(args[0])
    return Function(function, args, kwargs)(*symbolic_leaves((args, kwargs)))


def _known_layer(function, rest, kwargs):
    """The layer that does what torch's function does with these further arguments, or None."""
    options = {key: value for key, value in kwargs.items() if value is not None and value is not torch.float32}
    values = (*rest, *options.values())
    if function in _ACTIVATIONS and not values:
        return Activation(_ACTIVATIONS[function])
    if function in (F.softmax, F.log_softmax) and values == (-1,):
        return Activation(function.__name__)
    if function is F.elu:
        return ELU(alpha=(values or (1.0,))[0])
    if function is F.leaky_relu:
        return LeakyReLU(negative_slope=(values or (0.01,))[0])
    if function is F.gelu and values in ((), ("none",)):
        return Activation("gelu")
    return None


def _give_operators(cls):
    # torch asks the class of an argument that is no tensor what its functions mean there.
    cls.__torch_function__ = classmethod(_call_of_torch)
    for method, name in (_BINARY | _COMPARISONS).items():
        setattr(cls, f"__{method}__", lambda self, other, name=name: Operation(name)(self, other))
    for method, name in _BINARY.items():
        setattr(cls, f"__r{method}__", lambda self, other, name=name: Operation(name)(other, self))
    cls.__neg__ = lambda self: Operation("Negative")(self)
    cls.__abs__ = lambda self: Operation("Absolute")(self)
    cls.__getitem__ = lambda self, key: Operation("GetItem")(self, key)


_give_operators(KerasTensor)
