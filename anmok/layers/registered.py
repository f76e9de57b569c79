"""The table of layers by name, for files and for names in configs."""

from anmok.registry import Registry

_registry = Registry("layer", "keras.layers")
add = _registry.add
deserialize = _registry.deserialize
serialize = _registry.serialize
get = _registry.get
