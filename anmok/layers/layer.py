"""The class behind every layer: Keras' Layer, written as a torch Module."""

import contextlib
import functools
import inspect
import threading

import numpy as np
import torch
from torch.utils import _pytree as pytree

from anmok import mixed_precision, outside, regularizers
from anmok.errors import ArgumentError, unknown_name
from anmok.layers.config import configured_arguments, plain
from anmok.layers.graph_member import GraphMember
from anmok.layers.input_spec import check as check_spec
from anmok.layers.naming import automatic_name
from anmok.layers.old_arguments import understanding
from anmok.layers.symbolic import KerasTensor, is_nested, is_symbolic, shape_of
from anmok.layers.weight_holder import WeightHolder
from anmok.metrics import Mean, Metric

_GENERAL = ("name", "trainable", "dtype")  # what every config has
_phase = threading.local()  # .training: what the outermost call was given


class Layer(GraphMember, WeightHolder):
    """A layer as in Keras: weights made when the first input is seen, called on tensors or symbolic tensors.

    Subclasses write `build(input_shape)` (optional), `call(inputs, training=None)` and `get_config()`. Inside `call`
    the tensors are torch tensors, batch first, channels last.

    A layer computes for inference unless `training=True` is passed, or `train()` was called as on any torch Module.
    """

    input_spec = None  # an InputSpec, or one for each input: what the shapes it is built for must be

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _finishing(cls.build)
        if "call" in cls.__dict__:
            if not outside.is_ours(cls.call):
                _open_to_theirs(cls)
            cls.call = outside.theirs(cls.call)
        if "compute_output_shape" in cls.__dict__ and not outside.is_ours(cls.compute_output_shape):
            cls.compute_output_shape = _of_their_shapes(cls.compute_output_shape)
        if "__init__" in cls.__dict__ and cls.__module__.split(".")[0] == "anmok":
            cls.__init__ = understanding(cls.__init__)

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
        self.__dict__["loss_functions"], self.__dict__["added_metrics"] = [], {}
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
            if outside.kind is not None and outside.kind.brings_numbers((args, kwargs)):
                return outside.kind.answer(self._forward_numbers, args, {**kwargs, "training": training})
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
        if outer is training or not (self._modules or self.may_need_numbers):
            outputs = self.call(*args, **kwargs)
        else:
            if outer is None:
                self._clear_losses()  # those of the last call
            _phase.training = training
            try:
                outputs = self.call(*args, **kwargs)
            finally:
                _phase.training = outer
        if self.activity_regularizer is not None:
            if outer is None and not self._modules:
                self._call_losses.clear()
            self._regularize_activity(outputs)
        return outputs

    def _forward_numbers(self, *args, **kwargs):
        def convert(leaf):
            is_number = isinstance(leaf, (int, float, np.generic)) and not isinstance(leaf, bool)
            return (
                torch.as_tensor(leaf, dtype=torch.float32 if isinstance(leaf, float) else None) if is_number else leaf
            )

        fresh = not self.built
        args, kwargs = self._prepare(args, kwargs)
        args = pytree.tree_map(convert, args)
        if fresh and args and torch.is_tensor(args[0]) and args[0].is_meta:
            return self._run_on_meta(args, kwargs)  # built in the middle of a shape trial, as in forward
        return self.forward(*args, **kwargs)

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
        if self.input_spec is not None:
            check_spec(self, shapes)
        self.built = True
        self.built_input_shape = shapes[0] if len(shapes) == 1 else shapes
        if self._initial_weights is not None:
            values, self._initial_weights = self._initial_weights, None
            self.set_weights(values)

    # Losses -------------------------------------------------------------------------------------------------------

    def add_loss(self, loss, inputs=None):
        """Add to what training minimises: a tensor, for the call under way, or outside calls a function that gives one.

        A tensor of several numbers counts as their sum (as in Keras). inputs: what Keras 2 was told that the loss
        depends on, which every call finds out by itself.
        """
        del inputs
        for term in loss if isinstance(loss, (list, tuple)) else [loss]:
            if isinstance(term, KerasTensor):
                self._add_symbolic_loss(term)
                continue
            if callable(term) and not torch.is_tensor(term):
                if getattr(_phase, "training", None) is None:
                    self.loss_functions.append(lambda term=term: _scalar(outside.ask(term)))
                    continue
                term = term()
            self._call_losses.append(_scalar(term))

    def add_metric(self, value, name=None, aggregation="mean"):
        """Within `call`: report the mean of a tensor's values over an epoch under that name (as in Keras 2).

        Without a name the value is what a Metric of this layer has just returned, and that Metric is reported.
        """
        if name is None:
            own = self._metric_that_gave(value)
            self.added_metrics[own.name] = own
            return
        if aggregation not in ("mean", None):
            raise ArgumentError(f"add_metric: aggregation must be 'mean', got {aggregation!r}.")
        if name not in self.added_metrics:
            self.added_metrics[name] = Mean(name=name)
        if not (torch.is_tensor(value) and value.is_meta):
            self.added_metrics[name].update_state(value)

    def _metric_that_gave(self, value):
        own = [metric for metric in vars(self).values() if isinstance(metric, Metric)]
        if len(own) > 1:
            own = [metric for metric in own if float(outside.plain(metric.result())) == float(value)]
        if len(own) != 1:
            raise ArgumentError(
                f"{type(self).__name__} '{self.name}': add_metric needs a name, unless a Metric that "
                "the layer keeps gave the value."
            )
        return own[0]

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
        added += [function() for layer in layers for function in layer.loss_functions]
        terms = added + [
            weight.regularizer(weight.keras_view(weight))
            for weight in self.trainable_weights
            if weight.regularizer is not None
        ]
        return terms if outside.kind is None else outside.kind.answer(list, (terms,), {})

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
            self._build_with(tuple(shape) if isinstance(shape, list) and not is_nested(shape) else shape)

    def extra_repr(self):
        return f"name={self.name}"


def _finishing(build):
    """A layer's own `build` such that calling it directly, too, leaves a built layer."""
    ours = outside.is_ours(build)

    @functools.wraps(build)
    def build_and_finish(self, *shapes, **named):
        if outside.kind is not None and not ours:
            build(self, *map(outside.kind.shape, shapes), **named)
        else:
            build(self, *shapes, **named)
        shapes = (*shapes, *named.values())
        # When a subclass calls super().build(...), it is not done yet.
        if type(self).build is build_and_finish and shapes and shapes[0] is not None and not self.built:
            self._finish_build(shapes)

    return build_and_finish


def _of_their_shapes(compute):
    """A person's `compute_output_shape`, which gets shapes as that person expects them."""

    @functools.wraps(compute)
    def compute_output_shape(self, *shapes):
        return compute(self, *(shapes if outside.kind is None else map(outside.kind.shape, shapes)))

    return compute_output_shape


@contextlib.contextmanager
def one_call(training):
    """What happens within is part of one call of a model: layers add up their losses and know `training`."""
    outer = getattr(_phase, "training", None)
    _phase.training = training
    try:
        yield
    finally:
        _phase.training = outer


def _open_to_theirs(cls):
    """Let the `call` of our layer that a person's class derives from take that person's tensors: super().call(x)."""
    heir = next((each for each in cls.__mro__[1:] if "call" in vars(each)), Layer)
    if heir is not Layer and heir.__module__.startswith("anmok.layers.") and not hasattr(heir.call, "__wrapped__"):
        heir.call = outside.border(heir.call)


def _scalar(term):
    term = outside.plain(term)
    return term.sum() if torch.is_tensor(term) and term.dim() else term


def _takes_training(cls):
    parameters = inspect.signature(cls.call).parameters.values()
    return any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)


def _policy_config(policy):
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": policy.get_config(),
        "registered_name": None,
    }
