"""Sequential: a plain stack of layers."""

from anmok.errors import ArgumentError, NotBuiltError
from anmok.layers import CenterCrop, Input, InputLayer, KerasTensor, Layer, Rescaling, Resizing
from anmok.layers import registered as layer_table
from anmok.layers.data_layer import DataLayer
from anmok.models.graph import Graph
from anmok.models.model import Model

_FOR_DATA = (CenterCrop, Rescaling, Resizing)


@layer_table.add
class Sequential(Model):
    """Layers one after the other (as in Keras).

    layers: a list, or one layer; more come by `add`. The weights are made when the input shape is known: from an
    Input, from `input_shape=` on the first layer, from `build(input_shape)`, or from the first data.
    """

    runs_its_graph = True
    keras_module = "keras"

    def __init__(self, layers=None, trainable=True, name=None):
        super().__init__(trainable=trainable, name=name)
        self._stack = []
        self._start = self._end = None
        for layer in [layers] if isinstance(layers, Layer) else layers or []:
            self.add(layer)

    def __getstate__(self):
        ends = {} if self.graph is None else {"_start": None, "_end": None}
        return {**super().__getstate__(), **ends}

    def __setstate__(self, state):
        super().__setstate__(state)
        if self._graph is not None:
            self._start, self._end = self._graph.inputs, self._graph.outputs

    def add(self, layer, rebuild=True):
        """Put a layer (or a whole model) on top."""
        if isinstance(layer, KerasTensor):
            layer = layer.node.layer
        if not isinstance(layer, Layer):
            raise ArgumentError(
                f"Sequential.add expects a layer, such as Dense(10), got {layer!r}"
                + (". Write the layer with its parentheses." if isinstance(layer, type) else ".")
            )
        if any(layer is known for known in self._stack):
            raise ArgumentError(f"The layer '{layer.name}' is in this Sequential already; make a second one.")
        if any(layer.name == known.name for known in self._stack):
            raise ArgumentError(f"All layers of a Sequential need different names; '{layer.name}' is there already.")
        if isinstance(layer, InputLayer):
            if self._stack:
                raise ArgumentError("An Input must be the first layer of a Sequential.")
            self._start = self._end = layer.output
            return
        if not self._stack and self._start is None:
            shape = layer._input_shape_argument
            if shape is None and getattr(layer, "graph", None) is not None:
                shape = layer.input_shape
            if isinstance(shape, tuple):
                self._start = self._end = Input(batch_shape=shape)
        self._register(layer)
        self._stack.append(layer)
        self._follow_its_layers()
        self._graph = None
        if self._end is not None:
            try:
                self._end = layer(self._end)
            except Exception:
                self._stack.pop()
                self._follow_its_layers()
                raise
            self.built = True
            self.built_input_shape = self._start.shape
            self._apply_trainable()

    def pop(self, rebuild=True):
        """Take the topmost layer away and return it."""
        if not self._stack:
            raise ArgumentError("There is no layer to pop: the Sequential is empty.")
        layer = self._stack.pop()
        self._follow_its_layers()
        self._modules = {key: module for key, module in self._modules.items() if module is not layer}
        self._graph = None
        if self._end is not None:
            node = self._end.node
            self._end = node.inputs[0]
            layer._inbound_nodes.remove(node)
        if not self._stack:
            self.built = False
        return layer

    def _follow_its_layers(self):
        """A stack that only changes images takes any size, and augments when called by itself (as in Keras)."""
        augments = any(isinstance(layer, DataLayer) for layer in self._stack)
        self._takes_any_size = all(isinstance(layer, (DataLayer, *_FOR_DATA)) for layer in self._stack)
        self.training = augments and self._takes_any_size

    def build(self, input_shape=None):
        """Make the weights for inputs of that batch shape, such as (None, 28, 28, 1)."""
        if self._start is not None:
            return
        if input_shape is None:
            raise ArgumentError("Sequential.build needs the input shape, such as (None, 28, 28, 1).")
        if not self._stack:
            raise ArgumentError("This Sequential has no layers to build; add some first.")
        end = start = Input(batch_shape=tuple(input_shape))
        for layer in self._stack:
            end = layer(end)
        self._start, self._end = start, end
        self.built = True
        self.built_input_shape = start.shape
        self._apply_trainable()

    @property
    def graph(self):
        if self._graph is None and self._end is not None and self._stack:
            self._graph = Graph(self._start, self._end)
        return self._graph

    @property
    def layers(self):
        """The layers, without the Input."""
        return list(self._stack)

    def _sublayers(self):
        return list(self._stack)

    def compute_output_shape(self, input_shape):
        for layer in self._stack:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self):
        layers = list(self._stack)
        if self._start is not None:
            layers.insert(0, self._start.node.layer)
        config = {**self._general_config(), "layers": [layer_table.serialize(layer) for layer in layers]}
        if self.built_input_shape is not None:
            config["build_input_shape"] = self.built_input_shape
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        if isinstance(config, list):  # so written before Keras 2.2.3
            config = {"layers": config}
        model = cls(name=config.get("name"), trainable=config.get("trainable", True))
        for entry in config["layers"]:
            model.add(layer_table.deserialize(entry, custom_objects))
        if not model.built and config.get("build_input_shape"):
            model.build(tuple(config["build_input_shape"]))
        return model

    def _require_graph(self, what):
        if self._end is None:
            raise NotBuiltError(
                f"Sequential '{self.name}' does not know its input shape yet, so it has no {what}. "
                "Start it with an Input, or call build((None, ...)) or fit."
            )

    @property
    def input(self):
        self._require_graph("input")
        return self._start

    @property
    def output(self):
        self._require_graph("output")
        return self._end

    @property
    def inputs(self):
        return None if self._start is None else [self._start]

    @property
    def outputs(self):
        return None if self._end is None else [self._end]
