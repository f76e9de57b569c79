import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from anmok.layers import warping

SCIPYS = {"reflect": "reflect", "wrap": "grid-wrap", "constant": "grid-constant", "nearest": "nearest"}


def images(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random(shape, np.float32))


def scipys(image, matrix, order, fill_mode, fill_value):
    """(C, H, W) warped by SciPy, in float64."""
    height, width = image.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    x, y, w = np.einsum("ij,jhw->ihw", matrix, np.stack([columns, rows, np.ones_like(rows)]))
    options = {"order": order, "mode": SCIPYS[fill_mode], "cval": fill_value, "prefilter": False}
    return np.stack([ndimage.map_coordinates(plane, [y / w, x / w], **options) for plane in image.astype(float)])


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    fill_mode=st.sampled_from(warping.FILL_MODES),
    projective=st.booleans(),
    seed=st.integers(0, 9999),
)
def test_any_map_is_scipys(height, width, fill_mode, projective, seed):
    rng = np.random.default_rng(seed)
    maps = np.concatenate([rng.normal(0, 1, (3, 2, 2)), rng.normal(0, 15, (3, 2, 1))], 2)
    last = np.concatenate([rng.uniform(0, 0.1 * projective, (3, 1, 2)), np.ones((3, 1, 1))], 2)
    full = np.concatenate([maps, last], 1).astype(np.float32)
    given_maps = torch.from_numpy(full if projective else full[:, :2])
    batch = images(3, 2, height, width, seed=seed)
    fill = {"fill_mode": fill_mode, "fill_value": 0.3}
    ours = warping.warp(batch, given_maps, **fill).numpy()
    for image, matrix, mine in zip(batch.numpy(), full, ours, strict=True):
        np.testing.assert_allclose(mine, scipys(image, matrix, 1, fill_mode, 0.3), atol=2e-4)
    # Positions that are half way between two pixels may go to either.
    nearest = warping.warp(batch, given_maps, interpolation="nearest", **fill).numpy()
    theirs = np.stack([scipys(i, m, 0, fill_mode, 0.3) for i, m in zip(batch.numpy(), full, strict=True)])
    assert np.mean(np.abs(nearest - theirs) < 1e-6) > 0.98


def test_nearest_keeps_whole_numbers():
    masks = torch.arange(12).view(1, 1, 3, 4)
    moved = warping.warp(
        masks, warping.translation(torch.tensor([1.0]), torch.tensor([-1.0])), fill_mode="wrap", interpolation="nearest"
    )
    assert moved.dtype is torch.int64
    np.testing.assert_array_equal(moved[0, 0], np.roll(masks[0, 0].numpy(), (1, -1), (0, 1)))


def test_a_quarter_turn_is_numpys():
    batch = images(1, 3, 6, 6)
    turned = warping.warp(batch, warping.rotation(torch.tensor([90.0]), 6, 6))
    np.testing.assert_allclose(turned[0], np.rot90(batch[0], axes=(1, 2)), atol=1e-4)


def test_zoom_out_to_double_shows_the_mirrored_image_around():
    batch = images(1, 1, 8, 8)
    seen = warping.warp(batch, warping.zoom(*(torch.tensor([2.0]),) * 2, 8, 8), interpolation="nearest")
    mirrored = np.pad(batch[0, 0], 4, mode="symmetric")
    rows = np.round(np.arange(8) * 2 - 3.5).astype(int) + 4
    np.testing.assert_array_equal(seen[0, 0], mirrored[rows][:, rows])


def test_translation_moves_down_and_to_the_right():
    batch = torch.zeros(1, 1, 5, 5)
    batch[0, 0, 1, 1] = 1
    moved = warping.warp(batch, warping.translation(torch.tensor([2.0]), torch.tensor([1.0])), fill_mode="constant")
    assert moved[0, 0, 3, 2] == pytest.approx(1, abs=1e-5) and moved.sum() == pytest.approx(1, abs=1e-5)


def test_flips_are_of_the_chosen_ones():
    batch = images(4, 1, 3, 5)
    flags = torch.tensor([False, True, False, True]), torch.tensor([False, False, True, True])
    flipped = warping.flip(batch, horizontally=flags[0], vertically=flags[1])
    for index, axes in enumerate([(), (2,), (1,), (1, 2)]):
        np.testing.assert_array_equal(flipped[index], np.flip(batch[index].numpy(), axes))
