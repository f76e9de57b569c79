"""Tensors of another kind at the library's borders: unwrapped where they come in, wrapped where they go out.

`kind` is None as long as people have torch's own tensors, and then nothing happens here. Who shows the library under
another face (anmok.compat) sets it to an object with

    is_theirs(structure)                   whether arguments come from somebody with tensors of that kind
    brings_numbers(structure)              whether they are tensors of that kind, arrays or numbers, not torch's tensors
    answer(function, args, kwargs)         what an own function gives for theirs, as theirs
    ask(function, args, kwargs)            what a function of theirs gives for torch's tensors, as torch's
    plain(structure)                       a structure with torch's tensors in the place of theirs
    shown(structure)                       the reverse
    shape(shape)                           a shape as their functions expect it
    gradients(gradients, weights)          gradients that may be theirs, in the layouts the weights are stored in
"""

import functools

kind = None


def is_ours(function):
    """Whether a function belongs to this package."""
    return getattr(function, "__module__", None) is not None and function.__module__.split(".")[0] == "anmok"


def border(function):
    """A function of the library that takes tensors of either kind and answers in the caller's."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if kind is None or not kind.is_theirs((args, kwargs)):
            return function(*args, **kwargs)
        return kind.answer(function, args, kwargs)

    return call


def theirs(function):
    """A function that a person wrote, which gets its tensors as that person expects them; ours is left as it is."""
    if is_ours(function):
        return function

    @functools.wraps(function)
    def call(*args, **kwargs):
        if kind is None:
            return function(*args, **kwargs)
        return kind.ask(function, args, kwargs)

    return call


def ask(function, *args, **kwargs):
    """function(*args, **kwargs), where the function may be a person's."""
    if kind is None or is_ours(function):
        return function(*args, **kwargs)
    return kind.ask(function, args, kwargs)


def plain(structure):
    """A structure with torch's tensors in the place of theirs."""
    return structure if kind is None else kind.plain(structure)


def shown(structure):
    """A structure with tensors of theirs in the place of torch's."""
    return structure if kind is None else kind.shown(structure)


def asked(function):
    """A function that may be a person's, such that tensors of ours can be given to it wherever it is kept."""
    if kind is None or is_ours(function) or getattr(function, "is_asked", False) or not callable(function):
        return function
    if not hasattr(function, "__name__"):
        return function  # an object, which is saved by its class
    wrapper = theirs(function)
    wrapper.is_asked = True
    return wrapper


def method(function):
    """A method of a class: of the library's own a border, of a person's class one of theirs."""
    return border(function) if is_ours(function) else theirs(function)
