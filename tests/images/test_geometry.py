import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from anmok.errors import ShapeError
from anmok.images import geometry


def images(count=6, channels=1):
    return np.random.default_rng(1).integers(0, 256, (count, 5, 7, channels), np.uint8)


@settings(max_examples=25, deadline=None)
@given(
    offsets=st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8)), min_size=6, max_size=6),
    channels=st.sampled_from([1, 3]),
    fill=st.sampled_from([0, 7]),
)
def test_shift_is_scipys(offsets, channels, fill):
    batch = images(channels=channels)
    moved = geometry.shift(batch, np.array(offsets), fill=fill)
    for image, (down, right), ours in zip(batch, offsets, moved, strict=True):
        theirs = ndimage.shift(image, (down, right, 0), order=0, mode="constant", cval=fill)
        assert np.array_equal(ours, theirs)
    assert moved.dtype == np.uint8 and moved.flags["C_CONTIGUOUS"]


def test_shift_by_nothing_is_a_copy():
    batch = images()
    moved = geometry.shift(batch, np.zeros((6, 2), int))
    assert np.array_equal(moved, batch) and not np.shares_memory(moved, batch)


def test_flip_mirrors_the_chosen_ones_only():
    batch = images(count=2, channels=3)
    flipped = geometry.flip(batch, [True, False])
    assert np.array_equal(flipped[0], np.fliplr(batch[0]))
    assert np.array_equal(flipped[1], batch[1])


def test_draws_reach_both_ends_and_no_further():
    rng = np.random.default_rng(0)
    shifts = geometry.draw_shifts(rng, 5000, pixels=2)
    assert shifts.shape == (5000, 2)
    values, counts = np.unique(shifts, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2] and counts.min() > 1800
    assert 2300 < geometry.draw_flips(rng, 5000).sum() < 2700


def test_fit_within_keeps_the_proportions():
    image = np.full((40, 20, 3), 250, np.uint8)
    image[10:30, 5:15] = (200, 100, 0)
    fitted = geometry.fit_within(image, height=28, width=28)
    assert fitted.shape == (28, 28, 3)
    assert (fitted[:, :7] == 250).all() and (fitted[:, -7:] == 250).all()
    inside = fitted == (200, 100, 0)
    assert inside[10:18, 11:17].all()
    grey = geometry.fit_within(image[..., :1], height=4, width=8)
    assert grey.shape == (4, 8, 1)


def test_shapes_are_checked():
    with pytest.raises(ShapeError, match=r"shift: expected images \(B, H, W, C\)"):
        geometry.shift(images()[..., 0], np.zeros((6, 2)))
    with pytest.raises(ShapeError, match=r"which \(B,\)"):
        geometry.flip(images(), [True])
    with pytest.raises(ShapeError, match="one image"):
        geometry.fit_within(np.zeros((3, 3)), height=2, width=2)
