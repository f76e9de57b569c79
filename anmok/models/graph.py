"""The layers between some symbolic inputs and outputs: their order, and running them on real tensors."""

import collections

import torch
from torch.utils import _pytree as pytree

from anmok.errors import ArgumentError
from anmok.layers import Input, InputLayer, KerasTensor
from anmok.layers.symbolic import Node


class Step:
    """One node of the graph, ready to run: which slots it reads, which it fills, and which are free afterwards."""

    def __init__(self, node, slots):
        self.node = node
        self.layer = node.layer
        self.kwargs = dict(node.kwargs)
        self.outputs = [slots[id(tensor)] for tensor in node.output_list]
        self.single = None
        if len(node.args) == 1 and isinstance(node.args[0], KerasTensor) and not self.kwargs:
            self.single = slots[id(node.args[0])]
        self._leaves, self._structure = pytree.tree_flatten((node.args, self.kwargs))
        self._reads = [(i, slots[id(leaf)]) for i, leaf in enumerate(self._leaves) if isinstance(leaf, KerasTensor)]
        self.inputs = [slot for _, slot in self._reads]
        self.last_read = []

    def arguments(self, values):
        """(args, kwargs) with the values of the slots in place of the KerasTensors."""
        leaves = list(self._leaves)
        for i, slot in self._reads:
            leaves[i] = values[slot]
        return pytree.tree_unflatten(leaves, self._structure)


class Graph:
    """A network as a list of steps.

    inputs, outputs: structures (one, list, dict) of KerasTensors. also: KerasTensors that are computed too, for what
    their layers do with them. layers: in Keras' order (deepest first), which is the order of weights in files.
    """

    def __init__(self, inputs, outputs, also=()):
        self.also = list(also)
        self.inputs, self.outputs = in_key_order(inputs), in_key_order(outputs)
        self.input_list = _tensors(self.inputs, "inputs")
        self.output_list = _tensors(self.outputs, "outputs")
        nodes, self.layers = _ordered(self.input_list, [*self.output_list, *self.also])
        self._refuse_equal_names()
        given = {id(tensor) for tensor in self.input_list}
        self.nodes = [node for node in nodes if not all(id(tensor) in given for tensor in node.output_list)]
        slots = {}
        for tensor in [*self.input_list, *(tensor for node in self.nodes for tensor in node.output_list)]:
            slots.setdefault(id(tensor), len(slots))
        self.slots = slots
        self.slot_count = len(slots)
        self.input_slots = [slots[id(tensor)] for tensor in self.input_list]
        self.output_slots = [slots[id(tensor)] for tensor in self.output_list]
        self.steps = [Step(node, slots) for node in self.nodes]
        self._plan_release()
        self._output_structure = pytree.tree_structure(self.outputs)
        self.single_output = isinstance(outputs, KerasTensor)

    def _plan_release(self):
        kept = {*self.output_slots}
        last = {}
        for index, step in enumerate(self.steps):
            for slot in step.inputs:
                last[slot] = index
        for slot, index in last.items():
            if slot not in kept:
                self.steps[index].last_read.append(slot)

    def _refuse_equal_names(self):
        names = collections.Counter(layer.name for layer in self.layers)
        for name, count in names.items():
            if count > 1:
                raise ArgumentError(
                    f"The name '{name}' is used by {count} layers of this model. Names must differ: pass name=..."
                )

    def __reduce__(self):
        # Flat, where references from tensor to node to tensor would be as deep as the network.
        nodes = list({id(node): node for node in [*(t.node for t in self.input_list), *self.nodes]}.values())
        nodes.sort(key=lambda node: node.layer._inbound_nodes.index(node))
        tensors = [tensor for node in nodes for tensor in node.output_list]
        places = {id(tensor): _Place(index) for index, tensor in enumerate(tensors)}

        def flat(structure):
            return pytree.tree_map(lambda leaf: places[id(leaf)] if isinstance(leaf, KerasTensor) else leaf, structure)

        described = [(tensor.shape, tensor.dtype, tensor.name) for tensor in tensors]
        calls = [(node.layer, flat(tuple(node.args)), flat(node.kwargs), flat(node.outputs)) for node in nodes]
        return _rebuilt, (described, calls, flat(self.inputs), flat(self.outputs), flat(self.also))

    def output_structure(self, tensors):
        """The list of output tensors in the structure that the model's outputs have."""
        return tensors[0] if self.single_output else pytree.tree_unflatten(tensors, self._output_structure)

    def run(self, input_tensors, training):
        """Output structure for a list of input tensors."""
        values = [None] * self.slot_count
        for slot, tensor in zip(self.input_slots, input_tensors, strict=True):
            values[slot] = tensor
        for step in self.steps:
            if step.single is not None:
                result = step.layer(values[step.single], training=training)
            else:
                args, kwargs = step.arguments(values)
                result = step.layer(*args, **{"training": training, **kwargs})
            if torch.is_tensor(result):
                values[step.outputs[0]] = result
            else:
                leaves = [leaf for leaf in pytree.tree_leaves(result) if torch.is_tensor(leaf)]
                for slot, leaf in zip(step.outputs, leaves, strict=True):
                    values[slot] = leaf
            for slot in step.last_read:
                values[slot] = None
        return self.output_structure([values[slot] for slot in self.output_slots])


class _Place:
    """Stands for a KerasTensor by its number in a list."""

    def __init__(self, index):
        self.index = index


def _rebuilt(described, calls, inputs, outputs, also):
    """The Graph that `Graph.__reduce__` took apart, its calls written down in its (copied) layers."""
    tensors = [KerasTensor(shape, dtype, name=name) for shape, dtype, name in described]

    def filled(structure):
        return pytree.tree_map(lambda leaf: tensors[leaf.index] if isinstance(leaf, _Place) else leaf, structure)

    for layer, args, kwargs, made in calls:
        Node(layer, filled(args), filled(kwargs), filled(made))
    return Graph(filled(inputs), filled(outputs), filled(also))


def in_key_order(structure):
    """The structure with its dicts sorted by key, which is Keras' order of several inputs or outputs."""
    if type(structure) is dict:
        return {key: in_key_order(structure[key]) for key in sorted(structure)}
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        return type(structure)(in_key_order(entry) for entry in structure)
    return structure


def _tensors(structure, what):
    leaves = pytree.tree_leaves(structure)
    for leaf in leaves:
        if not isinstance(leaf, KerasTensor):
            raise ArgumentError(
                f"Model: {what} must be made by Input(...) and layers called on it, got {type(leaf).__name__}."
            )
    if not leaves:
        raise ArgumentError(f"Model: {what} are empty.")
    return leaves


def _ordered(inputs, outputs):
    """Nodes in running order, and layers in Keras' order: by decreasing depth, then as first met from the outputs."""
    given = {id(tensor) for tensor in inputs}
    finished, done, first_met = [], set(), {}
    # An explicit stack, since networks are deeper than Python's recursion limit. An entry is a node and those of its
    # input tensors that are still to be followed.
    for output in outputs:
        if output.node is None:
            raise ArgumentError(f"{output!r} is not made by a layer: outputs must come from layers called on an Input.")
        stack = []
        _enter(output.node, stack, done, first_met)
        while stack:
            node, pending = stack[-1]
            tensor = next(pending, None)
            if tensor is None:
                stack.pop()
                finished.append(node)
            elif tensor.node is None:
                raise ArgumentError(f"{tensor!r} is not connected to an Input.")
            else:
                _enter(tensor.node, stack, done, first_met)
    for node in finished:
        if isinstance(node.layer, InputLayer) and not any(id(tensor) in given for tensor in node.output_list):
            raise ArgumentError(
                f"The outputs need the input '{node.layer.name}', which is not among the model's inputs."
            )

    node_depths, layer_depths, layers = {}, {}, {}
    for node in reversed(finished):
        depth = max(node_depths.get(id(node), 0), layer_depths.get(id(node.layer), 0))
        node_depths[id(node)] = layer_depths[id(node.layer)] = depth
        layers[id(node.layer)] = node.layer
        for parent in node.parents:
            node_depths[id(parent)] = max(depth + 1, node_depths.get(id(parent), 0))
    for tensor in inputs:
        layer = tensor.node.layer
        if id(layer) not in layers:
            layers[id(layer)], layer_depths[id(layer)] = layer, 0
            first_met.setdefault(id(layer), -1)
    by_depth = sorted(layers.values(), key=lambda layer: (-layer_depths[id(layer)], first_met[id(layer)]))
    running = sorted(finished, key=lambda node: -node_depths[id(node)])
    return running, by_depth


def _enter(node, stack, done, first_met):
    if id(node) not in done:
        done.add(id(node))
        first_met.setdefault(id(node.layer), len(first_met))
        stack.append((node, iter(node.inputs)))


def rerooted(inputs, outputs):
    """The graph between tensors of which some inputs are made by layers: those get Inputs of their own.

    Layers in between are called once more, on the new Inputs, so that the result begins at Inputs everywhere.
    """
    given = _tensors(inputs, "inputs")
    for tensor in given:
        if tensor.node is None:
            raise ArgumentError(f"Model: {tensor!r} is not made by Input(...) or a layer.")
    if all(isinstance(tensor.node.layer, InputLayer) for tensor in given):
        return inputs, outputs
    fresh = {
        id(tensor): tensor if isinstance(tensor.node.layer, InputLayer) else Input(batch_shape=tensor.shape)
        for tensor in given
    }

    def renew(tensor):
        # Networks cut in the middle are short enough to follow by recursion over the part that is kept.
        if id(tensor) not in fresh:
            node = tensor.node
            args, kwargs = pytree.tree_map(
                lambda leaf: renew(leaf) if isinstance(leaf, KerasTensor) else leaf, (node.args, node.kwargs)
            )
            node.layer(*args, **kwargs)
            for old, new in zip(node.output_list, node.layer._inbound_nodes[-1].output_list, strict=True):
                fresh[id(old)] = new
        return fresh[id(tensor)]

    return (
        pytree.tree_map(lambda tensor: fresh[id(tensor)], inputs),
        pytree.tree_map(renew, outputs),
    )
