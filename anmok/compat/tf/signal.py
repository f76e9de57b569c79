"""tf.signal: Fourier transforms."""

import numpy as np

from anmok.compat import missing
from anmok.compat.functions import arrangement as ar
from anmok.compat.functions.statistics import SIGNAL
from anmok.compat.functions.values import tensor


def fftshift(x, axes=None, name=None):
    """x with its middle brought from the corner into the middle."""
    rank = tensor(x).ndim
    places = list(range(rank)) if axes is None else list(np.atleast_1d(axes))
    return ar.roll(x, [tensor(x).shape[place] // 2 for place in places], places)


def ifftshift(x, axes=None, name=None):
    """The inverse of `fftshift`."""
    rank = tensor(x).ndim
    places = list(range(rank)) if axes is None else list(np.atleast_1d(axes))
    return ar.roll(x, [-(tensor(x).shape[place] // 2) for place in places], places)


NAMES = {
    "fft": SIGNAL["fft"], "fft2d": SIGNAL["fft2"], "fftshift": fftshift, "ifft": SIGNAL["ifft"],
    "ifft2d": SIGNAL["ifft2"], "ifftshift": ifftshift, "irfft": SIGNAL["irfft"], "irfft2d": SIGNAL["irfft2"],
    "rfft": SIGNAL["rfft"], "rfft2d": SIGNAL["rfft2"],
}  # fmt: skip
globals().update(NAMES)


def __getattr__(name):
    raise missing.attribute("tf.signal", name, NAMES)


def __dir__():
    return sorted(NAMES)
