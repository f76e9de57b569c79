"""Exact rewrites of a model's graph that make it faster.

For training, runs of layers that anmok knows become chains (models/fast): one node of autograd each, in which ReLU
and dropout work in place and ReLU moves behind max-pooling, which it commutes with. Layers it does not know, layers
with hooks, and layers whose output somebody else reads too stay as they are.
"""

import collections

import torch

from anmok import activations, layers
from anmok.models.fast.chain import Chain
from anmok.models.fast.pieces import (
    BatchNormalizationPiece,
    ConvolutionPiece,
    DensePiece,
    DropoutPiece,
    FlattenPiece,
    GlobalAveragePiece,
    MaxPoolingPiece,
    SumPiece,
    Tail,
)
from anmok.training.precision import computing


def training_forward(model, dtype):
    """A function (inputs, training) -> outputs for training steps, or None to run the model as it is.

    dtype: the format of the arithmetic, torch.float32 or a shorter one.
    """
    if model.graph is None or _has_hooks(model):
        return None
    operations = _Rewriter(model.graph, dtype).operations
    if not any(isinstance(operation, _ChainOperation) for operation in operations):
        return None
    return Plan(model, operations, dtype)


class Plan:
    """A model's graph as a list of operations on numbered values."""

    def __init__(self, model, operations, dtype):
        self._model = model
        self._graph = model.graph
        self._operations = operations
        self._dtype = dtype
        last_use = {}
        for index, operation in enumerate(operations):
            for slot in operation.inputs:
                last_use[slot] = index
        for slot in self._graph.output_slots:
            last_use.pop(slot, None)
        self._release = [[] for _ in operations]
        for slot, index in last_use.items():
            self._release[index].append(slot)

    def __call__(self, inputs, training=True):
        values = dict(zip(self._graph.input_slots, self._model._read(inputs), strict=True))
        for operation, release in zip(self._operations, self._release, strict=True):
            operation(values)
            for slot in release:
                del values[slot]
        return self._graph.output_structure([values[slot] for slot in self._graph.output_slots])


class _ChainOperation:
    def __init__(self, inputs, dtype):
        self.inputs = list(inputs)
        self.output = None
        self.pieces = []
        self._dtype = dtype

    def finish(self):
        self._chain = Chain(self.pieces, self._dtype)

    def __call__(self, values):
        values[self.output] = self._chain(*(values[slot] for slot in self.inputs))


class _LayerOperation:
    """A layer as it is, under autocast where the chains around it compute in a shorter format."""

    def __init__(self, step, slots, dtype):
        self._step, self._slots, self._dtype = step, slots, dtype
        self.inputs = [slots[slot] for slot in step.inputs]
        self._outputs = [slots[slot] for slot in step.outputs]

    def __call__(self, values):
        step = self._step
        args, kwargs = step.arguments({slot: values[self._slots[slot]] for slot in step.inputs})
        short = None if self._dtype is torch.float32 else self._dtype
        device = values[self.inputs[0]].device if self.inputs else torch.device("cpu")
        with computing(device, short):
            result = step.layer(*args, **{"training": True, **kwargs})
        tensors = [result] if torch.is_tensor(result) else list(_tensors(result))
        for slot, tensor in zip(self._outputs, tensors, strict=True):
            values[slot] = tensor


class _FunctionOperation:
    """The activation function at the end of a layer whose linear part is in a chain."""

    def __init__(self, function, source, output):
        self._function = function
        self.inputs, self.output = [source], output

    def __call__(self, values):
        values[self.output] = self._function(values[self.inputs[0]])


class _Rewriter:
    """Walks the steps of a graph once and sorts them into chains and single layers."""

    def __init__(self, graph, dtype):
        self._dtype = dtype
        self.operations = []
        self._open = {}  # slot -> the chain operation that makes it and may still grow
        self._fresh = -1  # slots that the rewriting adds are negative
        self._readers = collections.Counter()
        slots = {slot: slot for slot in range(graph.slot_count)}
        self._count_readers(graph, slots)
        for slot in graph.output_slots:
            self._readers[slot] += 2
        self._walk(graph, slots)
        for operation in self.operations:
            if isinstance(operation, _ChainOperation):
                operation.finish()

    def _count_readers(self, graph, slots):
        for step in graph.steps:
            for slot in step.inputs:
                self._readers[slots[slot]] += 1

    def _walk(self, graph, slots):
        for step in graph.steps:
            inner = _inlined(step)
            if inner is not None:
                self._enter(inner, step, slots)
            elif not self._try(step, slots):
                self.operations.append(_LayerOperation(step, dict(slots), self._dtype))

    def _enter(self, inner, step, slots):
        """A model within the model: its steps as if they stood here."""
        names = {}
        for slot in range(inner.slot_count):
            names[slot] = self._new_slot()
        names[inner.input_slots[0]] = slots[step.single]
        names[inner.output_slots[0]] = slots[step.outputs[0]]
        self._readers[slots[step.single]] -= 1
        self._count_readers(inner, names)
        self._walk(inner, names)

    def _new_slot(self):
        self._fresh -= 1
        return self._fresh

    def _try(self, step, slots):
        """Put the step into a chain if it can be; True if it could."""
        layer = step.layer
        if step.kwargs or not self._is_plain(layer):
            return False
        output = slots[step.outputs[0]]
        if type(layer) is layers.Add and len(step.inputs) == 2:
            shapes = {tuple(tensor.shape) for tensor in step.node.inputs}
            if len(shapes) == 1 and len(set(step.inputs)) == 2:
                self._start([slots[slot] for slot in step.inputs], SumPiece(Tail()), output)
                return True
            return False
        if step.single is None:
            return False
        source, shape = slots[step.single], step.node.inputs[0].shape
        kind = type(layer)
        if kind is layers.Dropout:
            return self._dropout(layer, source, output)
        if kind is layers.MaxPooling2D:
            return self._pooling(layer, source, output)
        if kind is layers.Activation or kind is layers.ReLU:
            return _is_relu(layer) and self._relu(source, output)
        piece = _piece(layer, shape)
        if piece is None:
            return False
        activation = getattr(layer, "activation", activations.linear)
        if activation is activations.relu:
            piece.tail.relu = True
        if activation in (activations.relu, activations.linear):
            self._append(piece, source, output)
        else:
            between = self._new_slot()
            self._append(piece, source, between)
            self._open.pop(between)
            self.operations.append(_FunctionOperation(activation, between, output))
        return True

    def _is_plain(self, layer):
        """Whether the layer does nothing besides what its class does, in the chain's format."""
        policy = layer.dtype_policy
        fits = policy.is_automatic or (
            policy.torch_compute_dtype is self._dtype and policy.torch_variable_dtype is torch.float32
        )
        first_last = getattr(layer, "data_format", "channels_last") == "channels_last"
        return fits and first_last and layer.built and layer.activity_regularizer is None and not _has_hooks(layer)

    # Growing chains ---------------------------------------------------------------------------------------------

    def _start(self, sources, piece, output):
        operation = _ChainOperation(sources, self._dtype)
        operation.pieces.append(piece)
        self.operations.append(operation)
        operation.output = output
        self._open[output] = operation

    def _growing(self, source):
        """The chain that ends in `source`, if nobody else reads it."""
        return self._open.get(source) if self._readers[source] == 1 else None

    def _extend(self, operation, source, output):
        self._open.pop(source)
        operation.output = output
        self._open[output] = operation
        # A chain runs where its last piece stood: what it grew over may have been made meanwhile.
        self.operations.remove(operation)
        self.operations.append(operation)

    def _append(self, piece, source, output):
        operation = self._growing(source)
        if operation is None:
            self._start([source], piece, output)
        else:
            operation.pieces.append(piece)
            self._extend(operation, source, output)

    def _relu(self, source, output):
        operation = self._growing(source)
        tail = getattr(operation.pieces[-1], "tail", None) if operation else None
        if tail is None or tail.relu or tail.dropout is not None:
            return False
        tail.relu = True
        self._extend(operation, source, output)
        return True

    def _pooling(self, layer, source, output):
        if layer.padding != "valid":
            return False
        operation = self._growing(source)
        tail = getattr(operation.pieces[-1], "tail", None) if operation else None
        halves = layer.pool_size == (2, 2) and layer.strides == (2, 2)
        if halves and tail is not None and tail.relu and not tail.pool and tail.dropout is None:
            tail.pool = True
            self._extend(operation, source, output)
        elif operation is not None:
            self._append(MaxPoolingPiece(layer), source, output)
        else:
            return False
        return True

    def _dropout(self, layer, source, output):
        if layer.noise_shape is not None:
            return False
        operation = self._growing(source)
        tail = getattr(operation.pieces[-1], "tail", None) if operation else None
        if tail is not None and tail.dropout is None:
            tail.dropout = layer
            self._extend(operation, source, output)
        elif layer.rate:
            self._append(DropoutPiece(layer), source, output)
        else:
            return False
        return True


def _piece(layer, shape):
    """The piece that does what the layer does on inputs of that shape, or None."""
    kind = type(layer)
    if kind is layers.Conv2D:
        return ConvolutionPiece(layer, Tail())
    if kind is layers.Dense:
        return DensePiece(layer, Tail())
    if kind is layers.BatchNormalization and len(shape) == 4 and layer.axis in (-1, 3) and layer.trainable:
        return BatchNormalizationPiece(layer, Tail())
    if kind is layers.Flatten:
        return FlattenPiece()
    if kind is layers.GlobalAveragePooling2D and not layer.keepdims:
        return GlobalAveragePiece()
    return None


def _is_relu(layer):
    if type(layer) is layers.Activation:
        return layer.activation is activations.relu
    return layer.max_value is None and not layer.negative_slope and not layer.threshold


def _has_hooks(layer):
    return bool(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer._backward_pre_hooks)


def _inlined(step):
    """The graph of a model that is a step of another, where it may be walked in its place; else None."""
    graph = getattr(step.layer, "graph", None)
    if graph is None or step.single is None or _has_hooks(step.layer) or step.layer.activity_regularizer is not None:
        return None
    if not getattr(type(step.layer), "runs_its_graph", False):
        return None
    simple = len(graph.input_slots) == len(graph.output_slots) == 1 and graph.input_slots != graph.output_slots
    return graph if simple else None


def _tensors(structure):
    return (leaf for leaf in torch.utils._pytree.tree_leaves(structure) if torch.is_tensor(leaf))


def inference_forward(model):
    """A function (inputs, training) -> outputs for evaluation and prediction, or None to run the model as it is."""
    return None
