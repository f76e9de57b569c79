"""The table of layers by name, for files and for names in configs."""

import contextlib
import threading

from anmok.errors import ArgumentError
from anmok.layers.old_configs import modernized
from anmok.registry import Registry, custom_object_scope, find_custom

_KEY = "shared_object_id"
# .written: {id(layer): config}; .read: {id in the file: layer}; .named: {(class, name): layer}
_sharing = threading.local()


@contextlib.contextmanager
def sharing():
    """While it lasts, a layer met twice is written with one id, and configs of one id give one layer (as in Keras)."""
    kept = vars(_sharing).copy()
    _sharing.written, _sharing.read, _sharing.named = {}, {}, {}
    try:
        yield
    finally:
        vars(_sharing).clear()
        vars(_sharing).update(kept)


class LayerRegistry(Registry):
    """The table of layers: besides arguments, a layer's config has what it was built for and compiled with."""

    def serialize(self, thing):
        if hasattr(thing, "keras_entry"):
            return thing.keras_entry()
        config = super().serialize(thing)
        if not hasattr(thing, "get_build_config"):
            return config
        if (shape := thing.get_build_config()) is not None and thing.weights:
            config["build_config"] = shape
        if getattr(thing, "compiled", False) and (arguments := thing.get_compile_config()):
            config["compile_config"] = arguments
        written = getattr(_sharing, "written", None)
        # The first has no id, as in Keras, which would connect the second model wrongly if it took them for one.
        if written is not None and written.setdefault(id(thing), config) is not config:
            config[_KEY] = id(thing)
        return config

    def deserialize(self, config, custom_objects=None):
        if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
            return super().deserialize(config, custom_objects)
        shared = self._shared(config)
        if shared is not None:
            return shared
        with custom_object_scope(custom_objects or {}):
            layer = super().deserialize(self._of_today(_without_operation_path(config)))
            ours = type(layer).__module__.split(".")[0] == "anmok"
            # Layers of ours are built when the model's graph is made; others may have no other way.
            if config.get("build_config") and not ours and not getattr(layer, "built", True):
                layer.build_from_config(config["build_config"])
            if config.get("compile_config") and hasattr(layer, "compile_from_config"):
                layer.compile_from_config(config["compile_config"])
        self._remember(config, layer)
        return layer

    def _of_today(self, config):
        """A config without "module", as .h5 files have them, in today's words."""
        inner, name = config.get("config"), config["class_name"]
        if "module" in config or not isinstance(inner, dict) or "layers" in inner:
            return config
        # There an operator has the name of a layer, but is not called on a list.
        calls = [call.get("args") for call in config.get("inbound_nodes") or () if isinstance(call, dict)]
        if calls and (len(calls[0] or ()) != 1 or (name not in self and find_custom(name) is None)):
            return _without_operation_path({**config, "module": "keras.src.ops.numpy"})
        cls = self.find(name, config.get("registered_name"))
        is_ours = isinstance(cls, type) and cls.__module__.split(".")[0] == "anmok"
        return {**config, "config": modernized(cls, inner)} if is_ours else config

    def _shared(self, config):
        """The layer read before that this config stands for; None if there is none."""
        read, number = getattr(_sharing, "read", None), config.get(_KEY)
        if read is None or not isinstance(number, int):
            return None
        # The first time, a layer that several models share is written without its id, so the name must do.
        return read.get(number) or _sharing.named.get(_class_and_name(config))

    def _remember(self, config, layer):
        if getattr(_sharing, "read", None) is not None:
            _sharing.named[_class_and_name(config)] = layer
            if isinstance(config.get(_KEY), int):
                _sharing.read[config[_KEY]] = layer


def _class_and_name(config):
    inner = config.get("config")
    return config["class_name"], str(inner.get("name") if isinstance(inner, dict) else None)


def _without_operation_path(config):
    """Operators on symbolic tensors, which Keras writes as classes of keras.src.ops, as our layer Operation."""
    module = str(config.get("module"))
    if not module.startswith("keras.src.ops."):
        return config
    inner = config.get("config")
    if not isinstance(inner, dict) or set(inner) - {"name", "dtype"}:
        raise ArgumentError(
            f"The model holds the function keras.ops.{config['class_name']} with the arguments {inner!r}, which is not "
            "known here. Use a layer for it, or a Lambda layer with a function of your own."
        )
    return {
        "class_name": "Operation",
        "config": {"operation": config["class_name"], "name": inner.get("name")},
    }


_registry = LayerRegistry("layer", "keras.layers")
add = _registry.add
deserialize = _registry.deserialize
serialize = _registry.serialize
get = _registry.get
