"""One seed for everything that draws."""

import numbers
import random as python_random

import numpy as np
import torch

from anmok import random
from anmok.errors import ArgumentError


def set_random_seed(seed):
    """Seed Python's random, NumPy, torch and anmok with an int in 0..2**32-1: same seed, same final weights."""
    if not isinstance(seed, numbers.Integral) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise ArgumentError(f"Expected a seed that is a whole number in 0..2**32-1, got {seed!r}.")
    seed = int(seed)
    python_random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    random.set_seed(seed)
