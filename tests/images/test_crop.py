"""Crops by the pixels they take, and their draws by what they reach."""

import cv2
import numpy as np
import pytest

from anmok.errors import ArgumentError, ShapeError, UnknownNameError
from anmok.images import crop


def places(height=9, width=13, channels=3, dtype=np.uint8):
    """Each pixel says where it is: (row, column, 7)."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.full_like(rows, 7), rows + columns], axis=-1)[..., :channels].astype(dtype)


def test_crop_takes_the_box_and_shares_nothing():
    image = places()
    box = crop.crop(image, top=2, left=5, height=3, width=4)
    assert box[..., 0].tolist() == [[2] * 4, [3] * 4, [4] * 4] and box[0, :, 1].tolist() == [5, 6, 7, 8]
    assert not np.shares_memory(box, image)
    for bad in ({"top": -1, "left": 0}, {"top": 7, "left": 0}, {"top": 0, "left": 10}):
        with pytest.raises(ShapeError, match=r"does not lie in an image \(9, 13, 3\)"):
            crop.crop(image, height=3, width=4, **bad)


def test_every_crop_is_drawn_as_often():
    rng = np.random.default_rng(0)
    draws = [crop.draw_crop(rng, (5, 6, 3), height=3, width=4) for _ in range(1800)]
    corners = [(draw["top"], draw["left"]) for draw in draws]
    assert set(corners) == {(top, left) for top in range(3) for left in range(3)}
    assert min(map(corners.count, set(corners))) > 140
    assert crop.draw_crop(rng, (5, 6, 3), height=5, width=6) == {"top": 0, "left": 0, "height": 5, "width": 6}


def test_the_middle_is_keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras

    for shape, height, width in (((9, 13, 3), 4, 6), ((9, 13, 3), 5, 6), ((8, 8, 3), 3, 3), ((8, 8, 1), 8, 8)):
        image = places(*shape[:2], shape[2], np.float32)
        ours = crop.crop(image, **crop.center_box(shape, height=height, width=width))
        theirs = np.asarray(keras.layers.CenterCrop(height, width)(image[None])[0])
        assert np.array_equal(ours, theirs)


def test_a_box_that_does_not_fit_is_refused():
    for draw in (crop.center_box, lambda shape, **size: crop.draw_crop(np.random.default_rng(0), shape, **size)):
        with pytest.raises(ShapeError, match="an image of 9 x 13 pixels has no box of 4 x 14"):
            draw((9, 13, 3), height=4, width=14)
        with pytest.raises(ShapeError, match="no box of 10 x 4"):
            draw((9, 13, 3), height=10, width=4)
        with pytest.raises(ArgumentError, match=">= 1, got 0 x 4"):
            draw((9, 13, 3), height=0, width=4)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("mode, numpys", [("constant", "constant"), ("nearest", "edge"), ("reflect", "symmetric")])
def test_padding_is_numpys(mode, numpys, dtype):
    for channels in (1, 3, 4):
        image = places(channels=channels, dtype=dtype)
        fill = {"constant_values": 9} if mode == "constant" else {}
        theirs = np.pad(image, ((2, 1), (0, 4), (0, 0)), mode=numpys, **fill)
        ours = crop.pad(image, rows=(2, 1), columns=(0, 4), mode=mode, value=9)
        assert ours.dtype == dtype and np.array_equal(ours, theirs)
    with pytest.raises(UnknownNameError, match="Did you mean 'reflect'"):
        crop.pad(image, rows=(1, 1), columns=(1, 1), mode="reflekt")


def test_resized_crops_have_the_drawn_area_and_ratio():
    rng = np.random.default_rng(0)
    shape = (300, 400, 3)
    draws = [crop.draw_resized_crop(rng, shape, area=(0.2, 0.6), ratio=(0.5, 2.0)) for _ in range(1500)]
    height, width = (np.array([draw[name] for draw in draws]) for name in ("height", "width"))
    areas, ratios = height * width / (300 * 400), width / height
    assert 0.198 < areas.min() < 0.21 and 0.59 < areas.max() < 0.602
    assert 0.49 < ratios.min() < 0.53 and 1.9 < ratios.max() < 2.02
    # As many are wide as tall: the ratio is uniform in its logarithm.
    assert 0.4 < (ratios > 1).mean() < 0.6
    assert all(d["top"] + d["height"] <= 300 and d["left"] + d["width"] <= 400 for d in draws)


def test_a_resized_crop_that_never_fits_is_the_middle():
    box = crop.draw_resized_crop(np.random.default_rng(0), (10, 100, 3), area=(1.0, 1.0), ratio=(1.0, 2.0))
    assert box == {"top": 0, "left": 40, "height": 10, "width": 20}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_resized_crop_averages_and_interpolates(dtype):
    image = np.random.default_rng(1).integers(0, 256, (12, 12, 3)).astype(dtype)
    small = crop.resized_crop(image, top=2, left=4, height=8, width=8, size=(4, 4))
    mean = image[2:10, 4:12].reshape(4, 2, 4, 2, 3).mean(axis=(1, 3))
    assert small.dtype == dtype and np.abs(small - mean).max() <= 0.51
    large = crop.resized_crop(image[..., :1], top=0, left=0, height=5, width=6, size=(10, 9))
    assert large.shape == (10, 9, 1)
    assert np.array_equal(large[..., 0], cv2.resize(image[:5, :6, 0], (9, 10), interpolation=cv2.INTER_LINEAR))
    same = crop.resized_crop(image, top=1, left=1, height=5, width=6, size=(5, 6))
    assert np.array_equal(same, image[1:6, 1:7])
