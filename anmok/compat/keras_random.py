"""keras.random: draws from a seed of one's own, or from the library's randomness."""

from anmok.compat.functions.creation import random_normal, random_uniform
from anmok.compat.functions.creation import truncated_normal as _truncated_normal
from anmok.compat.tensors import as_tensor
from anmok.compat.tf import random as _draws

__all__ = ["SeedGenerator", "categorical", "normal", "randint", "shuffle", "truncated_normal", "uniform"]


class SeedGenerator:
    """Gives another seed at each draw: `seed`, `seed + 1`, ..."""

    def __init__(self, seed=None, name=None, **_):
        self.seed, self.name = seed, name
        self._drawn = 0

    def next(self, ordered=True):
        """The seed of the next draw; None if the library shall choose."""
        self._drawn += 1
        return None if self.seed is None else int(self.seed) + self._drawn - 1

    def get_config(self):
        return {"seed": self.seed, "name": self.name}


def _seed(seed):
    return seed.next() if isinstance(seed, SeedGenerator) else seed


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    return random_normal(shape, mean, stddev, dtype=dtype or "float32", seed=_seed(seed))


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    return _truncated_normal(shape, mean, stddev, dtype=dtype or "float32", seed=_seed(seed))


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    return random_uniform(shape, minval, maxval, dtype=dtype or "float32", seed=_seed(seed))


def randint(shape, minval, maxval, dtype="int32", seed=None):
    return random_uniform(shape, minval, maxval, dtype=dtype, seed=_seed(seed))


def shuffle(x, axis=0, seed=None):
    if axis == 0:
        return _draws.shuffle(x, seed=_seed(seed))
    return as_tensor(_draws.shuffle(as_tensor(x).movedim(axis, 0), seed=_seed(seed))).movedim(0, axis)


def categorical(logits, num_samples, dtype="int32", seed=None):
    return _draws.categorical(logits, num_samples, dtype=dtype, seed=_seed(seed))
