"""Arguments of transforms, checked where they enter. `owner` is the transform's name, for the message.

A number stands for a range about "nothing happens": degrees=30 is (-30, 30), factor=0.2 is (0.8, 1.2). A pair
(low, high) is the range itself.
"""

import math
import numbers

from anmok.errors import ArgumentError, unknown_name


def number(owner, name, value, *, low=-math.inf, high=math.inf):
    """`value` as a float in low..high."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not low <= value <= high:
        raise ArgumentError(f"{owner}: expected {name} to be a number{_within(low, high)}, got {value!r}.")
    return float(value)


def integer(owner, name, value, *, low=1, high=math.inf):
    """`value` as an int in low..high."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not low <= value <= high:
        raise ArgumentError(f"{owner}: expected {name} to be a whole number{_within(low, high)}, got {value!r}.")
    return int(value)


def pair(owner, name, value, *, low=-math.inf, high=math.inf):
    """`value`, a pair (least, most) in low..high, as two floats; one number stands for both."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        value = (value, value)
    try:
        least, most = value
    except (TypeError, ValueError):
        raise ArgumentError(f"{owner}: expected {name} to be a number or a pair (low, high), got {value!r}.") from None
    for part in (least, most):
        if isinstance(part, bool) or not isinstance(part, numbers.Real) or not low <= part <= high:
            raise ArgumentError(f"{owner}: expected {name} to hold numbers{_within(low, high)}, got {value!r}.")
    if least > most:
        raise ArgumentError(f"{owner}: expected {name} as (low, high), got {value!r}; write ({most!r}, {least!r}).")
    return float(least), float(most)


def around_zero(owner, name, value, *, most=math.inf):
    """A number r >= 0 as (-r, r); a pair as it is; all within -most..most."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        reach = number(owner, name, value, low=0, high=most)
        return -reach, reach
    return pair(owner, name, value, low=-most, high=most)


def around_one(owner, name, value, *, low=0.0, high=math.inf):
    """A number r in 0..1 as (1 - r, 1 + r); a pair of factors as it is; all within low..high."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        reach = number(owner, name, value, low=0, high=1)
        return pair(owner, name, (1 - reach, 1 + reach), low=low, high=high)
    return pair(owner, name, value, low=low, high=high)


def odd_pair(owner, name, value):
    """`value`, an odd whole number or a pair of them, as two ints >= 1."""
    sizes = pair(owner, name, value, low=1)
    if any(size % 2 != 1 for size in sizes):
        raise ArgumentError(f"{owner}: expected {name} to be odd whole numbers such as 3 or (3, 7), got {value!r}.")
    return int(sizes[0]), int(sizes[1])


def choice(owner, name, value, choices):
    """`value` if it is one of `choices`; else UnknownNameError with the nearest of them."""
    if value not in choices:
        raise unknown_name(f"{name} of {owner}", value, choices)
    return value


def _within(low, high):
    if low == -math.inf and high == math.inf:
        return ""
    return f" >= {low:g}" if high == math.inf else f" in {low:g}..{high:g}"
