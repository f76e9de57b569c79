"""Tensors that stand for values not there yet: what `Input` makes and what layers called on them return."""

import itertools

import torch
from torch.utils import _pytree as pytree

from anmok.errors import ArgumentError
from anmok.mixed_precision import format_name

_counter = itertools.count()


class KerasTensor:
    """A symbolic tensor: shape with None where any size goes, and the node that makes it (as in Keras).

    shape: tuple of int or None, batch first. dtype: 'float32', ... node: what makes it, or None.
    """

    def __init__(self, shape, dtype="float32", *, node=None, index=0, name=None):
        self.shape = tuple(shape)
        self.dtype = format_name(dtype)
        self.node = node
        self.index = index
        self.name = name or f"keras_tensor_{next(_counter)}"

    @property
    def ndim(self):
        return len(self.shape)

    rank = ndim

    def get_shape(self):
        return self.shape

    @property
    def _keras_history(self):
        layer = self.node.layer
        return layer, layer._inbound_nodes.index(self.node), self.index

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __getattr__(self, name):
        raise AttributeError(
            f"A symbolic tensor has no {name!r}: it stands for values that come later. Use a layer, an operator, or a "
            f"function of torch, such as torch.{name}(x)."
        )

    def __len__(self):
        raise ArgumentError(f"{self!r} has no length: it stands for values that come later.")

    def __bool__(self):
        raise ArgumentError(f"{self!r} is neither true nor false: it stands for values that come later.")

    def __array__(self, *_, **__):
        raise ArgumentError(
            f"{self!r} cannot become a NumPy array: it stands for values that come later. "
            "Use a layer (Lambda for a function of your own) where you used NumPy."
        )

    __array_ufunc__ = None  # so that `numpy_array * tensor` comes here


class Node:
    """One call of a layer on symbolic tensors: arguments in, KerasTensors out."""

    def __init__(self, layer, args, kwargs, outputs):
        self.layer = layer
        self.args = args
        self.kwargs = kwargs
        self.inputs = symbolic_leaves((args, kwargs))
        self.outputs = outputs  # as the layer returned them: one, or a structure
        self.output_list = symbolic_leaves(outputs)
        for index, output in enumerate(self.output_list):
            output.node, output.index = self, index
        layer._inbound_nodes.append(self)

    @property
    def parents(self):
        return [tensor.node for tensor in self.inputs if tensor.node is not None]


def symbolic_leaves(structure):
    """The KerasTensors of a structure (tuples, lists, dicts), in order."""
    if isinstance(structure, KerasTensor):
        return [structure]
    return [leaf for leaf in pytree.tree_leaves(structure) if isinstance(leaf, KerasTensor)]


def is_symbolic(structure):
    return isinstance(structure, KerasTensor) or bool(symbolic_leaves(structure))


# Two trial sizes for every unknown dimension: an output dimension that differs between them is unknown as well.
# The later ones are large, so that windows of deep networks still fit.
_TRIALS = ((2, 288), (3, 352))


def trial_tensors(structure, trial, device="meta"):
    """Every KerasTensor of the structure as a tensor of zeros, unknown sizes filled in by trial 0 or 1."""
    batch, size = _TRIALS[trial]

    def fill(leaf):
        if not isinstance(leaf, KerasTensor):
            return leaf
        shape = [(batch if axis == 0 else size) if length is None else length for axis, length in enumerate(leaf.shape)]
        return torch.zeros(shape, dtype=getattr(torch, leaf.dtype), device=device)

    return pytree.tree_map(fill, structure)


def symbolic_result(first, second):
    """KerasTensors out of what two trials returned; None where their sizes differ."""

    def describe(one, other):
        if not torch.is_tensor(one):
            return one
        shape = [a if a == b else None for a, b in zip(one.shape, other.shape, strict=True)]
        return KerasTensor(shape, one.dtype)

    return pytree.tree_map(describe, first, second)


def shape_of(structure):
    """Shapes of the tensors in a structure, tuples with None where unknown; the batch size is never fixed."""

    def shape(leaf):
        if isinstance(leaf, KerasTensor):
            return leaf.shape
        return (None, *leaf.shape[1:]) if hasattr(leaf, "shape") and len(leaf.shape) else leaf

    if isinstance(structure, (list, tuple)):
        return [shape_of(entry) for entry in structure]
    if isinstance(structure, dict):
        return {key: shape_of(entry) for key, entry in structure.items()}
    return shape(structure)


def as_symbolic(shape, dtype):
    """KerasTensor(s) for a shape, or a list or dict of shapes."""
    if isinstance(shape, dict):
        return {key: as_symbolic(entry, dtype) for key, entry in shape.items()}
    if isinstance(shape, list) or (isinstance(shape, tuple) and is_nested(shape)):
        return type(shape)(as_symbolic(entry, dtype) for entry in shape) if is_nested(shape) else KerasTensor(shape)
    return KerasTensor(shape, dtype)


def is_nested(shape):
    """Whether a shape is a list or tuple of shapes."""
    return any(isinstance(entry, (list, tuple)) for entry in shape)
