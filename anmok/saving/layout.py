"""Where in a Keras 3 file each layer's weights stand.

Keras goes through an object's attributes by name, those with an underscore last; in lists and dicts it counts layers
by class: `layers/conv2d_1`, `blocks/dense`. A layer reached twice stands where it was reached first. Operators are no
layers to Keras.
Source: keras/src/saving/saving_lib.py of Keras 3.15, whose files the tests compare with.
"""

from anmok.layers import Layer
from anmok.registry import snake_case

# Attributes of ours that hold layers which stand elsewhere.
_INNER = {"_modules", "_stack", "_given_arguments"}


def saved_parts(model):
    """[(path, layer)] for the model and every layer inside, in Keras' order, each once."""
    return [(path, layer) for path, layer in _walk(model, "")[0].values()]


def repeated_parts(model):
    """[(path, layer)] of the further places of layers that several models inside share.

    Keras makes one layer of each when it reads a file, so each place needs the weights.
    """
    return _walk(model, "")[1]


def _walk(layer, path):
    found, repeated = {}, []
    _visit(layer, path, found, repeated)
    return found, repeated


def _visit(layer, path, found, repeated):
    if id(layer) in found:
        return
    found[id(layer)] = (path, layer)
    for name, value in _attributes(layer):
        inner = f"{path}/{name}" if path else name
        if isinstance(value, Layer):
            _visit(value, inner, found, repeated)
        elif isinstance(value, (list, tuple, dict)):
            copies = repeated if name == "layers" and _runs_graph(layer) else None
            _visit_container(value, inner, found, repeated, copies, set())


def _visit_container(container, path, found, repeated, copies, seen):
    if id(container) in seen:
        return
    seen.add(id(container))
    counts = {}
    for entry in container.values() if isinstance(container, dict) else container:
        if isinstance(entry, Layer) and not hasattr(entry, "keras_entry"):
            place = f"{path}/{_numbered(snake_case(type(entry).__name__), counts)}"
            if id(entry) in found and copies is not None:
                copies.extend(_walk(entry, place)[0].values())
            _visit(entry, place, found, repeated)
        elif isinstance(entry, (list, tuple, dict)):
            _visit_container(entry, f"{path}/{_numbered('container', counts)}", found, repeated, None, seen)


def _numbered(stem, counts):
    number = counts.get(stem, 0)
    counts[stem] = number + 1
    return f"{stem}_{number}" if number else stem


def _runs_graph(layer):
    return hasattr(layer, "graph") and (layer.runs_its_graph or layer.graph is not None)


def _attributes(layer):
    """(name, value) of what may hold layers, in Keras' order."""
    if _runs_graph(layer):
        yield "layers", layer.layers
    names = {name for name in (*vars(layer), *layer._modules) if name not in _INNER}
    for cls in type(layer).__mro__:
        if cls.__module__.split(".")[0] not in ("anmok", "torch", "builtins"):
            names |= {name for name, value in vars(cls).items() if not callable(value) and not name.startswith("__")}
    if hasattr(layer, "graph") and not _runs_graph(layer):
        names.add("layers")
    for name in sorted(names, key=lambda name: f"~{name}" if name.startswith("_") else name):
        try:
            yield name, getattr(layer, name)
        except Exception:
            # A property that cannot be read now holds no weights.
            continue
