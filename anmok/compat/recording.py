"""Who writes down operations for gradients at the moment: a GradientTape, or a step of training in the library."""

import contextlib
import itertools
import threading


class _State(threading.local):
    """Of one thread. tapes: those open now, outermost first; session: the number of the outermost's opening."""

    def __init__(self):
        self.tapes = []
        self.session = None
        self.inside = 0  # how many of the library's calls of a person's code are under way


state = _State()
_sessions = itertools.count(1)


def is_recording():
    """Whether operations on variables are written down now; else they have no gradients, as in TensorFlow."""
    return bool(state.tapes) or state.inside > 0


def opened(tape):
    if not state.tapes:
        state.session = next(_sessions)
    state.tapes.append(tape)


def closed(tape):
    state.tapes.remove(tape)
    if not state.tapes:
        state.session = None


@contextlib.contextmanager
def inside_library():
    """The library runs a person's layer or model within: what it records stays recorded."""
    state.inside += 1
    try:
        yield
    finally:
        state.inside -= 1


@contextlib.contextmanager
def stopped():
    """No tape records within (`tape.stop_recording()`)."""
    kept = state.tapes, state.session, state.inside
    state.tapes, state.session, state.inside = [], None, 0
    try:
        yield
    finally:
        state.tapes, state.session, state.inside = kept
