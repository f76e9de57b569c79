"""The class behind every layer: Keras' Layer, written as a torch Module."""

import functools
import inspect
import threading

import numpy as np
import torch
from torch import nn
from torch.utils import _pytree as pytree

from anmok import constraints, initializers, mixed_precision, regularizers
from anmok.errors import AnmokError, ArgumentError, NotBuiltError, ShapeError, unknown_name
from anmok.layers.allotment import zeros_for
from anmok.layers.config import configured_arguments, plain
from anmok.layers.naming import automatic_name
from anmok.layers.symbolic import KerasTensor, Node, is_symbolic, symbolic_leaves, symbolic_result, trial_tensors
from anmok.layers.tracking import tracked
from anmok.layers.weight import Weight
from anmok.notices import old_spelling

# What Keras 2's add_weight took by position.
_OLD_ORDER = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")

_GENERAL = ("name", "trainable", "dtype")  # what every config has
_phase = threading.local()  # .training: what the outermost call was given; .depth: how deep we are in calls


class Layer(nn.Module):
    """A layer as in Keras: weights made when the first input is seen, called on tensors or symbolic tensors.

    Subclasses write `build(input_shape)` (optional), `call(inputs, training=None)` and `get_config()`. Inside `call`
    the tensors are torch tensors, batch first, channels last.

    A layer computes for inference unless `training=True` is passed, or `train()` was called as on any torch Module.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _finishing(cls.build)

    def __new__(cls, *args, **kwargs):
        layer = super().__new__(cls)
        # Kept for the config of layers that do not write get_config themselves.
        object.__setattr__(layer, "_given_arguments", (args, kwargs))
        return layer

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None, **kwargs):
        super().__init__()
        self.training = False
        self._own_weights = []
        self._inbound_nodes = []
        self._call_losses = []
        self._trainable = bool(trainable)
        self.name = str(name) if name is not None else automatic_name(type(self).__name__)
        self.built = False
        self.built_input_shape = None
        self.supports_masking = False
        self.autocast = autocast
        self.dtype_policy = mixed_precision.get(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._input_shape_argument = self._take_input_shape(kwargs)
        self._initial_weights = kwargs.pop("weights", None)
        if kwargs:
            self._refuse(next(iter(kwargs)))
        self._call_takes_training = _takes_training(type(self))
        self._follows_policy = not self.dtype_policy.is_automatic

    def _take_input_shape(self, kwargs):
        """The batch shape out of `input_shape`, `input_dim`, `batch_input_shape`, `batch_shape`; None if absent."""
        batch = kwargs.pop("batch_size", None)
        for name in ("batch_input_shape", "batch_shape"):
            if kwargs.get(name) is not None:
                return tuple(kwargs.pop(name))
        shape = kwargs.pop("input_shape", None)
        width = kwargs.pop("input_dim", None)
        if shape is None and width is not None:
            shape = (width,)
        if shape is None:
            return None
        return (batch, *((shape,) if isinstance(shape, int) else tuple(shape)))

    def _refuse(self, argument):
        known = [
            parameter.name
            for cls in type(self).__mro__
            if issubclass(cls, Layer)
            for parameter in inspect.signature(cls.__init__).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD and parameter.name != "self"
        ]
        raise unknown_name(f"argument of {type(self).__name__}", argument, [*known, "input_shape"])

    # What torch calls and what people write ---------------------------------------------------------------------

    def forward(self, *args, training=None, **kwargs):
        """Compute on tensors, or on KerasTensors take part in a graph. Called through `layer(inputs)`."""
        if not (self.built and type(args[0]) is torch.Tensor if args else False):
            if is_symbolic((args, kwargs)):
                return self._call_symbolically(args, kwargs, training)
            fresh = not self.built
            args, kwargs = self._prepare(args, kwargs)
            if fresh and args and torch.is_tensor(args[0]) and args[0].is_meta:
                # Built in the middle of an outer layer's shape trial: the new weights join it as `meta` tensors.
                return self._run_on_meta(args, {**kwargs, "training": training} if training is not None else kwargs)
        elif args[0].dtype is torch.float64:
            args, kwargs = self._prepare(args, kwargs)
        outer = getattr(_phase, "training", None)
        if training is None:
            training = outer if outer is not None else self.training
        if self._call_takes_training:
            kwargs["training"] = training
        if self._follows_policy:
            return self._call_by_policy(args, kwargs)
        if outer is training or not self._modules:
            outputs = self.call(*args, **kwargs)
        else:
            _phase.training = training
            try:
                outputs = self.call(*args, **kwargs)
            finally:
                _phase.training = outer
        if self.activity_regularizer is not None:
            self._regularize_activity(outputs)
        return outputs

    def _call_by_policy(self, args, kwargs):
        """Compute under a dtype policy other than 'auto': inputs cast, autocast entered for the mixed ones."""
        policy = self.dtype_policy
        compute = policy.torch_compute_dtype

        def cast(leaf):
            return leaf.to(compute) if torch.is_tensor(leaf) and leaf.is_floating_point() else leaf

        if self.autocast:
            args = pytree.tree_map(cast, args)
        device = next((leaf.device.type for leaf in pytree.tree_leaves(args) if torch.is_tensor(leaf)), "cpu")
        mixed = policy.compute_dtype != policy.variable_dtype
        entered = device != "meta" and torch.is_autocast_enabled(device)
        if device == "meta" or (mixed and entered) or (not mixed and not entered):
            outputs = self.call(*args, **kwargs)
        else:
            with torch.autocast(device, dtype=compute if mixed else None, enabled=mixed):
                outputs = self.call(*args, **kwargs)
        if self.activity_regularizer is not None:
            self._regularize_activity(outputs)
        return outputs

    def _prepare(self, args, kwargs):
        """NumPy arrays and lists of numbers become tensors; float64 becomes the compute format; build if need be."""
        dtype = self.dtype_policy.torch_compute_dtype
        if args and isinstance(args[0], list) and args[0] and isinstance(args[0][0], (int, float, list)):
            args = (np.asarray(args[0]), *args[1:])

        def convert(leaf):
            if isinstance(leaf, np.ndarray):
                leaf = torch.from_numpy(np.ascontiguousarray(leaf))
            if torch.is_tensor(leaf) and leaf.dtype is torch.float64 and self.autocast:
                leaf = leaf.to(dtype)
            return leaf

        args, kwargs = pytree.tree_map(convert, (args, kwargs))
        if not self.built:
            self._build_on(args, kwargs)
        return args, kwargs

    def _call_symbolically(self, args, kwargs, training):
        if training is not None and self._call_takes_training:
            kwargs = {**kwargs, "training": training}
        self._build_on(args, kwargs)
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args, **kwargs):
        """The KerasTensors this layer makes of KerasTensors, found by running it on the `meta` device."""
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            shapes = pytree.tree_map(lambda leaf: leaf.shape if isinstance(leaf, KerasTensor) else leaf, args)
            return _as_symbolic(self.compute_output_shape(*shapes), self.compute_dtype)
        described = ", ".join(str(tensor.shape) for tensor in symbolic_leaves((args, kwargs)))
        try:
            trials = [self._run_on_meta(*trial_tensors((args, kwargs), trial)) for trial in (0, 1)]
            return symbolic_result(*trials)
        except AnmokError:
            raise
        except Exception as error:
            raise ShapeError(
                f"{type(self).__name__} '{self.name}' cannot take an input of shape {described}: {error}"
            ) from error

    def _run_on_meta(self, args, kwargs):
        state = {
            name: torch.empty_like(tensor, device="meta", dtype=self._format_of_weight(tensor))
            for name, tensor in (*self.named_parameters(), *self.named_buffers())
        }
        layers = self._flatten_layers()
        added = [len(layer._call_losses) for layer in layers]
        try:
            with torch.no_grad():
                return torch.func.functional_call(self, state, args, kwargs)
        finally:
            # A trial's losses stand for nothing.
            for layer, count in zip(layers, added, strict=True):
                del layer._call_losses[count:]

    def _format_of_weight(self, weight):
        """What autocast, which there is none of on `meta`, would cast a weight to."""
        policy = self.dtype_policy
        mixed = policy.compute_dtype != policy.variable_dtype and weight.is_floating_point()
        return policy.torch_compute_dtype if mixed else weight.dtype

    def compute_output_shape(self, *input_shapes):
        """Shape(s) of the output for shape(s) of the input, batch first, None where unknown."""
        inputs = [_as_symbolic(shape, self.compute_dtype) for shape in input_shapes]
        self._build_on(inputs, {})
        outputs = self.compute_output_spec(*inputs)
        return pytree.tree_map(lambda leaf: leaf.shape if isinstance(leaf, KerasTensor) else leaf, outputs)

    # Building -----------------------------------------------------------------------------------------------------

    def build(self, input_shape):
        """Make the weights for inputs of that shape (batch first, None where unknown)."""
        self.built = True

    def call(self, inputs):
        """Compute the outputs; written by each layer."""
        raise ArgumentError(f"{type(self).__name__} needs a method call(self, inputs).")

    def _build_on(self, args, kwargs):
        """Build for these tensors (real or symbolic), once."""
        if self.built:
            return
        first = args[0] if args else next(iter(kwargs.values()), None)
        if len(args) > 1 and all(torch.is_tensor(a) or isinstance(a, KerasTensor) for a in args):
            takes = len(inspect.signature(self.build).parameters)
            shapes = [shape_of(argument) for argument in args]
            if takes > 1:
                return self._build_with(*shapes[:takes])
        self._build_with(shape_of(first))

    def _build_with(self, *shapes):
        self.build(*shapes)
        self._finish_build(shapes)

    def _finish_build(self, shapes):
        self.built = True
        self.built_input_shape = shapes[0] if len(shapes) == 1 else shapes
        if self._initial_weights is not None:
            values, self._initial_weights = self._initial_weights, None
            self.set_weights(values)

    def add_weight(self, *args, **kwargs):
        """Make a weight: add_weight(shape, initializer, dtype, trainable, ..., name=...), as in Keras.

        axes, stored_shape (by name): how it is stored, see Weight. Keras 2's order, the name first, is understood.
        """
        if args and isinstance(args[0], str):
            old_spelling("add_weight(name, shape)", "add_weight(shape, ..., name=...)")
            kwargs.update(zip(_OLD_ORDER, args, strict=False))
            args = ()
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
            value = initializer(shape, dtype=variable_dtype)
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
                self.register_buffer(name, value)
                return
        elif isinstance(value, (list, tuple, dict)) and not name.startswith("_"):
            value = tracked(self, name, value)
        super().__setattr__(name, value)

    def _apply(self, fn, recurse=True):
        # torch replaces buffers when a module moves; ours stay the same Weight objects.
        held = {name: buffer for name, buffer in self._buffers.items() if isinstance(buffer, Weight)}
        super()._apply(fn, recurse)
        for name, weight in held.items():
            weight.data = self._buffers[name].data
            self._buffers[name] = weight
        return self

    # Weights ------------------------------------------------------------------------------------------------------

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
        return [module for module in self._modules.values() if isinstance(module, Layer)]

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
        return type(self).load_own_variables is Layer.load_own_variables

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

    # Losses -------------------------------------------------------------------------------------------------------

    def add_loss(self, loss):
        """Add a scalar tensor to what training minimises, for the call under way."""
        for term in loss if isinstance(loss, (list, tuple)) else [loss]:
            self._call_losses.append(term() if callable(term) and not torch.is_tensor(term) else term)

    def _regularize_activity(self, outputs):
        for output in pytree.tree_leaves(outputs):
            if torch.is_tensor(output):
                # Keras divides by the batch so that the term does not depend on its size.
                self._call_losses.append(self.activity_regularizer(output) / output.shape[0])

    @property
    def losses(self):
        """The extra terms of the loss: those added during the last call, and the weights' regularizers."""
        layers = self._flatten_layers()
        added = [term for layer in layers for term in layer._call_losses]
        return added + [
            weight.regularizer(weight.keras_view(weight))
            for weight in self.trainable_weights
            if weight.regularizer is not None
        ]

    def _clear_losses(self):
        for layer in self._flatten_layers():
            layer._call_losses.clear()

    # Identity -----------------------------------------------------------------------------------------------------

    @property
    def dtype(self):
        return self.dtype_policy.variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self):
        return self.dtype_policy.compute_dtype

    @property
    def path(self):
        return self.name

    def _node(self, index):
        if not self._inbound_nodes:
            raise NotBuiltError(
                f"{type(self).__name__} '{self.name}' has not been called on an Input yet, so it has no input or "
                "output. Give the model an Input, or call it on one."
            )
        return self._inbound_nodes[index]

    @property
    def input(self):
        """The KerasTensor(s) this layer was first called on."""
        inputs = self._node(0).inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self):
        """The KerasTensor(s) this layer's first call made."""
        return self._node(0).outputs

    def get_input_at(self, node_index):
        inputs = self._node(node_index).inputs
        return inputs[0] if len(inputs) == 1 else inputs

    def get_output_at(self, node_index):
        return self._node(node_index).outputs

    @property
    def input_shape(self):
        return shape_of(self.input)

    @property
    def output_shape(self):
        return shape_of(self.output)

    # Configuration ------------------------------------------------------------------------------------------------

    def get_config(self):
        """The constructor's arguments as plain data, with Keras' keys."""
        config = {"name": self.name, "trainable": self._trainable, "dtype": _policy_config(self.dtype_policy)}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = plain(self.activity_regularizer)
        config.update(configured_arguments(self, Layer))
        return config

    @classmethod
    def from_config(cls, config):
        """The layer that `get_config` describes, with fresh weights."""
        parameters = inspect.signature(cls.__init__).parameters.values()
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return cls(**config)
        # A class whose constructor takes no name still gets the one it was saved with.
        taken = {parameter.name for parameter in parameters}
        layer = cls(**{key: value for key, value in config.items() if key in taken or key not in _GENERAL})
        layer.name = config.get("name", layer.name)
        if not config.get("trainable", True):
            layer.trainable = False
        return layer

    def get_build_config(self):
        shape = self.built_input_shape
        return None if shape is None else {"input_shape": shape}

    def build_from_config(self, config):
        if config and "input_shape" in config and not self.built:
            shape = config["input_shape"]
            self._build_with(tuple(shape) if isinstance(shape, list) and not _nested(shape) else shape)

    def extra_repr(self):
        return f"name={self.name}"


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


def _finishing(build):
    """A layer's own `build` such that calling it directly, too, leaves a built layer."""

    @functools.wraps(build)
    def build_and_finish(self, *shapes, **named):
        build(self, *shapes, **named)
        shapes = (*shapes, *named.values())
        # When a subclass calls super().build(...), it is not done yet.
        if type(self).build is build_and_finish and shapes and shapes[0] is not None and not self.built:
            self._finish_build(shapes)

    return build_and_finish


def _weight_dtype(dtype):
    """The torch dtype of a weight: a float format or policy, or a whole-number type ('int' is int32, as in Keras)."""
    named = getattr(torch, str(dtype).removeprefix("torch."), None) if not isinstance(dtype, dict) else None
    if isinstance(named, torch.dtype) and not named.is_floating_point:
        return named
    return mixed_precision.get(dtype).torch_variable_dtype


def training_phase():
    """True or False while a call with a known `training` is under way, else None."""
    return getattr(_phase, "training", None)


def _takes_training(cls):
    parameters = inspect.signature(cls.call).parameters.values()
    return any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)


def _nested(shape):
    return any(isinstance(entry, (list, tuple)) for entry in shape)


def _policy_config(policy):
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": policy.get_config(),
        "registered_name": None,
    }


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


def _as_symbolic(shape, dtype):
    """KerasTensor(s) for a shape, or a list or dict of shapes."""
    if isinstance(shape, dict):
        return {key: _as_symbolic(entry, dtype) for key, entry in shape.items()}
    if isinstance(shape, list) or (isinstance(shape, tuple) and _nested(shape)):
        return type(shape)(_as_symbolic(entry, dtype) for entry in shape) if _nested(shape) else KerasTensor(shape)
    return KerasTensor(shape, dtype)
