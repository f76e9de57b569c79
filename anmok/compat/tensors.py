"""Tensor: a torch tensor with TensorFlow's face. It never changes in place and has TensorFlow's rules of formats.

as_tensor makes one out of anything; plain gives the torch tensor beneath.
"""

import numpy as np
import torch
from torch.utils import _pytree as pytree

from anmok.compat.dtypes import OF_TORCH, DType, TensorShape, as_dtype, string, torch_dtype
from anmok.compat.recording import is_recording, state
from anmok.compat.texts import StringTensor, as_strings, is_text
from anmok.errors import ArgumentError
from anmok.layers.symbolic import KerasTensor
from anmok.layers.weight import Weight

__all__ = [
    "DType",
    "StringTensor",
    "Tensor",
    "TensorShape",
    "as_dtype",
    "as_tensor",
    "plain",
    "string",
    "torch_dtype",
    "wrapped",
]

_beneath = torch._C.DisableTorchFunctionSubclass  # a context within which our tensors are torch's to torch


class Face:
    """TensorFlow's face of a torch tensor: shape, format, numbers out of it, operators."""

    # What plain torch code takes in one layout, this has in Keras' (see optimizers).
    in_keras_layout = True

    @property
    def shape(self):
        with _beneath():
            return TensorShape(tuple(torch.Tensor.size(self)))

    def get_shape(self):
        return self.shape

    @property
    def dtype(self):
        with _beneath():
            return OF_TORCH[torch.Tensor.dtype.__get__(self)]

    def numpy(self):
        """A copy of the values as a NumPy array, or a NumPy number for a single one."""
        with _beneath():
            array = _values(self)
            return array.copy() if array.ndim else array[()]

    _numpy = numpy

    def __array__(self, dtype=None, copy=None):
        with _beneath():
            array = _values(self)
        return np.array(array, dtype=dtype) if copy or copy is None else np.asarray(array, dtype=dtype)

    def __array_function__(self, function, types, args, kwargs):
        # NumPy would call the methods of torch that bear its functions' names; TensorFlow's tensors have none.
        args, kwargs = pytree.tree_map(
            lambda leaf: np.asarray(leaf) if isinstance(leaf, torch.Tensor) else leaf, (args, kwargs)
        )
        return function(*args, **kwargs)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return array[()] if return_scalar else array

    def to(self, *args, **kwargs):
        # torch looks at the arguments before it asks whose tensor it is.
        args = [torch_dtype(argument) if isinstance(argument, DType) else argument for argument in args]
        if isinstance(kwargs.get("dtype"), DType):
            kwargs["dtype"] = kwargs["dtype"].torch
        return torch.Tensor.to(self, *args, **kwargs)

    def type(self, dtype=None):
        return torch.Tensor.type(self) if dtype is None else self.to(torch_dtype(dtype))

    def ref(self):
        return Reference(self)

    experimental_ref = ref

    def set_shape(self, shape):
        """Check the shape, which is known here."""
        self.shape.assert_is_compatible_with(shape)

    def __format__(self, spec):
        return format(self.numpy(), spec) if spec or not self.ndim else str(self.numpy())

    def __len__(self):
        if not self.shape:
            raise TypeError("Scalar tensor has no `len()`")
        return self.shape[0]

    def __iter__(self):
        if not self.shape:
            raise TypeError("Cannot iterate over a scalar tensor")
        return (self[index] for index in range(self.shape[0]))

    def __bool__(self):
        return bool(self.numpy())

    def __round__(self, digits=0):
        return wrapped(torch.round(plain(value_of(self)), decimals=digits or 0))

    def __getitem__(self, key):
        return _item(value_of(self), key)

    def __truediv__(self, other):
        return _divide(self, other)

    def __rtruediv__(self, other):
        return _divide(other, self)

    __div__ = __truediv__

    def __neg__(self):
        return torch.neg(value_of(self))

    def __abs__(self):
        return torch.abs(value_of(self))

    def __invert__(self):
        return torch.bitwise_not(value_of(self))


def _values(tensor):
    """The values as a NumPy array that may share the tensor's memory."""
    tensor = torch.Tensor.detach(tensor)
    if tensor.is_meta:
        raise ArgumentError("The numbers of this tensor are not there yet: the network is only being put together.")
    tensor = tensor.cpu()
    return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).resolve_conj().resolve_neg().numpy()


class Tensor(Face, torch.Tensor):
    """What tf.constant makes, what functions on it return, and what layers and models called by hand return."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        with _beneath():
            if type(function) is _GETTER:
                return function(*args, **kwargs)
            name = getattr(function, "__name__", "")
            if not name.endswith("_") or name.endswith("__"):  # else it changes the tensor itself
                args = [_for_torch(argument) for argument in args]
                if kwargs:
                    kwargs = {key: _for_torch(argument) for key, argument in kwargs.items()}
            result = function(*args, **kwargs)
        if type(result) is torch.Tensor:
            return result if args and result is args[0] else _dressed(result)
        if isinstance(result, (tuple, list)) and not isinstance(result, torch.Size):
            return type(result)([_dressed(entry) if type(entry) is torch.Tensor else entry for entry in result])
        return result

    @property
    def name(self):
        raise AttributeError("Tensor.name is undefined when eager execution is enabled.")

    def __setitem__(self, key, value):
        raise TypeError("'Tensor' object does not support item assignment: make a new one, with tf.where for instance.")

    def __str__(self):
        return f"tf.Tensor({_text(self, str)}, shape={self.shape}, dtype={self.dtype.name})"

    def __repr__(self, *, tensor_contents=None):
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={_text(self, repr)}>"

    def __hash__(self):
        return id(self)

    def __deepcopy__(self, memo):
        return memo.setdefault(id(self), wrapped(plain(self).detach().clone()))

    def __reduce_ex__(self, protocol):
        return as_tensor, (self.numpy(), self.dtype.name)


_GETTER = type(torch.Tensor.grad.__get__)  # of torch's attributes: requires_grad, is_leaf, ...


class Reference:
    """Stands for a tensor as the key of a dict (`tensor.ref()`)."""

    def __init__(self, tensor):
        self._tensor = tensor

    def deref(self):
        return self._tensor

    def __eq__(self, other):
        return isinstance(other, Reference) and other._tensor is self._tensor

    def __hash__(self):
        return id(self._tensor)


def _text(tensor, write):
    with _beneath():
        if tensor.is_meta:
            return "?"
        array = _values(tensor)
    if not array.ndim:
        return str(array[()])
    text = write(array)
    return f"\n{text}" if "\n" in text else text


def _for_torch(argument):
    if type(argument) is Tensor:
        # Plain, since torch has functions in Python that look at formats and shapes.
        return torch.Tensor.as_subclass(_in_session(argument), torch.Tensor)
    if isinstance(argument, (list, tuple)) and any(type(entry) is Tensor for entry in argument):
        return [_for_torch(entry) for entry in argument]
    return argument


def _in_session(tensor):
    """The tensor, cut off from what an earlier tape recorded: that is none of this tape's business."""
    session = tensor.__dict__.get("_session")
    if session is None or session == state.session:
        return tensor
    return tensor.detach() if tensor.requires_grad else tensor


def _dressed(result):
    """A fresh torch tensor turned into a Tensor: the very same object, so that gradients can be asked for it."""
    result.__class__ = Tensor
    if state.session is not None:
        result.__dict__["_session"] = state.session
    return result


def wrapped(tensor):
    """The Tensor for a torch tensor, on the same memory and, where it has a gradient, the same object."""
    if type(tensor) is not torch.Tensor:
        return tensor
    if tensor.requires_grad and not tensor.is_leaf:
        return _dressed(tensor)
    kept = tensor.__dict__
    tensor = torch.Tensor.as_subclass(tensor, Tensor)
    tensor.__dict__.update(kept)
    return tensor


def plain(tensor):
    """The torch tensor beneath a Tensor, with what layers noted on it; anything else is returned as it is."""
    if type(tensor) is not Tensor:
        return tensor
    with _beneath():
        beneath = torch.Tensor.as_subclass(_in_session(tensor), torch.Tensor)
    if tensor.__dict__:
        beneath.__dict__.update({key: value for key, value in tensor.__dict__.items() if key != "_session"})
    return beneath


def recorded(tensor):
    """The torch tensor beneath, with all that was recorded of it by whichever tape."""
    with _beneath():
        return torch.Tensor.as_subclass(tensor, torch.Tensor)


def value_of(variable):
    """A variable's value in Keras' layout, which gradients flow through while somebody records; a Tensor as it is."""
    if type(variable) is Tensor or not isinstance(variable, Weight):
        return variable
    with _beneath():
        stored = torch.Tensor.as_subclass(variable, torch.Tensor)
        if not is_recording():
            stored = stored.detach()
        stored = variable.keras_view(stored)
        return wrapped(stored.view_as(stored))


def as_tensor(value, dtype=None):
    """A Tensor of the value: a Tensor, Variable, weight, torch tensor, array, number, text, or nested lists of them.

    dtype: anything `as_dtype` knows; else what TensorFlow takes: float32 for Python's floats, int32 for its integers,
    an array's own format. Texts give a StringTensor. Raises ArgumentError for what is no tensor.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    if isinstance(value, StringTensor) or (wanted is not None and wanted.torch is None):
        return as_strings(value)
    if isinstance(value, Weight):
        value = value_of(value)
    if isinstance(value, KerasTensor):
        raise ArgumentError(f"{value!r} has no values yet: use a layer, or a function that knows symbolic tensors.")
    if not isinstance(value, torch.Tensor):
        value = _made(value, wanted)
        if isinstance(value, StringTensor):
            return value
    if type(value) is not Tensor:
        value = wrapped(value) if type(value) is torch.Tensor else value.as_subclass(Tensor)
    return value if wanted is None or value.dtype is wanted else value.to(wanted.torch)


def _made(value, wanted):
    """A tensor of numbers and lists of them, in the format wanted, or in TensorFlow's for them."""
    if isinstance(value, (bool, int, float, complex)):
        dtype = wanted.torch if wanted else _dtype_of_number(value)
        return torch.tensor(value, dtype=dtype)
    if isinstance(value, (list, tuple)):
        leaves = pytree.tree_leaves(value)
        if any(isinstance(leaf, (torch.Tensor, StringTensor)) for leaf in leaves):
            return _stacked(value, wanted)
        if is_text(value):
            return as_strings(value)  # NumPy would decode bytes that stand beside letters
        array = np.asarray(value)
        if not any(isinstance(leaf, (np.ndarray, np.generic)) for leaf in leaves):
            if array.dtype == np.float64:
                array = array.astype(np.float32) if wanted is None or wanted.torch is torch.float32 else array
            elif array.dtype == np.int64 and wanted is None and np.abs(array).max(initial=0) < 2**31:
                array = array.astype(np.int32)
    elif is_text(value):
        return as_strings(value)
    elif hasattr(value, "__array__"):
        array = np.asarray(value)
    else:
        raise ArgumentError(f"Expected numbers, an array or a tensor, got {type(value).__name__}: {value!r}.")
    if array.dtype.kind in "OSU":
        return as_strings(value)
    # torch cannot hold every NumPy layout (negative strides, read-only, foreign byte order).
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))


def _dtype_of_number(value):
    if isinstance(value, bool):
        return torch.bool
    if isinstance(value, int):
        return torch.int32 if -(2**31) <= value < 2**31 else torch.int64
    return torch.float32 if isinstance(value, float) else torch.complex128


def _stacked(values, wanted):
    entries = [as_tensor(entry, wanted) for entry in values]
    if isinstance(entries[0], StringTensor):
        return as_strings(entries)
    if wanted is None:
        # Numbers beside tensors take the tensors' format.
        first = next((as_tensor(entry).dtype for entry in values if isinstance(entry, torch.Tensor)), entries[0].dtype)
        entries = [as_tensor(entry, first) for entry in entries]
    return torch.stack(entries)


# Operators ------------------------------------------------------------------------------------------------------------


def operand(other, beside):
    """The other side of an operator: arrays and lists become tensors, of the tensor's format where that can be."""
    if isinstance(other, (Weight, torch.Tensor)):
        return as_tensor(other)
    if isinstance(other, (int, float, complex)) and not isinstance(other, np.generic):
        return other
    if isinstance(other, (np.ndarray, np.generic, list, tuple)):
        made = as_tensor(other)
        if isinstance(made, Tensor) and (beside.dtype.is_floating or made.dtype.is_integer) and not made.dtype.is_bool:
            return made.to(beside.dtype)
        return made
    return NotImplemented


def _divide(first, second):
    first, second = (
        (value_of(first), operand(second, first)) if isinstance(first, Face) else (operand(first, second), second)
    )
    if first is NotImplemented or second is NotImplemented:
        return NotImplemented
    first, second = value_of(first), value_of(second)
    wide = [t.dtype for t in (first, second) if isinstance(t, Tensor) and t.dtype.is_integer]
    floats = [t for t in (first, second) if (isinstance(t, Tensor) and t.dtype.is_floating) or isinstance(t, float)]
    if wide and not floats:
        # As in TensorFlow: 32 bits and more of whole numbers give float64.
        dtype = torch.float64 if any(each.size >= 4 for each in wide) else torch.float32
        first, second = (t.to(dtype) if isinstance(t, Tensor) else t for t in (first, second))
    return torch.true_divide(first, second)


def _item(tensor, key):
    """`tensor[key]` with steps backwards, which torch does not have."""
    keys = [_index(part) for part in (key if isinstance(key, tuple) else (key,))]
    spare = tensor.ndim - sum(part is not None and part is not Ellipsis for part in keys)
    axis = 0
    for place, part in enumerate(keys):
        if isinstance(part, slice) and part.step is not None and part.step < 0:
            chosen = list(range(*part.indices(tensor.shape[axis])))
            tensor = torch.index_select(tensor, axis, torch.tensor(chosen, dtype=torch.int64, device=tensor.device))
            keys[place] = slice(None)
        axis += spare if part is Ellipsis else part is not None
    return torch.Tensor.__getitem__(tensor, tuple(keys) if isinstance(key, tuple) else keys[0])


def _index(part):
    """A part of a key with plain numbers in it."""
    if isinstance(part, slice):
        return slice(*(None if bound is None else int(bound) for bound in (part.start, part.stop, part.step)))
    if isinstance(part, Face):
        part = plain(value_of(part))
        if part.dtype is not torch.bool:
            return part.long() if part.ndim else int(part)
    return part


_BINARY = ("add", "sub", "mul", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")


def _give_operators():
    def binary(method):
        function = getattr(torch.Tensor, method)

        def apply(self, other):
            if type(other) is torch.Tensor and isinstance(self, Weight):
                # Whoever has plain tensors of torch reckons in torch's layouts.
                return function(torch.Tensor.as_subclass(self, torch.Tensor), other)
            other = operand(other, self)
            return NotImplemented if other is NotImplemented else function(value_of(self), other)

        apply.__name__ = method
        return apply

    for name in _BINARY:
        setattr(Face, f"__{name}__", binary(f"__{name}__"))
        setattr(Face, f"__r{name}__", binary(f"__r{name}__"))
        # `x += 1` makes a new tensor, and leaves whoever else has the old one alone.
        setattr(Tensor, f"__i{name}__", getattr(Face, f"__{name}__"))
    Tensor.__itruediv__ = Face.__truediv__
    for name in _COMPARISONS:
        setattr(Face, f"__{name}__", binary(f"__{name}__"))
    for name in ("eq", "ne"):
        compare = getattr(Face, f"__{name}__")

        def compared(self, other, compare=compare, different=name == "ne"):
            if other is None or isinstance(other, str):
                return different
            try:
                return compare(self, other)
            except RuntimeError:  # shapes that do not fit are not equal
                return as_tensor(different)

        setattr(Face, f"__{name}__", compared)


_give_operators()
