"""Affine maps and the one warp, against SciPy and against geometry done by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from anmok.errors import ArgumentError, ShapeError
from anmok.images import geometry


def picture(height=13, width=17, channels=3, dtype=np.uint8, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels))
    return ndimage.gaussian_filter(pixels.astype(np.float64), (1, 1, 0)).astype(dtype)


def scipys(image, matrix, **how):
    (a, b, e), (c, d, f) = matrix
    planes = np.moveaxis(image.astype(np.float32), -1, 0)
    moved = [ndimage.affine_transform(plane, [[d, c], [b, a]], [f, e], **how) for plane in planes]
    return np.stack(moved, axis=-1)


turns = st.floats(-180, 180)
small = st.floats(-6, 6)
zooms = st.floats(0.5, 2)


@settings(max_examples=60, deadline=None)
@given(
    turn=turns, down=small, right=small, shear=st.floats(-40, 40), tall=zooms, wide=zooms,
    across=st.booleans(), along=st.booleans(),
    mode=st.sampled_from(geometry.FILL_MODES), order=st.sampled_from([0, 1]),
    channels=st.sampled_from([1, 3, 4]), dtype=st.sampled_from([np.uint8, np.float32]),
)  # fmt: skip
def test_a_warp_is_scipys(turn, down, right, shear, tall, wide, across, along, mode, order, channels, dtype):
    image = picture(40, 31, channels, dtype)
    matrix = geometry.affine(
        40, 31, rotate=turn, shift=(down, right), shear=shear, zoom=(tall, wide), flip_horizontal=across,
        flip_vertical=along,
    )  # fmt: skip
    ours = geometry.warp(image, matrix, fill_mode=mode, cval=77, order=order)
    theirs = scipys(image, matrix, mode=mode, cval=77, order=order)
    assert ours.dtype == dtype and ours.shape == image.shape
    far = (np.abs(ours.astype(np.float64) - theirs) > 1).any(axis=-1)
    assert not (far & ~on_a_boundary(matrix, 40, 31, order)).any()


def on_a_boundary(matrix, height, width, order):
    """Where a source lies on the edge, or for order 0 between two pixels: rounding decides which side it falls to."""
    rows, columns = np.mgrid[:height, :width]
    x, y = (line[0] * columns + line[1] * rows + line[2] for line in matrix)
    found = np.zeros((height, width), bool)
    for source, size in ((x, width), (y, height)):
        found |= np.abs(source % (size - 1)) < 1e-3
        found |= np.abs(source % (size - 1) - (size - 1)) < 1e-3
        if order == 0:
            found |= np.abs(source % 1 - 0.5) < 1e-2
            found |= np.abs(source % (size - 1) % 1 - 0.5) < 1e-2
    return found


@pytest.mark.parametrize("order", [2, 3, 5])
@pytest.mark.parametrize("mode", geometry.FILL_MODES)
def test_splines_are_scipys_cut_to_the_range(order, mode):
    image = picture()
    matrix = geometry.affine(13, 17, rotate=20, zoom=(0.8, 1.1))
    ours = geometry.warp(image, matrix, fill_mode=mode, cval=9, order=order)
    theirs = np.clip(scipys(image, matrix, mode=mode, cval=9, order=order), 0, 255)
    assert np.abs(ours - theirs).max() <= 0.51


@pytest.mark.parametrize("mode", geometry.FILL_MODES)
@pytest.mark.parametrize("across, along", [(True, False), (False, True), (True, True), (False, False)])
def test_mirroring_by_a_map_moves_every_pixel_exactly(mode, across, along):
    image = picture()
    matrix = geometry.affine(13, 17, flip_horizontal=across, flip_vertical=along)
    mirrored = image[:: -1 if along else 1, :: -1 if across else 1]
    assert np.array_equal(geometry.warp(image, matrix, fill_mode=mode, cval=9), mirrored)


def test_half_a_turn_is_about_the_centre_of_oblong_pictures_too():
    image = picture()
    assert np.array_equal(geometry.warp(image, geometry.affine(13, 17, rotate=180)), image[::-1, ::-1])


def test_shift_zoom_and_shear_do_what_they_say():
    image = np.zeros((9, 9, 1), np.uint8)
    image[4, 4] = 200
    up_left = geometry.warp(image, geometry.affine(9, 9, shift=(3, 2)))
    assert np.argwhere(up_left[..., 0]).tolist() == [[1, 2]]
    image[:, 2] = 200
    narrow = geometry.warp(image, geometry.affine(9, 9, zoom=(1, 2)), fill_mode="constant")
    assert np.flatnonzero(narrow[0, :, 0]).tolist() == [3]  # two columns left of the centre become one
    # Each row goes sideways in proportion to its height over the centre: sin(30 degrees) a row.
    slanted = geometry.affine(9, 9, shear=30)
    assert slanted[0].tolist() == pytest.approx([1, -0.5, 2])
    assert slanted[1].tolist() == pytest.approx([0, np.cos(np.deg2rad(30)), 4 - 4 * np.cos(np.deg2rad(30))])


def test_maps_of_a_batch_are_the_maps_of_its_images():
    rng = np.random.default_rng(0)
    turns, downs, widths, across = rng.uniform(-90, 90, 5), rng.uniform(-3, 3, 5), rng.uniform(0.5, 2, 5), rng.random(5)
    many = geometry.affine(8, 6, rotate=turns, shift=(downs, 0), zoom=(1, widths), flip_horizontal=across > 0.5)
    for i in range(5):
        one = geometry.affine(
            8, 6, rotate=turns[i], shift=(downs[i], 0), zoom=(1, widths[i]), flip_horizontal=across[i] > 0.5
        )
        assert many[i] == pytest.approx(one)


def test_out_is_written_to_and_the_image_is_not():
    image = picture(channels=1)
    before, out = image.copy(), np.zeros((2, 13, 17, 1), np.uint8)
    for mode in geometry.FILL_MODES:
        moved = geometry.warp(image, geometry.affine(13, 17, rotate=10), fill_mode=mode, out=out[1])
        assert np.shares_memory(moved, out) and np.array_equal(moved, out[1]) and not out[0].any()
        assert np.array_equal(moved, geometry.warp(image, geometry.affine(13, 17, rotate=10), fill_mode=mode))
    assert np.array_equal(image, before)


def test_other_integers_are_moved_too():
    image = picture().astype(np.int32) * 1000
    moved = geometry.warp(image, geometry.affine(13, 17, shift=(1, 0)))
    assert moved.dtype == np.int32 and np.array_equal(moved[:-1], image[1:])


def test_what_cannot_be_done_is_said():
    image, matrix = picture(), geometry.affine(13, 17)
    with pytest.raises(ShapeError, match=r"one image \(H, W, C\), got \(13, 17\)"):
        geometry.warp(image[..., 0], matrix)
    with pytest.raises(ArgumentError, match=r"Unknown fill_mode 'nearst'\. Did you mean 'nearest'"):
        geometry.warp(image, matrix, fill_mode="nearst")
    with pytest.raises(ArgumentError, match="order 0"):
        geometry.warp(image, matrix, order=7)
