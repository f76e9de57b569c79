"""tf.random: draws of the library's randomness, which `set_seed` fixes."""

import types

import torch

from anmok import random
from anmok.compat.dtypes import torch_dtype
from anmok.compat.functions.creation import random_normal, random_uniform
from anmok.compat.functions.creation import truncated_normal as _truncated_normal
from anmok.compat.functions.values import integer, sizes
from anmok.compat.tensors import as_tensor, plain, wrapped
from anmok.utils import set_random_seed


def set_seed(seed):
    """Fix all draws from here on."""
    set_random_seed(integer(seed))


set_random_seed_of_tensorflow_1 = set_seed
normal, uniform, truncated_normal = random_normal, random_uniform, _truncated_normal


def _generator(seed):
    return torch.Generator().manual_seed(random.next_seed("function") if seed is None else integer(seed))


def shuffle(value, seed=None, name=None):
    """The rows in another order."""
    value = plain(as_tensor(value))
    return wrapped(value[torch.randperm(value.shape[0], generator=_generator(seed)).to(value.device)])


def categorical(logits, num_samples, dtype=None, seed=None, name=None):
    """Class numbers (B, num_samples), drawn with the probabilities softmax(logits) of each row."""
    chances = torch.softmax(plain(as_tensor(logits)).float(), -1)
    drawn = torch.multinomial(chances, integer(num_samples), replacement=True, generator=_generator(seed))
    return wrapped(drawn.to(torch_dtype(dtype or "int64")))


def poisson(shape, lam, dtype="float32", seed=None, name=None):
    """Draws of the shape `shape` for each of `lam`."""
    rates = plain(as_tensor(lam, "float32"))
    rates = rates.expand(*sizes(shape), *rates.shape).contiguous()
    return wrapped(torch.poisson(rates, generator=_generator(seed)).to(torch_dtype(dtype)))


def gamma(shape, alpha, beta=None, dtype="float32", seed=None, name=None):
    """Draws of the shape `shape` for each of `alpha`."""
    drawn = torch.as_tensor(_numpy(seed).gamma(as_tensor(alpha).numpy(), size=(*sizes(shape), *as_tensor(alpha).shape)))
    return wrapped((drawn / (1.0 if beta is None else plain(as_tensor(beta)))).to(torch_dtype(dtype)))


def _numpy(seed):
    import numpy as np

    return np.random.default_rng(random.next_seed("function") if seed is None else integer(seed))


def _pair(seed):
    """One number out of the two that stateless draws take."""
    first, second = (int(part) for part in as_tensor(seed).numpy())
    return random.seed_for("stateless", first & 0xFFFFFFFF, second & 0xFFFFFFFF)


def stateless_uniform(shape, seed, minval=0, maxval=None, dtype="float32", name=None, alg="auto_select"):
    return random_uniform(shape, minval, maxval, dtype, _pair(seed))


def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32", name=None, alg="auto_select"):
    return random_normal(shape, mean, stddev, dtype, _pair(seed))


def stateless_truncated_normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32", name=None, alg="auto_select"):
    return _truncated_normal(shape, mean, stddev, dtype, _pair(seed))


def split(seed, num=2, alg="auto_select"):
    """`num` new pairs of numbers (num, 2) out of one, each for a stateless draw of its own."""
    pair = as_tensor(seed)
    most = 0x7FFFFFFF  # fits the narrowest format that seeds have
    numbers = [[random.seed_for("split", _pair(pair), i, j) & most for j in range(2)] for i in range(integer(num))]
    return as_tensor(numbers, pair.dtype)


def fold_in(seed, data, alg="auto_select"):
    """A new pair of numbers (2,) out of one and a number, such as a step's."""
    pair = as_tensor(seed)
    numbers = [random.seed_for("fold", _pair(pair), integer(data), place) & 0x7FFFFFFF for place in range(2)]
    return as_tensor(numbers, pair.dtype)


def stateless_shuffle(value, seed, alg="auto_select", name=None):
    """The rows in another order, the same one for the same pair of numbers."""
    return shuffle(value, _pair(seed))


class Generator:
    """A stream of draws of its own, fixed by its seed."""

    def __init__(self, seed):
        self._draws = 0
        self._seed = integer(seed)

    @classmethod
    def from_seed(cls, seed, alg=None):
        return cls(seed)

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        return cls(torch.seed() & 0x7FFFFFFF)

    def _next(self):
        self._draws += 1
        return random.seed_for("stream", self._seed, self._draws)

    def normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        return random_normal(shape, mean, stddev, dtype, self._next())

    def uniform(self, shape, minval=0, maxval=None, dtype="float32", name=None):
        return random_uniform(shape, minval, maxval, dtype, self._next())

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        return _truncated_normal(shape, mean, stddev, dtype, self._next())

    def make_seeds(self, count=1):
        return as_tensor([[self._next() & 0x7FFFFFFF for _ in range(count)] for _ in range(2)], "int64")

    def split(self, count=1):
        return [Generator(self._next() & 0x7FFFFFFF) for _ in range(count)]

    def reset_from_seed(self, seed):
        self._seed, self._draws = integer(seed), 0


_of_all = None


def get_global_generator():
    """The stream that `set_seed` begins anew."""
    global _of_all
    if _of_all is None or _of_all[0] is not random._master:
        _of_all = random._master, Generator(random.master_seed())
    return _of_all[1]


# What had this name before it stood in tf.random itself.
experimental = types.ModuleType("anmok.compat.tf.random.experimental")
vars(experimental).update(
    Generator=Generator,
    get_global_generator=get_global_generator,
    stateless_fold_in=fold_in,
    stateless_shuffle=stateless_shuffle,
    stateless_split=split,
)

__all__ = [
    "Generator", "categorical", "experimental", "fold_in", "gamma", "get_global_generator", "normal", "poisson",
    "set_seed", "shuffle", "split", "stateless_normal", "stateless_shuffle", "stateless_truncated_normal",
    "stateless_uniform", "truncated_normal", "uniform",
]  # fmt: skip
