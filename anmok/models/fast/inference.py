"""Evaluation and prediction on a rewritten graph.

Batch normalization is folded into the convolution or Dense before it, zeros around images into the convolution or
pooling behind them; ReLU, also one with an upper limit, and the sum with a shortcut are computed together with the
convolution before them; dropout is left out. Folding rounds differently in the last digits; everything else is exact.
"""

import collections

import torch

from anmok import activations, layers
from anmok.models.fast.folded import FoldedConvolution, FoldedDense, Linear, MaxPooling, Sum
from anmok.models.fast.plan import LayerOperation, Plan, halves, has_hooks, inlined, is_plain, relu_limits

_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D)


def inference_forward(model, dtype=torch.float32):
    """A function (inputs, training=False) -> outputs that computes in that format, or None to run the model as it is.

    It holds folded copies of weights, which are those of the moment.
    """
    if model.graph is None or has_hooks(model):
        return None
    return Plan(model, _Folder(model.graph, dtype).operations)


class _Folder:
    """Walks the steps of a graph once."""

    def __init__(self, graph, dtype):
        self._dtype = dtype
        self.operations = []
        self._made_by = {}  # slot -> the operation of folded.py that makes it
        self._margins = {}  # slot of a ZeroPadding2D's output -> (layer, source, operation)
        self._aliases = {}  # slot of a layer that does nothing -> the slot it stands for
        self._fresh = -1
        self._readers = collections.Counter(graph.output_slots)
        self._readers.update(graph.output_slots)
        slots = {slot: slot for slot in range(graph.slot_count)}
        self._kept = set(graph.output_slots)
        self._walk(graph, slots)
        self._settle()

    def _walk(self, graph, slots):
        for step in graph.steps:
            for slot in step.inputs:
                self._readers[slots[slot]] += 1
        for step in graph.steps:
            for slot in step.inputs:
                slots[slot] = self._aliases.get(slots[slot], slots[slot])
            inner = inlined(step)
            if inner is not None and step.single is not None:
                self._enter(inner, step, slots)
            elif not self._try(step, slots):
                self.operations.append(LayerOperation(step, slots, training=False, dtype=self._dtype))

    def _enter(self, inner, step, slots):
        names = {}
        for slot in range(inner.slot_count):
            self._fresh -= 1
            names[slot] = self._fresh
        names[inner.input_slots[0]] = slots[step.single]
        names[inner.output_slots[0]] = slots[step.outputs[0]]
        self._readers[slots[step.single]] -= 1
        self._walk(inner, names)

    def _try(self, step, slots):
        layer, kind = step.layer, type(step.layer)
        if set(step.kwargs) - {"training"} or step.kwargs.get("training") or not is_plain(layer, self._dtype):
            return False
        output = slots[step.outputs[0]]
        if kind is layers.Add and len(step.inputs) == 2:
            if len({tuple(tensor.shape) for tensor in step.node.inputs}) > 1:
                return False
            self._add([slots[slot] for slot in step.inputs], output)
            return True
        if step.single is None:
            return False
        source = slots[step.single]
        if kind is layers.Dense:
            self._make(_activated(FoldedDense(layer, source, output, self._dtype)), output)
            return True
        if kind in _CONVOLUTIONS:
            self._make(_activated(self._convolution(layer, source, output)), output)
            return True
        if kind is layers.ZeroPadding2D:
            self.operations.append(LayerOperation(step, slots, training=False, dtype=self._dtype))
            self._margins[output] = layer, source, self.operations[-1]
            return True
        if kind is layers.MaxPooling2D and self._pool(layer, source, output):
            return True
        before = self._only_for(source)
        if kind in (layers.Dropout, layers.SpatialDropout2D) and output not in self._kept:
            self._alias(source, output)
        elif before is None:
            return False
        elif kind is layers.BatchNormalization and _folds(before, layer):
            before.normalization = layer
            self._rename(before, source, output)
        elif before.is_open and relu_limits(layer) is not None:
            before.limits = relu_limits(layer)
            self._rename(before, source, output)
        else:
            return False
        return True

    def _only_for(self, source):
        """The operation that makes a slot which is read once; None if it is unknown, or read more often."""
        return self._made_by.get(source) if self._readers[source] == 1 else None

    def _unpadded(self, source):
        """(source, margins), of a ZeroPadding2D that only this reads; the padding itself is taken out."""
        if source not in self._margins or self._readers[source] != 1:
            return source, None
        layer, real, operation = self._margins.pop(source)
        self.operations.remove(operation)
        return real, layer.padding

    def _convolution(self, layer, source, output):
        margins = None
        if layer.padding == "valid":
            source, margins = self._unpadded(source)
        operation = FoldedConvolution(layer, source, output, self._dtype)
        operation.margins = margins
        return operation

    def _add(self, sources, output):
        """A sum is folded into the last convolution that makes one of its terms, if that has nothing behind it yet."""
        for operation in reversed(self.operations):
            slot = getattr(operation, "output", None)
            if slot in sources and self._only_for(slot) is operation and _takes_addend(operation):
                other = sources[1 - sources.index(slot)]
                self._rename(operation, slot, output)
                operation.add(other)
                return
        self._make(Sum(sources, output), output)

    def _pool(self, layer, source, output):
        before = self._only_for(source)
        if halves(layer) and isinstance(before, FoldedConvolution) and before.limits == (0, None) and not before.pool:
            before.pool = True
            self._rename(before, source, output)
            return True
        padding, real, _ = self._margins.get(source, (None, source, None))
        maker = self._made_by.get(real)
        if maker is None or not maker.not_negative or layer.padding != "valid":
            return False
        margins = ((0, 0), (0, 0)) if padding is None else padding.padding
        if any(sum(pair) >= size for pair, size in zip(margins, layer.pool_size, strict=True)):
            return False
        if padding is not None and self._unpadded(source)[0] != real:
            return False
        self._make(MaxPooling(layer, margins, real, output), output)
        return True

    def _make(self, operation, output):
        self.operations.append(operation)
        self._made_by[output] = operation

    def _rename(self, operation, source, output):
        self._made_by.pop(source)
        operation.output = output
        self._made_by[output] = operation
        self.operations.remove(operation)
        self.operations.append(operation)

    def _alias(self, source, output):
        self._aliases[output] = source
        self._readers[source] += self._readers[output] - 1

    def _settle(self):
        """Compute folded weights, and find the addends that may be written over."""
        readers = collections.defaultdict(list)
        for operation in self.operations:
            for slot in operation.inputs:
                readers[slot].append(operation)
        fresh = (Linear, Sum, MaxPooling)
        for operation in self.operations:
            if isinstance(operation, Linear):
                operation.settle()
            if isinstance(operation, FoldedConvolution) and operation.addend is not None:
                # Whoever else reads the addend does so earlier, and keeps no view of it.
                maker, others = self._made_by.get(operation.addend), readers[operation.addend]
                operation.overwrites_addend = (
                    maker is not None
                    and getattr(maker, "function", None) is None
                    and operation.addend not in self._kept
                    and others[-1] is operation
                    and operation.inputs.count(operation.addend) == 1
                    and all(isinstance(other, fresh) for other in others)
                )


def _activated(operation):
    """A Linear with its layer's own activation."""
    activation = operation.layer.activation
    if activation is activations.relu:
        operation.limits = (0, None)
    elif activation is activations.relu6:
        operation.limits = (0, 6)
    elif activation is not activations.linear:
        operation.function = activation
    return operation


def _takes_addend(operation):
    return isinstance(operation, FoldedConvolution) and operation.is_open and operation.addend is None


def _folds(before, norm):
    if not isinstance(before, Linear) or not before.is_open or before.normalization is not None:
        return False
    return before.addend is None and norm._channel_axis == len(norm.built_input_shape) - 1
