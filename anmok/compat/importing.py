"""While compat is active, `import tensorflow`, `import keras` and their kin give modules that show anmok.

Each such module is a View: it has no names of its own, it looks them up in the tables of keras_names.py, in the
library, or in anmok.compat.tf, and says in one sentence what is not covered. Views of one thing are one object, by
whatever name it is imported: `tensorflow.keras.layers`, `keras.layers` and `tensorflow.python.keras.layers.core`.
"""

import importlib
import importlib.machinery
import importlib.util
import sys
import types

from anmok.compat import keras_names, missing
from anmok.notices import old_spelling

# The packages that are answered for, real ones or not. `google` itself stays what it is; only colab in it is ours.
PACKAGES = (
    "tensorflow", "keras", "tf_keras", "keras_preprocessing", "keras_applications", "tensorflow_hub", "google.colab",
    *keras_names.REFUSED_PACKAGES,
)  # fmt: skip
# Modules of anmok.compat that packages show as they are.
_SHOWN = {"tensorflow": "anmok.compat.tf", "tensorflow_hub": "anmok.compat.tensorflow_hub"}
_SHOWN["google.colab"] = "anmok.compat.colab"

_views = {}


def is_ours(dotted):
    return any(dotted == package or dotted.startswith(package + ".") for package in PACKAGES)


class View(types.ModuleType):
    """A module of TensorFlow's or Keras' that shows what anmok has of it."""

    def __init__(self, dotted, find, names):
        super().__init__(dotted)
        spec = importlib.machinery.ModuleSpec(dotted, _Loader(), is_package=True)
        self.__dict__.update(__spec__=spec, __path__=[], _find=find, _names=names)

    def __getattr__(self, name):
        if name == "__all__":
            return sorted(self._names())
        if name.startswith("__") and name.endswith("__") and name != "__version__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = self._find(name)
        self.__dict__[name] = value
        return value

    def __repr__(self):
        return f"<module {self.__name__!r} (shown by anmok)>"

    def __dir__(self):
        return sorted({*self._names(), *(name for name in self.__dict__ if name not in ("_find", "_names"))})


class _Function(View):
    """A module that is also a function: keras.layers.merge was either, by the year."""

    def __call__(self, *args, **kwargs):
        return keras_names.value(keras_names.ROOMS[self.__name__].called)(*args, **kwargs)


def view(dotted, *, depth=5):
    """The View for a dotted module name in any spelling; raises NotCoveredModule.

    depth: how many frames above `warnings.warn` the line that asks is, for the word about an old spelling.
    """
    plain, old = keras_names.plain(dotted)
    if old:
        old_spelling(old, plain, stacklevel=depth)
    if plain not in _views:
        is_room = plain in keras_names.ROOMS or plain.split(".")[0] == "keras"
        _views[plain] = _room_view(plain) if is_room else _shown_view(plain)
    return _views[plain]


def _room_view(plain):
    room = keras_names.ROOMS.get(plain)
    if room is None:
        around = plain.rpartition(".")[0]
        raise missing.module(plain, keras_names.listed(around) if around in keras_names.ROOMS else ())

    def find(name):
        if name in room.names:
            return keras_names.value(room.names[name])
        for source in room.sources:
            module = keras_names.value(source)
            # A room inside is shown by a View, not as the module that the library has.
            if name in keras_names.public(module) and not isinstance(getattr(module, name), types.ModuleType):
                return getattr(module, name)
        if keras_names.plain(f"{plain}.{name}")[0] in keras_names.ROOMS:
            return view(f"{plain}.{name}", depth=6)
        raise missing.attribute(plain, name, names())

    def names():
        return keras_names.listed(plain)

    return View(plain, find, names) if room.called is None else _Function(plain, find, names)


def _shown_view(plain):
    """A view of a module of anmok.compat: tensorflow.math shows anmok.compat.tf.math."""
    package = next(package for package in PACKAGES if plain == package or plain.startswith(package + "."))
    if package in keras_names.REFUSED_PACKAGES:
        raise missing.module(plain)
    shown = importlib.import_module(_SHOWN[package])
    spoken = "tf" if package == "tensorflow" else package
    for part in plain[len(package) :].split(".")[1:]:
        try:
            shown = getattr(shown, part)
        except AttributeError as error:
            own = isinstance(error, missing.NotCovered)
            raise (missing.NotCoveredModule(str(error)) if own else missing.module(plain)) from None
        spoken += f".{part}"
        if not isinstance(shown, types.ModuleType):
            raise missing.module(plain)
    if isinstance(shown, View):
        return shown

    def find(name):
        if keras_names.plain(f"{plain}.{name}")[0] in keras_names.ROOMS:
            return view(f"{plain}.{name}")
        try:
            value = getattr(shown, name)
        except AttributeError as error:
            if isinstance(error, missing.NotCovered):
                raise
            raise missing.attribute(spoken, name, keras_names.public(shown)) from None
        if isinstance(value, types.ModuleType) and value.__name__.startswith(f"{_SHOWN[package]}."):
            return view(f"{plain}.{name}")
        return value

    return View(plain, find, lambda: keras_names.public(shown))


class _Loader:
    """Gives the View for a spec; the module is complete as soon as it is there."""

    def create_module(self, spec):
        return view(spec.name)

    def exec_module(self, module):
        # The import system has written the spelling of this import into it.
        module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, self, is_package=True)


class _Finder:
    @staticmethod
    def find_spec(fullname, path=None, target=None):
        if not is_ours(fullname):
            return None
        return importlib.machinery.ModuleSpec(fullname, _Loader(), is_package=True)


_saved = {}
_NOTHING = object()


def set_up():
    """Put the real packages aside, if they are there, and answer in their place."""
    _saved.update({name: sys.modules.pop(name) for name in list(sys.modules) if is_ours(name)})
    _saved["google"] = sys.modules.get("google", _NOTHING)
    _saved["google colab"] = vars(_saved["google"]).get("colab", _NOTHING) if "google" in sys.modules else _NOTHING
    if "google" not in sys.modules and importlib.util.find_spec("google") is None:
        sys.modules["google"] = types.ModuleType("google")
        sys.modules["google"].__path__ = []
    sys.meta_path.insert(0, _Finder)


def take_down():
    """Take the views out and bring the very same modules back that were there before."""
    sys.meta_path.remove(_Finder)
    for name in [name for name in sys.modules if is_ours(name)]:
        del sys.modules[name]
    _views.clear()
    google, colab = _saved.pop("google"), _saved.pop("google colab")
    if "google" in sys.modules:
        vars(sys.modules["google"]).pop("colab", None)
        if google is _NOTHING and getattr(sys.modules["google"], "__spec__", None) is None:
            del sys.modules["google"]
        elif colab is not _NOTHING:
            sys.modules["google"].colab = colab
    sys.modules.update(_saved)
    _saved.clear()
