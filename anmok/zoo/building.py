"""Networks of the zoo, made: with weights, or as mere shapes to be counted."""

import math

import torch
from torch.utils import _pytree as pytree

from anmok import layers
from anmok.errors import ArgumentError, ShapeError
from anmok.layers.allotment import weights_from_file
from anmok.models import Model
from anmok.zoo.finding import builder, canonical, file_of, find


def build(name, input_shape=None, classes=None, *, rescale=None):
    """The network of that name with fresh weights, a Model that ends in probabilities.

    input_shape: (H, W, C); default: the paper's. classes: default: the paper's. rescale: what the network multiplies
    its inputs by first, such as 1 / 255 for pixels; default: nothing. Raises UnknownNameError with the nearest name,
    ShapeError for images that are too small, ArgumentError for no classes.
    """
    name = canonical(name)
    network = find(name)
    input_shape = tuple(network.input_shape if input_shape is None else input_shape)
    classes = network.classes if classes is None else classes
    if len(input_shape) != 3 or None in input_shape:
        raise ShapeError(f"{name}: expected input_shape to be (height, width, channels) in numbers, got {input_shape}.")
    if min(input_shape[:2]) < network.smallest:
        raise ShapeError(
            f"{name} takes images of {network.smallest} x {network.smallest} pixels or more, got {input_shape[0]} x "
            f"{input_shape[1]}. Resize them, or choose a smaller network: anmok.zoo.NETWORKS has the sizes."
        )
    if not isinstance(classes, int) or classes < 1:
        raise ArgumentError(f"{name}: expected classes to be a whole number, 1 or more, got {classes!r}.")
    model = builder(name)(input_shape=input_shape, classes=classes, **network.arguments)
    return model if rescale is None else rescaled(model, rescale)


def outline(name, input_shape=None, classes=None):
    """What `build` makes, on torch's `meta` device: shapes without numbers, made quickly. Heads are taken off."""
    with torch.device("meta"), weights_from_file(math.inf):
        model = build(name, input_shape, classes)
    network = find(name)
    return file_of(network).without_heads(model) if network.without_heads else model


def rescaled(model, scale):
    """The model with a Rescaling between its Input and what read that; the model given is used up."""
    start, end = model.input, model.output
    image = layers.Input(start.shape[1:])
    first = layers.Rescaling(scale)(image)

    def instead(leaf):
        return first if leaf is start else leaf

    for node in model.graph.nodes:
        if any(tensor is start for tensor in node.inputs):
            node.args, node.kwargs = pytree.tree_map(instead, (node.args, node.kwargs))
            node.inputs = [instead(tensor) for tensor in node.inputs]
    return Model(image, end, name=model.name)
