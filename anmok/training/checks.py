"""What is looked at once, before an epoch begins; each finding is a DataError in words."""

import math

import numpy as np
import torch

from anmok.errors import ArgumentError, DataError
from anmok.notices import once
from anmok.training.tensors import leaves

# Looking through more numbers than this would take seconds.
_LARGEST = 200_000_000
_CHUNK = 1 << 22  # numbers


def same_length(x, y=None, sample_weight=None, *, prefix=""):
    """The number of samples that all arrays agree on."""
    arrays = (("x", x), ("y", y), ("sample_weight", sample_weight))
    named = [leaf for name, structure in arrays for leaf in leaves(structure, prefix + name)]
    if not named:
        raise DataError(f"{prefix}x is empty: there is nothing to work on.")
    name, first = named[0]
    for other, tensor in named[1:]:
        if len(tensor) != len(first):
            raise DataError(
                f"{name} has {len(first)} samples, {other} has {len(tensor)}. Each sample needs one entry in both."
                + _hint(x, y)
            )
    if not len(first):
        raise DataError(f"{name} is empty (shape {tuple(first.shape)}): there is nothing to work on.")
    return len(first)


def _hint(x, y):
    if isinstance(x, list) and isinstance(y, torch.Tensor) and len(x) == len(y):
        return f" (A list of arrays means several inputs, here {len(x)}. If they are the samples: np.stack(x).)"
    return ""


def finite(structure, name):
    """Refuse NaN and infinite values in the float tensors of a structure, naming the first."""
    for leaf, tensor in leaves(structure, name):
        if tensor.is_floating_point() and 0 < tensor.numel() < _LARGEST:
            _finite(tensor, leaf)


def _finite(tensor, name):
    rows = max(1, _CHUNK // max(1, tensor[0].numel()))
    for start in range(0, len(tensor), rows):
        chunk = tensor[start : start + rows]
        # NaN and infinity survive a sum, which reads memory once; a sum that overflows is looked at closely.
        if torch.isfinite(chunk.sum(dtype=torch.promote_types(chunk.dtype, torch.float32))):
            continue
        odd = (~torch.isfinite(chunk)).nonzero()
        if len(odd):
            place = odd[0].tolist()
            value = chunk[tuple(place)].item()
            place[0] += start
            index = ", ".join(map(str, place))
            raise DataError(
                f"{name}[{index}] is {value}: every value must be a finite number. "
                f"Leave out or fill such samples, for instance with np.nan_to_num({name})."
            )


def count(value, name):
    """An int >= 1, or None; raises ArgumentError otherwise."""
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 1:
        raise ArgumentError(f"Expected {name} to be a whole number of 1 or more, or None; got {value!r}.")
    return int(value)


def steps(value):
    """A number of batches an epoch, or None; of len(x) / 32 the begun batch counts, as it did in Keras 2."""
    if isinstance(value, (float, np.floating)) and math.isfinite(value) and value > 0:
        whole = math.ceil(value)
        if value != whole:
            once(("part of a batch", whole), f"An epoch of {value} batches is taken for one of {whole}, as in Keras 2.")
        value = whole
    return count(value, "steps")
