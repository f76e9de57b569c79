"""Keras draws, both sides apply: the pixels must be the same."""

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import layers
from anmok.layers.random_geometry import homographies

CASES = settings(max_examples=15, deadline=None)
FILL_MODES = ["reflect", "wrap", "constant", "nearest"]
SIZES = st.tuples(st.integers(1, 4), st.integers(2, 24), st.integers(2, 24), st.sampled_from([1, 3]))
FORMATS = st.sampled_from(["channels_last", "channels_first"])


def smooth_images(shape, seed, *, highest=255.0):
    """Images (B, H, W, C) without sharp edges, so that half a thousandth of a pixel is not seen."""
    rng = np.random.default_rng(seed)
    _, height, width, _ = shape
    rows, columns = np.mgrid[:height, :width][..., None] * 0.3
    phases = rng.uniform(0, 6, (3, shape[0], 1, 1, shape[3]))
    waves = np.sin(rows + phases[0]) + np.sin(columns + phases[1]) + np.sin(rows - columns + phases[2])
    return (highest * (waves / 6 + 0.5)).astype(np.float32)


def rough_images(shape, seed, *, highest=255.0):
    return (np.random.default_rng(seed).random(shape) * highest).astype(np.float32)


def theirs_and_drawn(layer, images):
    """What Keras' layer makes of the images, and what it drew; affine_transform writes into what it is given."""
    keras.utils.set_random_seed(images.shape[1])
    x = torch.tensor(images)
    drawn = layer.get_random_transformation(x, training=True)
    kept = {key: value.clone() if torch.is_tensor(value) else value for key, value in drawn.items()}
    return layer.transform_images(x, drawn, training=True).numpy(), kept


def ours(layer, images, **drawn):
    return layer.keras_view(layer.apply(layer.torch_view(torch.tensor(images)), **drawn)).numpy()


def assert_same_pixels(mine, theirs, *, highest=255.0, share=0.995):
    assert mine.shape == theirs.shape
    assert np.mean(np.abs(mine - theirs) <= 1e-3 * highest) >= share


def formatted(images, data_format):
    return images if data_format == "channels_last" else np.ascontiguousarray(images.transpose(0, 3, 1, 2))


# Geometry -------------------------------------------------------------------------------------------------------------

WARPS = {
    "RandomRotation": ({"factor": 0.5}, lambda drawn, size: {"angles": drawn["angle"]}),
    "RandomZoom": (
        {"height_factor": 0.9, "width_factor": (-0.5, 1.0)},
        lambda drawn, size: {"heights": drawn["height_zoom"][:, 0], "widths": drawn["width_zoom"][:, 0]},
    ),
    "RandomTranslation": (
        {"height_factor": 1.0, "width_factor": 0.7},
        lambda drawn, size: {"right": drawn["translations"][:, 0], "down": drawn["translations"][:, 1]},
    ),
    "RandomShear": (
        {"x_factor": 0.8, "y_factor": 0.5},
        lambda drawn, size: {
            "x_factors": drawn["shear_factor"][:, 0],
            "y_factors": drawn["shear_factor"][:, 1],
        },
    ),
}


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("name", WARPS)
@settings(max_examples=5, deadline=None)
@given(shape=SIZES, seed=st.integers(0, 999), data_format=FORMATS)
def test_warps(name, fill_mode, interpolation, shape, seed, data_format):
    arguments, translated = WARPS[name]
    arguments = {**arguments, "fill_mode": fill_mode, "interpolation": interpolation, "fill_value": 40.0}
    arguments["data_format"] = data_format
    images = formatted(smooth_images(shape, seed), data_format)
    theirs, drawn = theirs_and_drawn(getattr(keras.layers, name)(**arguments), images)
    mine = ours(getattr(layers, name)(**arguments), images, **translated(drawn, shape))
    assert_same_pixels(mine, theirs)


@CASES
@given(shape=SIZES, seed=st.integers(0, 999), interpolation=st.sampled_from(["bilinear", "nearest"]))
def test_perspective(shape, seed, interpolation):
    arguments = {"factor": 1.0, "scale": 0.6, "fill_value": 40.0, "interpolation": interpolation}
    images = smooth_images(shape, seed)
    theirs, drawn = theirs_and_drawn(keras.layers.RandomPerspective(**arguments), images)
    maps = homographies(drawn["end_points"].double().numpy(), drawn["start_points"].double().numpy())
    mine = ours(
        layers.RandomPerspective(**arguments),
        images,
        tilted=drawn["apply_perspective"],
        maps=torch.tensor(maps).float(),
    )
    assert_same_pixels(mine, theirs, share=0.99)


@CASES
@given(shape=SIZES, seed=st.integers(0, 999), mode=st.sampled_from(["horizontal", "vertical"]), data_format=FORMATS)
def test_flips(shape, seed, mode, data_format):
    images = formatted(rough_images(shape, seed), data_format)
    theirs, drawn = theirs_and_drawn(keras.layers.RandomFlip(mode, data_format=data_format), images)
    flags = {"horizontally": None, "vertically": None, f"{mode}ly": drawn["flips"].flatten()}
    mine = ours(layers.RandomFlip(mode, data_format=data_format), images, **flags)
    np.testing.assert_array_equal(mine, theirs)


@CASES
@given(size=st.tuples(st.integers(1, 9), st.integers(1, 9)), seed=st.integers(0, 999), data_format=FORMATS)
def test_crops(size, seed, data_format):
    images = formatted(rough_images((3, 10, 12, 3), seed), data_format)
    theirs_layer = keras.layers.RandomCrop(*size, data_format=data_format)
    place = theirs_layer.get_random_transformation(torch.tensor(images), training=True)
    theirs = theirs_layer.transform_images(torch.tensor(images), place, training=True).numpy()
    top, left = map(int, place)
    mine = ours(layers.RandomCrop(*size, data_format=data_format), images, top=top, left=left)
    np.testing.assert_array_equal(mine, theirs)


# Colour ---------------------------------------------------------------------------------------------------------------

RANGES = st.sampled_from([(0, 255), (0, 1), (-1, 1)])
COLORS = {
    "RandomBrightness": ({"factor": 0.5}, lambda drawn: {"addends": drawn["rgb_delta"].flatten()}),
    "RandomContrast": ({"factor": (0.9, 1.0)}, lambda drawn: {"factors": drawn["contrast_factor"].flatten()}),
    "RandomColorDegeneration": ({"factor": 0.9}, lambda drawn: {"amounts": drawn["factor"].flatten()}),
    "RandomPosterization": ({"factor": (1, 8)}, lambda drawn: {"bits": 8 - drawn["shift_factor"].int()}),
    "RandomInvert": ({"factor": 1.0}, lambda drawn: {"inverted": drawn["apply_inversion"]}),
    "RandomSharpness": ({"factor": 1.0}, lambda drawn: {"amounts": 2 * drawn["factor"]}),
    "Solarization": (
        {"addition_factor": 0.5, "threshold_factor": 0.9},
        lambda drawn: {"additions": drawn["additions"].flatten(), "thresholds": drawn["thresholds"].flatten()},
    ),
    "RandomHue": ({"factor": 1.0}, lambda drawn: {"turns": drawn["factor"]}),
}


@pytest.mark.parametrize("name", COLORS)
@settings(max_examples=12, deadline=None)
@given(shape=SIZES, seed=st.integers(0, 999), bounds=RANGES, data_format=FORMATS)
def test_colors(name, shape, seed, bounds, data_format):
    arguments, translated = COLORS[name]
    arguments = {**arguments, "value_range": bounds, "data_format": data_format}
    low, high = bounds
    channels = 3 if name in ("RandomHue", "RandomColorDegeneration") else shape[3]
    images = formatted(rough_images((*shape[:3], channels), seed, highest=high - low) + low, data_format)
    theirs, drawn = theirs_and_drawn(getattr(keras.layers, name)(**arguments), images)
    mine = ours(getattr(layers, name)(**arguments), images, **translated(drawn))
    assert_same_pixels(mine, theirs, highest=high - low, share=0.999)


@CASES
@given(shape=SIZES, seed=st.integers(0, 999), data_format=FORMATS)
def test_saturation(shape, seed, data_format):
    """In 0..1, where Keras clips the saturation to its own range."""
    arguments = {"factor": (0.0, 0.999), "value_range": (0, 1), "data_format": data_format}
    images = formatted(rough_images((*shape[:3], 3), seed, highest=1), data_format)
    theirs, drawn = theirs_and_drawn(keras.layers.RandomSaturation(**arguments), images)
    assert_same_pixels(
        ours(layers.RandomSaturation(**arguments), images, factors=drawn["factor"]), theirs, highest=1, share=1
    )
    pixels = images * 255
    mine = ours(layers.RandomSaturation(0.5, data_format=data_format), pixels, factors=drawn["factor"])
    assert_same_pixels(mine / 255, theirs, highest=1, share=1)


@CASES
@given(shape=SIZES, seed=st.integers(0, 999), data_format=FORMATS)
def test_grayscale(shape, seed, data_format):
    images = formatted(rough_images(shape, seed), data_format)
    layer = keras.layers.RandomGrayscale(0.5, data_format=data_format)
    grey = layer.get_random_transformation(torch.tensor(images))
    theirs = layer.transform_images(torch.tensor(images), grey).numpy()
    mine = ours(layers.RandomGrayscale(0.5, data_format=data_format), images, grey=grey.flatten())
    np.testing.assert_allclose(mine, theirs, rtol=1e-6)


@CASES
@given(shape=SIZES, seed=st.integers(0, 999), bounds=RANGES)
def test_auto_contrast(shape, seed, bounds):
    low, high = bounds
    images = rough_images(shape, seed, highest=(high - low) / 2) + low
    images[0, ..., 0] = low
    theirs = keras.layers.AutoContrast(value_range=bounds)(images, training=False).numpy()
    mine = layers.AutoContrast(value_range=bounds)(images, training=False).numpy()
    assert_same_pixels(mine, theirs, highest=high - low, share=1)


@CASES
@given(shape=SIZES, seed=st.integers(0, 999), bins=st.sampled_from([256, 64, 7]))
def test_equalization(shape, seed, bins):
    """Of one image: of several, Keras makes one histogram."""
    pixels = np.floor(rough_images((1, *shape[1:]), seed, highest=120))
    theirs = keras.layers.Equalization(bins=bins)(pixels, training=True).numpy()
    both = np.concatenate([pixels, pixels / 2 + 100])
    mine = layers.Equalization(bins=bins)(both, training=True).numpy()
    np.testing.assert_allclose(mine[:1], theirs, atol=1e-3)


@CASES
@given(
    shape=SIZES,
    seed=st.integers(0, 999),
    size=st.sampled_from([1, 3, 7]),
    data_format=FORMATS,
)
def test_gaussian_blur(shape, seed, size, data_format):
    arguments = {"factor": 1.0, "kernel_size": size, "sigma": (0.2, 3.0), "data_format": data_format}
    images = formatted(rough_images(shape, seed), data_format)
    theirs, drawn = theirs_and_drawn(keras.layers.RandomGaussianBlur(**arguments), images)
    mine = ours(
        layers.RandomGaussianBlur(**arguments),
        images,
        blurred=drawn["should_apply_blur"],
        deviations=drawn["blur_factor"],
    )
    np.testing.assert_allclose(mine, theirs, atol=1e-3)


# Boxes and mixtures ---------------------------------------------------------------------------------------------------


def box_of(mask):
    """left, right, top, bottom of the True ones of bool (B, H, W)."""
    rows, columns = mask.any(2), mask.any(1)
    length = torch.arange(1000)

    def ends(flags):
        size = flags.shape[1]
        first = torch.where(flags, length[:size], size).amin(1)
        last = torch.where(flags, length[:size] + 1, 0).amax(1)
        return first, last

    left, right = ends(columns)
    top, bottom = ends(rows)
    return {"left": left, "right": right, "top": top, "bottom": bottom}


@CASES
@given(shape=SIZES, seed=st.integers(0, 999), fill=st.sampled_from([70.0, (10.0, 20.0, 300.0)]))
def test_erasing(shape, seed, fill):
    images = rough_images((*shape[:3], 3), seed)
    arguments = {"factor": 1.0, "fill_value": fill}
    theirs, drawn = theirs_and_drawn(keras.layers.RandomErasing(**arguments), images)
    box = box_of(drawn["batch_masks"][..., 0])
    mine = ours(layers.RandomErasing(**arguments), images, erased=drawn["apply_erasing"], noise=None, **box)
    np.testing.assert_array_equal(mine, theirs)


@CASES
@given(shape=SIZES, seed=st.integers(0, 999))
def test_mix_up(shape, seed):
    images, labels = rough_images(shape, seed), torch.rand(shape[0], 5)
    layer, mine = keras.layers.MixUp(), layers.MixUp()
    theirs, drawn = theirs_and_drawn(layer, images)
    own = {"weights": drawn["mix_weight"], "partners": drawn["permutation_order"]}
    np.testing.assert_allclose(ours(mine, images, **own), theirs, atol=1e-3)
    torch.testing.assert_close(mine.apply_to_labels(labels, **own), layer.transform_labels(labels, drawn))


@CASES
@given(shape=SIZES, seed=st.integers(0, 999))
def test_cut_mix(shape, seed):
    images, labels = rough_images(shape, seed), torch.rand(shape[0], 5)
    layer, mine = keras.layers.CutMix(), layers.CutMix()
    theirs, drawn = theirs_and_drawn(layer, images)
    box = box_of(drawn["batch_masks"][..., 0])
    own = {"weights": drawn["mix_weight"].flatten(), "partners": drawn["permutation_order"].long(), **box}
    np.testing.assert_array_equal(ours(mine, images, **own), theirs)
    torch.testing.assert_close(mine.apply_to_labels(labels, **own), layer.transform_labels(labels, drawn))
