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
_registries = []  # every Registry there is, in the order they were made


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


CustomObjectScope = custom_object_scope


def serialize_function(function):
    """Keras 3's dict for a function: it is found again by its (registered) name. Raises ArgumentError for a lambda."""
    if getattr(function, "__name__", "<lambda>") == "<lambda>":
        raise ArgumentError(
            "A lambda cannot be saved: it has no name, and files hold no code. Write a function with def, and "
            "decorate it with @register_keras_serializable() so that it is found when the file is read."
        )
    name = get_registered_name(function) if hasattr(function, "__dict__") else function.__name__
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def serialize_object(thing):
    """Keras 3's dict for an object of any kind, or for a function; raises ArgumentError without a get_config()."""
    if inspect.isroutine(thing):
        return serialize_function(thing)
    if inspect.isclass(thing) or not hasattr(thing, "get_config"):
        raise ArgumentError(
            f"{thing!r} cannot be saved: expected a function, or an object with get_config() and from_config()."
        )
    for registry in _registries:
        if registry.knows(type(thing)):
            return registry.serialize(thing)
    return _described(thing, module=None)


def _described(thing, *, module):
    cls = type(thing)
    own_name = None if module else get_registered_name(cls)
    return {"module": module, "class_name": cls.__name__, "config": thing.get_config(), "registered_name": own_name}


def registry_of(module, name):
    """The Registry that knows `name` and is of a Keras module, public ("keras.layers") or inner; None if there is none.

    Inner modules, such as "keras.src.layers.core.dense", stand in files for classes that Keras does not export.
    """
    parts = str(module).split(".")
    if module is None:  # in the .h5 files of Keras 1 and 2
        return next((registry for registry in _registries if name in registry), None)
    if parts[0] != "keras":
        return None
    fitting = [registry for registry in _registries if name in registry and registry.module.split(".")[-1] in parts]
    return min(fitting, key=lambda registry: registry.module != module, default=None)


def find_function(config):
    """The function that a dict of `serialize_function` (ours or Keras') names; UnknownNameError if there is none."""
    name = config.get("config")
    if not isinstance(name, str):
        raise FileFormatError(f"Expected the name of a function, got {name!r}.")
    own = find_custom(name, config.get("registered_name"))
    if own is not None:
        return own
    functions = {}
    for registry in _registries:
        functions.update(registry.functions() | functions)
    if name not in functions:
        raise unknown_name("function", name, functions)
    return functions[name]


class Registry:
    """The choices of one kind, by every name they go by.

    kind: the word used in errors ("initializer"). module: where Keras keeps it ("keras.initializers").
    """

    def __init__(self, kind, module):
        self.kind = kind
        self.module = module
        self._choices = {}
        _registries.append(self)

    def knows(self, thing):
        """Whether this class or function is one of the choices itself, not just its name."""
        return self._choices.get(thing.__name__) is thing

    def add(self, thing, *aliases):
        """Enter a class or function under its own name, its snake_case name and `aliases`; returns it."""
        for name in (thing.__name__, snake_case(thing.__name__), *aliases):
            self._choices[name] = thing
        return thing

    def __contains__(self, name):
        return name in self._choices

    def names(self):
        return list(self._choices)

    def functions(self):
        """{name: function} of the choices that are functions."""
        return {name: thing for name, thing in self._choices.items() if inspect.isroutine(thing)}

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
        raise ArgumentError(f"Expected {self._a_kind} (a name, an object or None), got {identifier!r}.")

    @property
    def _a_kind(self):
        return f"{'an' if self.kind[0] in 'aeiou' else 'a'} {self.kind}"

    def serialize(self, thing):
        """`thing` as plain data: None, the name of a function known here, or Keras 3's dict of module and config."""
        if thing is None or isinstance(thing, (str, dict)):
            return thing
        if inspect.isroutine(thing) and self.knows(thing):
            return thing.__name__
        if not inspect.isroutine(thing) and self.knows(type(thing)):
            return _described(thing, module=vars(type(thing)).get("keras_module", self.module))
        return serialize_object(thing)

    def deserialize(self, config, custom_objects=None):
        """The object that `serialize` (ours or Keras') wrote; `custom_objects` adds names for this call."""
        with custom_object_scope(custom_objects or {}):
            if config is None:
                return None
            if isinstance(config, str):
                return self.find(config)
            if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
                raise FileFormatError(
                    f"Expected the config of {self._a_kind} (a dict with 'class_name'), got {config!r}."
                )
            name, inner = config["class_name"], config.get("config", {})
            registered_name = config.get("registered_name")
            is_function = name == "function"
            if not isinstance(inner, str if is_function else (dict, list)):
                raise FileFormatError(
                    f"The config of {self._a_kind} {name!r} holds {inner!r} instead of its arguments."
                )
            if is_function:
                return self.find(inner, registered_name)
            elsewhere = None if name in self else registry_of(config.get("module"), name)
            if elsewhere is not None:
                return elsewhere.deserialize(config)
            thing = self.find(name, registered_name if isinstance(registered_name, str) else None)
            return thing.from_config(inner) if hasattr(thing, "from_config") else thing(**inner)
