"""What compat sets in the library while it is active: the kind of tensors people have, weights that look like it."""

import numpy as np
import torch
from torch.utils import _pytree as pytree

from anmok import outside
from anmok.compat import recording
from anmok.compat.dtypes import TensorShape
from anmok.compat.gradients import GradientTape
from anmok.compat.tensors import Face, Tensor, as_tensor, plain, value_of, wrapped
from anmok.compat.texts import StringTensor
from anmok.compat.variables import Variable, described
from anmok.layers.weight import Weight
from anmok.optimizers import Optimizer


class TensorFlowKind:
    """Tensors with TensorFlow's face at the library's borders (see anmok.outside)."""

    def is_theirs(self, structure):
        """Whether there is a Tensor or Variable among them, or no torch tensor at all."""
        found = True
        for leaf in _leaves(structure):
            kind = type(leaf)
            if kind is Tensor or kind is Variable:
                return True
            if isinstance(leaf, torch.Tensor):
                found = False
        return found

    def brings_numbers(self, structure):
        """Whether there is a Tensor or Variable among them, or an array or number but no torch tensor."""
        found = False
        for leaf in _leaves(structure):
            kind = type(leaf)
            if kind is Tensor or kind is Variable:
                return True
            if isinstance(leaf, torch.Tensor):
                return any(type(leaf) in (Tensor, Variable) for leaf in _leaves(structure))
            found = found or (isinstance(leaf, (np.ndarray, np.generic, int, float)) and kind is not bool)
        return found

    def answer(self, function, args, kwargs):
        args, kwargs = unwrapped((args, kwargs))
        if recording.is_recording():
            return shown(function(*args, **kwargs))
        with torch.no_grad():
            return shown(function(*args, **kwargs))

    def ask(self, function, args, kwargs):
        given = [type(leaf) for leaf in _leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if given and torch.Tensor not in given:
            return function(*args, **kwargs)  # a person's own code calls it
        with recording.inside_library():
            args, kwargs = pytree.tree_map(_for_them, (args, kwargs))
            return unwrapped(function(*args, **kwargs))

    def plain(self, structure):
        return unwrapped(structure)

    def shown(self, structure):
        return shown(structure)

    def shape(self, shape):
        if isinstance(shape, tuple) and all(length is None or isinstance(length, int) for length in shape):
            return TensorShape(shape)
        if isinstance(shape, list):
            return [self.shape(entry) for entry in shape]
        return shape

    def gradients(self, gradients, weights):
        return [
            weight.from_keras(plain(gradient)) if type(gradient) is Tensor and isinstance(weight, Weight) else gradient
            for gradient, weight in zip(gradients, weights, strict=True)
        ]


def _leaves(structure):
    """The leaves of tuples, lists and dicts, numbers' lists not entered beyond their first."""
    if isinstance(structure, dict):
        structure = structure.values()
    elif not isinstance(structure, (tuple, list)):
        return [structure]
    found = []
    for entry in structure:
        if isinstance(entry, (tuple, list, dict)):
            found += _leaves(entry)
        else:
            found.append(entry)
    return found


def _unwrapped(leaf):
    if type(leaf) is Tensor:
        return plain(leaf)
    if type(leaf) is Variable:
        return plain(value_of(leaf))
    return leaf


def _for_them(leaf):
    return wrapped(leaf) if type(leaf) is torch.Tensor else leaf


def unwrapped(structure):
    """The structure with torch's tensors in the place of theirs."""
    if isinstance(structure, torch.Tensor):
        return _unwrapped(structure)
    if isinstance(structure, (int, float, str, np.ndarray)) or structure is None:
        return structure
    return pytree.tree_map(_unwrapped, structure)


def shown(structure):
    """The structure with tensors of theirs in the place of torch's."""
    return _shown(structure) if isinstance(structure, torch.Tensor) else pytree.tree_map(_shown, structure)


def _shown(leaf):
    if type(leaf) is torch.Tensor:
        return wrapped(leaf)
    if isinstance(leaf, torch.Tensor) and not isinstance(leaf, (Tensor, Weight)):
        return as_tensor(leaf)
    return leaf


# Weights --------------------------------------------------------------------------------------------------------------

# What a weight of a layer shows in Keras' layout, where torch has its own.
_FACE = (
    "get_shape", "ref", "experimental_ref", "__array_function__", "__array_wrap__", "__len__", "__iter__",
    "__getitem__", "__truediv__", "__rtruediv__", "__neg__", "__abs__", "__round__", "__format__",
    *(f"__{side}{name}__" for name in ("add", "sub", "mul", "floordiv", "mod", "pow", "matmul") for side in ("", "r")),
    "__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__",
)  # fmt: skip
_kept = {}


def _give(cls, name, value):
    _kept[cls, name] = cls.__dict__.get(name)
    setattr(cls, name, value)


def set_up():
    """Make the library answer in TensorFlow's tensors, and its weights look like variables."""
    outside.kind = TensorFlowKind()
    for name in _FACE:
        _give(Weight, name, getattr(Face, name))
    _give(Optimizer, "minimize", _minimize)
    _give(Weight, "__hash__", lambda self: id(self))
    _give(Weight, "__repr__", described)
    _give(Weight, "shape", property(lambda self: TensorShape(self.keras_shape)))
    _give(Weight, "name", property(lambda self: f"{self.path}:0"))
    _give(Weight, "read_value", value_of)


def _minimize(optimizer, loss, var_list, grad_loss=None, name=None, tape=None):
    """One step: the gradient of loss (a function without arguments, or a tensor with its tape), applied."""
    var_list = var_list() if callable(var_list) else list(var_list)
    if callable(loss):
        tape = tape or GradientTape()
        with tape:
            loss = loss()
    elif tape is None:
        raise ValueError("`tape` is required when a `Tensor` loss is passed.")
    gradients = tape.gradient(loss, var_list, grad_loss)
    return optimizer.apply_gradients(zip(gradients, var_list, strict=True))


def take_down():
    """Leave the library as it was."""
    outside.kind = None
    for (cls, name), value in _kept.items():
        delattr(cls, name) if value is None else setattr(cls, name, value)
    _kept.clear()


__all__ = ["StringTensor", "TensorFlowKind", "set_up", "shown", "take_down", "unwrapped"]
