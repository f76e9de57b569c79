"""What course code says to the libraries around TensorFlow and their present versions have dropped: np.int, imresize.

Each is understood while a program runs, counted as an old spelling, and gone afterwards. A library is only touched when
the program imports it. Where today's library means the same by another name, that is what is done.
"""

import builtins
import collections
import collections.abc
import contextlib
import functools
import importlib
import importlib.util
import sys
import time
import types

from anmok.notices import old_spelling

# fmt: off
_NUMPY = {
    "int": "int", "float": "float", "complex": "complex", "object": "object", "str": "str", "bool": "bool",
    "float_": "np.float64", "complex_": "np.complex128", "string_": "np.bytes_", "unicode_": "np.str_",
    "Inf": "np.inf", "Infinity": "np.inf", "PINF": "np.inf", "infty": "np.inf", "NaN": "np.nan", "NAN": "np.nan",
    "product": "np.prod", "cumproduct": "np.cumprod", "sometrue": "np.any", "alltrue": "np.all", "round_": "np.round",
    "trapz": "np.trapezoid", "row_stack": "np.vstack", "in1d": "np.isin",
}
_PILLOW = {"ANTIALIAS": "LANCZOS", "LINEAR": "BILINEAR", "CUBIC": "BICUBIC"}
# fmt: on


class _Changes:
    """Attributes that are set until they are taken back."""

    def __init__(self):
        self._before = []

    def set(self, owner, name, value):
        self._before.append((owner, name, vars(owner).get(name, self)))
        setattr(owner, name, value)

    def add(self, owner, name, value):
        if not hasattr(owner, name):
            self.set(owner, name, value)

    def take_back(self):
        while self._before:
            owner, name, value = self._before.pop()
            if value is self:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def _numpy(numpy, changes):
    refuse = vars(numpy)["__getattr__"]

    def find(name):
        if name not in _NUMPY:
            return refuse(name)
        new = _NUMPY[name]
        old_spelling(f"np.{name}", new)
        return getattr(numpy, new[3:]) if new.startswith("np.") else getattr(builtins, new)

    changes.set(numpy, "__getattr__", find)


def _scipy(scipy, changes):
    find_newer = vars(scipy)["__getattr__"]

    def find(name):
        return importlib.import_module("scipy.misc") if name == "misc" else find_newer(name)

    changes.set(scipy, "__getattr__", find)


def _pillow(image, changes):
    for old, new in _PILLOW.items():
        changes.add(image, old, getattr(image.Resampling, new))


def _pandas(pandas, changes):
    def append(self, other, ignore_index=False, **more):
        old_spelling("DataFrame.append", "pd.concat")
        if isinstance(other, (dict, pandas.Series)) and isinstance(self, pandas.DataFrame):
            other = pandas.DataFrame([other])
        others = list(other) if isinstance(other, (list, tuple)) else [other]
        return pandas.concat([self, *others], ignore_index=ignore_index)

    for owner in (pandas.DataFrame, pandas.Series):
        changes.add(owner, "append", append)
        changes.add(owner, "iteritems", _renamed(owner.items, "iteritems", "items"))
        changes.add(owner, "as_matrix", _renamed(owner.to_numpy, "as_matrix", "to_numpy"))
    if hasattr(pandas.DataFrame, "map"):
        changes.add(pandas.DataFrame, "applymap", _renamed(pandas.DataFrame.map, "applymap", "map"))


def _renamed(function, old, new):
    @functools.wraps(function)
    def renamed(*given, **more):
        old_spelling(old, new)
        return function(*given, **more)

    return renamed


def _styles(style, changes):
    use = style.use

    def using(name):
        if isinstance(name, str) and name.startswith("seaborn") and name not in style.available:
            today = name.replace("seaborn", "seaborn-v0_8", 1)
            if today in style.available:
                old_spelling(f"style.use({name!r})", repr(today))
                name = today
        return use(name)

    changes.set(style, "use", using)


def _colormaps(cm, changes):
    import matplotlib

    def get_cmap(name=None, lut=None):
        old_spelling("cm.get_cmap", "matplotlib.colormaps")
        map_ = matplotlib.colormaps[name or matplotlib.rcParams["image.cmap"]]
        return map_ if lut is None else map_.resampled(lut)

    changes.add(cm, "get_cmap", get_cmap)


def _folds(split, changes):
    begin = split._BaseKFold.__init__

    def __init__(self, n_splits, *, shuffle, random_state):
        if not shuffle and random_state is not None:
            old_spelling(f"{type(self).__name__}(random_state=...)", "shuffle=True with it, or neither")
            random_state = None
        begin(self, n_splits, shuffle=shuffle, random_state=random_state)

    changes.set(split._BaseKFold, "__init__", __init__)


def _boston(datasets, changes):
    def load_boston(*, return_X_y=False):
        import numpy as np
        from sklearn.utils import Bunch

        from anmok.datasets import boston_housing

        old_spelling("sklearn.datasets.load_boston", "keras.datasets.boston_housing")
        (x, y), _ = boston_housing.load_data(test_split=0, seed=0)
        names = ["CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT"]
        return (x, y) if return_X_y else Bunch(data=x, target=y, feature_names=np.array(names), DESCR="")

    changes.set(datasets, "load_boston", load_boston)


def _hdf5(h5py, changes):
    def value(self):
        old_spelling("h5py Dataset.value", "dataset[()]")
        return self[()]

    changes.add(h5py.Dataset, "value", property(value))


_LIBRARIES = {
    "numpy": _numpy,
    "scipy": _scipy,
    "PIL.Image": _pillow,
    "pandas": _pandas,
    "matplotlib.style": _styles,
    "matplotlib.cm": _colormaps,
    "sklearn.model_selection._split": _folds,
    "sklearn.datasets": _boston,
    "h5py": _hdf5,
}


def _scipy_misc():
    """scipy.misc, whose functions on images went to Pillow."""
    import numpy as np
    from PIL import Image

    filters = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}

    def imread(name, flatten=False, mode=None):
        old_spelling("scipy.misc.imread", "matplotlib.pyplot.imread")
        with Image.open(name) as image:
            return np.array(image.convert("F" if flatten else mode or image.mode))

    def imresize(arr, size, interp="bilinear", mode=None):
        old_spelling("scipy.misc.imresize", "PIL.Image.resize")
        image = toimage(arr)
        height, width = np.shape(arr)[:2]
        if isinstance(size, (tuple, list)):
            height, width = size[:2]
        else:
            scale = size / 100 if isinstance(size, int) else size
            height, width = int(height * scale), int(width * scale)
        return np.array(image.resize((width, height), filters[interp]))

    def toimage(arr, **more):
        arr = np.asarray(arr)
        if arr.dtype != np.uint8:  # as scipy.misc did: from the smallest to the largest value
            low, high = float(arr.min()), float(arr.max())
            arr = ((arr - low) * (255 / (high - low or 1)) + 0.5).clip(0, 255).astype(np.uint8)
        return Image.fromarray(arr)

    def imsave(name, arr, format=None):
        old_spelling("scipy.misc.imsave", "matplotlib.pyplot.imsave")
        toimage(arr).save(name, format)

    module = types.ModuleType("scipy.misc")
    module.__dict__.update(imread=imread, imresize=imresize, imsave=imsave, toimage=toimage)
    return module


def _copied(old, new):
    """What makes the module `old` out of what `new` has."""

    def make():
        old_spelling(old, new)
        module = types.ModuleType(old)
        names = vars(importlib.import_module(new))
        module.__dict__.update({name: value for name, value in names.items() if not name.startswith("__")})
        return module

    return make


_MODULES = {
    "scipy.misc": _scipy_misc,
    "sklearn.externals.joblib": _copied("sklearn.externals.joblib", "joblib"),
    "sklearn.cross_validation": _copied("sklearn.cross_validation", "sklearn.model_selection"),
}


class _Finder:
    """Understands a library's old words when it has been imported, and makes modules that are no more."""

    def __init__(self, changes):
        self._changes = changes
        self._busy = False

    def find_spec(self, fullname, path=None, target=None):
        if self._busy or (fullname not in _LIBRARIES and fullname not in _MODULES):
            return None
        self._busy = True
        try:
            spec = importlib.util.find_spec(fullname)
        except ModuleNotFoundError:
            spec = None
        finally:
            self._busy = False
        if fullname in _MODULES:
            return importlib.util.spec_from_loader(fullname, _Maker(_MODULES[fullname]))
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                _LIBRARIES[fullname](module, self._changes)

            spec.loader.exec_module = exec_module
        return spec


class _Maker:
    def __init__(self, make):
        self._make = make

    def create_module(self, spec):
        return self._make()

    def exec_module(self, module):
        pass


@contextlib.contextmanager
def understood():
    """A with block within which the old words are understood."""
    changes = _Changes()
    before = {name: sys.modules.pop(name, None) for name in _MODULES}
    finder = _Finder(changes)
    sys.meta_path.insert(0, finder)
    try:
        for name, understand in _LIBRARIES.items():
            if name in sys.modules:
                understand(sys.modules[name], changes)
        changes.add(time, "clock", _renamed(time.perf_counter, "time.clock", "time.perf_counter"))
        for name in ("Iterable", "Mapping", "Sequence", "Callable", "Sized", "Hashable"):
            changes.add(collections, name, getattr(collections.abc, name))
        yield
    finally:
        sys.meta_path.remove(finder)
        changes.take_back()
        for name, module in before.items():
            made = sys.modules.pop(name, None)
            parent, _, attribute = name.rpartition(".")
            if made is not None and vars(sys.modules.get(parent, made)).get(attribute) is made:
                delattr(sys.modules[parent], attribute)
            if module is not None:
                sys.modules[name] = module
