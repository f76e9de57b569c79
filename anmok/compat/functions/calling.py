"""What makes a function out of torch's arithmetic a function of TensorFlow's: the names and kinds of its arguments.

Called on symbolic tensors it becomes a layer of the graph. Else it computes: plain tensors of torch, as layers and
losses get them, give plain tensors; everything else gives tensors with TensorFlow's face.
"""

import functools
import inspect

import torch
from torch.utils import _pytree as pytree

from anmok.compat.functions.faces import clothed
from anmok.compat.functions.sizes import Size, as_written
from anmok.compat.functions.symbolic import FunctionLayer, add_function
from anmok.layers.symbolic import KerasTensor

# Names that the first and second operand go by, in TensorFlow, in Keras 2 and in Keras 3.
_FIRST = {
    "x", "x1", "a", "input", "inputs", "input_tensor", "tensor", "tensors", "value", "values", "logits", "features",
    "params", "t", "data", "condition", "xs", "arrays", "image", "images", "matrix", "target", "y_true", "labels",
}  # fmt: skip
_SECOND = {"y", "x2", "b", "indices", "output", "y_pred", "filter", "filters", "kernel"}
_OLD = {
    "keep_dims": "keepdims", "dim": "axis", "reduction_indices": "axis", "dimension": "axis", "dims": "axis",
    "dilations": "dilation_rate", "ksize": "pool_size", "stride": "strides", "negative_slope": "alpha",
    "depthwise_filter": "depthwise_kernel", "pointwise_filter": "pointwise_kernel", "border_mode": "padding",
    "block_shape": "block_size", "output_dtype": "output_type",
}  # fmt: skip

_NOTHING, _CLOTHED, _PLAIN, _SYMBOLIC = range(4)


def function(implementation=None, *, layer=None, name=None):
    """Decorate `implementation`, which computes with `values.tensor` of its arguments.

    layer: a function of the same arguments that gives the layer which does the same on one symbolic tensor, or None
    where there is none for these arguments. name: what it is called in files.
    """
    if implementation is None:
        return functools.partial(function, layer=layer, name=name)
    given = inspect.signature(implementation).parameters
    parameters = [p.name for p in given.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    known = frozenset(p.name for p in given.values())
    open_ended = any(p.kind is p.VAR_KEYWORD for p in given.values())
    name = name or implementation.__name__.rstrip("_")

    @functools.wraps(implementation)
    def call(*args, **kwargs):
        if kwargs and not open_ended and not known.issuperset(kwargs):
            kwargs, label = _renamed(kwargs, parameters, known, name)
        else:
            label = None
        kind = _kind((args, kwargs) if kwargs else args)
        if kind is _PLAIN:
            return implementation(*args, **kwargs)
        if kind is _SYMBOLIC:
            return _symbolically(call, name, layer, label, args, kwargs)
        return clothed(implementation(*args, **kwargs))

    call.implementation = implementation
    add_function(name, call)
    return call


def variant(of, name=None, names=None, **settings):
    """The function `of` under another name, its arguments under other `names`, with other defaults."""
    places = {parameter: place for place, parameter in enumerate(inspect.signature(of).parameters)}

    @functools.wraps(of)
    def call(*args, **kwargs):
        if names:
            kwargs = {names.get(key, key): value for key, value in kwargs.items()}
        further = {key: value for key, value in settings.items() if key not in kwargs and places[key] >= len(args)}
        return of(*args, **kwargs, **further)

    call.__name__ = name or of.__name__
    return call


def _renamed(kwargs, parameters, known, name):
    """(kwargs with today's names, the `name` that a layer shall have); raises TypeError for unknown ones."""
    renamed, label = {}, None
    for key, value in kwargs.items():
        if key == "name" and key not in known:
            label = value
            continue
        if key not in known:
            if _OLD.get(key) in known:
                if value is None and _OLD[key] in kwargs:
                    continue
                key = _OLD[key]
            elif key in _FIRST and parameters and parameters[0] not in kwargs:
                key = parameters[0]
            elif key in _SECOND and len(parameters) > 1 and parameters[1] not in kwargs:
                key = parameters[1]
            else:
                raise TypeError(
                    f"{name}() takes no argument {key!r} here; it takes {', '.join(sorted(known)) or 'none'}."
                )
        renamed[key] = value
    return renamed, label


def _kind(given):
    """Which kinds of tensors a structure holds: symbolic ones count most, then plain ones, then clothed ones."""
    found = _NOTHING
    for value in given:
        kind = type(value)
        if kind is torch.Tensor:
            one = _PLAIN
        elif kind is KerasTensor or kind is Size:
            return _SYMBOLIC
        elif kind is tuple or kind is list:
            one = _kind(value)
        elif kind is dict:
            one = _kind(value.values())
        elif isinstance(value, tuple):
            one = _kind(value)
        elif isinstance(value, torch.Tensor):
            one = _CLOTHED
        else:
            continue
        if one > found:
            found = one
            if found is _SYMBOLIC:
                return found
    return found


def _symbolically(call, name, layer, label, args, kwargs):
    if layer is not None:
        made = layer(*args, **kwargs)
        if made is not None:
            if label is not None:
                made.name = label
            return made(args[0] if args else next(iter(kwargs.values())))
    args, kwargs = pytree.tree_map(_plain, as_written((list(args), kwargs)))
    return FunctionLayer(name, name=label)(*args, **kwargs)


def _plain(leaf):
    """A number format by its name, so that files can hold it."""
    if isinstance(leaf, torch.dtype):
        return str(leaf).removeprefix("torch.")
    return leaf.name if hasattr(leaf, "as_numpy_dtype") else leaf
