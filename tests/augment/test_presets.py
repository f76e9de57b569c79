"""Presets by what they may and may not do to a picture."""

import numpy as np
import pytest

from anmok import augment
from anmok.augment import sheet
from anmok.errors import ArgumentError, MissingFileError, UnknownNameError


def picture(channels=3, dtype=np.uint8):
    return np.random.default_rng(0).integers(60, 200, (32, 40, channels)).astype(dtype)


@pytest.mark.parametrize("name", augment.PRESETS)
@pytest.mark.parametrize("channels, dtype", [(1, np.uint8), (3, np.uint8), (3, np.float32)])
def test_every_preset_takes_gray_and_colored_images(name, channels, dtype):
    image = picture(channels, dtype)
    results = [augment.preset(name)(image, np.random.default_rng(seed)) for seed in range(12)]
    assert all(result.shape == image.shape and result.dtype == dtype for result in results)
    changed = sum(not np.array_equal(result, image) for result in results)
    assert changed == 0 if name == "none" else changed >= 7


def test_digits_are_never_mirrored_and_black_beyond_the_edge():
    image = np.zeros((28, 28, 1), np.uint8)
    image[6:22, 8:11] = 255  # the stroke lies left
    for seed in range(50):
        changed = augment.preset("digits")(image, np.random.default_rng(seed))
        columns = changed[..., 0].sum(axis=0)
        assert columns[:14].sum() > 2 * columns[14:].sum()
        assert changed[0].max() == 0 and changed[-1].max() == 0


def test_course_is_image_data_generators_setting():
    affine, flip = augment.PRESETS["course"].transforms
    assert affine.rotate == (-40, 40) and affine.translate == ((-0.2, 0.2), (-0.2, 0.2)) and flip.p == 0.5
    assert affine.shear == ((-0.2, 0.2), (0, 0)) and affine.fill_mode == "nearest" and not affine.keep_ratio
    # zoom_range=.2 multiplies where colours are fetched from by 0.8..1.2.
    assert np.allclose(1 / np.array(affine.scale), (1.2, 0.8))


def test_an_unknown_preset_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'randaugment'.*autoaugment, course, digits, light, none"):
        augment.preset("randaug")


def test_draws_depend_on_seed_and_number():
    image, transform = picture(), augment.preset("photos")
    few, many = sheet.draws(image, transform, seed=1, count=3), sheet.draws(image, transform, seed=1)
    assert len(many) == 16 and all(np.array_equal(a, b) for a, b in zip(few, many, strict=False))
    assert len({draw.tobytes() for draw in many}) == 16
    assert not np.array_equal(sheet.draws(image, transform, seed=2, count=1)[0], few[0])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_sheet_shows_each_draw_once_and_the_original_large(channels):
    levels = [np.full((30, 30, channels), 10 * (k + 1), np.uint8) for k in range(16)]
    original = np.full((30, 30, channels), 250, np.uint8)
    for image in (*levels, original):
        image[..., 3:] = 255
    made = sheet.contact_sheet(original, levels, size=30)
    assert made.dtype == np.uint8 and made.ndim == 3 and made.shape[2] == 3
    for k in range(16):
        assert (made == 10 * (k + 1)).all(axis=2).sum() == 30 * 30
    rows, columns = np.nonzero((made == 250).all(axis=2))
    assert rows.min() == columns.min() == 12 and np.ptp(rows) == np.ptp(columns) == 65  # two cells and a gap
    # In reading order: three beside the original, three more, then rows of five.
    places = [tuple(np.argwhere((made == 10 * (k + 1)).all(axis=2))[0]) for k in range(16)]
    assert places == sorted(places)


def test_draws_of_other_sizes_and_numbers():
    wide = np.full((20, 100, 3), 10, np.uint8)
    made = sheet.contact_sheet(np.full((40, 40, 3), 200, np.uint8), [wide, wide[:, :7]], size=50)
    rows, columns = np.nonzero((made == 10).all(axis=2))
    assert np.ptp(columns) > 50 and np.ptp(rows) > 40  # ten high and fifty wide, and a tall one beside
    with pytest.raises(ArgumentError, match="got 0 draws"):
        sheet.contact_sheet(wide, [])


def test_large_images_are_shown_shrunk_and_small_ones_stay():
    assert sheet.shrunk(np.zeros((3000, 4000, 3), np.uint8), size=150).shape == (150, 200, 3)
    assert sheet.shrunk(np.zeros((28, 28, 1), np.uint8), size=150).shape == (28, 28, 1)
    assert sheet.shrunk(np.zeros((10, 900, 1), np.uint8), size=50).shape == (1, 100, 1)


def test_where_a_sheet_can_be_written(tmp_path):
    assert sheet.target(tmp_path / "a.PNG") == tmp_path / "a.PNG"
    with pytest.raises(ArgumentError, match=r"ends in .png, got 'a.jpg'"):
        sheet.target(tmp_path / "a.jpg")
    with pytest.raises(MissingFileError, match="There is no folder"):
        sheet.target(tmp_path / "none" / "a.png")
