"""Randomness as a function of (seed, purpose, indices). There is no generator that everything shares.

One master seed stands behind all draws. `set_seed` fixes it; until then it comes from the operating system. A draw
names its purpose and its place (epoch, step, index), so it is the same whichever thread makes it, and when.
"""

import contextlib
import itertools
import threading
import zlib

import numpy as np


class _Master:
    def __init__(self, seed):
        self.seed = seed
        self.counters = {}
        self.lock = threading.Lock()


_master = _Master(int(np.random.SeedSequence().generate_state(1, np.uint64)[0]))
_step = threading.local()


def set_seed(seed):
    """Fix the master seed (an int >= 0) and start every counter anew."""
    global _master
    _master = _Master(int(seed))


def master_seed():
    """The seed that all draws of this process derive from."""
    return _master.seed


def _sequence(purpose, indices):
    return np.random.SeedSequence([_master.seed, zlib.crc32(purpose.encode()), *indices])


def seed_for(purpose, *indices):
    """An int in 0..2**63-1, a function of (master seed, purpose, indices)."""
    return int(_sequence(purpose, indices).generate_state(1, np.uint64)[0] >> np.uint64(1))


def next_seed(purpose):
    """The next seed of a purpose whose draws are counted, such as initial weights in the order they are made."""
    with _master.lock:
        counter = _master.counters.setdefault(purpose, itertools.count())
        return seed_for(purpose, next(counter))


def generator(purpose, *indices):
    """A fresh NumPy Generator for (master seed, purpose, indices)."""
    return np.random.Generator(np.random.SFC64(_sequence(purpose, indices)))


def epoch_of_round(epoch, number):
    """What stands for the epoch in draws of round `number`: `fit` called again on a model begins a round of its own.

    Else `for _ in range(10): model.fit(x, y, epochs=1)` would see one order and one set of masks ten times.
    """
    return epoch + (number << 20)


@contextlib.contextmanager
def training_step(epoch, index):
    """While it lasts, `layer_generator` draws for this step of training, in the order that layers ask."""
    _step.place, _step.generator = (epoch, index), None
    try:
        yield
    finally:
        _step.place = _step.generator = None


def layer_generator(seed=None):
    """The NumPy Generator for a layer's noise: of the current training step, else the next of a counted stream.

    seed: a layer's own seed (int), which then stands in the place of the master seed.
    """
    place = getattr(_step, "place", None)
    if seed is not None:
        own = place if place is not None else (next_seed(f"layer {seed}"),)
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence([int(seed), *own])))
    if place is None:
        return np.random.Generator(np.random.SFC64(next_seed("layer")))
    if _step.generator is None:
        _step.generator = generator("layer", *place)
    return _step.generator
