"""Names to objects and back: one table a kind (initializers, losses, ...), and the user's own classes.

A Registry turns what a person may write (a string, a class, an object, a config dict read from a file) into the
object, and an object into the plain dict that Keras 3 writes into its files.
"""

import contextlib
import inspect
import re

from anmok.errors import ArgumentError, FileFormatError, unknown_name

_registered = {}  # "package>Name" -> class or function
_scopes = []  # innermost last: {name: class or function}


def snake_case(name):
    """ "GlorotUniform" -> "glorot_uniform", "L1L2" -> "l1_l2", "SGD" -> "sgd", as Keras spells its names."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def register_keras_serializable(package="Custom", name=None):
    """Decorator, as in Keras: the class or function can be read back from a file under `package>name`."""

    def register(thing):
        key = f"{package}>{name or thing.__name__}"
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ArgumentError(f"{thing.__name__} needs a get_config() method to be registered for saving.")
        thing._registered_name = key
        _registered[key] = thing
        return thing

    return register


@contextlib.contextmanager
def custom_object_scope(objects):
    """Within it, names in `objects` (dict of str to class or function) are known everywhere a name is accepted."""
    _scopes.append(dict(objects))
    try:
        yield
    finally:
        _scopes.pop()


def find_custom(name, registered_name=None):
    """The user's class or function of that name, innermost scope first; None if there is none."""
    for scope in reversed(_scopes):
        for key in (registered_name, name):
            if key in scope:
                return scope[key]
    for key in (registered_name, name, f"Custom>{name}"):
        if key in _registered:
            return _registered[key]
    return None


def get_registered_name(thing):
    """The name `thing` was registered under, or its own name (as Keras' `get_registered_name`)."""
    return getattr(thing, "_registered_name", None) if "_registered_name" in vars(thing) else thing.__name__


def get_registered_object(name, custom_objects=None, module_objects=None):
    """The class or function registered under `name`, or None."""
    for table in (custom_objects or {}, module_objects or {}):
        if name in table:
            return table[name]
    return find_custom(name)


def get_custom_objects():
    """The dict of everything registered; writing to it registers (as in Keras)."""
    return _registered


class Registry:
    """The choices of one kind, by every name they go by.

    kind: the word used in errors ("initializer"). module: where Keras keeps it ("keras.initializers").
    """

    def __init__(self, kind, module):
        self.kind = kind
        self.module = module
        self._choices = {}

    def add(self, thing, *aliases):
        """Enter a class or function under its own name, its snake_case name and `aliases`; returns it."""
        for name in (thing.__name__, snake_case(thing.__name__), *aliases):
            self._choices[name] = thing
        return thing

    def __contains__(self, name):
        return name in self._choices

    def names(self):
        return list(self._choices)

    def find(self, name, registered_name=None):
        """The class or function of that name; raises UnknownNameError with the nearest name."""
        thing = find_custom(name, registered_name) or self._choices.get(name)
        if thing is None:
            raise unknown_name(self.kind, name, self._choices)
        return thing

    def get(self, identifier):
        """What `identifier` stands for: None, a name, a class, a config dict, or an object or function as it is."""
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if isinstance(identifier, str):
            identifier = self.find(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        raise ArgumentError(f"Expected a {self.kind} (a name, an object or None), got {identifier!r}.")

    def serialize(self, thing):
        """`thing` as plain data: None, a function's name, or Keras 3's dict of module, class_name, config, registered_name."""
        if thing is None or isinstance(thing, (str, dict)):
            return thing
        if inspect.isfunction(thing) or inspect.isbuiltin(thing):
            registered = vars(thing).get("_registered_name") if hasattr(thing, "__dict__") else None
            return registered or thing.__name__
        cls = type(thing)
        registered = vars(cls).get("_registered_name")
        known = self._choices.get(cls.__name__) is cls
        return {
            "module": self.module if known else None,
            "class_name": cls.__name__,
            "config": thing.get_config(),
            "registered_name": None if known else registered or cls.__name__,
        }

    def deserialize(self, config, custom_objects=None):
        """The object that `serialize` (ours or Keras') wrote; `custom_objects` adds names for this call."""
        with custom_object_scope(custom_objects or {}):
            if config is None:
                return None
            if isinstance(config, str):
                return self.find(config)
            if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
                raise FileFormatError(
                    f"Expected the config of a {self.kind} (a dict with 'class_name'), got {config!r}."
                )
            name, inner = config["class_name"], config.get("config", {})
            if name == "function":
                return self.find(inner, config.get("registered_name"))
            thing = self.find(name, config.get("registered_name"))
            return thing.from_config(inner) if hasattr(thing, "from_config") else thing(**inner)
