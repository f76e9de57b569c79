"""tf.function and its kin: here everything is computed at once, so they leave functions as they are."""

import contextlib
import functools
import inspect
import logging

import numpy as np
import torch
from torch.utils import _pytree as pytree

from anmok.compat.few_calls import FewCalls
from anmok.compat.specs import TensorSpec
from anmok.compat.tensors import as_tensor
from anmok.layers.symbolic import KerasTensor
from anmok.training.limit import limit


def function(
    func=None,
    input_signature=None,
    autograph=True,
    jit_compile=None,
    reduce_retracing=False,
    experimental_implements=None,
    experimental_autograph_options=None,
    experimental_attributes=None,
    experimental_relax_shapes=None,
    experimental_compile=None,
    experimental_follow_type_hints=None,
):
    """The function itself, whose arrays arrive as tensors; all arguments are hints on speed to TensorFlow.

    input_signature: its TensorSpecs say which formats numbers and lists get.
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature)
    if not callable(func):
        raise TypeError(f"tf.function expects a function, got {func!r}.")
    specs = None if input_signature is None else list(input_signature)
    takes_self = "self" in list(inspect.signature(func).parameters)[:1] if specs else False

    few = FewCalls()

    @functools.wraps(func)
    def call(*args, **kwargs):
        if specs:
            args = list(args)
            for place, spec in enumerate(specs, int(takes_self)):
                if place < len(args):
                    args[place] = _fitted(spec, args[place])
        args, kwargs = pytree.tree_map(_given, (tuple(args), kwargs))
        return func(*args, **kwargs) if limit.steps is None else few.call(func, args, kwargs)

    call.python_function = func
    call.get_concrete_function = lambda *args, **kwargs: call
    call.pretty_printed_concrete_signatures = lambda verbose=True: f"{func.__name__}{inspect.signature(func)}"
    call.input_signature = None if specs is None else tuple(specs)
    return call


def _given(leaf):
    return as_tensor(leaf) if isinstance(leaf, np.ndarray) else leaf


def _fitted(spec, value):
    if isinstance(spec, (list, tuple)):
        return type(value)(_fitted(each, part) for each, part in zip(spec, value, strict=True))
    if isinstance(value, KerasTensor) or not isinstance(spec, TensorSpec):
        return value
    value = as_tensor(value) if isinstance(value, torch.Tensor) else as_tensor(value, spec.dtype)
    if not spec.is_compatible_with(value):
        raise TypeError(f"Expected {spec}, got a tensor of shape {value.shape} and {value.dtype!r}.")
    return value


@contextlib.contextmanager
def device(device_name):
    """Nothing: where tensors are is decided by where the library puts weights."""
    yield


class name_scope(contextlib.ContextDecorator):
    """Nothing: names are those of layers and variables alone."""

    def __init__(self, name=None, *args, **kwargs):
        self.name = name

    def __enter__(self):
        return f"{self.name}/"

    def __exit__(self, *exception):
        pass


@contextlib.contextmanager
def control_dependencies(control_inputs):
    """Nothing: everything is computed in the order it is written in."""
    yield


@contextlib.contextmanager
def init_scope():
    yield


def executing_eagerly():
    return True


def get_logger():
    """Python's logger of that name, where nothing is written to; code sets its level."""
    return logging.getLogger("tensorflow")
