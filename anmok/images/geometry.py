"""Moving pixels about. Draw first, then apply: every function here is pure.

One image is (H, W, C); some functions take many at once, (B, H, W, C). Shape and dtype stay what they were.

An affine map is the float64 matrix (2, 3) that takes a pixel of the *result*, (x, y, 1), to where its colour comes from
in the image, (x, y); x runs along the width, y along the height, and (0, 0) is the centre of the first pixel. Maps are
composed first (`affine`), and the pixels are moved once (`warp`).
"""

import cv2
import numpy as np

from anmok.errors import ArgumentError, ShapeError, unknown_name

# As SciPy names them: aaa|abcd|ddd, a constant, dcba|abcd|dcba. "wrap" has no twin in OpenCV, see `_warp_wrapped`.
_BORDERS = {"nearest": cv2.BORDER_REPLICATE, "constant": cv2.BORDER_REPLICATE, "reflect": cv2.BORDER_REFLECT}
FILL_MODES = (*_BORDERS, "wrap")
_ORDERS = {0: cv2.INTER_NEAREST, 1: cv2.INTER_LINEAR}
# Of a pixel. A mirrored edge lies at -1e-14 as often as at 0 and is inside all the same.
_EDGE = 1e-6
_MOVED_BY_OPENCV = (np.uint8, np.float32, np.float64)


def affine(
    height,
    width,
    *,
    rotate=0.0,
    shift=(0.0, 0.0),
    shear=0.0,
    zoom=(1.0, 1.0),
    flip_horizontal=False,
    flip_vertical=False,
):
    """The affine map float64 (2, 3) of these changes to images of that size, all about the centre.

    Keras' conventions and order: the result is zoomed, sheared, shifted, turned, then mirrored.
    rotate, shear: degrees. shift: pixels, as (down, right) that the colours are fetched from, so that (3, 0) moves the
    picture up by 3. zoom: (vertical, horizontal); above 1 the picture shrinks. Each may be an array (B,); the maps are
    then (B, 2, 3).
    """
    turn, slant = np.deg2rad(np.asarray(rotate, np.float64)), np.deg2rad(np.asarray(shear, np.float64))
    down, right = (np.asarray(part, np.float64) for part in shift)
    tall, wide = (np.asarray(part, np.float64) for part in zoom)
    cos, sin = np.cos(turn), np.sin(turn)
    # rotation @ shift @ shear @ zoom, written out; x first.
    a, b = cos * wide, (-cos * np.sin(slant) - sin * np.cos(slant)) * tall
    c, d = sin * wide, (-sin * np.sin(slant) + cos * np.cos(slant)) * tall
    e, f = cos * right - sin * down, sin * right + cos * down
    # Mirroring the result is fetching from the other end: x becomes -x about the centre.
    across = np.where(np.asarray(flip_horizontal, bool), -1.0, 1.0)
    along = np.where(np.asarray(flip_vertical, bool), -1.0, 1.0)
    a, c, b, d = a * across, c * across, b * along, d * along
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    e = e + middle_x - a * middle_x - b * middle_y
    f = f + middle_y - c * middle_x - d * middle_y
    parts = np.broadcast_arrays(a, b, e, c, d, f)
    return np.stack(parts, axis=-1).reshape(*parts[0].shape, 2, 3)


def warp(image, matrix, *, fill_mode="nearest", cval=0.0, order=1, out=None):
    """`image` (H, W, C) moved by the affine map `matrix` (2, 3), see above.

    fill_mode: what lies beyond the edge: 'nearest', 'constant' (the value `cval`), 'reflect' or 'wrap', as in SciPy.
    order: 0 nearest pixel, 1 linear, 2 to 5 splines (SciPy's, slow). out: an array to write to, else a new one.
    """
    image = np.asarray(image)
    if image.ndim != 3:
        raise ShapeError(f"warp: expected one image (H, W, C), got {image.shape}.")
    if fill_mode not in FILL_MODES:
        raise unknown_name("fill_mode", fill_mode, FILL_MODES)
    if order not in range(6):
        raise ArgumentError(f"warp: expected order 0 (nearest), 1 (linear) or a spline's, 2 to 5; got {order!r}.")
    if image.dtype not in _MOVED_BY_OPENCV:
        moved = warp(image.astype(np.float32), matrix, fill_mode=fill_mode, cval=cval, order=order)
        return _into(out, _like(moved, image.dtype))
    if order > 1:
        return _into(out, _like(_spline(image, matrix, fill_mode, cval, order), image.dtype))
    if fill_mode == "wrap":
        return _into(out, _warp_wrapped(image, matrix, _ORDERS[order]))
    height, width, channels = image.shape
    target = None if out is None else (out if channels > 1 else out[..., 0])
    moved = cv2.warpAffine(
        image, matrix, (width, height), dst=target, flags=_ORDERS[order] | cv2.WARP_INVERSE_MAP,
        borderMode=_BORDERS[fill_mode],
    )  # fmt: skip
    if out is None or moved is not target:
        moved = _into(out, moved.reshape(image.shape))
    else:
        moved = out
    if fill_mode == "constant":
        # SciPy does not blend the constant into the last half pixel, OpenCV would.
        moved[_outside(matrix, height, width)] = _like(np.float64(cval), image.dtype)
    return moved


def _into(out, moved):
    if out is None:
        return moved
    out[...] = moved
    return out


def _like(values, dtype):
    """Rounded and cut to what an integer dtype holds; floats are cast."""
    if np.issubdtype(dtype, np.integer):
        bounds = np.iinfo(dtype)
        values = np.clip(np.rint(values), bounds.min, bounds.max)
    return values.astype(dtype)


def _sources(matrix, height, width):
    """Where each pixel comes from: x and y, float64 (H, W)."""
    columns, rows = np.arange(width), np.arange(height)[:, None]
    return tuple(line[0] * columns + (line[1] * rows + line[2]) for line in matrix)


def _outside(matrix, height, width):
    x, y = _sources(matrix, height, width)
    return (x < -_EDGE) | (x > width - 1 + _EDGE) | (y < -_EDGE) | (y > height - 1 + _EDGE)


def _warp_wrapped(image, matrix, interpolation):
    """SciPy's 'wrap': beyond one edge it goes on from the other; the two edge pixels are one (the period is n - 1)."""
    height, width = image.shape[:2]
    maps = [
        _wrapped(source, size).astype(np.float32)
        for source, size in zip(_sources(matrix, height, width), (width, height), strict=True)
    ]
    return cv2.remap(image, *maps, interpolation, borderMode=cv2.BORDER_REPLICATE).reshape(image.shape)


def _wrapped(source, size):
    inside = (source >= -_EDGE) & (source <= size - 1 + _EDGE)
    return np.where(inside, source, np.mod(source, max(size - 1, 1)))


def _spline(image, matrix, fill_mode, cval, order):
    from scipy import ndimage

    (a, b, e), (c, d, f) = matrix
    planes = [
        ndimage.affine_transform(plane, [[d, c], [b, a]], [f, e], order=order, mode=fill_mode, cval=cval)
        for plane in np.moveaxis(image.astype(np.float64), -1, 0)
    ]
    return np.stack(planes, axis=-1)


def draw_shifts(rng, count, *, pixels):
    """Whole offsets (count, 2) as (down, right), uniform in -pixels..pixels."""
    return rng.integers(-pixels, pixels, size=(count, 2), endpoint=True)


def draw_flips(rng, count):
    """Which of `count` images to mirror: bool (count,), each with probability 1/2."""
    return rng.random(count) < 0.5


def shift(images, offsets, *, fill=0):
    """Each image (B, H, W, C) moved by its row of `offsets` (B, 2), whole pixels (down, right).

    What moves out is lost; what comes in has the value `fill`.
    """
    images, offsets = np.asarray(images), np.asarray(offsets)
    if images.ndim != 4 or offsets.shape != (len(images), 2):
        raise ShapeError(
            f"shift: expected images (B, H, W, C) and offsets (B, 2), got {images.shape} and {offsets.shape}."
        )
    reach = int(np.abs(offsets).max(initial=0))
    if reach == 0:
        return images.copy()
    height, width = images.shape[1:3]
    margin = (reach, reach)
    padded = np.pad(images, ((0, 0), margin, margin, (0, 0)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    top, left = (reach - offsets).T
    moved = windows[np.arange(len(images)), top, left]  # (B, C, H, W)
    return np.ascontiguousarray(moved.transpose(0, 2, 3, 1))


def flip(images, which):
    """The images (B, H, W, C) where `which` (bool, (B,)) is true mirrored left to right, the others as they are."""
    images, which = np.asarray(images), np.asarray(which, bool)
    if images.ndim != 4 or which.shape != (len(images),):
        raise ShapeError(f"flip: expected images (B, H, W, C) and which (B,), got {images.shape} and {which.shape}.")
    return np.where(which[:, None, None, None], images[:, :, ::-1], images)


def fit_within(image, *, height, width):
    """One image uint8 (H, W, C) scaled, whole and undistorted, into (height, width, C).

    The bars that remain have the median of the picture's border, which is its background more often than not.
    """
    image = np.asarray(image)
    if image.ndim != 3:
        raise ShapeError(f"fit_within: expected one image (H, W, C), got {image.shape}.")
    scale = min(height / image.shape[0], width / image.shape[1])
    inner = max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))
    # Area averages have no aliasing when a picture shrinks; enlarging, they would show squares.
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, inner[::-1], interpolation=method).reshape(*inner, image.shape[2])
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    canvas = np.empty((height, width, image.shape[2]), image.dtype)
    canvas[:] = np.median(border, axis=0).astype(image.dtype)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    canvas[top : top + inner[0], left : left + inner[1]] = small
    return canvas
