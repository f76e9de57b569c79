import numpy as np
import pytest
import torch

from anmok import layers
from anmok.errors import AnmokError
from anmok.layers.random_geometry import homographies

SHAPE = (4000, 20, 30, 3)


def drawn(layer, shape=SHAPE, seed=0):
    return layer.draw(np.random.default_rng(seed), shape)


def assert_spread(values, lower, upper):
    """Even over lower..upper: both ends reached, none passed, the mean in the middle."""
    width = upper - lower
    assert lower <= values.min() < lower + 0.01 * width and upper - 0.01 * width < values.max() <= upper
    assert abs(values.mean() - (lower + upper) / 2) < 0.03 * width


def test_half_of_the_images_are_flipped_each_way_for_itself():
    flags = drawn(layers.RandomFlip())
    both = 2 * flags["horizontally"] + flags["vertically"]
    np.testing.assert_allclose(np.bincount(both) / 4000, 0.25, atol=0.03)
    assert drawn(layers.RandomFlip("horizontal"))["vertically"] is None
    assert drawn(layers.RandomFlip("vertical"))["horizontally"] is None


@pytest.mark.parametrize(
    "layer, name, lower, upper",
    [
        (layers.RandomRotation(0.1), "angles", -36, 36),
        (layers.RandomRotation((0.25, 0.5)), "angles", 90, 180),
        (layers.RandomZoom(0.2), "heights", 0.8, 1.2),
        (layers.RandomZoom((-0.3, -0.1), 0.5), "heights", 0.7, 0.9),
        (layers.RandomZoom((-0.3, -0.1), 0.5), "widths", 0.5, 1.5),
        (layers.RandomTranslation(0.5, (0, 0.1)), "down", -10, 10),
        (layers.RandomTranslation(0.5, (0, 0.1)), "right", 0, 3),
    ],
)
def test_ranges_are_reached(layer, name, lower, upper):
    assert_spread(drawn(layer)[name], lower, upper)


def test_zoom_keeps_the_shape_where_one_factor_is_given():
    values = drawn(layers.RandomZoom(0.3))
    np.testing.assert_array_equal(values["heights"], values["widths"])


@pytest.mark.parametrize("factor", [(0.1, 0.4), 0.4, (-0.4, 0.4)])
def test_shear_goes_either_way(factor):
    lower = 0.1 if factor == (0.1, 0.4) else 0
    layer = layers.RandomShear(factor, 0.2)
    values = drawn(layer)
    assert_spread(np.abs(values["x_factors"]), lower, 0.4)
    assert_spread(np.abs(values["y_factors"]), 0, 0.2)
    assert 0.45 < np.mean(values["x_factors"] > 0) < 0.55
    assert np.all(values["x_factors"] * values["y_factors"] >= 0)
    assert layer.get_config()["x_factor"] == (lower, 0.4)


@pytest.mark.parametrize("factor, share", [(0.0, 0), ((1.0, 1.0), 1), (1.0, 0.5), (0.5, 0.25)])
def test_the_probability_of_a_perspective(factor, share):
    assert np.mean(drawn(layers.RandomPerspective(factor))["tilted"]) == pytest.approx(share, abs=0.03)


def test_homographies_take_points_to_their_goals():
    rng = np.random.default_rng(0)
    points = np.array([[0, 0], [9, 0], [0, 5], [9, 5]]) + rng.uniform(-1, 1, (20, 4, 2))
    goals = points[::-1] + rng.uniform(-1, 1, (20, 4, 2))
    moved = np.einsum("bij,bpj->bpi", homographies(points, goals), np.concatenate([points, np.ones((20, 4, 1))], 2))
    np.testing.assert_allclose(moved[..., :2] / moved[..., 2:], goals, atol=1e-8)


def test_images_that_are_not_chosen_keep_their_perspective():
    x = np.random.default_rng(0).random((64, 6, 6, 1), np.float32)
    y = layers.RandomPerspective(seed=1)(x, training=True).numpy()
    same = (y == x).all((1, 2, 3))
    assert 10 < same.sum() < 54


def test_crops_come_from_everywhere_and_are_whole_windows():
    x = np.arange(5 * 6, dtype=np.float32).reshape(1, 5, 6, 1)
    windows = {(top, left): x[0, top : top + 3, left : left + 4, 0] for top in range(3) for left in range(3)}
    met = set()
    layer = layers.RandomCrop(3, 4)
    for _ in range(150):
        y = layer(x, training=True)[0, :, :, 0].numpy()
        met |= {place for place, window in windows.items() if np.array_equal(y, window)}
    assert met == set(windows)


def test_one_direction_that_fits_exactly_leaves_the_other_free():
    lefts = {layers.RandomCrop(5, 4).draw(np.random.default_rng(seed), (1, 5, 6, 1))["left"] for seed in range(40)}
    assert lefts == {0, 1, 2}


@pytest.mark.parametrize("training", [True, False])
def test_what_is_too_small_is_resized_without_changing_its_shape(training):
    """As Keras' smart_resize does it: here the middle 4 x 4 of 4 x 9, doubled."""
    x = np.random.default_rng(0).random((2, 4, 9, 3), np.float32)
    middle = torch.from_numpy(x[:, :, 2:6]).permute(0, 3, 1, 2)
    doubled = torch.nn.functional.interpolate(middle, (8, 8), mode="bilinear").permute(0, 2, 3, 1)
    torch.testing.assert_close(layers.RandomCrop(8, 8)(x, training=training), doubled)


def test_at_rest_crops_give_the_size_too():
    x = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    torch.testing.assert_close(
        layers.RandomCrop(4, 4)(x, training=False),
        torch.from_numpy(x.reshape(2, 4, 2, 4, 2, 3).mean((2, 4))),
    )


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: layers.RandomFlip("sideways"), "Unknown mode of RandomFlip 'sideways'"),
        (lambda: layers.RandomRotation("0.2"), "RandomRotation: factor must be a number, or two of them, from -1 to 1"),
        (lambda: layers.RandomRotation(40), "from -1 to 1; got 40"),
        (lambda: layers.RandomRotation((0.1, 0.2, 0.3)), "or two of them"),
        (lambda: layers.RandomRotation(0.1, fill_mode="edge"), "Unknown fill_mode of RandomRotation 'edge'"),
        (lambda: layers.RandomRotation(0.1, interpolation="cubic"), "Unknown interpolation"),
        (lambda: layers.RandomRotation(0.1, fill_value=None), "fill_value must be a number"),
        (lambda: layers.RandomRotation(0.1, seed=-3), "seed must be a whole number >= 0, or None; got -3"),
        (lambda: layers.RandomRotation(0.1, sead=3), "Did you mean 'seed'"),
        (lambda: layers.RandomRotation(0.1, bounding_box_format="xyxy"), "bounding boxes"),
        (lambda: layers.RandomZoom(-1), "RandomZoom: height_factor"),
        (lambda: layers.RandomZoom(0.1, (0, 1.2)), "RandomZoom: width_factor"),
        (lambda: layers.RandomTranslation(0.1, float("nan")), "width_factor"),
        (lambda: layers.RandomShear(1.5), "x_factor"),
        (lambda: layers.RandomPerspective(scale=2), "scale must be a number from 0 to 1; got 2"),
        (lambda: layers.RandomCrop(0, 4), "height must be a whole number, at least 1"),
        (lambda: layers.RandomFlip()(np.zeros((3, 4))), "RandomFlip"),
        (lambda: layers.RandomFlip()(np.zeros((1, 1, 2, 3, 4))), "expected"),
    ],
)
def test_what_cannot_be_honoured_is_refused(make, words):
    with pytest.raises(AnmokError, match=words.replace("(", r"\(")):
        make()
