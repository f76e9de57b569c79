"""Arithmetic on symbolic tensors: `x + y`, `2 * x`, `x[:, 0]` become layers of the graph."""

import operator

import torch

from anmok.errors import unknown_name
from anmok.layers import registered
from anmok.layers.layer import Layer
from anmok.layers.naming import automatic_name
from anmok.layers.symbolic import KerasTensor

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

    def call(self, *operands):
        if self.operation == "GetItem" and isinstance(operands[1], list):  # what files make of a tuple
            operands = (operands[0], tuple(operands[1]))
        return self._function(*(_as_tensor_if_array(operand) for operand in operands))

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


def _as_tensor_if_array(operand):
    return torch.as_tensor(operand) if hasattr(operand, "__array__") and not torch.is_tensor(operand) else operand


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


def _give_operators(cls):
    for method, name in (_BINARY | _COMPARISONS).items():
        setattr(cls, f"__{method}__", lambda self, other, name=name: Operation(name)(self, other))
    for method, name in _BINARY.items():
        setattr(cls, f"__r{method}__", lambda self, other, name=name: Operation(name)(other, self))
    cls.__neg__ = lambda self: Operation("Negative")(self)
    cls.__abs__ = lambda self: Operation("Absolute")(self)
    cls.__getitem__ = lambda self, key: Operation("GetItem")(self, key)


_give_operators(KerasTensor)
