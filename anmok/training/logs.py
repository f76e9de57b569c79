"""What was measured, by name; a name of another year finds the number too."""

from anmok.notices import once

# Keras before 2.3 called metrics=['accuracy'] "acc" and metrics=['mae'] "mean_absolute_error"; tf.keras before 2.16
# called the learning rate "lr".
_SPELLINGS = [
    {"acc", "accuracy"},
    {"mae", "mean_absolute_error"},
    {"mse", "mean_squared_error"},
    {"mape", "mean_absolute_percentage_error"},
    {"lr", "learning_rate"},
]
_OTHER = {name: next(iter(names - {name})) for names in _SPELLINGS for name in names}


def other_spelling(name):
    """'val_acc' for 'val_accuracy' and the reverse; None for names that have one spelling."""
    prefix = "val_" if name.startswith("val_") else ""
    other = _OTHER.get(name.removeprefix("val_"))
    return other and prefix + other


class Logs(dict):
    """{name: number}, in which "acc" is found as "accuracy", "mean_absolute_error" as "mae", and the reverse."""

    def __missing__(self, name):
        other = other_spelling(name) if isinstance(name, str) else None
        if other is None or not dict.__contains__(self, other):
            raise KeyError(name)
        _say(name, other)
        return self[other]

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def copy(self):
        return Logs(self)

    def __reduce__(self):
        return dict, (dict(self),)


def _say(name, other):
    once(("log spelling", name), f"There is no {name!r} here; {other!r}, the same number, is given.", stacklevel=5)
