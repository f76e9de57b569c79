"""Random masks and noise for layers, cheap enough not to be seen in a training step.

A mask is drawn as 16 random bits a value, straight from the bit generator; torch's `bernoulli_` takes fifteen times
as long. Dropout rates are therefore multiples of 1/65536, and the scale is that of the rate really used.
"""

import functools
import math

import numpy as np
import torch

from anmok import outside
from anmok.random import layer_generator

_LEVELS = 1 << 16


def keep(shape, rate, *, seed=None):
    """A NumPy bool array of that shape, False with probability `rate` (to 1/65536); draws from `layer_generator`."""
    count = math.prod(shape)
    words = layer_generator(seed).bit_generator.random_raw((count + 3) // 4)
    return (words.view(np.uint16)[:count] >= round(rate * _LEVELS)).reshape(shape)


def keep_scale(rate):
    """What kept values are multiplied with so that the mean stays; 0 where nothing is kept."""
    kept = _LEVELS - round(rate * _LEVELS)
    return _LEVELS / kept if kept else 0.0


def keep_mask(shape, rate, *, like, seed=None):
    """Dropout's factors as a tensor: 0 with probability `rate`, else 1 / (1 - rate).

    like: the tensor that will be multiplied; the mask has its dtype and device.
    """
    kept = keep(shape, rate, seed=seed)
    like = outside.plain(like)  # a person's layer may have called ours with tensors of their kind
    dtype = like.dtype if like.is_floating_point() else torch.float32
    if dtype.itemsize == 2:
        # NumPy has no bfloat16: write the scale's bit pattern.
        mask = torch.from_numpy(np.multiply(kept, _pattern(keep_scale(rate), dtype), dtype=np.int16)).view(dtype)
    else:
        mask = torch.from_numpy(np.multiply(kept, keep_scale(rate), dtype=str(dtype).removeprefix("torch.")))
    return mask.to(like.device, non_blocking=True)


@functools.lru_cache(maxsize=256)
def _pattern(value, dtype):
    return np.int16(torch.tensor(value, dtype=dtype).view(torch.int16).item())


def normal_noise(shape, *, like, seed=None):
    """Standard normal values of that shape in the dtype and on the device of `like`."""
    source = torch.Generator().manual_seed(int(layer_generator(seed).integers(1 << 62)))
    noise = torch.randn(shape, generator=source)
    like = outside.plain(like)
    return noise.to(like.device, like.dtype if like.is_floating_point() else torch.float32)
