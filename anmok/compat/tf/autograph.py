"""tf.autograph: everything runs as the Python it is written in."""

from types import SimpleNamespace


def set_verbosity(level, alsologtostdout=False):
    """Nothing: there is nothing to report."""


def to_code(entity, recursive=True, experimental_optional_features=None):
    """The function's own source."""
    import inspect

    return inspect.getsource(getattr(entity, "python_function", entity))


def _as_it_is(func=None):
    return func if func is not None else (lambda function: function)


experimental = SimpleNamespace(do_not_convert=_as_it_is, set_loop_options=lambda **options: None)
__all__ = ["experimental", "set_verbosity", "to_code"]
