"""Moves against Pillow's transforms, and by doing them one after the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from anmok.images import moves


def smooth(height=40, width=48, channels=3, dtype=np.float32):
    noise = np.random.default_rng(0).uniform(0, 255, (height, width, channels))
    return ndimage.gaussian_filter(noise, (3, 3, 0)).astype(dtype)


def inside(image, margin=12):
    return image[margin:-margin, margin:-margin]


@pytest.mark.parametrize("degrees", [-35, 10, 90, 180])
def test_turns_are_pillows(degrees):
    image = smooth(channels=1, height=48)
    theirs = np.asarray(Image.fromarray(image[..., 0]).rotate(degrees, Image.Resampling.BILINEAR))
    ours = moves.moved(image, moves.move(48, 48, degrees=degrees))[..., 0]
    assert np.abs(inside(ours) - inside(theirs)).max() < 0.1


def test_shears_and_shifts_are_pillows():
    image = smooth(channels=1)
    middle_x, middle_y = 47 / 2, 39 / 2
    for shear, shift, matrix in (
        ((20, 0), (0, 0), (1, np.tan(np.radians(20)), -np.tan(np.radians(20)) * (middle_y + 0.5), 0, 1, 0)),
        ((0, -15), (0, 0), (1, 0, 0, np.tan(np.radians(-15)), 1, -np.tan(np.radians(-15)) * (middle_x + 0.5))),
        ((0, 0), (3, -5), (1, 0, -3, 0, 1, 5)),
    ):
        plane = Image.fromarray(image[..., 0])
        theirs = np.asarray(plane.transform((48, 40), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))
        ours = moves.moved(image, moves.move(40, 48, shear=shear, shift=shift))[..., 0]
        assert np.abs(inside(ours) - inside(theirs)).max() < 0.1


def test_the_picture_moves_as_the_words_say():
    image = np.zeros((9, 11, 1), np.uint8)
    image[4, 5] = 255  # the middle
    moved = moves.moved(image, moves.move(9, 11, shift=(3, -2)), fill_mode="constant")
    assert np.argwhere(moved[..., 0] == 255).tolist() == [[2, 8]]  # right and up
    image[4, 8] = 255
    turned = moves.moved(image, moves.move(9, 11, degrees=90), fill_mode="constant")
    assert turned[1, 5] == 255  # counter-clockwise: what lay right lies above
    larger = moves.moved(image, moves.move(9, 11, scale=(1.5, 1)), fill_mode="constant")
    assert larger[4, 9] > 100 and larger[4, 8] < 100


numbers = st.tuples(
    st.floats(-90, 90),
    st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    st.tuples(st.floats(-40, 40), st.floats(-40, 40)),
    st.tuples(st.floats(0.5, 2), st.floats(0.5, 2)),
)


@settings(max_examples=50, deadline=None)
@given(numbers=numbers)
def test_a_move_is_its_parts_in_order(numbers):
    degrees, shift, shear, scale = numbers
    parts = [
        moves.move(30, 40, scale=scale), moves.move(30, 40, shear=shear), moves.move(30, 40, degrees=degrees),
        moves.move(30, 40, shift=shift),
    ]  # fmt: skip
    chained = moves.STILL
    for part in parts:
        chained = moves.chained(chained, part)
    whole = moves.move(30, 40, degrees=degrees, shift=shift, shear=shear, scale=scale)
    assert np.allclose(chained, whole, atol=1e-9)


def test_chaining_is_moving_twice():
    image = smooth()
    first, second = moves.move(40, 48, degrees=12, scale=(1.1, 1.1)), moves.move(40, 48, shift=(2, 1), shear=(4, 0))
    twice = moves.moved(moves.moved(image, first), second)
    once = moves.moved(image, moves.chained(first, second))
    assert np.abs(inside(once) - inside(twice)).max() < 2  # the second interpolation blurs a little


@pytest.mark.parametrize("horizontal, vertical, axes", [(True, False, (1,)), (False, True, (0,)), (True, True, (0, 1))])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_flips_are_exact_however_they_are_made(horizontal, vertical, axes, channels):
    image = np.random.default_rng(0).integers(0, 256, (7, 10, channels), np.uint8)
    expected = np.flip(image, axes)
    assert np.array_equal(moves.flip(image, horizontal=horizontal, vertical=vertical), expected)
    place = moves.mirrored(7, 10, horizontal=horizontal, vertical=vertical)
    assert np.array_equal(moves.moved(image, place), expected)
    assert np.array_equal(moves.moved(image, moves.chained(place, moves.move(7, 10, degrees=0.0))), expected)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_constant_filling_is_warps_but_for_the_last_pixel(channels, dtype, order):
    image = smooth(channels=channels, dtype=dtype)
    place = moves.move(40, 48, degrees=25, shift=(9, 4), scale=(0.8, 0.8))
    ours = moves.moved(image, place, fill_mode="constant", cval=77, order=order)
    warped = moves.warp(image, np.reshape(place, (2, 3)), fill_mode="constant", cval=77, order=order)
    assert ours.shape == image.shape and ours.dtype == dtype
    differs = np.abs(ours[..., :3] - warped[..., :3].astype(float)).max(axis=2) > 0.5
    assert differs.mean() < 0.06  # along the picture's edge
    assert (ours[0, 0, :3] == 77).all() and (channels < 4 or ours[0, 0, 3] == 0)


def test_no_move_takes_no_warp():
    image = smooth()
    assert moves.moved(image, moves.move(40, 48)) is image
    back = moves.chained(moves.mirrored(40, 48, vertical=True), moves.mirrored(40, 48, vertical=True))
    assert moves.moved(image, back) is image
    assert moves.flip(image) is image


def test_draws_reach_their_ends():
    rng = np.random.default_rng(0)
    turns = [moves.draw_turn(rng, degrees=(-30, 10))["degrees"] for _ in range(1000)]
    counts, _ = np.histogram(turns, bins=8, range=(-30, 10))
    assert counts.sum() == 1000 and counts.min() > 80
    shifts = [moves.draw_shift(rng, (100, 200, 3), x=(-0.1, 0.1), y=(0, 0.2)) for _ in range(500)]
    right, down = ([shift[name] for shift in shifts] for name in ("right", "down"))
    assert -20 <= min(right) < -19 and 19 < max(right) < 20 and 0 <= min(down) < 1 and 19 < max(down) < 20
    scales = [moves.draw_scale(rng, factor=(0.8, 1.2), keep_ratio=True)["scale"] for _ in range(200)]
    assert all(across == down for across, down in scales) and max(scales)[0] > 1.19 and min(scales)[0] < 0.81
    across, down = moves.draw_scale(rng, factor=(0.8, 1.2), keep_ratio=False)["scale"]
    assert across != down
    shears = [moves.draw_shear(rng, x=(-9, 9), y=(0, 0)) for _ in range(300)]
    assert all(shear["y"] == 0 for shear in shears) and max(shear["x"] for shear in shears) > 8.5
