"""tf.Variable and tf.Module: numbers that change, and objects that hold them."""

import enum
import itertools

import torch

from anmok.compat.dtypes import TensorShape, as_dtype
from anmok.compat.tensors import Face, as_tensor, plain, value_of
from anmok.errors import ShapeError
from anmok.layers.layer import Layer
from anmok.layers.symbolic import KerasTensor
from anmok.layers.weight import Weight


class VariableSynchronization(enum.Enum):
    """Where copies of a variable agree; there is one copy here."""

    AUTO, NONE, ON_WRITE, ON_READ = range(4)


class VariableAggregation(enum.Enum):
    """How copies of a variable are joined; there is one copy here."""

    NONE, SUM, MEAN, ONLY_FIRST_REPLICA = range(4)


class Variable(Face, Weight):
    """Numbers that change (as in TensorFlow): a weight that layers and optimizers of ours take like their own.

    initial_value: a value or a function without arguments that gives it. trainable: whether tapes watch it.
    """

    def __new__(
        cls,
        initial_value=None,
        trainable=None,
        validate_shape=True,
        caching_device=None,
        name=None,
        variable_def=None,
        dtype=None,
        import_scope=None,
        constraint=None,
        synchronization=VariableSynchronization.AUTO,
        aggregation=VariableAggregation.NONE,
        shape=None,
        experimental_enable_variable_lifting=True,
    ):
        if initial_value is None:
            raise ValueError("The `initial_value` arg to `tf.Variable` must be specified.")
        if callable(initial_value) and not isinstance(initial_value, torch.Tensor):
            initial_value = initial_value()
        value = as_tensor(initial_value, dtype)
        if shape is not None and validate_shape:
            value.shape.assert_is_compatible_with(TensorShape(shape))
        with torch.no_grad():
            value = plain(value).detach().clone()
        trainable = True if trainable is None else bool(trainable)
        variable = super().__new__(cls, value, name=name or "Variable", trainable=trainable)
        variable.constraint = constraint
        return variable

    @property
    def name(self):
        return f"{self._name}:0"

    def value(self):
        """The value as a Tensor, which gradients flow through."""
        return value_of(self)

    read_value = value

    def initialized_value(self):
        return value_of(self)

    def assign(self, value, use_locking=False, name=None, read_value=True):
        """Take over the value, which has this variable's shape."""
        value = as_tensor(value, as_dtype(self.dtype))
        if tuple(value.shape) != tuple(self.shape):
            raise ShapeError(
                f"Cannot assign value to variable '{self.name}': expected shape {self.shape}, got {value.shape}."
            )
        with torch.no_grad():
            self.copy_(plain(value))
        return self

    def assign_add(self, delta, use_locking=False, name=None, read_value=True):
        return self.assign(value_of(self) + as_tensor(delta, as_dtype(self.dtype)))

    def assign_sub(self, delta, use_locking=False, name=None, read_value=True):
        return self.assign(value_of(self) - as_tensor(delta, as_dtype(self.dtype)))

    def __getitem__(self, key):
        part = super().__getitem__(key)
        part.__dict__["assign"] = lambda value: self._assign_part(key, value)
        return part

    def _assign_part(self, key, value):
        with torch.no_grad():
            part = value_of(self).__getitem__(key)
            plain(part).copy_(plain(as_tensor(value, part.dtype)).expand(tuple(part.shape)))
        return self

    def _refuse_in_place(self, other):
        if isinstance(other, KerasTensor):
            return NotImplemented  # as in TensorFlow 1: `loss += ...` on symbolic tensors makes a new one
        raise RuntimeError(
            "variable += value with tf.Variables is not supported. Use `variable.assign_add(value)` to modify the "
            "variable, or `out = variable + value` if you need to get a new output Tensor."
        )

    __iadd__ = __isub__ = __imul__ = __itruediv__ = _refuse_in_place

    def __setitem__(self, key, value):
        raise TypeError("'Variable' object does not support item assignment: use variable[...].assign(value).")

    def __hash__(self):
        return id(self)

    def __repr__(self):
        return described(self)


def described(weight):
    """A variable or weight as TensorFlow prints it."""
    text = repr(value_of(weight)).partition("numpy=")[2].removesuffix(">")
    name = weight.name if weight.name.endswith(":0") else f"{weight.path}:0"
    shape, dtype = TensorShape(weight.keras_shape), as_dtype(weight.dtype).name
    return f"<tf.Variable '{name}' shape={shape} dtype={dtype}, numpy={text}>"


class Module:
    """An object whose attributes hold variables, layers and other modules (as tf.Module)."""

    def __init__(self, name=None):
        self._name = name or type(self).__name__.lower()

    @property
    def name(self):
        return getattr(self, "_name", type(self).__name__.lower())

    @property
    def variables(self):
        return tuple({id(variable): variable for variable in _variables(self, set())}.values())

    @property
    def trainable_variables(self):
        return tuple(variable for variable in self.variables if variable.trainable and variable.requires_grad)

    @property
    def non_trainable_variables(self):
        return tuple(variable for variable in self.variables if not (variable.trainable and variable.requires_grad))

    @property
    def submodules(self):
        found = {}
        pending = list(vars(self).values())
        while pending:
            value = pending.pop(0)
            if isinstance(value, (list, tuple, dict)):
                pending[:0] = _entries(value)
            elif isinstance(value, (Module, Layer)) and id(value) not in found:
                found[id(value)] = value
                pending[:0] = value.submodules if isinstance(value, Module) else value._flatten_layers()[1:]
        return tuple(found.values())

    @classmethod
    def with_name_scope(cls, method):
        return method


def _variables(value, seen):
    """The variables in an object: its attributes by name, as TensorFlow lists them."""
    if id(value) in seen:
        return []
    if isinstance(value, Weight):
        return [value]
    if isinstance(value, Layer):
        return value.weights
    if isinstance(value, Module):
        seen.add(id(value))
        parts = [attribute for _, attribute in sorted(vars(value).items())]
    elif isinstance(value, (list, tuple, dict)):
        seen.add(id(value))
        parts = _entries(value)
    else:
        return []
    return list(itertools.chain.from_iterable(_variables(part, seen) for part in parts))


def _entries(value):
    return list(value.values()) if isinstance(value, dict) else list(value)
