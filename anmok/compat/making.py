"""Tensors out of values, and the initializers under the names TensorFlow has for them."""

import torch

from anmok import initializers
from anmok.compat.dtypes import as_dtype
from anmok.compat.tensors import StringTensor, Tensor, as_tensor, plain, wrapped
from anmok.errors import ShapeError
from anmok.layers.symbolic import KerasTensor


def constant(value, dtype=None, shape=None, name="Const"):
    """A tensor of its own of these values; one value fills the shape."""
    made = as_tensor(value, dtype)
    if shape is not None:
        shape = [int(length) for length in shape]
        count = 1 if not made.shape else made.shape.num_elements()
        wanted = int(torch.Size(shape).numel())
        if count not in (1, wanted):
            raise ShapeError(f"Expected {wanted} values for shape {tuple(shape)}, got {count}.")
        made = wrapped(plain(made).reshape(shape if count == wanted else ()).expand(shape).clone())
    elif isinstance(made, Tensor) and made is value:
        made = wrapped(plain(made).detach().clone())
    return made


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None, preferred_dtype=None):
    """A tensor of a value; a symbolic tensor stays one."""
    if isinstance(value, KerasTensor):
        return value
    hint = dtype_hint or preferred_dtype
    if dtype is None and hint is not None and not isinstance(value, (torch.Tensor, StringTensor)):
        made = as_tensor(value)
        return made if as_dtype(hint).is_integer and not made.dtype.is_integer else as_tensor(value, hint)
    made = as_tensor(value, dtype if not isinstance(value, Tensor) else None)
    if dtype is not None and made.dtype is not as_dtype(dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype {made.dtype.name}: "
            f"{made!r}. Use tf.cast."
        )
    return made


def is_tensor(x):
    """Whether x is a tensor or variable, with values or symbolic."""
    return isinstance(x, (torch.Tensor, StringTensor, KerasTensor))


def random_normal_initializer(mean=0.0, stddev=0.05, seed=None):
    return initializers.RandomNormal(mean=mean, stddev=stddev, seed=seed)


def random_uniform_initializer(minval=-0.05, maxval=0.05, seed=None):
    return initializers.RandomUniform(minval=minval, maxval=maxval, seed=seed)
