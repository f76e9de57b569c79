"""How far a measured share may lie from the true one."""

import math
from statistics import NormalDist

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
