"""keras.backend (`K`) of Keras 1 and 2 and of tf.keras."""

import collections
import math

import numpy as np
import torch

from anmok import layers, metrics
from anmok.compat import missing, phase
from anmok.compat.backend_graphs import Function as function
from anmok.compat.backend_graphs import gradients
from anmok.compat.functions import arrangement as ar
from anmok.compat.functions import control as co
from anmok.compat.functions import creation as cr
from anmok.compat.functions import crossentropy as ce
from anmok.compat.functions import elementwise as el
from anmok.compat.functions import linear as li
from anmok.compat.functions import network as ne
from anmok.compat.functions import of_backend as of
from anmok.compat.functions import picking as pi
from anmok.compat.functions import reduce as re
from anmok.compat.functions.calling import variant
from anmok.compat.functions.values import dtype_name, tensor
from anmok.compat.keras_config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    image_dim_ordering,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    set_image_dim_ordering,
)
from anmok.compat.phase import learning_phase, learning_phase_scope, set_learning_phase
from anmok.compat.tensors import as_tensor
from anmok.compat.variables import Variable
from anmok.errors import ArgumentError
from anmok.layers.symbolic import KerasTensor
from anmok.layers.weight import Weight

_numbers = collections.Counter()


# What a session holds -------------------------------------------------------------------------------------------------


def clear_session(free_memory=True):
    """Count the names of layers and metrics from the beginning again."""
    del free_memory
    layers.forget_names()
    metrics.forget_names()
    reset_uids()
    phase.forget()


def get_uid(prefix=""):
    """The next number for names with that beginning, from 1."""
    _numbers[prefix] += 1
    return _numbers[prefix]


def reset_uids():
    _numbers.clear()


# Variables and values -------------------------------------------------------------------------------------------------


def variable(value, dtype=None, name=None, constraint=None):
    """A Variable, float32 unless said otherwise."""
    return Variable(value, dtype=dtype or "float32", name=name, constraint=constraint)


def constant(value, dtype=None, shape=None, name=None):
    """A tensor of a value, float32 unless said otherwise, spread out to `shape`."""
    del name
    made = as_tensor(value, dtype or "float32")
    if shape is None:
        return made
    count = math.prod(shape)
    return ar.broadcast_to(made, shape) if tensor(made).numel() == 1 and count != 1 else ar.reshape(made, shape)


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None, ragged=False):
    """A symbolic tensor to be given a value by K.function; shape with the batch."""
    if sparse or ragged:
        raise ArgumentError("K.placeholder: sparse and ragged tensors are not supported.")
    if shape is None:
        shape = (None,) * (ndim or 0)
    return layers.Input(batch_shape=tuple(shape), dtype=dtype or "float32", name=name)


def zeros(shape, dtype=None, name=None):
    return variable(cr.zeros(shape, dtype or "float32"), dtype, name)


def ones(shape, dtype=None, name=None):
    return variable(cr.ones(shape, dtype or "float32"), dtype, name)


def eye(size, dtype=None, name=None):
    return variable(cr.eye(size), dtype, name)


def zeros_like(x, dtype=None, name=None):
    return cr.zeros_like(x, dtype, name=name)


def ones_like(x, dtype=None, name=None):
    return cr.ones_like(x, dtype, name=name)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    return variable(cr.random_normal(shape, mean, scale, seed=seed), dtype, name)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    return variable(cr.random_uniform(shape, low, high, seed=seed), dtype, name)


def get_value(x):
    """The value of a variable, a weight or a setting of an optimizer, as NumPy has it."""
    if isinstance(x, KerasTensor):
        raise ArgumentError(f"K.get_value: {x!r} has no value yet; K.function computes it for given inputs.")
    return x.numpy() if hasattr(x, "numpy") else np.asarray(x)[()]


def eval(x):
    """The value of a tensor or variable, as NumPy has it."""
    return get_value(as_tensor(x) if not hasattr(x, "numpy") and not isinstance(x, KerasTensor) else x)


def set_value(x, value):
    """Give a variable, a weight or the learning rate of an optimizer another value."""
    if not hasattr(x, "assign"):
        raise ArgumentError(
            f"K.set_value: {x!r} is a plain {type(x).__name__}, which cannot change; set the attribute it came from "
            "(optimizer.learning_rate = ...)."
        )
    value = np.asarray(value)
    x.assign(value if isinstance(x, torch.Tensor) else value.item())


def batch_get_value(tensors):
    return [get_value(one) for one in tensors]


def batch_set_value(tuples):
    for one, value in tuples:
        set_value(one, value)


def update(x, new_x):
    return x.assign(new_x)


def update_add(x, increment):
    return x.assign_add(increment)


def update_sub(x, decrement):
    return x.assign_sub(decrement)


def moving_average_update(x, value, momentum):
    """x brought nearer to `value`: x * momentum + value * (1 - momentum)."""
    return x.assign(el.add(el.multiply(x, momentum), el.multiply(value, 1 - momentum)))


# What a tensor is -----------------------------------------------------------------------------------------------------


def int_shape(x):
    """The lengths of the axes, None where unknown; None for what has no shape."""
    if isinstance(x, Weight):
        return tuple(x.keras_shape)
    return tuple(x.shape) if hasattr(x, "shape") else None


def ndim(x):
    return len(int_shape(x)) if hasattr(x, "shape") else np.ndim(x)


def dtype(x):
    return x.dtype if isinstance(x, KerasTensor) else dtype_name(tensor(x).dtype)


def count_params(x):
    """How many numbers a weight has."""
    return math.prod(int_shape(x))


def is_keras_tensor(x):
    """Whether a layer made it; raises ValueError for what is no tensor at all."""
    if not isinstance(x, (KerasTensor, torch.Tensor)):
        raise ValueError(f"Unexpectedly found an instance of type `{type(x)}`. Expected a symbolic tensor instance.")
    return isinstance(x, KerasTensor)


def is_tensor(x):
    return isinstance(x, (KerasTensor, torch.Tensor))


def is_placeholder(x):
    return isinstance(x, KerasTensor) and isinstance(x.node and x.node.layer, layers.InputLayer)


def is_sparse(tensor):
    return False


def to_dense(tensor):
    return tensor


def cast_to_floatx(x):
    """As float32: arrays as arrays."""
    if isinstance(x, (KerasTensor, torch.Tensor)):
        return el.cast(x, "float32")
    return np.asarray(x, dtype="float32")


def print_tensor(x, message="", summarize=3):
    """Print a tensor's values, and give it back."""
    del summarize
    if isinstance(x, KerasTensor):
        raise ArgumentError("K.print_tensor: a symbolic tensor has no values yet; put it into a Lambda layer.")
    print(message, get_value(x) if hasattr(x, "numpy") else x)
    return x


# What differs between training and prediction -------------------------------------------------------------------------


def _called(x):
    return x() if callable(x) and not is_tensor(x) else x


def in_train_phase(x, alt, training=None):
    """x in training, else alt; either may be a function."""
    is_training = phase.is_training() if training is None else bool(training)
    return _called(x if is_training else alt)


def in_test_phase(x, alt, training=None):
    """x in prediction, else alt; either may be a function."""
    return in_train_phase(alt, x, training)


def switch(condition, then_expression, else_expression):
    """One of two, by one condition or place by place; either may be a function."""
    if isinstance(condition, bool):
        return _called(then_expression if condition else else_expression)
    if ndim(condition) == 0 and not isinstance(condition, KerasTensor):
        return _called(then_expression if bool(tensor(condition)) else else_expression)
    return of.switched(condition, _called(then_expression), _called(else_expression))


_v = variant
_NAMES = {
    "abs": el.absolute, "all": re.all_, "any": re.any_, "arange": of.arange,
    "argmax": _v(re.argmax, axis=-1), "argmin": _v(re.argmin, axis=-1), "batch_dot": li.batch_dot,
    "batch_flatten": ar.batch_flatten, "batch_normalization": of.batch_normalization, "bias_add": of.bias_add,
    "binary_crossentropy": ce.binary_crossentropy, "cast": el.cast,
    "categorical_crossentropy": ce.categorical_crossentropy, "clip": _v(el.clip, names={"min_value": "x_min",
    "max_value": "x_max"}), "concatenate": _v(ar.concat, axis=-1, names={"tensors": "values"}), "conv1d": of.conv,
    "conv2d": of.conv, "conv2d_transpose": of.conv_transpose, "conv3d": of.conv, "cos": el.cos, "cumprod": re.cumprod,
    "cumsum": re.cumsum, "depthwise_conv2d": of.depthwise_conv, "dot": li.dot, "dropout": of.dropout, "elu": ne.elu,
    "equal": el.equal, "exp": el.exp, "expand_dims": ar.expand_dims, "flatten": ar.ravel, "foldl": co.foldl,
    "foldr": co.foldr, "gather": _v(pi.gather, names={"reference": "params"}), "greater": el.greater,
    "greater_equal": el.greater_equal, "hard_sigmoid": of.hard_sigmoid, "identity": el.identity,
    "in_top_k": of.in_top_k, "l2_normalize": li.l2_normalize, "less": el.less, "less_equal": el.less_equal,
    "log": el.log, "logsumexp": re.logsumexp, "map_fn": co.map_fn, "max": re.max_, "maximum": el.maximum,
    "mean": of.mean, "min": re.min_, "minimum": el.minimum, "normalize_batch_in_training": of.normalize_in_training,
    "not_equal": el.not_equal, "one_hot": of.one_hot, "permute_dimensions": _v(ar.transpose, names={"pattern": "perm"}),
    "pool2d": of.pool, "pool3d": of.pool, "pow": _v(el.power, names={"a": "y"}), "prod": re.prod,
    "random_bernoulli": cr.random_bernoulli, "random_binomial": cr.random_bernoulli,
    "random_normal": _v(cr.random_normal, names={"std": "stddev"}),
    "random_uniform": _v(cr.random_uniform, minval=0.0, maxval=1.0),
    "relu": ne.relu, "repeat": of.repeat, "repeat_elements": _v(ar.repeat, names={"rep": "repeats"}),
    "reshape": ar.reshape, "resize_images": of.resize_images, "reverse": _v(ar.reverse, names={"axes": "axis"}),
    "round": el.round_, "separable_conv1d": of.separable_conv, "separable_conv2d": of.separable_conv, "shape": ar.shape,
    "sigmoid": ne.sigmoid, "sign": el.sign, "sin": el.sin, "slice": _v(pi.slice_, names={"start": "begin"}),
    "softmax": ne.softmax, "softplus": ne.softplus, "softsign": ne.softsign,
    "sparse_categorical_crossentropy": ce.sparse_categorical_crossentropy, "spatial_2d_padding": of.spatial_2d_padding,
    "sqrt": el.clipped_sqrt, "square": el.square, "squeeze": ar.squeeze, "stack": ar.stack, "std": re.std,
    "stop_gradient": of.stop_gradient, "sum": re.sum_, "tanh": ne.tanh, "temporal_padding": of.temporal_padding,
    "tile": _v(ar.tile, names={"n": "multiples"}), "transpose": ar.transpose, "truncated_normal": cr.truncated_normal,
    "var": re.variance,
}  # fmt: skip
globals().update(_NAMES)
__all__ = [
    "backend", "batch_get_value", "batch_set_value", "cast_to_floatx", "clear_session", "constant", "count_params",
    "dtype", "epsilon", "eval", "eye", "floatx", "function", "get_uid", "get_value", "gradients", "image_data_format",
    "image_dim_ordering", "in_test_phase", "in_train_phase", "int_shape", "is_keras_tensor", "is_placeholder",
    "is_sparse", "is_tensor", "learning_phase", "learning_phase_scope", "moving_average_update", "ndim", "ones",
    "ones_like", "placeholder", "print_tensor", "random_normal_variable", "random_uniform_variable", "reset_uids",
    "set_epsilon", "set_floatx", "set_image_data_format", "set_image_dim_ordering", "set_learning_phase", "set_value",
    "switch", "to_dense", "update", "update_add", "update_sub", "variable", "zeros", "zeros_like",
]  # fmt: skip
__all__ += sorted(_NAMES)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(f"module 'keras.backend' has no attribute {name!r}")
    raise missing.attribute("keras.backend", name, __all__)


def __dir__():
    return __all__
