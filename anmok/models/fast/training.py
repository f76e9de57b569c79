"""Training on a rewritten graph.

Runs of layers that anmok knows become chains: one node of autograd each, in which ReLU and dropout work in place and
ReLU moves behind max-pooling, which it commutes with. Layers it does not know, layers with hooks, and layers whose
output somebody else reads too stay as they are.
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
from anmok.models.fast.plan import (
    FunctionOperation,
    LayerOperation,
    Plan,
    halves,
    has_hooks,
    inlined,
    is_plain,
    is_relu,
)
from anmok.training.precision import is_large_matrix


def training_forward(model, dtype):
    """A function (inputs, training) -> outputs for training steps, or None to run the model as it is.

    dtype: the format of the arithmetic, torch.float32 or a shorter one.
    """
    if model.graph is None or has_hooks(model):
        return None
    operations = _Rewriter(model.graph, dtype).operations
    if not any(isinstance(operation, _ChainOperation) for operation in operations):
        return None
    plan = Plan(model, operations)
    plan.direct = _direct_pass(model, operations)
    return plan


def _direct_pass(model, operations):
    first, *rest = operations
    if not isinstance(first, _ChainOperation) or first.inputs != model.graph.input_slots:
        return None
    if len(rest) > 1 or not all(isinstance(operation, FunctionOperation) for operation in rest):
        return None
    if [operations[-1].output] != model.graph.output_slots:
        return None
    return DirectPass(model, first.chain, rest[0].function if rest else None)


class DirectPass:
    """A network that is one chain from its only input to its only output, run without autograd.

    end: the activation function behind the chain, or None.
    """

    def __init__(self, model, chain, end):
        self._model = model
        self.chain, self.end = chain, end

    def forward(self, inputs):
        """(what the chain gives, tape)."""
        return self.chain.forward(self._model._read(inputs))


class _ChainOperation:
    def __init__(self, inputs):
        self.inputs = list(inputs)
        self.output = None
        self.pieces = []

    def finish(self):
        self.chain = Chain(self.pieces)

    def __call__(self, values):
        values[self.output] = self.chain(*(values[slot] for slot in self.inputs))


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
            inner = inlined(step)
            if inner is not None:
                self._enter(inner, step, slots)
            elif not self._try(step, slots):
                self.operations.append(LayerOperation(step, slots, training=True, dtype=self._dtype))

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
        if step.kwargs or not is_plain(layer, self._dtype):
            return False
        output = slots[step.outputs[0]]
        if type(layer) is layers.Add and len(step.inputs) == 2:
            shapes = {tuple(tensor.shape) for tensor in step.node.inputs}
            if len(shapes) == 1 and len(set(step.inputs)) == 2:
                self._start([slots[slot] for slot in step.inputs], SumPiece(Tail(), self._dtype), output)
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
            return is_relu(layer) and self._relu(source, output)
        piece = _piece(layer, shape, self._dtype)
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
            self.operations.append(FunctionOperation(activation, between, output))
        return True

    # Growing chains ---------------------------------------------------------------------------------------------

    def _start(self, sources, piece, output):
        operation = _ChainOperation(sources)
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
        if halves(layer) and tail is not None and tail.relu and not tail.pool and tail.dropout is None:
            tail.pool = True
            self._extend(operation, source, output)
        elif operation is not None:
            self._append(MaxPoolingPiece(layer, self._dtype), source, output)
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
            self._append(DropoutPiece(layer, self._dtype), source, output)
        else:
            return False
        return True


def _piece(layer, shape, dtype):
    """The piece that does what the layer does on inputs of that shape, or None."""
    kind = type(layer)
    if kind is layers.Conv2D:
        return ConvolutionPiece(layer, Tail(), dtype)
    if kind is layers.Dense:
        # A short format pays for large matrices only; the last layer's logits are better for being exact.
        return DensePiece(layer, Tail(), dtype if is_large_matrix(layer.kernel) else torch.float32)
    if kind is layers.BatchNormalization and len(shape) == 4 and layer.axis in (-1, 3) and layer.trainable:
        return BatchNormalizationPiece(layer, Tail(), dtype)
    if kind is layers.Flatten:
        return FlattenPiece(dtype)
    if kind is layers.GlobalAveragePooling2D and not layer.keepdims:
        return GlobalAveragePiece(dtype)
    return None
