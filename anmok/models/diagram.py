"""A model as boxes, arrows and frames: what a drawing of it shows, whoever draws."""

from dataclasses import dataclass, field

from torch.utils import _pytree as pytree

from anmok import layers
from anmok.models.summary import nodes_by_layer, output_shape, type_name, written

# What a box's colour tells.
_KINDS = {
    "input": (layers.InputLayer,),
    "convolution": (
        layers.Conv1D,
        layers.Conv2D,
        layers.Conv1DTranspose,
        layers.Conv2DTranspose,
        layers.DepthwiseConv1D,
        layers.DepthwiseConv2D,
        layers.SeparableConv1D,
        layers.SeparableConv2D,
    ),
    "dense": (layers.Dense,),
    "normalization": (
        layers.BatchNormalization,
        layers.GroupNormalization,
        layers.LayerNormalization,
        layers.UnitNormalization,
        layers.LocalResponseNormalization,
    ),
}
_KINDS_BY_MODULE = {"pooling": "pooling", "merging": "merging", "operators": "merging"}


@dataclass(frozen=True)
class Show:
    """What is written into the boxes."""

    names: bool = False
    shapes: bool = False
    dtype: bool = False
    activations: bool = False
    trainable: bool = False


@dataclass
class Box:
    """One layer. rows: below the title, each a list of cells (label, lines of a value, mark)."""

    key: str
    title: str  # in bold
    subtitle: str  # after a space, in ordinary letters; may be empty
    kind: str
    rows: list


@dataclass
class Frame:
    """A model: its boxes and the frames of models inside, in order, and arrows between them.

    An arrow is (from, number of the output, to, number of the input) by key; a frame is entered at that input of
    its model and left at that output. entries, exits: for each input and output of this model, the (key, number) that
    takes or makes it.
    """

    key: str
    title: str
    members: list = field(default_factory=list)
    arrows: list = field(default_factory=list)
    entries: list = field(default_factory=list)
    exits: list = field(default_factory=list)

    def boxes(self):
        """All boxes, those of inner frames included."""
        for member in self.members:
            if isinstance(member, Frame):
                yield from member.boxes()
            else:
                yield member


def frame_of(model, show, expand_nested=False, prefix=""):
    """The Frame of a built model; one that is only a `call` method is a single box."""
    key = f"{prefix}{model.name}"
    frame = Frame(key, model.name)
    if model.graph is None:
        frame.members = [_box(model, key + "/", [], show)]
        frame.entries, frame.exits = [(key + "/", 0)], [(key + "/", 0)]
        return frame
    nodes = nodes_by_layer(model)
    keys = {}
    for layer in model.layers:
        keys[id(layer)] = inner = f"{key}/{layer.name}"
        if expand_nested and getattr(layer, "graph", None) is not None:
            frame.members.append(frame_of(layer, show, expand_nested, f"{key}/"))
        else:
            frame.members.append(_box(layer, inner, nodes.get(id(layer), []), show))
    given = {id(tensor): number for number, tensor in enumerate(model.graph.input_list)}
    frame.entries = [(keys.get(id(tensor.node.layer)), 0) for tensor in model.graph.input_list]
    for node in model.graph.nodes:
        for number, tensor in enumerate(node.inputs):
            target = keys[id(node.layer)], number
            source = keys.get(id(tensor.node.layer))
            if source is None:  # the Input of a Sequential has no box: what comes from it comes from outside
                frame.entries[given[id(tensor)]] = target
            elif (arrow := (source, tensor.index, *target)) not in frame.arrows:
                frame.arrows.append(arrow)
    frame.exits = [(keys.get(id(tensor.node.layer)), tensor.index) for tensor in model.graph.output_list]
    return frame


def _box(layer, key, nodes, show):
    kind = type_name(layer)
    name, subtitle = (layer.name, f"({kind})") if show.names else (kind, "")
    rows = []
    activation = getattr(layer, "activation", None)
    if show.activations and activation is not None:
        rows.append([("Activation", [_activation_name(activation)], "")])
    cells = []
    if show.shapes:
        if not isinstance(layer, layers.InputLayer):
            cells.append(("Input shape", _input_shapes(layer, nodes), ""))
        cells.append(("Output shape", [output_shape(layer, nodes)], ""))
    if show.dtype:
        cells.append(("Output dtype", [_dtype(layer, nodes)], ""))
    if show.trainable and layer.weights:
        cells.append(("", ["Trainable"], "yes") if layer.trainable else ("", ["Non-trainable"], "no"))
    if cells:
        rows.append(cells)
    return Box(key, name, subtitle, _kind(layer), rows)


def _kind(layer):
    if hasattr(layer, "graph"):
        return "model"
    for kind, classes in _KINDS.items():
        if isinstance(layer, classes):
            return kind
    return _KINDS_BY_MODULE.get(type(layer).__module__.rpartition(".")[2], "other")


def _activation_name(activation):
    return getattr(activation, "__name__", None) or getattr(activation, "name", None) or type(activation).__name__


def _input_shapes(layer, nodes):
    lines = [written(tensor) for node in nodes for tensor in node.inputs]
    if not lines:
        return [written(layer.built_input_shape) if layer.built_input_shape is not None else "?"]
    # Every input of a merging layer has a line; a layer called again shows what differs.
    return lines if len(nodes) == 1 else list(dict.fromkeys(lines))


def _dtype(layer, nodes):
    tensors = pytree.tree_leaves(nodes[0].outputs) if nodes else []
    return ", ".join(dict.fromkeys(tensor.dtype for tensor in tensors)) or layer.compute_dtype
