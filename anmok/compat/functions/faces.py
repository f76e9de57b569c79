"""Between plain tensors of torch and those with TensorFlow's face."""

import torch
from torch.utils import _pytree as pytree

from anmok.compat.tensors import plain, value_of, wrapped


def clothed(structure):
    """The tensors of a structure with TensorFlow's face."""
    if type(structure) is torch.Tensor:
        return wrapped(structure)
    if isinstance(structure, (list, tuple, dict)):
        return pytree.tree_map(lambda leaf: wrapped(leaf) if type(leaf) is torch.Tensor else leaf, structure)
    return structure


def unclothed(value):
    """A tensor with TensorFlow's face as a plain one of torch; a variable's or weight's value in Keras' layout.

    Gradients flow through it while a tape or the library records.
    """
    return plain(value_of(value))
