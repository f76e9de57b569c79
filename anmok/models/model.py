"""Model: a network that can be compiled, trained, evaluated, used and saved, as in Keras."""

import torch
from torch.utils import _pytree as pytree

from anmok import saving
from anmok.errors import ArgumentError, NotBuiltError, unknown_name
from anmok.layers import Layer
from anmok.layers.added import AddedLoss, AddedMetric
from anmok.layers.symbolic import is_symbolic, shape_of, symbolic_leaves
from anmok.layers.weight_holder import default_device
from anmok.models.fast.forms import FastForms
from anmok.models.graph import Graph, rerooted
from anmok.models.inputs import InputReader
from anmok.models.summary import summarize
from anmok.models.trainer import Trainer
from anmok.notices import old_spelling


class Model(Trainer, Layer):
    """A network (as in Keras).

    `Model(inputs, outputs)` takes the graph between symbolic tensors; a subclass writes `call(self, inputs)`.
    """

    _functional_class = None  # set by functional.py
    runs_its_graph = False  # whether `call` does nothing but run the graph

    def __new__(cls, *args, **kwargs):
        if cls is Model and _is_functional(args, kwargs):
            cls = cls._functional_class
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        functional = _is_functional(args, kwargs)
        if functional:
            inputs, outputs, kwargs = _functional_arguments(args, kwargs)
        elif args:
            raise ArgumentError(
                f"{type(self).__name__}: expected Model(inputs, outputs) with symbolic tensors, got {len(args)} "
                f"argument(s) of type {', '.join(type(argument).__name__ for argument in args)}."
            )
        super().__init__(**kwargs)
        self._graph = None
        self._reader = None
        self._takes_any_size = False
        self._follows_policy = False  # the layers inside follow theirs
        self._start_trainer()
        if functional:
            self._graph = Graph(*rerooted(inputs, outputs))
            for layer in self._graph.layers:
                self._register(layer)
            self.built = True
            self.built_input_shape = pytree.tree_map(lambda tensor: tensor.shape, self._graph.inputs)
            self._apply_trainable()

    def __getstate__(self):
        given = ((), {}) if is_symbolic(self._given_arguments) else self._given_arguments
        return {**super().__getstate__(), "_graph": self.graph, "_reader": None, "_given_arguments": given}

    def _register(self, layer):
        """Make a layer a torch submodule, under its own name where that is free."""
        if any(module is layer for module in self._modules.values()):
            return
        name = layer.name.replace(".", "_")
        while name in self._modules or hasattr(type(self), name) or name in self.__dict__:
            name += "_"
        self._modules[name] = layer

    def _apply_trainable(self):
        if not self._trainable:
            self.trainable = False
        else:
            self._mark_trainable()

    def _general_config(self):
        return {"name": self.name, "trainable": self._trainable}

    def add_loss(self, loss, inputs=None):
        """As of every layer; or add symbolic tensors of this model's graph to what training minimises."""
        terms = symbolic_leaves(loss)
        if not terms:
            return super().add_loss(loss, inputs)
        return self._also_compute([AddedLoss()(term) for term in terms])

    def add_metric(self, value, name=None, aggregation="mean"):
        """As of every layer; or report the mean of a symbolic tensor of this model's graph under that name."""
        if not is_symbolic(value):
            return super().add_metric(value, name, aggregation)
        return self._also_compute([AddedMetric(reported=name)(value)])

    def _also_compute(self, tensors):
        self._require_graph("losses")
        self._graph = Graph(self.graph.inputs, self.graph.outputs, [*self.graph.also, *tensors])
        for tensor in tensors:
            self._register(tensor.node.layer)
        self._fast = FastForms(self)
        if self._task is not None:
            self.compile(**self._compile_arguments)

    # Structure ----------------------------------------------------------------------------------------------------

    @property
    def graph(self):
        """The Graph of a functional or sequential model; None for one that only has `call`."""
        return self._graph

    @property
    def layers(self):
        """The layers directly inside, in Keras' order."""
        return list(self.graph.layers) if self.graph is not None else super()._sublayers()

    def _sublayers(self):
        return self.layers

    def get_layer(self, name=None, index=None):
        """The layer of that name or index; an unknown name raises with the nearest one offered."""
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(f"There is no layer {index}: model '{self.name}' has {len(layers)} layers.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise unknown_name(f"layer of model '{self.name}'", name, [layer.name for layer in layers])

    @property
    def inputs(self):
        return None if self.graph is None else list(self.graph.input_list)

    @property
    def outputs(self):
        return None if self.graph is None else list(self.graph.output_list)

    @property
    def input(self):
        self._require_graph("input")
        return self.graph.inputs

    @property
    def output(self):
        self._require_graph("output")
        return self.graph.outputs

    def _require_graph(self, what):
        if self.graph is None:
            raise NotBuiltError(
                f"Model '{self.name}' is written as a call() method, so it has no symbolic {what}. "
                "Build it as Model(inputs, outputs) or Sequential to look inside."
            )

    @property
    def input_names(self):
        return [tensor.node.layer.name for tensor in self.inputs or []]

    @property
    def output_names(self):
        """Names of the outputs: of the layers that make them, or the keys of a dict of outputs."""
        if self.graph is None:
            return None
        if isinstance(self.graph.outputs, dict):
            return list(self.graph.outputs)
        return [tensor.node.layer.name for tensor in self.graph.output_list]

    # Computing ----------------------------------------------------------------------------------------------------

    def build(self, input_shape=None):
        """Make the weights of a subclassed model by running it on an input of that batch shape, unknown sizes as 1."""
        if self.graph is not None or input_shape is None:
            self.built = True
            return
        if type(self).call is Model.call:
            raise ArgumentError(f"{type(self).__name__} needs a method call(self, inputs).")

        def zeros(shape):
            return torch.zeros([1 if length is None else length for length in shape], device=default_device())

        nested = isinstance(input_shape, dict) or any(isinstance(entry, (list, tuple)) for entry in input_shape)
        if isinstance(input_shape, dict):
            inputs = {key: zeros(shape) for key, shape in input_shape.items()}
        else:
            inputs = [zeros(shape) for shape in input_shape] if nested else zeros(input_shape)
        self.built = True
        with torch.no_grad():
            self.call(inputs)

    def _build_on(self, args, kwargs):
        if self.graph is None and not self.built and type(self).build is Model.build:
            # A subclass builds its layers as its call() reaches them.
            self.built = True
            self.built_input_shape = shape_of(args[0]) if args else None
            return
        super()._build_on(args, kwargs)

    def call(self, inputs, training=None, mask=None):
        graph = self.graph
        if graph is None:
            raise ArgumentError(f"{type(self).__name__} needs a method call(self, inputs).")
        if training:
            # Whoever trains by hand may update weights in ways that torch does not count (fused optimizers).
            self._fast.forget_inference()
        return graph.run(self._read(inputs), training)

    def _read(self, inputs):
        """The inputs as a list of tensors that fit the graph's inputs."""
        if self._reader is None or self._reader.graph is not self.graph:
            self._reader = InputReader(self.graph, self.name, any_size=self._takes_any_size)
        return self._reader(inputs)

    @property
    def device(self):
        """Where the weights are."""
        return next((weight.device for weight in self.parameters()), default_device())

    # Looking at it, keeping it ------------------------------------------------------------------------------------

    def summary(
        self,
        line_length=None,
        positions=None,
        print_fn=None,
        expand_nested=False,
        show_trainable=False,
        layer_range=None,
    ):
        """Print the table of layers, output shapes and parameters."""
        summarize(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    def save(self, filepath, overwrite=True, **kwargs):
        """Write the whole model (architecture, weights, compile arguments, optimizer state) to a `.keras` file."""
        saving.save_model(self, filepath, overwrite=overwrite, **kwargs)

    def save_weights(self, filepath, overwrite=True, **kwargs):
        """Write the weights to a `.weights.h5` (or `.safetensors`) file."""
        saving.save_weights(self, filepath, overwrite=overwrite, **kwargs)

    def load_weights(self, filepath, skip_mismatch=False, **kwargs):
        """Read weights from a file that `save_weights` (ours or Keras') wrote."""
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def save_training_state(self, path, epoch, step):
        """Write weights, optimizer state and seed, so that training can go on bit for bit from (epoch, step)."""
        saving.save_training_state(self, path, epoch, step)

    def load_training_state(self, path):
        """Read what `save_training_state` wrote; returns (epoch, step)."""
        return saving.load_training_state(self, path)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` describes, with fresh weights."""
        if cls is Model and "input_layers" in config:
            return cls._functional_class.from_config(config, custom_objects)
        with saving.custom_object_scope(custom_objects or {}):
            return super().from_config(config)

    def get_compile_config(self):
        """The arguments of `compile` as plain data; {} for a model that is not compiled (as in Keras)."""
        return saving.compile_config(self)

    def compile_from_config(self, config):
        """Compile with what `get_compile_config` (ours or Keras') returned."""
        saving.compile_from_config(self, config)

    def to_json(self, **kwargs):
        """The architecture as JSON text (as in Keras)."""
        return saving.model_to_json(self, **kwargs)


def _is_functional(args, kwargs):
    kwargs = {{"input": "inputs", "output": "outputs"}.get(key, key) for key in kwargs}
    return len(args) >= 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)


def _functional_arguments(args, kwargs):
    args, kwargs = list(args), dict(kwargs)
    for old, new in (("input", "inputs"), ("output", "outputs")):
        if old in kwargs:
            old_spelling(f"Model({old}=...)", f"Model({new}=...)")
            kwargs[new] = kwargs.pop(old)
    inputs = args.pop(0) if args else kwargs.pop("inputs")
    outputs = args.pop(0) if args else kwargs.pop("outputs")
    if args:
        kwargs.setdefault("name", args.pop(0))
    return inputs, outputs, kwargs
