"""Which samples are trained on, and which are held back to watch the training."""

import math

import numpy as np

from anmok import random
from anmok.errors import ArgumentError, DataError


def stratified_split(labels, *, fraction):
    """Indices (train, validation), both ascending; of each class `fraction`, rounded up, goes to validation.

    labels: int (N,). Which ones is a function of the seed (`anmok.random.set_seed`) alone. Raises DataError when a
    class would have nothing left to train on.
    """
    if not 0 < fraction < 1:
        raise ArgumentError(f"The validation fraction must lie between 0 and 1, both excluded; got {fraction}.")
    labels = np.asarray(labels).reshape(-1)
    held = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        # Rounding away float noise: 0.1 * 30 is 3.0000000000000004.
        count = math.ceil(round(fraction * len(members), 6))
        if count >= len(members):
            raise DataError(
                f"Class {label} has {len(members)} image(s); with a validation fraction of {fraction} "
                "none is left to train on. Add images of it or lower the fraction."
            )
        held.append(random.generator("split", int(label)).permutation(members)[:count])
    validation = np.sort(np.concatenate(held)) if held else np.empty(0, np.int64)
    return np.setdiff1d(np.arange(len(labels)), validation), validation
