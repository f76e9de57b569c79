"""A layer's weight: a torch Parameter that remembers the layout Keras has it in."""

import numpy as np
import torch
from torch import nn

from anmok.errors import ShapeError


class Weight(nn.Parameter):
    """A Parameter stored as PyTorch's kernels want it, read and assigned in Keras' layout.

    axes: the stored tensor is `keras.permute(axes)`, reshaped to the stored shape where that differs (depthwise
    kernels). `size()` is the stored shape, and so is `shape` unless somebody shows weights as Keras has them (see
    anmok.outside); `keras_shape`, `numpy()`, `assign()` and `keras_view()` are Keras'.
    """

    def __new__(cls, keras_value, *, name="weight", axes=None, stored_shape=None, trainable=True):
        stored = keras_value if axes is None else keras_value.permute(axes)
        permuted_shape = tuple(stored.shape)
        if stored_shape is not None:
            stored = stored.reshape(stored_shape)
        if axes is not None and stored.dim() == 4:
            stored = stored.contiguous(memory_format=torch.channels_last)
        else:
            stored = stored.contiguous()
        self = torch.Tensor._make_subclass(cls, stored, trainable and stored.is_floating_point())
        self._name = self.path = name
        self._axes = axes
        self._permuted_shape = permuted_shape
        self.keras_shape = tuple(keras_value.shape)
        self.trainable = trainable
        self.regularizer = None
        self.constraint = None
        return self

    @property
    def name(self):
        return self._name

    def keras_view(self, stored=None):
        """This weight (or a tensor of its stored shape, such as its gradient) seen in Keras' layout."""
        value = self.detach() if stored is None else stored
        value = value.reshape(self._permuted_shape)
        if self._axes is None:
            return value
        return value.permute([self._axes.index(i) for i in range(len(self._axes))])

    def from_keras(self, value):
        """A tensor in Keras' layout turned into the stored one."""
        value = value if self._axes is None else value.permute(self._axes)
        return value.reshape(self.size())

    @property
    def value(self):
        return self

    def numpy(self):
        """A copy of the values as a NumPy array in Keras' layout."""
        value = self.keras_view().cpu()
        return (value.float() if value.dtype == torch.bfloat16 else value).contiguous().numpy().copy()

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    @torch.no_grad()
    def assign(self, value):
        """Take over values in Keras' layout (array, tensor or number); raises ShapeError where they do not fit."""
        if isinstance(value, Weight):
            value = value.keras_view()
        value = value.detach() if torch.is_tensor(value) else torch.from_numpy(np.array(value))
        if tuple(value.shape) != self.keras_shape:
            raise ShapeError(
                f"Weight '{self.path}': expected values of shape {self.keras_shape}, got {tuple(value.shape)}."
            )
        self.copy_(self.from_keras(value))
        return self

    def assign_add(self, value):
        return self.assign(self.keras_view() + torch.as_tensor(value, device=self.device))

    def assign_sub(self, value):
        return self.assign(self.keras_view() - torch.as_tensor(value, device=self.device))

    @torch.no_grad()
    def apply_constraint(self):
        """Bring the values back into what the constraint allows."""
        self.copy_(self.from_keras(self.constraint(self.keras_view())))

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            twin = torch.Tensor._make_subclass(
                type(self), self.detach().clone(memory_format=torch.preserve_format), self.requires_grad
            )
            twin.__dict__.update(self.__dict__)
            memo[id(self)] = twin
        return memo[id(self)]

    def on_meta(self, dtype=None):
        """A stand-in on the `meta` device, which has shape and layout but no values; dtype: None for this one's."""
        empty = torch.empty_like(self, device="meta", dtype=dtype)
        twin = torch.Tensor._make_subclass(type(self), empty, False)
        twin.__dict__.update(self.__dict__)
        return twin

    def __reduce_ex__(self, protocol):
        return _rebuild, (self.detach(), self.requires_grad, dict(self.__dict__))

    def __repr__(self):
        return f"<Weight path={self.path}, shape={self.keras_shape}, value={self.keras_view()}>"


def _rebuild(data, requires_grad, attributes):
    weight = torch.Tensor._make_subclass(Weight, data, requires_grad)
    weight.__dict__.update(attributes)
    return weight
