"""Constructors that understand the arguments of Keras 1 and 2: Dense(output_dim=8, init="uniform")."""

import functools
import inspect

from anmok.errors import ArgumentError
from anmok.layers import old_names
from anmok.notices import old_spelling

# Arguments of tf.keras and Keras 1 that ask for what is so anyway: the values that do.
_ALWAYS_SO = {
    "mode": (0,), "fused": (None, True, False), "virtual_batch_size": (None,), "adjustment": (None,),
    "implementation": (1, 2), "dynamic": (False,),
}  # fmt: skip
_FOR_WORDS = {
    "mode": "feature-wise statistics are the only mode there is today",
    "dynamic": "layers run as they are written anyway: leave it out",
}
_OLD = {old for table in old_names.RENAMED.values() for old in table} | {*old_names.KERNEL_SIZE, "filter_length"}
_LOOKED_AT = _OLD | {*_ALWAYS_SO, "data_format"}


def understanding(init):
    """A layer's constructor such that it takes the arguments' old names, too, and says so once."""

    @functools.wraps(init)
    def init_of_any_year(self, *args, **kwargs):
        if not _LOOKED_AT.isdisjoint(kwargs):
            kwargs = _of_today(type(self), kwargs)
        init(self, *args, **kwargs)

    return init_of_any_year


def _of_today(cls, kwargs):
    accepted = _accepted(cls)
    kwargs = dict(kwargs)
    for old, new in old_names.renamed(cls.__name__, accepted).items():
        if old in kwargs:
            _take(cls, kwargs, old, new, kwargs[old])
    if "kernel_size" in accepted:
        rows, columns = old_names.KERNEL_SIZE
        if rows in kwargs and columns in kwargs:
            _take(cls, kwargs, rows, "kernel_size", (kwargs[rows], kwargs.pop(columns)))
        if "filter_length" in kwargs:
            _take(cls, kwargs, "filter_length", "kernel_size", kwargs["filter_length"])
    for name, table in old_names.VALUES.items():
        if isinstance(kwargs.get(name), str) and kwargs[name] in table:
            today = table[kwargs[name]]
            old_spelling(f"{cls.__name__}({name}={kwargs[name]!r})", f"{name}={today!r}", stacklevel=5)
            kwargs[name] = table[kwargs[name]]
    for name, values in _ALWAYS_SO.items():
        if name in kwargs and name not in accepted:
            value = kwargs.pop(name)
            if not any(value is known or value == known for known in values):
                reason = f": {_FOR_WORDS[name]}" if name in _FOR_WORDS else ""
                raise ArgumentError(f"{cls.__name__}: {name}={value!r} cannot be honoured{reason}.")
    return kwargs


def _take(cls, kwargs, old, new, value):
    if new in kwargs:
        raise ArgumentError(
            f"Got {old} and {new}, which are the old and the new name of one argument: leave {old} out."
        )
    del kwargs[old]
    kwargs[new] = value
    old_spelling(f"{cls.__name__}({old}=...)", f"{cls.__name__}({new}=...)", stacklevel=6)


@functools.lru_cache(maxsize=512)
def _accepted(cls):
    return frozenset(
        name
        for part in cls.__mro__
        if "__init__" in vars(part) and part is not object
        for name in inspect.signature(part.__init__).parameters
    )
