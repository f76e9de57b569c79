"""A model's graph as a list of operations on numbered values, and what tells which layers may be rewritten."""

import torch
from torch.utils import _pytree as pytree

from anmok import activations, layers
from anmok.layers.layer import one_call
from anmok.training.precision import computing


class Plan:
    """Runs operations in order and lets go of each value after its last use.

    An operation has `inputs` (the slots it reads) and is called with the dict of values, which it adds its own to.
    """

    def __init__(self, model, operations):
        self._model = model
        self._graph = model.graph
        self._operations = operations
        self.direct = None  # a DirectPass, where the whole network is one chain
        last_use = {}
        for index, operation in enumerate(operations):
            for slot in operation.inputs:
                last_use[slot] = index
        for slot in self._graph.output_slots:
            last_use.pop(slot, None)
        self._release = [[] for _ in operations]
        for slot, index in last_use.items():
            self._release[index].append(slot)

    def __call__(self, inputs, training=None):
        values = dict(zip(self._graph.input_slots, self._model._read(inputs), strict=True))
        with one_call(training):
            for operation, release in zip(self._operations, self._release, strict=True):
                operation(values)
                for slot in release:
                    del values[slot]
        return self._graph.output_structure([values[slot] for slot in self._graph.output_slots])


class LayerOperation:
    """A layer as it is, under autocast where the operations around it compute in a shorter format."""

    def __init__(self, step, slots, *, training, dtype=torch.float32):
        self._step = step
        self._slots = {slot: slots[slot] for slot in step.inputs}
        self._training = training
        self._short = None if dtype is torch.float32 else dtype
        self.inputs = list(self._slots.values())
        self._outputs = [slots[slot] for slot in step.outputs]

    def __call__(self, values):
        step = self._step
        args, kwargs = step.arguments({slot: values[name] for slot, name in self._slots.items()})
        device = values[self.inputs[0]].device if self.inputs else torch.device("cpu")
        with computing(device, self._short):
            result = step.layer(*args, **{"training": self._training, **kwargs})
        tensors = [result] if torch.is_tensor(result) else filter(torch.is_tensor, pytree.tree_leaves(result))
        values.update(zip(self._outputs, tensors, strict=True))


class FunctionOperation:
    """A function of one tensor."""

    def __init__(self, function, source, output):
        self.function = function
        self.inputs, self.output = [source], output

    def __call__(self, values):
        values[self.output] = self.function(values[self.inputs[0]])


def is_plain(layer, dtype):
    """Whether the layer does what its class does and nothing else, in that format, on channels-last data."""
    policy = layer.dtype_policy
    fits = policy.is_automatic or (policy.torch_compute_dtype is dtype and policy.torch_variable_dtype is torch.float32)
    channels_last = getattr(layer, "data_format", "channels_last") == "channels_last"
    return fits and channels_last and layer.built and layer.activity_regularizer is None and not has_hooks(layer)


def has_hooks(layer):
    """Whether somebody listens to the layer's inputs, outputs or gradients through torch's hooks."""
    return bool(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer._backward_pre_hooks)


def is_relu(layer):
    """Whether an Activation or ReLU layer is max(x, 0)."""
    if type(layer) is layers.Activation:
        return layer.activation is activations.relu
    return type(layer) is layers.ReLU and layer.max_value is None and not layer.negative_slope and not layer.threshold


def relu_limits(layer):
    """(0, high) or (0, None) of an Activation or ReLU layer that cuts numbers to those limits, else None."""
    if is_relu(layer):
        return 0, None
    if type(layer) is layers.Activation:
        return (0, 6) if layer.activation is activations.relu6 else None
    if type(layer) is layers.ReLU and not layer.negative_slope and not layer.threshold:
        return 0, layer.max_value
    return None


def halves(layer):
    """Whether a MaxPooling2D takes the largest of every 2 x 2."""
    return layer.padding == "valid" and layer.pool_size == (2, 2) and layer.strides == (2, 2)


def inlined(step):
    """The graph of a model that is a step of another, where it may be walked in its place; else None."""
    graph = getattr(step.layer, "graph", None)
    if graph is None or step.single is None or has_hooks(step.layer) or step.layer.activity_regularizer is not None:
        return None
    if not getattr(type(step.layer), "runs_its_graph", False):
        return None
    simple = len(graph.input_slots) == len(graph.output_slots) == 1 and graph.input_slots != graph.output_slots
    return graph if simple else None
