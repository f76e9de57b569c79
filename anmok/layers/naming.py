"""Names that layers get when nobody names them: dense, dense_1, dense_2, as in Keras."""

import collections

from anmok.registry import snake_case

_given = collections.Counter()


def automatic_name(class_name):
    """The next free name for a layer of that class."""
    stem = snake_case(class_name)
    number = _given[stem]
    _given[stem] += 1
    return f"{stem}_{number}" if number else stem


def forget_names():
    """Count from the beginning again (part of Keras' `clear_session`)."""
    _given.clear()
