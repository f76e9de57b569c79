"""The table of layers that `model.summary()` prints."""

import re

from rich.text import Text

from anmok.errors import AnmokError, ArgumentError, unknown_name
from anmok.layers import InputLayer, KerasTensor, Layer, Operation
from anmok.models import table

# Each column's words, alignment, and part of the line as in Keras; numbers take what they need.
_LAYER = ("Layer (type)", "left", 0.45)
_SHAPE = ("Output Shape", "left", 0.35)
_PARAMETERS = ("Param #", "right", None)
_CONNECTED = ("Connected to", "left", 0.4)
_TRAINABLE = ("Trainable", "center", None)


def summarize(
    model,
    line_length=None,
    positions=None,
    print_fn=None,
    expand_nested=False,
    show_trainable=False,
    layer_range=None,
):
    """Print the table of layers, output shapes and numbers of weights (as in Keras); no number is ever cut short.

    line_length: in signs; default: what the terminal has room for. positions: where columns end, as parts of the line
    or in signs. print_fn: gets the whole text. layer_range: names (or regular expressions) of the first and the last
    layer to show. Raises ArgumentError for what cannot be honoured, UnknownNameError for names of no layer.
    """
    layers = _within(model, layer_range)
    graph = model.graph
    # A Sequential shows its layers without its Input, as a plain list.
    connected = graph is not None and len(graph.layers) == len(model.layers) and not is_chain(graph)
    header = [_LAYER, _SHAPE, _PARAMETERS] + ([_CONNECTED] if connected else [])
    longest = 108 if connected else 88
    if show_trainable:
        longest += 12
        header.append(_TRAINABLE)
    rows = [
        _row(layer, level, nodes, connected=connected, show_trainable=show_trainable)
        for layer, level, nodes in _unfolded(layers, model, expand_nested)
    ]
    table.show(
        Text(f'Model: "{model.name}"', style="bold"),
        header,
        rows,
        _totals(model),
        width=table.line_width(longest) if line_length is None else line_length,
        positions=positions,
        print_fn=print_fn,
        extra_column=show_trainable,
    )


def is_chain(graph):
    """Whether each layer is called once, on what the one before it made."""
    if len(graph.input_list) != 1 or len({id(node.layer) for node in graph.nodes}) != len(graph.nodes):
        return False
    before = graph.input_list[0].node
    for node in graph.nodes:
        if len(node.inputs) != 1 or node.inputs[0].node is not before:
            return False
        before = node
    return True


def nodes_by_layer(model):
    """{id(layer): its calls within the model}; a call on nothing for its Inputs."""
    graph = getattr(model, "graph", None)
    if graph is None:
        return {}
    nodes = {id(layer): layer._inbound_nodes[:1] for layer in graph.layers if isinstance(layer, InputLayer)}
    for node in graph.nodes:
        nodes.setdefault(id(node.layer), []).append(node)
    return nodes


def type_name(layer):
    """The name of the layer's class; of an operator, Keras' name for it."""
    return layer.operation if isinstance(layer, Operation) else type(layer).__name__


# Rows ------------------------------------------------------------------------------------------------------------


def _within(model, layer_range):
    layers = model.layers
    if layer_range is None:
        return layers
    if (
        not isinstance(layer_range, (list, tuple))
        or len(layer_range) != 2
        or not all(isinstance(name, str) for name in layer_range)
    ):
        raise ArgumentError(
            f"Expected layer_range to be two names of layers, such as ('conv1', 'pool3'), got {layer_range!r}."
        )
    found = [_matching(model, layers, name) for name in layer_range]
    first, last = found[0][0], found[1][-1]
    if first > last:  # given the wrong way round
        first, last = found[1][0], found[0][-1]
    return layers[first : last + 1]


def _matching(model, layers, pattern):
    try:
        found = [i for i, layer in enumerate(layers) if layer.name == pattern]
        found = found or [i for i, layer in enumerate(layers) if re.match(pattern, layer.name)]
    except re.error as reason:
        raise ArgumentError(
            f"layer_range: {pattern!r} is neither a layer's name nor a regular expression: {reason}."
        ) from None
    if not found:
        raise unknown_name(f"layer of model '{model.name}' in layer_range", pattern, [layer.name for layer in layers])
    return found


def _unfolded(layers, model, expand_nested, level=0):
    """(layer, how deep it is nested, its calls) of each row."""
    nodes = nodes_by_layer(model)
    for layer in layers:
        yield layer, level, nodes.get(id(layer), [])
        inner = getattr(layer, "layers", None)
        if expand_nested and inner and isinstance(inner[0], Layer):
            yield from _unfolded(inner, layer, expand_nested, level + 1)


def _row(layer, level, nodes, *, connected, show_trainable):
    cells = [
        name_text(layer.name, type_name(layer), level),
        shape_text(output_shape(layer, nodes)),
        _parameters(layer),
    ]
    if connected:
        cells.append(_connections(nodes))
    if show_trainable:
        trained = "-" if not layer.weights else "Y" if layer.trainable else "N"
        cells.append(Text(trained, style={"Y": "bold color(34)", "N": "bold color(9)"}.get(trained, "bold")))
    return cells


def name_text(name, kind, level=0):
    """ "name (kind)", indented by how deep the layer is nested."""
    return Text.assemble(f"{'   ' * level}└ " if level else "", name, " (", (kind, "color(33)"), ")")


def output_shape(layer, nodes=()):
    """The shape(s) that a layer makes, written as Keras does; '?' where it is not known.

    nodes: its calls to look at. One called on inputs of different sizes has all its shapes listed.
    """
    shapes = [written(node.outputs) for node in nodes or layer._inbound_nodes[-1:]]
    if not shapes and layer.built and layer.built_input_shape is not None:
        given = layer.built_input_shape
        several = isinstance(given, tuple) and given and isinstance(given[0], (tuple, list))
        try:
            shapes = [written(layer.compute_output_shape(*(given if several else [given])))]
        except (AnmokError, NotImplementedError, RuntimeError, TypeError, ValueError):
            pass  # a layer of one's own that computes only on real tensors
    return ", ".join(dict.fromkeys(shapes)) or "?"


def written(structure):
    """A shape, or a structure of shapes or symbolic tensors, as Keras writes it."""
    if isinstance(structure, KerasTensor):
        structure = structure.shape
    if isinstance(structure, dict):
        return "{" + ", ".join(f"{key}: {written(entry)}" for key, entry in structure.items()) + "}"
    if isinstance(structure, (list, tuple)):
        inner = ", ".join(written(entry) for entry in structure)
        # A list of one output is shown as that output.
        single = len(structure) == 1 and inner.startswith("(")
        return inner if single else f"[{inner}]" if isinstance(structure, list) else f"({inner})"
    return str(structure)


def shape_text(words):
    """A written shape, its numbers in colour."""
    text = Text(words)
    text.highlight_regex(r"\d+", "color(34)")
    text.highlight_regex("None", "color(45)")
    return text


def _parameters(layer):
    if layer.built:
        return Text(f"{layer.count_params():,}", style="color(34)")
    will_have_weights = type(layer).build is not Layer.build or layer._sublayers()
    return Text.assemble(("0", "color(34)"), " (unbuilt)" if will_have_weights else "")


def _connections(nodes):
    names = []
    for node in nodes:
        for tensor in node.inputs:
            layer, call, index = tensor._keras_history
            names.append(f"{layer.name}[{call}][{index}]")
    return Text(", ".join(names) or "-")


# Totals ----------------------------------------------------------------------------------------------------------


def _totals(model):
    trained, fixed = _size(model.trainable_weights), _size(model.non_trainable_weights)
    lines = [("Trainable params", trained), ("Non-trainable params", fixed)]
    if model.compiled and model.optimizer is not None and model.optimizer.built:
        lines.append(("Optimizer params", _size(model.optimizer.variables, scalar_bytes=4)))
    count, memory = (sum(numbers) for numbers in zip(*(size for _, size in lines), strict=True))
    return [
        Text.assemble((f" {words}: ", "bold"), (f"{count:,}", "color(34)"), f" ({readable_size(memory)})")
        for words, (count, memory) in [("Total params", (count, memory)), *lines]
    ]


def _size(tensors, scalar_bytes=None):
    """(numbers, bytes) in the tensors; Keras keeps an optimizer's counter in 4 bytes."""
    count = sum(tensor.numel() for tensor in tensors)
    each = [scalar_bytes if scalar_bytes and tensor.dim() == 0 else tensor.element_size() for tensor in tensors]
    return count, sum(tensor.numel() * size for tensor, size in zip(tensors, each, strict=True))


def readable_size(count):
    """Bytes as Keras writes them: '217.75 KB', two decimals, 1 KB = 1024 B."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if count < 1024:
            return f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} PB"
