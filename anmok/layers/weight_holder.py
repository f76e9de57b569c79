"""The weights of a layer and of the layers inside it: making, listing, reading, assigning, freezing them."""

import numpy as np
import torch
from torch import nn

from anmok import activations, constraints, initializers, mixed_precision, outside, regularizers
from anmok.errors import NotBuiltError, ShapeError
from anmok.layers.allotment import zeros_for
from anmok.layers.tracking import tracked
from anmok.layers.weight import Weight
from anmok.notices import old_spelling

# What Keras 2's add_weight took by position.
_OLD_ORDER = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")


class WeightHolder(nn.Module):
    """What Layer has to do with weights. Its constructor sets `_own_weights`, `_trainable`, `dtype_policy`, `name`."""

    # What Keras 2 said of layers with a state between batches, and of layers that cannot become a graph.
    stateful = dynamic = False

    def add_variable(self, *args, **kwargs):
        """Another name for `add_weight`."""
        return self.add_weight(*args, **kwargs)

    @property
    def submodules(self):
        """All layers inside this one, at any depth."""
        return tuple(layer for layer in self._flatten_layers() if layer is not self)

    def add_weight(self, *args, **kwargs):
        """Make a weight: add_weight(shape, initializer, dtype, trainable, ..., name=...), as in Keras.

        axes, stored_shape (by name): how it is stored, see Weight. Keras 2's order, the name first, is understood.
        """
        if args and isinstance(args[0], str):
            old_spelling("add_weight(name, shape)", "add_weight(shape, ..., name=...)")
            kwargs.update(zip(_OLD_ORDER, args, strict=False))
            args = ()
        # A model may be built by its first prediction; tensors born in inference mode could never be trained.
        with torch.inference_mode(False):
            return self._make_weight(*args, **kwargs)

    def _make_weight(
        self,
        shape=None,
        initializer=None,
        dtype=None,
        trainable=True,
        autocast=True,
        regularizer=None,
        constraint=None,
        aggregation="none",
        overwrite_with_gradient=False,
        name=None,
        axes=None,
        stored_shape=None,
    ):
        shape = () if shape is None else (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
        variable_dtype = _weight_dtype(dtype) if dtype else self._variable_dtype
        is_float = variable_dtype.is_floating_point
        initializer = initializers.get(
            ("glorot_uniform" if is_float and shape else "zeros") if initializer is None else initializer
        )
        name = name or f"weight_{len(self._own_weights)}"
        value = zeros_for(shape, variable_dtype, self.name) if self._fills_from_files else None
        if value is None:
            value = outside.plain(initializer(shape, dtype=variable_dtype))
        value = torch.as_tensor(value, dtype=variable_dtype).to(default_device())
        weight = Weight(value, name=name, axes=axes, stored_shape=stored_shape, trainable=trainable)
        weight.path = f"{self.name}/{name}"
        weight.regularizer = regularizers.get(regularizer)
        weight.constraint = constraints.get(constraint)
        weight.requires_grad_(trainable and self._trainable and weight.is_floating_point())
        self._own_weights.append(weight)
        free = name.replace(".", "_")
        while hasattr(self, free):
            free += "_"
        setattr(self, free, weight)
        return weight

    @property
    def _variable_dtype(self):
        return self.dtype_policy.torch_variable_dtype

    def __setattr__(self, name, value):
        if isinstance(value, Weight):
            # The name add_weight chose gives way to the attribute that the layer's author writes.
            for table in (self._parameters, self._buffers):
                for known in [key for key, weight in table.items() if weight is value and key != name]:
                    del table[known]
            if not value.trainable:
                self._parameters.pop(name, None)
                self.__dict__.pop(name, None)
                self._own(value)
                self.register_buffer(name, value)
                return
            self._own(value)
        elif isinstance(value, nn.Module) and not isinstance(value, WeightHolder):
            value.eval()  # as our own layers begin; torch's begin in training
        elif isinstance(value, (list, tuple, dict)) and not name.startswith("_"):
            value = tracked(self, name, value)
        elif value is None and name == "activation" and outside.is_ours(type(self)):
            value = activations.linear  # `model.layers[-1].activation = None`, to see the scores beneath
        super().__setattr__(name, value)

    def _own(self, weight):
        """Take in a weight that was made elsewhere."""
        own = self.__dict__.get("_own_weights")
        if own is not None and not any(known is weight for known in own):
            own.append(weight)
            weight.path = f"{self.name}/{weight._name}"

    def _apply(self, fn, recurse=True):
        # torch replaces buffers when a module moves; ours stay the same Weight objects.
        held = {name: buffer for name, buffer in self._buffers.items() if isinstance(buffer, Weight)}
        super()._apply(fn, recurse)
        for name, weight in held.items():
            weight.data = self._buffers[name].data
            self._buffers[name] = weight
        return self

    @property
    def trainable(self):
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        value = bool(value)
        for layer in self._flatten_layers():
            layer._trainable = value
        self._mark_trainable()

    def _mark_trainable(self, above=True):
        """Tell autograd which weights are trained: those of trainable layers within trainable layers."""
        above = above and self._trainable
        for weight in self._own_weights:
            weight.requires_grad_(above and weight.trainable and weight.is_floating_point())
        for layer in self._sublayers():
            layer._mark_trainable(above)

    def _sublayers(self):
        """The layers directly inside this one, in Keras' order."""
        return [module for module in self._modules.values() if isinstance(module, WeightHolder)]

    def _flatten_layers(self, include_self=True):
        """This layer and all layers inside, each once."""
        found = {id(self): self} if include_self else {}
        pending = list(self._sublayers())
        while pending:
            layer = pending.pop(0)
            if id(layer) not in found and layer is not self:
                found[id(layer)] = layer
                pending[:0] = layer._sublayers()
        return list(found.values())

    @property
    def own_weights(self):
        """The weights of this layer without those of the layers inside: trainable ones first, the order in files."""
        return sorted(self._own_weights, key=lambda weight: not weight.trainable)

    def save_own_variables(self, store):
        """Put the layer's own weights into `store`, a dict of arrays by name (as in Keras)."""
        for index, weight in enumerate(self.own_weights):
            store[str(index)] = weight.numpy()

    def load_own_variables(self, store):
        """Take the layer's own weights out of what `save_own_variables` (ours or Keras') filled."""
        own = self.own_weights
        if len(store) != len(own):
            raise ShapeError(f"{type(self).__name__} '{self.name}' has {len(own)} weights, the file {len(store)}.")
        for index, weight in enumerate(own):
            weight.assign(store[str(index)])

    @property
    def _fills_from_files(self):
        # A layer with a load_own_variables of its own may leave weights as they were made.
        return type(self).load_own_variables is WeightHolder.load_own_variables

    @property
    def weights(self):
        """All weights, this layer's own first (trainable, then not), then those of the layers inside."""
        inner = [weight for layer in self._sublayers() for weight in layer.weights]
        return list({id(weight): weight for weight in self.own_weights + inner}.values())

    variables = weights

    @property
    def trainable_weights(self):
        if not self._trainable:
            return []
        own = [weight for weight in self._own_weights if weight.trainable]
        inner = [weight for layer in self._sublayers() for weight in layer.trainable_weights]
        return list({id(weight): weight for weight in own + inner}.values())

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self):
        trained = {id(weight) for weight in self.trainable_weights}
        return [weight for weight in self.weights if id(weight) not in trained]

    non_trainable_variables = non_trainable_weights

    def get_weights(self):
        """The values of all weights as NumPy arrays, in Keras' order and layouts."""
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, weights):
        """Take over what `get_weights` (ours or Keras') returned; raises ShapeError where it does not fit."""
        own = self.weights
        if len(weights) != len(own):
            hint = " It has no weights yet: call it once or give it an input shape." if not self.built else ""
            raise ShapeError(
                f"{type(self).__name__} '{self.name}' has {len(own)} weights, got {len(weights)} arrays.{hint}"
            )
        for weight, value in zip(own, weights, strict=True):
            if tuple(np.shape(value)) != weight.keras_shape:
                raise ShapeError(
                    f"{type(self).__name__} '{self.name}': weight '{weight.path}' has shape {weight.keras_shape}, "
                    f"got an array of shape {tuple(np.shape(value))}."
                )
        for weight, value in zip(own, weights, strict=True):
            weight.assign(value)

    def count_params(self):
        """How many numbers the weights hold."""
        if not self.built:
            raise NotBuiltError(
                f"{type(self).__name__} '{self.name}' has no weights yet: call it once or give it an input shape."
            )
        return sum(weight.numel() for weight in self.weights)


def default_device():
    """Where new weights are put: torch's default device if one was set, else a GPU if there is one, else the CPU."""
    chosen = torch.get_default_device()
    if chosen.type != "cpu":
        return chosen
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return chosen


def _weight_dtype(dtype):
    """The torch dtype of a weight: a float format or policy, or a whole-number type ('int' is int32, as in Keras)."""
    named = getattr(torch, mixed_precision.format_name(dtype), None) if not isinstance(dtype, dict) else None
    if isinstance(named, torch.dtype) and not named.is_floating_point:
        return named
    return mixed_precision.get(dtype).torch_variable_dtype
