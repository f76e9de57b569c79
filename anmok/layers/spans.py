"""Ranges that augmentation layers draw from, given as one number or as two."""

import math

from anmok.errors import ArgumentError


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def mirrored(number):
    """What one number means where both directions are drawn: (-number, number)."""
    return -abs(number), abs(number)


def from_zero(number):
    """What one number means where it is the most: (0, number)."""
    return min(0, number), max(0, number)


def twice(number):
    """What one number means where it is always that, or both bounds: (number, number)."""
    return number, number


def span(owner, name, value, *, within, alone):
    """`value`, a number or two of them, as (lower, upper).

    within: (least, most) that both may be, most may be infinite. alone: what one number means, a function of it.
    Raises ArgumentError for anything else.
    """
    least, most = within
    pair = isinstance(value, (list, tuple))
    numbers = tuple(value) if pair else (value,)
    fits = len(numbers) == (2 if pair else 1) and all(_is_number(entry) and least <= entry <= most for entry in numbers)
    if not fits:
        raise _refusal(owner, name, value, within)
    return tuple(sorted(numbers)) if pair else alone(value)


def _refusal(owner, name, value, within):
    least, most = within
    bounds = f"from {least:g} to {most:g}" if math.isfinite(most) else f"not below {least:g}"
    return ArgumentError(f"{owner}: {name} must be a number, or two of them, {bounds}; got {value!r}.")


def checked_value_range(owner, value):
    """(lowest, highest) value that pixels have, such as (0, 255) or (0, 1); raises ArgumentError for anything else."""
    valid = isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value))
    if not valid or value[0] == value[1]:
        raise ArgumentError(
            f"{owner}: value_range must be the lowest and the highest value of a pixel, such as (0, 255) or (0, 1); "
            f"got {value!r}."
        )
    return tuple(sorted(value))


def number(owner, name, value, *, least=-math.inf, most=math.inf):
    """`value` if it is a number in that range; raises ArgumentError otherwise."""
    if not _is_number(value) or not least <= value <= most:
        bounds = f" from {least:g} to {most:g}" if math.isfinite(most) else f" >= {least:g}" if least > -1e9 else ""
        raise ArgumentError(f"{owner}: {name} must be a number{bounds}; got {value!r}.")
    return value
