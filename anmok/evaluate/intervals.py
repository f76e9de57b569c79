"""How far a measured share may lie from the true one."""

import math
from statistics import NormalDist

import numpy as np

from anmok.errors import ArgumentError


def wilson_interval(hits, total, *, level=0.95):
    """Bounds (low, high) of a proportion of which `hits` of `total` were seen (Wilson 1927)."""
    if not 0 <= hits <= total or total == 0:
        raise ArgumentError(f"Expected 0 <= hits <= total and total > 0, got {hits} of {total}.")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, pull = hits / total, z * z / total
    centre = (share + pull / 2) / (1 + pull)
    reach = z / (1 + pull) * math.sqrt(share * (1 - share) / total + pull / (4 * total))
    return max(0.0, centre - reach), min(1.0, centre + reach)


def paired_interval(first, second, *, level=0.95):
    """Bounds (low, high) of how much larger a share is in `second` than in `first`, of the same cases.

    first, second: bool (N,), whether each case was a hit. The adjusted Wald interval of Bonett and Price 2012, equation
    6: the cases that differ, with one added of each kind.
    """
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ArgumentError(f"Expected hits of the same cases, (N,) twice, got {first.shape} and {second.shape}.")
    total = len(first) + 2
    gained = (np.count_nonzero(second & ~first) + 1) / total
    lost = (np.count_nonzero(first & ~second) + 1) / total
    reach = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt((gained + lost - (gained - lost) ** 2) / total)
    return max(-1.0, gained - lost - reach), min(1.0, gained - lost + reach)
