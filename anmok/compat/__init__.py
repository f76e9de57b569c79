"""While it is active, `import tensorflow` and `import keras` mean anmok, whether or not they are installed.

`import anmok.compat.activate` at the head of a program, `%load_ext anmok.compat` in a notebook, or

    with anmok.compat.active():
        import tensorflow as tf
"""

import contextlib
import importlib
import sys

__all__ = ["activate", "active", "deactivate", "is_active"]

# What has to be set while compat is active, each a module with set_up() and take_down(): in this order, and back.
_PARTS = ["anmok.compat.importing", "anmok.compat.borders", "anmok.compat.keras_config", "anmok.compat.dataset_face"]
_set_up = []


def is_active():
    """Whether TensorFlow and Keras mean anmok now."""
    return bool(_set_up)


def activate():
    """From here on `import tensorflow` and `import keras` mean anmok; again is the same as once."""
    if _set_up:
        return
    try:
        for name in _PARTS:
            part = importlib.import_module(name)
            part.set_up()
            _set_up.append(part)
    except BaseException:
        deactivate()
        raise


def deactivate():
    """Bring back what `import tensorflow` and `import keras` meant before; nothing is left behind."""
    while _set_up:
        _set_up.pop().take_down()
    sys.modules.pop("anmok.compat.activate", None)  # importing it again shall activate again


@contextlib.contextmanager
def active():
    """A with block within which compat is active; it stays so afterwards only if it was so before."""
    was_active = is_active()
    activate()
    try:
        yield
    finally:
        if not was_active:
            deactivate()


def load_ipython_extension(ipython):
    """`%load_ext anmok.compat`"""
    activate()


def unload_ipython_extension(ipython):
    """`%unload_ext anmok.compat`"""
    deactivate()
