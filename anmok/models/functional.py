"""Functional: a model made of the graph between inputs and outputs, as plain data and back."""

import inspect

from torch.utils import _pytree as pytree

from anmok import saving
from anmok.errors import FileFormatError
from anmok.layers import InputLayer, KerasTensor
from anmok.layers import registered as layer_table
from anmok.layers.added import AddedLoss, AddedMetric
from anmok.models.model import Model


class Functional(Model):
    """What `Model(inputs, outputs)` makes."""

    runs_its_graph = True
    keras_module = "keras.src.models.functional"  # Keras exports it under no name of its own

    def get_config(self):
        graph = self.graph
        inside = {id(node): None for node in graph.nodes}
        positions = {}  # id(node) -> its number among its layer's calls within this model
        for layer in graph.layers:
            number = 0
            for node in layer._inbound_nodes:
                if id(node) in inside or (isinstance(layer, InputLayer) and number == 0):
                    positions[id(node)] = number
                    number += 1

        def history(tensor):
            return [tensor.node.layer.name, positions[id(tensor.node)], tensor.index]

        def end(tensor):
            name, number, index = history(tensor)
            # At its ends, though not in between, Keras counts the calls of functional models from 1.
            return [name, number + isinstance(tensor.node.layer, Functional), index]

        def describe(leaf):
            if not isinstance(leaf, KerasTensor):
                return leaf
            config = {"shape": list(leaf.shape), "dtype": leaf.dtype, "keras_history": history(leaf)}
            return {"class_name": "__keras_tensor__", "config": config}

        layers = []
        for layer in graph.layers:
            entry = layer_table.serialize(layer)
            entry["name"] = layer.name
            entry["inbound_nodes"] = [
                {
                    "args": list(pytree.tree_map(describe, tuple(node.args))),
                    "kwargs": pytree.tree_map(describe, dict(node.kwargs)),
                }
                for node in layer._inbound_nodes
                if id(node) in inside
            ]
            layers.append(entry)
        return {
            **self._general_config(),
            "layers": layers,
            "input_layers": pytree.tree_map(end, graph.inputs),
            "output_layers": pytree.tree_map(end, graph.outputs),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        layers, waiting = {}, []
        of_keras_2 = any(
            isinstance(call, list) for entry in config["layers"] for call in entry.get("inbound_nodes", [])
        )
        for entry in config["layers"]:
            layer = layer_table.deserialize(entry, custom_objects)
            layers[entry.get("name", layer.name)] = layer
            waiting += [(layer, call) for call in entry.get("inbound_nodes", [])]
        calls = {
            id(layer): list(layer._inbound_nodes[:1]) if isinstance(layer, InputLayer) else []
            for layer in layers.values()
        }

        def find(history, at_end=False):
            name, number, index = history[:3]
            if name not in layers:
                raise FileFormatError(f"The model's config names a layer '{name}' that it does not contain.")
            made = calls[id(layers[name])]
            if isinstance(layers[name], Model if of_keras_2 else Functional) and (at_end or of_keras_2):
                number -= 1
            return made[number].output_list[index] if 0 <= number < len(made) else None

        def ends(structure):
            # Keras 2, and 3 in its first versions, made lists of single inputs and outputs.
            singles = all(_is_single(config[which]) for which in ("input_layers", "output_layers"))
            return _lookup(structure[0] if singles else structure, lambda history: find(history, at_end=True))

        while waiting:
            postponed, held = [], set()
            for layer, call in waiting:
                args, kwargs, ready = _revive(call, find)
                # The calls of a shared layer are known by their number, so none may overtake another.
                if ready and id(layer) not in held:
                    layer(*args, **_without_defaults(layer, kwargs))
                    calls[id(layer)].append(layer._inbound_nodes[-1])
                else:
                    held.add(id(layer))
                    postponed.append((layer, call))
            if len(postponed) == len(waiting):
                names = ", ".join(sorted({layer.name for layer, _ in waiting}))
                raise FileFormatError(f"The model's config cannot be connected: {names} wait for inputs never made.")
            waiting = postponed
        model = cls(
            inputs=ends(config["input_layers"]),
            outputs=ends(config["output_layers"]),
            name=config.get("name"),
            trainable=config.get("trainable", True),
        )
        added = [layer for layer in layers.values() if isinstance(layer, (AddedLoss, AddedMetric))]
        if added:
            model._also_compute([tensor for layer in added for call in calls[id(layer)] for tensor in call.output_list])
        return model


Model._functional_class = Functional
layer_table.add(Functional, "Model")  # so called by Keras 1 and 2


def _is_history(entry):
    return (
        isinstance(entry, (list, tuple)) and len(entry) == 3 and isinstance(entry[0], str) and isinstance(entry[1], int)
    )


def _is_single(structure):
    return isinstance(structure, (list, tuple)) and len(structure) == 1 and _is_history(structure[0])


def _lookup(structure, find):
    if _is_history(structure):
        tensor = find(structure)
        if tensor is None:
            raise FileFormatError(f"The model's config names an output {structure} that no layer makes.")
        return tensor
    if isinstance(structure, dict):
        return {key: _lookup(entry, find) for key, entry in structure.items()}
    return [_lookup(entry, find) for entry in structure]


def _revive(call, find):
    """(args, kwargs, all there) of a call in Keras 3's form ({"args", "kwargs"}) or Keras 2's (list of histories)."""
    missing = []

    def tensor(history):
        found = find(history)
        missing.append(found is None)
        return found

    def revive(entry):
        if isinstance(entry, dict):
            if entry.get("class_name") == "__keras_tensor__":
                return tensor(entry["config"]["keras_history"])
            if entry.get("class_name") == "__tuple__" and "items" in entry:
                return tuple(revive(item) for item in entry["items"])
            if str(entry.get("class_name")).startswith("__"):
                return saving.revived(entry)
            return {key: revive(value) for key, value in entry.items()}
        if isinstance(entry, (list, tuple)):
            return type(entry)(revive(value) for value in entry)
        return entry

    if isinstance(call, dict):
        args, kwargs = revive(list(call.get("args", []))), revive(call.get("kwargs", {}))
        return args, kwargs, not any(missing)
    tensors = [tensor(entry) for entry in call]
    kwargs = call[0][3] if len(call[0]) > 3 else {}
    return [tensors[0] if len(tensors) == 1 else tensors], dict(kwargs), not any(missing)


def _without_defaults(layer, kwargs):
    """The arguments of a call less those that Keras writes though nobody gave them: no mask, training as usual."""
    kwargs = {key: value for key, value in kwargs.items() if not (key in ("mask", "training") and value is None)}
    if kwargs.get("training") is False:
        parameter = inspect.signature(layer.call).parameters.get("training")
        if not layer.weights or (parameter is not None and parameter.default is False):
            del kwargs["training"]
    return kwargs
