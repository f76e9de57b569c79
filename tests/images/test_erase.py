"""Erasing by the pixels that change, and draws by where and how large boxes are."""

import numpy as np
import pytest

from anmok.errors import ShapeError
from anmok.images import erase


def picture(channels=3, dtype=np.uint8, height=20, width=30):
    return np.random.default_rng(0).integers(50, 200, (height, width, channels)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_only_the_boxes_change(channels, dtype):
    image = picture(channels, dtype)
    before = image.copy()
    changed = erase.erase(image, boxes=((2, 3, 4, 5), (15, 20, 5, 10)), fills=(7, 9))
    expected = before.copy()
    expected[2:6, 3:8, :3], expected[15:20, 20:30, :3] = 7, 9
    assert np.array_equal(changed, expected) and np.array_equal(image, before)


def test_fills():
    image = picture()
    box = ((0, 0, 10, 10),)
    assert (erase.erase(image, boxes=box, fills=((1, 2, 3),))[:10, :10] == (1, 2, 3)).all()
    mean = erase.erase(image.astype(np.float32), boxes=box, fills=("mean",))[5, 5]
    assert np.abs(mean - image.mean(axis=(0, 1))).max() < 1e-3
    drawn = erase.draw_fills(np.random.default_rng(0), (60, 60, 4), ((0, 0, 60, 60),), fill="noise")
    levels = drawn["fills"][0]
    assert levels.shape == (60, 60, 3) and levels.min() == 0 and levels.max() == 255 and 120 < levels.mean() < 135
    assert np.array_equal(erase.erase(picture(3, np.uint8, 60, 60), boxes=((0, 0, 60, 60),), **drawn), levels)
    with pytest.raises(ShapeError, match="a fill of 3 colours does not fit"):
        erase.erase(picture(1), boxes=box, fills=((1, 2, 3),))


def test_cutout_is_centred_on_any_pixel_and_cut_at_the_edge():
    rng = np.random.default_rng(0)
    covered = np.zeros((12, 16))
    for _ in range(3000):
        ((top, left, tall, wide),) = erase.draw_cutout(rng, (12, 16, 3), holes=1, size=5)["boxes"]
        assert top >= 0 and top + tall <= 12 and left >= 0 and left + wide <= 16
        assert 3 <= tall <= 5 and 3 <= wide <= 5
        covered[top : top + tall, left : left + wide] += 1
    # A pixel is covered by the squares whose middle lies within 2 of it, of 12 * 16 middles.
    rows, columns = (np.minimum(5, 3 + np.minimum(np.arange(n), np.arange(n)[::-1])) for n in (12, 16))
    assert np.abs(covered / 3000 - np.outer(rows, columns) / (12 * 16)).max() < 0.03
    assert len(erase.draw_cutout(rng, (12, 16, 3), holes=4, size=5)["boxes"]) == 4
    sizes = {box[2] for _ in range(100) for box in erase.draw_cutout(rng, (40, 60, 3), holes=1, size=0.5)["boxes"]}
    assert max(sizes) == 20


def test_erasing_has_the_drawn_area_and_ratio_and_lies_inside():
    rng = np.random.default_rng(0)
    boxes = [erase.draw_erasing(rng, (200, 300, 3), area=(0.02, 0.33), ratio=(0.3, 3.3))["boxes"] for _ in range(1500)]
    top, left, tall, wide = np.array([box for (box,) in boxes]).T
    areas, ratios = tall * wide / 60000, tall / wide
    assert 0.019 < areas.min() < 0.03 and 0.32 < areas.max() < 0.335
    assert 0.29 < ratios.min() < 0.33 and 2.9 < ratios.max() < 3.35
    assert (top + tall <= 200).all() and (left + wide <= 300).all() and top.min() == 0 and (left + wide).max() == 300


def test_an_erasing_that_never_fits_is_none():
    drawn = erase.draw_erasing(np.random.default_rng(0), (4, 400, 3), area=(0.5, 0.6), ratio=(3.0, 3.3))
    assert drawn == {"boxes": ()}
    image = picture()
    assert np.array_equal(erase.erase(image, boxes=(), fills=()), image)
