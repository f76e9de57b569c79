"""The part of a model that training does not change: from its inputs through frozen layers to where training begins."""

import hashlib
import json
import math

import torch

from anmok import layers
from anmok.layers.augmentation import AugmentationLayer
from anmok.layers.config import plain
from anmok.layers.data_layer import DataLayer
from anmok.layers.residual import StochasticDepth
from anmok.models.graph import rerooted

# These draw at random, or do what nobody knows.
_UNSETTLED = (
    AugmentationLayer, DataLayer, layers.ActivityRegularization, layers.AlphaDropout, layers.Dropout,
    layers.GaussianDropout, layers.GaussianNoise, layers.Lambda, layers.SpatialDropout1D, layers.SpatialDropout2D,
    StochasticDepth,
)  # fmt: skip


class Settled:
    """A model in two: `prefix`, which gives the same outputs for an image all through training, and `rest`.

    Both share the model's layers. The prefix gives a list of features, which the rest takes.
    """

    def __init__(self, model, cut):
        build = model._functional_class
        self.prefix = build(model.graph.inputs, cut, name=f"{model.name}_settled")
        calls = {id(layer): len(layer._inbound_nodes) for layer in model.graph.layers}
        self.rest = build(*rerooted(cut, model.graph.outputs), name=model.name)
        # The layers were called once more for `rest`; nobody else shall see that.
        for layer in model.graph.layers:
            del layer._inbound_nodes[calls[id(layer)] :]

    @property
    def numbers_a_sample(self):
        """How many numbers the features of one sample are; None where a size is not known."""
        sizes = [tensor.shape[1:] for tensor in self.prefix.graph.output_list]
        return None if any(None in size for size in sizes) else sum(math.prod(size) for size in sizes)

    def fingerprint(self):
        """A digest of what the prefix computes: its structure and weights, not its names."""
        digest = hashlib.blake2b(json.dumps(_structure(self.prefix), sort_keys=True, default=str).encode())
        for weight in self.prefix.weights:
            digest.update(weight.detach().cpu().reshape(-1).view(torch.uint8).numpy())
        return digest.hexdigest()


def settled(model):
    """The Settled form of a model, or None where no frozen weights lead from its inputs on."""
    graph = model.graph
    if graph is None or not all(isinstance(tensor.node.layer, layers.InputLayer) for tensor in graph.input_list):
        return None
    known = {id(tensor) for tensor in graph.input_list}
    frozen = False
    for step in graph.steps:
        node = step.node
        if all(id(tensor) in known for tensor in node.inputs) and _is_settled(node.layer):
            known |= {id(tensor) for tensor in node.output_list}
            frozen = frozen or bool(node.layer.weights)
    if not frozen:
        return None
    cut = _cut(graph, known)
    return Settled(model, cut) if cut else None


def _is_settled(layer):
    if layer.trainable_weights or layer.activity_regularizer is not None or isinstance(layer, _UNSETTLED):
        return False
    if not getattr(layer, "computes_for_inference", True):
        return False
    if hasattr(layer, "graph"):
        inner = layer.graph
        return inner is not None and layer.runs_its_graph and all(_is_settled(member) for member in inner.layers)
    if isinstance(layer, layers.BatchNormalization) and layer.trainable:
        return False  # its running mean and variance follow the batches
    return type(layer).__module__.startswith("anmok.")


def _cut(graph, known):
    """The settled tensors that something unsettled reads, in the order they are made; None if an output is settled."""
    if any(id(tensor) in known for tensor in graph.output_list):
        return None
    read = {}
    for step in graph.steps:
        if not all(id(tensor) in known for tensor in step.node.output_list):
            read |= {id(tensor): tensor for tensor in step.node.inputs if id(tensor) in known}
    # An input that goes past the frozen layers is a feature like any other.
    return list(read.values())


def _structure(model):
    """What a model's graph does, as plain data without names."""
    graph = model.graph
    steps = [
        [_described(step.layer), step.inputs, step.outputs, {key: str(value) for key, value in step.kwargs.items()}]
        for step in graph.steps
    ]
    return [[str(tensor.shape) for tensor in graph.input_list], steps, graph.output_slots]


def _described(layer):
    if getattr(layer, "graph", None) is not None:
        return _structure(layer)
    config = layer.identity() if hasattr(layer, "identity") else layer.get_config()
    config = {key: value for key, value in config.items() if key not in ("name", "trainable")}
    return [type(layer).__name__, plain(config)]
