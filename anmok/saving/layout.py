"""Where in a Keras 3 file each layer's weights stand.

Keras goes through an object's attributes by name, those with an underscore last; in lists and dicts it counts layers
by class: `layers/conv2d_1`, `blocks/dense`. A layer reached twice stands where it was reached first.
Source: keras/src/saving/saving_lib.py of Keras 3.15, whose files the tests compare with.
"""

from anmok.layers import Layer
from anmok.registry import snake_case

# Attributes of ours that hold layers which stand elsewhere.
_INNER = {"_modules", "_stack", "_given_arguments"}


def saved_parts(model):
    """[(path, layer)] for the model and every layer inside, in Keras' order, each once."""
    found = {}
    _visit(model, "", found)
    return [(path, layer) for path, layer in found.values()]


def _visit(layer, path, found):
    if id(layer) in found:
        return
    found[id(layer)] = (path, layer)
    for name, value in _attributes(layer):
        inner = f"{path}/{name}" if path else name
        if isinstance(value, Layer):
            _visit(value, inner, found)
        elif isinstance(value, (list, tuple, dict)):
            _visit_container(value, inner, found, set())


def _visit_container(container, path, found, seen):
    if id(container) in seen:
        return
    seen.add(id(container))
    counts = {}
    for entry in container.values() if isinstance(container, dict) else container:
        if isinstance(entry, Layer):
            _visit(entry, f"{path}/{_numbered(class_stem(entry), counts)}", found)
        elif isinstance(entry, (list, tuple, dict)):
            _visit_container(entry, f"{path}/{_numbered('container', counts)}", found, seen)


def _numbered(stem, counts):
    number = counts.get(stem, 0)
    counts[stem] = number + 1
    return f"{stem}_{number}" if number else stem


def class_stem(layer):
    """What files call layers of this class: snake_case, the way Keras names them."""
    return snake_case(getattr(layer, "operation", None) if hasattr(layer, "keras_entry") else type(layer).__name__)


def _attributes(layer):
    """(name, value) of what may hold layers, in Keras' order."""
    is_model = hasattr(layer, "graph")
    runs_graph = is_model and (layer.runs_its_graph or layer.graph is not None)
    if runs_graph:
        yield "layers", layer.layers
    names = {name for name in (*vars(layer), *layer._modules) if name not in _INNER}
    for cls in type(layer).__mro__:
        if cls.__module__.split(".")[0] not in ("anmok", "torch", "builtins"):
            names |= {name for name, value in vars(cls).items() if not callable(value) and not name.startswith("__")}
    if is_model and not runs_graph:
        names.add("layers")
    for name in sorted(names, key=lambda name: f"~{name}" if name.startswith("_") else name):
        try:
            yield name, getattr(layer, name)
        except Exception:
            # A property that cannot be read now holds no weights.
            continue
