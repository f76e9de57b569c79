"""Arguments of layers checked where they enter: sizes and choices."""

import operator

from anmok import defaults
from anmok.errors import ArgumentError, unknown_name


def integers(owner, name, value, count, *, least=1):
    """`value`, one whole number or `count` of them, as a tuple of `count`; none may be below `least`."""
    try:
        if isinstance(value, bool):
            raise TypeError
        found = tuple(map(operator.index, value)) if hasattr(value, "__len__") else (operator.index(value),) * count
    except TypeError:
        found = ()
    if len(found) != count or min(found) < least:
        shape = "a whole number" if count == 1 else f"a whole number or {count} of them"
        raise ArgumentError(f"{owner}: {name} must be {shape}, at least {least}; got {value!r}.")
    return found


def integer(owner, name, value, *, least=1):
    """`value` as a whole number; raises ArgumentError where it is none, or below `least`."""
    if hasattr(value, "__len__"):
        raise ArgumentError(f"{owner}: {name} must be a whole number, at least {least}; got {value!r}.")
    return integers(owner, name, value, 1, least=least)[0]


def margins(owner, name, value, rank):
    """`value` (an int, one int a side, or a pair a side) as a tuple of `rank` pairs (before, after)."""
    if hasattr(value, "__len__") and len(value) != rank:
        raise ArgumentError(f"{owner}: {name} must be a whole number, or {rank} of them or of pairs; got {value!r}.")
    sides = value if hasattr(value, "__len__") else (value,) * rank
    return tuple(integers(owner, name, side, 2, least=0) for side in sides)


def choice(owner, name, value, choices):
    """`value` in lower case if it is one of `choices`; raises UnknownNameError with the nearest otherwise."""
    if str(value).lower() not in choices:
        raise unknown_name(f"{name} of {owner}", value, choices)
    return value.lower()


def data_format(owner, value):
    """the default for None, else the one of the two that `value` names."""
    return choice(owner, "data_format", value or defaults.image_data_format(), defaults.DATA_FORMATS)
