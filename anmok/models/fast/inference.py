"""Evaluation and prediction on a rewritten graph.

Batch normalization is folded into the convolution before it, ReLU works in place, and behind a 2 x 2 max-pooling
where that follows; dropout is left out. Folding rounds differently in the last digit; everything else is exact.
"""

import collections

import torch

from anmok import activations, layers
from anmok.layers.padding import padded
from anmok.models.fast import bits
from anmok.models.fast.plan import (
    LayerOperation,
    Plan,
    halves,
    has_hooks,
    inlined,
    is_plain,
    is_relu,
)


def inference_forward(model, dtype=torch.float32):
    """A function (inputs, training=False) -> outputs that computes in that format, or None to run the model as it is.

    It holds folded copies of weights, which are those of the moment.
    """
    if model.graph is None or has_hooks(model):
        return None
    return Plan(model, _Folder(model.graph, dtype).operations)


class _Linear:
    """Conv2D or Dense with what follows it: batch normalization, another addend, ReLU, pooling."""

    def __init__(self, layer, source, output, dtype):
        self.layer, self._dtype = layer, dtype
        self.inputs, self.output = [source], output
        self.normalization = None
        self.relu = self.pool = False
        self.function = None

    @property
    def is_finished(self):
        return self.relu or self.pool or self.function is not None

    def settle(self):
        """Compute the folded weights."""
        layer = self.layer
        self._kernel = layer.kernel.detach()
        self._bias = None if layer.bias is None else layer.bias.detach()
        norm = self.normalization
        if norm is not None:
            self._fold(norm)
        self._kernel = self._kernel.to(self._dtype)
        self._bias = None if self._bias is None else self._bias.to(self._dtype)

    def _fold(self, norm):
        scale = torch.rsqrt(norm.moving_variance + norm.epsilon)
        if norm.gamma is not None:
            scale = scale * norm.gamma.detach()
        shape = (-1, *(1,) * (self._kernel.dim() - 1))
        self._kernel = self._kernel * scale.view(shape)
        offset = -norm.moving_mean if self._bias is None else self._bias - norm.moving_mean
        self._bias = offset * scale
        if norm.beta is not None:
            self._bias = self._bias + norm.beta.detach()

    def __call__(self, values):
        layer, x = self.layer, values[self.inputs[0]]
        if x.dtype is not self._dtype:
            x = x.to(self._dtype)
        if isinstance(layer, layers.Dense):
            y = torch.nn.functional.linear(x, self._kernel, self._bias)
        else:
            x, padding = padded(
                layer.checked_view(x), layer.padding, layer.kernel_size, layer.strides, layer.dilation_rate
            )
            y = torch.conv2d(x, self._kernel, self._bias, layer.strides, padding, layer.dilation_rate, layer.groups)
            y = y.permute(0, 2, 3, 1)
        if self.pool:
            y = bits.relu_pooled(y)
        elif self.relu:
            y = bits.relu_(y) if y.is_contiguous() else y.clamp_min_(0)
        elif self.function is not None:
            y = self.function(y)
        values[self.output] = y


class _Sum:
    """Add of two tensors of one shape, with ReLU if that follows."""

    def __init__(self, sources, output):
        self.inputs, self.output = sources, output
        self.relu = False

    def __call__(self, values):
        y = torch.add(*(values[slot] for slot in self.inputs))
        values[self.output] = y.clamp_min_(0) if self.relu else y


class _Folder:
    """Walks the steps of a graph once."""

    def __init__(self, graph, dtype):
        self._dtype = dtype
        self.operations = []
        self._made_by = {}  # slot -> the _Linear or _Sum that makes it
        self._aliases = {}  # slot of a layer that does nothing -> the slot it stands for
        self._fresh = -1
        self._readers = collections.Counter(graph.output_slots)
        self._readers.update(graph.output_slots)
        slots = {slot: slot for slot in range(graph.slot_count)}
        self._kept = set(graph.output_slots)
        self._walk(graph, slots)
        for operation in self.operations:
            if isinstance(operation, _Linear):
                operation.settle()

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
            self._make(_Sum([slots[slot] for slot in step.inputs], output), output)
            return True
        if step.single is None:
            return False
        source = slots[step.single]
        if kind is layers.Conv2D or kind is layers.Dense:
            self._make(self._linear(layer, source, output), output)
            return True
        before = self._made_by.get(source) if self._readers[source] == 1 else None
        if kind in (layers.Dropout, layers.SpatialDropout2D) and output not in self._kept:
            self._alias(source, output)
        elif before is None:
            return False
        elif kind is layers.BatchNormalization and self._folds(before, layer):
            before.normalization = layer
            self._rename(before, source, output)
        elif is_relu(layer) and not before.relu and not getattr(before, "is_finished", False):
            before.relu = True
            self._rename(before, source, output)
        elif kind is layers.MaxPooling2D and halves(layer) and isinstance(before, _Linear) and _poolable(before):
            before.pool = True
            self._rename(before, source, output)
        else:
            return False
        return True

    def _linear(self, layer, source, output):
        operation = _Linear(layer, source, output, self._dtype)
        if layer.activation is activations.relu:
            operation.relu = True
        elif layer.activation is not activations.linear:
            operation.function = layer.activation
        return operation

    def _folds(self, before, norm):
        if not isinstance(before, _Linear) or before.is_finished or before.normalization is not None:
            return False
        return norm._channel_axis == len(norm.built_input_shape) - 1

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


def _poolable(operation):
    return operation.relu and not operation.pool and isinstance(operation.layer, layers.Conv2D)
