"""Things said once: an old spelling met, a likely mistake. One line each, counted for whoever asks."""

import collections
import warnings

counts = collections.Counter()
# Called with key and message each time that something is met; the message is said once.
listeners = []


class AnmokWarning(UserWarning):
    """A hint to the person at the keyboard; the program goes on."""


def once(key, message, *, stacklevel=3):
    """Warn with `message` the first time `key` is met, and count every time."""
    counts[key] += 1
    for listener in listeners:
        listener(key, message)
    if counts[key] == 1:
        warnings.warn(message, AnmokWarning, stacklevel=stacklevel)


def old_spelling(old, new, *, stacklevel=4):
    """Say once that `old` is understood and that `new` is today's spelling."""
    once(("old spelling", old), f"{old} is an old spelling, understood; today it is {new}.", stacklevel=stacklevel)


def forget():
    """Say everything anew from here on."""
    counts.clear()
