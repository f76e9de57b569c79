"""The errors anmok raises. Each is also the built-in kind that Keras code already catches."""

import difflib


class AnmokError(Exception):
    """Anything that anmok refuses; the message says what was expected, what came, what to do."""


class ArgumentError(AnmokError, ValueError):
    """An argument's value is not one that can be honoured."""


class UnknownNameError(ArgumentError):
    """A name that is not in the table it was looked up in; `kind` and `name` say what was looked for."""

    kind = name = None


class ShapeError(AnmokError, ValueError):
    """A tensor does not have the shape that its reader needs."""


class DataError(AnmokError, ValueError):
    """The samples or labels cannot be trained or evaluated on as they are."""


class NotBuiltError(AnmokError, ValueError):
    """Weights were asked for before the shape of the input was known."""


class TrainingError(AnmokError, RuntimeError):
    """Training went wrong at a step, which is named."""


class FileFormatError(AnmokError, ValueError):
    """A file is not what its reader understands, or is damaged."""


class MissingFileError(AnmokError, FileNotFoundError):
    """A file is not where it was looked for; the message says where it is wanted."""


def unknown_name(kind, name, choices):
    """An UnknownNameError that offers the nearest of `choices` (an iterable of str)."""
    # Names that differ in capitals and underlines alone stand for the same: one of them is enough.
    choices = {
        choice.replace("_", "").lower(): choice for choice in sorted(choices, key=lambda c: (c.islower(), "_" in c, c))
    }
    choices = sorted(choices.values(), key=str.lower)
    spelled = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(str(name).lower(), spelled, n=1, cutoff=0.5)
    offer = f" Did you mean {spelled[near[0]]!r}?" if near else ""
    error = UnknownNameError(f"Unknown {kind} {name!r}.{offer} Known: {', '.join(choices)}.")
    error.kind, error.name = kind, name
    return error
