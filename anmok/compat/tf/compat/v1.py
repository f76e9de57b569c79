"""tf.compat.v1: TensorFlow 1's names where they mean what they mean today, and its settings, which have no meaning."""

import importlib

from anmok.compat import missing, tf
from anmok.compat.tf.random import set_seed

_GRAPHS = "TensorFlow 1 graphs and sessions are gone: call functions on tensors and use .numpy()"


def _nothing(*args, **kwargs):
    """Nothing: this has no meaning here."""


def set_random_seed(seed):
    set_seed(seed)


def reset_default_graph():
    """Forget the names of layers, which is all there is of a graph here."""
    from anmok.layers import forget_names

    forget_names()


disable_eager_execution = enable_eager_execution = enable_v2_behavior = disable_v2_behavior = _nothing
enable_resource_variables = disable_resource_variables = disable_control_flow_v2 = _nothing


def executing_eagerly():
    return True


class _Options:
    """Settings that take any attribute and do nothing."""

    def __init__(self, **settings):
        self.__dict__.update(settings)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        self.__dict__[name] = _Options()
        return self.__dict__[name]


class ConfigProto(_Options):
    """Settings of a session, such as gpu_options.allow_growth, which torch does without."""


class GPUOptions(_Options):
    """Settings of a GPU's memory, which torch does without."""


class Session:
    """A session that was made to carry settings; it does not run graphs."""

    def __init__(self, target="", graph=None, config=None):
        pass

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        raise missing.NotCovered(f"anmok does not cover tf.compat.v1.Session.run: {_GRAPHS}.")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def close(self):
        pass


InteractiveSession = Session


def __getattr__(name):
    if name == "logging":
        return importlib.import_module("anmok.compat.tf.logging")
    try:
        return getattr(tf, name)
    except missing.NotCovered:
        raise missing.attribute("tf.compat.v1", name, dir(tf)) from None


def __dir__():
    return sorted({*dir(tf), *(name for name in globals() if not name.startswith("_"))})
