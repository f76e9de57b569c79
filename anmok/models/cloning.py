"""clone_model: the same architecture once more, with fresh weights (as in Keras)."""

import copy

from torch.utils import _pytree as pytree

from anmok.errors import ArgumentError
from anmok.layers import InputLayer, KerasTensor, Lambda
from anmok.models.functional import Functional
from anmok.models.model import Model
from anmok.models.sequential import Sequential


def clone_model(model, input_tensors=None, clone_function=None, call_function=None, recursive=False):
    """A model of the same layers, made anew: weights fresh, not compiled.

    input_tensors: KerasTensors (one, or a list) to begin at instead of Inputs of its own. clone_function: a layer to
    the layer that stands in its place, `from_config(get_config())` if None. call_function(layer, *args, **kwargs):
    how a layer is called. recursive: clone_function sees the layers of models inside, too. Raises ArgumentError for a
    model that is neither Sequential nor functional.
    """
    if not isinstance(model, (Sequential, Functional)):
        raise ArgumentError(
            f"clone_model: {type(model).__name__} is a class of its own; expected Sequential or Model(inputs, outputs)."
        )
    if model.graph is None:
        if input_tensors is not None or call_function is not None:
            raise ArgumentError(f"clone_model: Sequential '{model.name}' has no input shape yet, so nothing is called.")
        return Sequential([_cloned(layer, clone_function, recursive) for layer in model.layers], name=model.name)
    graph = model.graph
    made = {id(layer): _cloned(layer, clone_function, recursive) for layer in graph.layers if not _is_input(layer)}
    values = dict(zip(map(id, graph.input_list), _inputs(graph, input_tensors), strict=True))
    call = call_function or (lambda layer, *args, **kwargs: layer(*args, **kwargs))
    for node in graph.nodes:
        args, kwargs = pytree.tree_map(
            lambda leaf: values[id(leaf)] if isinstance(leaf, KerasTensor) else leaf, (tuple(node.args), node.kwargs)
        )
        outputs = call(made[id(node.layer)], *args, **kwargs)
        values.update(zip(map(id, node.output_list), pytree.tree_leaves(outputs), strict=True))
    if isinstance(model, Sequential) and call_function is None:
        return _stacked(model, made, [values[id(tensor)] for tensor in graph.input_list])
    inputs, outputs = pytree.tree_map(lambda tensor: values[id(tensor)], (graph.inputs, graph.outputs))
    clone = Model(inputs, outputs, name=model.name)
    clone.trainable = model._trainable
    return clone


def _stacked(model, made, inputs):
    """A Sequential of the clones, which begins at these inputs."""
    start = inputs[0].node.layer
    clone = Sequential([start, *(made[id(layer)] for layer in model.layers)], name=model.name)
    return clone


def _is_input(layer):
    return isinstance(layer, InputLayer)


def _inputs(graph, given):
    if given is None:
        layers = [tensor.node.layer for tensor in graph.input_list]
        return [type(layer).from_config(layer.get_config()).output for layer in layers]
    given = pytree.tree_leaves(given)
    if len(given) != len(graph.input_list) or not all(isinstance(tensor, KerasTensor) for tensor in given):
        raise ArgumentError(f"clone_model: expected input_tensors as {len(graph.input_list)} symbolic tensor(s).")
    return given


def _cloned(layer, function, recursive):
    if isinstance(layer, (Sequential, Functional)) and (recursive or function is None):
        return clone_model(layer, clone_function=function, recursive=recursive)
    if function is not None:
        return function(layer)
    if isinstance(layer, Lambda):  # a lambda has no config; it has no weights either
        return copy.deepcopy(layer)
    return type(layer).from_config(layer.get_config())
