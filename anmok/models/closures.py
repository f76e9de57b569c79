"""Loss functions that name symbolic tensors of the model, as Keras 2 allowed: they get those tensors' values.

A variational autoencoder's loss often reads `z_mean` and `z_log_var` from around it, not from its arguments.
"""

import functools
import types

from anmok import outside
from anmok.layers import registered
from anmok.layers.added import AddedLoss
from anmok.layers.symbolic import KerasTensor


@registered.add
class KeptForLoss(AddedLoss):
    """Keeps its input of the last call, for a loss function, and passes it on."""

    value = None

    def call(self, inputs):
        self.value = inputs
        return inputs

    def __getstate__(self):
        return {**super().__getstate__(), "value": None}


def bound(model, loss):
    """The loss(es) given to compile; functions that name KerasTensors of this model's graph get their values."""
    if isinstance(loss, dict):
        return {key: bound(model, entry) for key, entry in loss.items()}
    if isinstance(loss, (list, tuple)):
        return [bound(model, entry) for entry in loss]
    if not isinstance(loss, types.FunctionType) or outside.is_ours(loss) or model.graph is None:
        return loss
    places = _places(loss, set())
    if not places:
        return loss
    tensors = list({id(place.tensor): place.tensor for place in places}.values())
    layers = [_keeper(model, tensor) for tensor in tensors]
    number = {id(tensor): index for index, tensor in enumerate(tensors)}

    def with_values(y_true, y_pred, *values):
        for place in places:
            place.put(values[number[id(place.tensor)]])
        try:
            return loss(y_true, y_pred)
        finally:
            for place in places:
                place.put(place.tensor)

    @functools.wraps(loss)
    def call(y_true, y_pred):
        return outside.ask(with_values, y_true, y_pred, *(layer.value for layer in layers))

    with_values.__module__ = loss.__module__
    return call


def _keeper(model, tensor):
    """The layer of the model that keeps this tensor's value."""
    for other in model.graph.also:
        if isinstance(other.node.layer, KeptForLoss) and other.node.inputs[0] is tensor:
            return other.node.layer
    layer = KeptForLoss()
    model._also_compute([layer(tensor)])
    return layer


class _Global:
    def __init__(self, names, name):
        self._names, self._name, self.tensor = names, name, names[name]

    def put(self, value):
        self._names[self._name] = value


class _Cell:
    def __init__(self, cell):
        self._cell, self.tensor = cell, cell.cell_contents

    def put(self, value):
        self._cell.cell_contents = value


def _places(function, seen):
    """Where a function, and the person's functions that it names, find KerasTensors."""
    if function in seen or outside.is_ours(function):
        return []
    seen.add(function)
    found = []
    for name in _names(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, KerasTensor):
            found.append(_Global(function.__globals__, name))
        elif isinstance(value, types.FunctionType) and value.__module__ == function.__module__:
            found += _places(value, seen)
    for cell in function.__closure__ or ():
        value = _contents(cell)
        if isinstance(value, KerasTensor):
            found.append(_Cell(cell))
        elif isinstance(value, types.FunctionType):
            found += _places(value, seen)
    return found


def _contents(cell):
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _names(code):
    """The names that code, with the functions inside it, may read from its module."""
    names = list(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names += _names(constant)
    return dict.fromkeys(names)
