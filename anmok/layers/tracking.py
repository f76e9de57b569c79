"""Lists and dicts of layers kept as attributes: `self.blocks.append(Dense(8))` makes the layer part of its owner."""

import copy

from torch import nn


def tracked(owner, name, value):
    """`value` itself, or a list or dict that hands the layers put into it to `owner`."""
    if isinstance(value, dict) and not value:
        return TrackedDict(owner, name)
    holds_layers = _holds_layers(value)
    if isinstance(value, tuple):
        for index, entry in enumerate(value):
            _adopt(owner, f"{name}_{index}", entry)
        return value
    if isinstance(value, dict):
        return TrackedDict(owner, name, value) if holds_layers else value
    if not value or holds_layers:
        return TrackedList(owner, name, value)
    return value


def _entries(value):
    return value.values() if isinstance(value, dict) else value


def _holds_layers(value):
    return any(
        isinstance(entry, nn.Module) or (isinstance(entry, (list, tuple, dict)) and _holds_layers(entry))
        for entry in _entries(value)
    )


def _adopt(owner, name, entry):
    if isinstance(entry, (list, tuple, dict)):
        for index, inner in enumerate(_entries(entry)):
            _adopt(owner, f"{name}_{index}", inner)
        return
    known = any(module is entry for module in owner._modules.values())
    if isinstance(entry, nn.Module) and entry is not owner and not known:
        owner._modules[name.replace(".", "_")] = entry


class TrackedList(list):
    """A list whose layers belong to a layer."""

    def __init__(self, owner, name, entries=()):
        super().__init__()
        self._owner, self._name = owner, name
        self.extend(entries)

    def append(self, entry):
        _adopt(self._owner, f"{self._name}_{len(self)}", entry)
        super().append(entry)

    def extend(self, entries):
        for entry in entries:
            self.append(entry)

    def __iadd__(self, entries):
        self.extend(entries)
        return self

    def insert(self, index, entry):
        _adopt(self._owner, f"{self._name}_{len(self)}", entry)
        super().insert(index, entry)

    def __setitem__(self, index, entry):
        _adopt(self._owner, f"{self._name}_{len(self)}_{index}", entry)
        super().__setitem__(index, entry)

    def __reduce__(self):
        return list, (list(self),)

    def __deepcopy__(self, memo):
        return [copy.deepcopy(entry, memo) for entry in self]


class TrackedDict(dict):
    """A dict whose layers belong to a layer."""

    def __init__(self, owner, name, entries=()):
        super().__init__()
        self._owner, self._name = owner, name
        self.update(entries)

    def __setitem__(self, key, entry):
        _adopt(self._owner, f"{self._name}_{key}", entry)
        super().__setitem__(key, entry)

    def update(self, entries=(), **more):
        for key, entry in dict(entries, **more).items():
            self[key] = entry

    def __reduce__(self):
        return dict, (dict(self),)

    def __deepcopy__(self, memo):
        return {key: copy.deepcopy(entry, memo) for key, entry in self.items()}
