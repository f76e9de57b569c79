"""Keras' functions that change one image: random_rotation and its kin, apply_affine_transform and its kin.

x: one image of three axes; row_axis, col_axis and channel_axis say which is which (Keras' defaults: channels first).
fill_mode, cval, interpolation_order: as in ImageDataGenerator. The random ones draw from `anmok.random`'s seed.
"""

import numpy as np

from anmok import random
from anmok.errors import ArgumentError, ShapeError
from anmok.preprocessing import transforms


def random_rotation(
    x, rg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """`x` turned by up to `rg` degrees, either way."""
    theta = _rng().uniform(-rg, rg)
    return apply_affine_transform(
        x, theta=theta, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis, fill_mode=fill_mode,
        cval=cval, order=interpolation_order,
    )  # fmt: skip


def random_shift(
    x, wrg, hrg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """`x` moved by up to the fraction `wrg` of its width and `hrg` of its height."""
    rng, shape = _rng(), np.shape(x)
    return apply_affine_transform(
        x, tx=rng.uniform(-wrg, wrg) * shape[col_axis], ty=rng.uniform(-hrg, hrg) * shape[row_axis],
        row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis, fill_mode=fill_mode, cval=cval,
        order=interpolation_order,
    )  # fmt: skip


def random_shear(
    x, intensity, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """`x` sheared by up to `intensity` degrees."""
    return apply_affine_transform(
        x, shear=_rng().uniform(-intensity, intensity), row_axis=row_axis, col_axis=col_axis,
        channel_axis=channel_axis, fill_mode=fill_mode, cval=cval, order=interpolation_order,
    )  # fmt: skip


def random_zoom(
    x, zoom_range, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """`x` zoomed by two factors out of the pair `zoom_range`, one for each direction."""
    low, high = _pair("zoom_range", zoom_range)
    zx, zy = (1, 1) if low == high == 1 else _rng().uniform(low, high, 2)
    return apply_affine_transform(
        x, zx=zx, zy=zy, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis, fill_mode=fill_mode,
        cval=cval, order=interpolation_order,
    )  # fmt: skip


def random_channel_shift(x, intensity_range, channel_axis=0):
    """`x` with one number, up to `intensity_range` either way, added to all values."""
    return apply_channel_shift(x, _rng().uniform(-intensity_range, intensity_range), channel_axis=channel_axis)


def random_brightness(x, brightness_range, scale=True):
    """`x` made brighter by a factor out of the pair `brightness_range`."""
    return apply_brightness_shift(x, _rng().uniform(*_pair("brightness_range", brightness_range)), scale)


def apply_affine_transform(
    x, theta=0, tx=0, ty=0, shear=0, zx=1, zy=1, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest",
    cval=0.0, order=1,
):  # fmt: skip
    """`x` turned (theta, degrees), moved (tx sideways, ty up and down, pixels), sheared (degrees), zoomed (zx, zy).

    The order and the arithmetic are those of Keras' ImageDataGenerator. Shape and dtype stay.
    """
    x = np.asarray(x)
    axes = (row_axis, col_axis, channel_axis)
    if x.ndim != 3 or sorted(axes) != [0, 1, 2]:
        raise ShapeError(
            f"apply_affine_transform: expected one image of three axes, row_axis, col_axis and channel_axis being 0, 1 "
            f"and 2 in some order; got shape {x.shape} and axes {axes}."
        )
    drawn = {"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy}
    moved = transforms.apply(np.transpose(x, axes), drawn, fill_mode=fill_mode, cval=cval, order=order)
    return np.ascontiguousarray(np.transpose(moved, np.argsort(axes)))


def apply_channel_shift(x, intensity, channel_axis=0):
    """`x` with `intensity` added to every value, cut to the lowest and highest value it had."""
    # Every channel gets the same, so that their axis does not matter.
    return transforms.shift_channels(_floating_or_levels(x), intensity)


def apply_brightness_shift(x, brightness, scale=True):
    """`x` made brighter by the factor `brightness`, as float32; scale: bring its values to 0..255 first."""
    x = np.asarray(x, np.float32)
    if scale:
        low, high = x.min(), x.max()
        x = np.trunc((x - low) / ((high - low) or 1) * 255)
    return transforms.brighten(x, brightness)


def _floating_or_levels(x):
    x = np.asarray(x)
    return x if x.dtype == np.uint8 or x.dtype.kind == "f" else x.astype(np.float32)


def _pair(name, value):
    try:
        low, high = value
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: expected a pair (lowest, highest), got {value!r}.") from None
    return low, high


def _rng():
    return np.random.RandomState(random.next_seed("transform") % (1 << 32))
