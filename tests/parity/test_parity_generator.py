"""ImageDataGenerator against Keras' own: the same draw gives the same pixels, the same seed the same batches."""

import warnings

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.legacy.preprocessing import image as keras_image

from anmok import files
from anmok.preprocessing import image
from anmok.preprocessing.image import ImageDataGenerator

KerasGenerator = keras_image.ImageDataGenerator
SIZE = 48
COURSE = {
    "rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 0.2, "zoom_range": 0.2,
    "horizontal_flip": True,
}  # fmt: skip


def photographs(count=1, channels=3, size=SIZE, seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (count, size, size, channels), np.uint8)
    return np.stack([cv2.GaussianBlur(one, (3, 3), 1).reshape(one.shape) for one in noise])


def share_beyond(ours, theirs, tolerance=1.001):
    return (np.abs(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)) > tolerance).mean()


@pytest.fixture(autouse=True)
def _quietly():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


CHANGES = {
    "turn": {"theta": 33.0}, "sideways": {"tx": 7.3}, "up and down": {"ty": -11.2}, "shear": {"shear": 25.0},
    "wide": {"zx": 0.7}, "tall": {"zy": 1.4}, "mirror": {"flip_horizontal": True},
    "upside down": {"flip_vertical": True},
    "all": {"theta": -20.0, "tx": 5.0, "ty": 9.3, "shear": 11.0, "zx": 0.8, "zy": 1.2, "flip_horizontal": True},
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_draw_gives_keras_pixels(change, mode, dtype):
    picture = photographs()[0]
    ours = ImageDataGenerator(fill_mode=mode, cval=77).apply_transform(picture.astype(dtype), CHANGES[change])
    theirs = KerasGenerator(fill_mode=mode, cval=77).apply_transform(picture.astype(np.float32), CHANGES[change])
    assert ours.dtype == dtype
    assert share_beyond(ours, theirs) <= 0.005


@pytest.mark.parametrize("order", [0, 2, 3, 4, 5])
def test_other_orders_give_keras_pixels(order):
    picture = photographs()[0].astype(np.float32)
    ours = ImageDataGenerator(interpolation_order=order).apply_transform(picture, CHANGES["all"])
    theirs = KerasGenerator(interpolation_order=order).apply_transform(picture, CHANGES["all"])
    assert share_beyond(ours, theirs) <= 0.005


@pytest.mark.parametrize("amount", [-60.0, -0.4, 0.0, 12.7, 300.0])
def test_channel_shift_is_keras(amount):
    picture = photographs()[0]
    change = {"channel_shift_intensity": amount}
    theirs = KerasGenerator().apply_transform(picture.astype(np.float32), change)
    for dtype in (np.uint8, np.float32):
        ours = ImageDataGenerator().apply_transform(picture.astype(dtype), change)
        assert np.abs(ours - theirs).max() <= 0.501


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.7, 9.0])
def test_brightness_is_keras(factor):
    picture = photographs()[0]
    for x in (picture, picture.astype(np.float32), picture * np.float32(2) - 100):
        ours = ImageDataGenerator().apply_transform(x, {"brightness": factor})
        theirs = KerasGenerator().apply_transform(x.astype(np.float32), {"brightness": factor})
        assert np.abs(ours - theirs).max() <= (1 if x.min() >= 0 else 2.1)  # there a level is 510 / 255 wide


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_brightness_after_a_warp_is_keras(dtype):
    picture = photographs()[0]
    change = {**CHANGES["all"], "channel_shift_intensity": 11.3, "brightness": 1.7}
    ours = ImageDataGenerator().apply_transform(picture.astype(dtype), change)
    theirs = KerasGenerator().apply_transform(picture.astype(np.float32), change)
    assert ours.dtype == dtype and share_beyond(ours, theirs) <= 0.005


def test_fractions_are_brightened_where_keras_makes_them_black():
    picture = photographs()[0].astype(np.float32) / 255
    assert KerasGenerator().apply_transform(picture, {"brightness": 0.5}).max() <= 1 / 255
    ours = ImageDataGenerator().apply_transform(picture, {"brightness": 0.5})
    assert np.allclose(ours, picture / 2)


GENERATORS = {
    "course": {**COURSE, "rescale": 1 / 255},
    "book": {"horizontal_flip": True, "vertical_flip": True, "shear_range": 0.5, "brightness_range": [0.5, 1.5],
             "zoom_range": 0.2, "width_shift_range": 0.1, "height_shift_range": 0.1, "rotation_range": 30},
    "zoom pair": {"zoom_range": (0.7, 0.9), "fill_mode": "reflect"},
    "choice": {"width_shift_range": [-3, 5], "height_shift_range": [-3, 5], "fill_mode": "wrap"},
    "fractions to choose": {"width_shift_range": [0.1, 0.25], "height_shift_range": [0.1, 0.25]},
    "pixels": {"width_shift_range": 4, "height_shift_range": 4},
    "float pixels": {"width_shift_range": 2.5, "height_shift_range": 2.5, "rotation_range": 5},
    "channels": {"channel_shift_range": 40.0, "horizontal_flip": True},
    "constant": {"rotation_range": 90, "fill_mode": "constant", "cval": 200},
    "splines": {"rotation_range": 20, "interpolation_order": 3},
    "samplewise": {"rotation_range": 10, "samplewise_center": True, "samplewise_std_normalization": True},
    "own function": {"preprocessing_function": lambda x: x[..., ::-1] - 100, "rescale": 0.5, "zoom_range": 0.3},
    "nothing": {},
}  # fmt: skip


@pytest.mark.parametrize("name", GENERATORS)
def test_a_seed_gives_keras_batches(name):
    arguments = GENERATORS[name]
    x, y, w = photographs(21), np.arange(21) % 3, np.arange(21.0)
    ours = ImageDataGenerator(**arguments).flow(x, y, batch_size=8, seed=5, sample_weight=w)
    theirs = KerasGenerator(**arguments).flow(x, y, batch_size=8, seed=5, sample_weight=w)
    assert len(ours) == len(theirs) == 3
    level = arguments.get("rescale") or 1
    if "samplewise_center" in arguments:
        level = 1 / x[0].std()
    for _ in range(7):  # two passes and a bit
        (our_x, our_y, our_w), (their_x, their_y, their_w) = next(ours), next(theirs)
        assert our_x.dtype == their_x.dtype == np.float32
        assert np.array_equal(our_y, their_y) and np.array_equal(our_w, their_w)
        assert share_beyond(our_x, their_x, 1.1 * level) <= 0.005


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("name", ["course", "book", "choice", "channels"])
def test_get_random_transform_draws_keras_numbers(name, seed):
    ours = ImageDataGenerator(**GENERATORS[name]).get_random_transform((40, 40, 3), seed=seed)
    theirs = KerasGenerator(**GENERATORS[name]).get_random_transform((40, 40, 3), seed=seed)
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        assert ours[key] == (None if value is None else pytest.approx(value)), key


@settings(max_examples=40, deadline=None)
@given(
    rotation=st.sampled_from([0, 30]), width=st.sampled_from([0.0, 0.3, 3, [1, 2]]),
    height=st.sampled_from([0.0, 0.1, 2.5]), shear=st.sampled_from([0, 20]), zoom=st.sampled_from([0.0, 0.4]),
    channel=st.sampled_from([0.0, 9.0]), brightness=st.sampled_from([None, (0.5, 2.0)]), flip=st.booleans(),
    seed=st.integers(0, 2**31),
)  # fmt: skip
def test_many_draws_are_single_draws_in_a_row(rotation, width, height, shear, zoom, channel, brightness, flip, seed):
    ranges = ImageDataGenerator(
        rotation_range=rotation, width_shift_range=width, height_shift_range=height, shear_range=shear,
        zoom_range=zoom, channel_shift_range=channel, brightness_range=brightness, horizontal_flip=flip,
    ).changes.ranges  # fmt: skip
    many = ranges.draw_many(np.random.RandomState(seed), 4, (20, 30, 3))
    rng = np.random.RandomState(seed)
    for i in range(4):
        one = ranges.draw(rng, (20, 30, 3))
        for key, value in one.items():
            if many[key] is None:
                assert value in (None, 0, 1)
            else:
                assert value == pytest.approx(many[key][i])


def test_a_width_shift_moves_sideways_and_a_height_shift_up_and_down():
    picture = np.zeros((21, 21, 1), np.float32)
    picture[10, 10] = 255
    for argument, still in (("width_shift_range", 0), ("height_shift_range", 1)):
        generator = ImageDataGenerator(**{argument: [5]}, fill_mode="constant")
        place = np.argwhere(generator.random_transform(picture, seed=1)[..., 0] > 100)[0]
        assert place[still] == 10 and abs(place[1 - still] - 10) == 5


FEATUREWISE = {
    "centre": {"featurewise_center": True},
    "deviation": {"featurewise_center": True, "featurewise_std_normalization": True, "rescale": 1 / 255},
    "whitening": {"featurewise_center": True, "zca_whitening": True, "zca_epsilon": 1e-3, "rescale": 1 / 255},
}


@pytest.mark.parametrize("format_", ["channels_last", "channels_first"])
@pytest.mark.parametrize("name", FEATUREWISE)
def test_statistics_are_keras(name, format_):
    x = photographs(80, size=8)
    x = x if format_ == "channels_last" else np.moveaxis(x, -1, 1)
    ours = ImageDataGenerator(**FEATUREWISE[name], data_format=format_)
    theirs = KerasGenerator(**FEATUREWISE[name], data_format=format_)
    ours.fit(x)
    theirs.fit(x)
    for attribute in ("mean", "std"):
        value = getattr(theirs, attribute)
        assert (getattr(ours, attribute) is None) == (value is None)
        if value is not None:
            assert getattr(ours, attribute) == pytest.approx(value, rel=1e-4)
    our_x = next(ours.flow(x, batch_size=80, shuffle=False))
    their_x = next(theirs.flow(x, batch_size=80, shuffle=False))
    if name == "whitening" and format_ == "channels_first":
        # Keras whitens the numbers in the order channels come first: the same numbers, otherwise ordered.
        assert np.abs(np.cov(our_x.reshape(80, -1).T)[:3, :3]).max() < 2
        return
    assert our_x.shape == their_x.shape
    assert np.abs(our_x - their_x).max() <= 2e-3 * np.abs(their_x).max()


def test_statistics_of_changed_images_are_keras():
    x = photographs(12, size=16)
    ours, theirs = (cls(featurewise_center=True, rotation_range=30) for cls in (ImageDataGenerator, KerasGenerator))
    ours.fit(x, augment=True, rounds=2, seed=3)
    theirs.fit(x, augment=True, rounds=2, seed=3)
    assert ours.mean == pytest.approx(theirs.mean, rel=1e-3)


def test_standardize_is_keras_and_overwrites_floats():
    x = photographs(1)[0].astype(np.float32)
    arguments = {"rescale": 1 / 255, "samplewise_center": True, "samplewise_std_normalization": True}
    theirs = KerasGenerator(**arguments).standardize(x.copy())
    ours = ImageDataGenerator(**arguments).standardize(x)
    assert ours is x and ours == pytest.approx(theirs, abs=1e-4)


def test_a_mean_set_by_hand_is_taken_away():
    x = photographs(4)
    generators = [cls(featurewise_center=True) for cls in (ImageDataGenerator, KerasGenerator)]
    for generator in generators:
        generator.mean = [123.68, 116.779, 103.939]
    ours, theirs = (next(g.flow(x, batch_size=4, shuffle=False)) for g in generators)
    assert ours == pytest.approx(theirs, abs=1e-3)


@pytest.mark.parametrize("format_", ["channels_last", "channels_first"])
def test_both_channel_orders_are_keras(format_):
    x = photographs(6)
    x = x if format_ == "channels_last" else np.moveaxis(x, -1, 1)
    ours = ImageDataGenerator(**COURSE, data_format=format_).flow(x, batch_size=4, seed=1)
    theirs = KerasGenerator(**COURSE, data_format=format_).flow(x, batch_size=4, seed=1)
    our_x, their_x = next(ours), next(theirs)
    assert our_x.shape == their_x.shape and share_beyond(our_x, their_x) <= 0.005


def test_the_training_subset_and_other_inputs_are_keras():
    x, y, extra = photographs(20), np.arange(20) % 2, np.arange(20.0)[:, None]
    for subset, count in (("training", 15), ("validation", 5)):
        ours = ImageDataGenerator(validation_split=0.25).flow([x, [extra]], y, subset=subset, seed=2, batch_size=6)
        theirs = KerasGenerator(validation_split=0.25).flow([x, [extra]], y, subset=subset, seed=2, batch_size=6)
        assert ours.n == theirs.n == count
        (our_x, our_y), (their_x, their_y) = next(ours), next(theirs)
        assert np.array_equal(our_y, their_y)
        assert all(np.array_equal(a, b) for a, b in zip(our_x, their_x, strict=True))


# Files ----------------------------------------------------------------------------------------------------------------

CATS_AND_DOGS = files.home() / "datasets" / "cats_and_dogs_small"
APPAREL = files.home() / "datasets" / "apparel"
needs_photographs = pytest.mark.skipif(not CATS_AND_DOGS.is_dir(), reason="cats_and_dogs_small is not in the cache")
needs_apparel = pytest.mark.skipif(not APPAREL.is_dir(), reason="apparel is not in the cache")


@needs_photographs
@pytest.mark.parametrize(
    "arguments",
    [
        {"class_mode": "binary", "target_size": (150, 150), "batch_size": 20},
        {"class_mode": "categorical", "target_size": (64, 64), "color_mode": "grayscale", "interpolation": "bilinear"},
        {"class_mode": "sparse", "target_size": (40, 56), "interpolation": "lanczos", "keep_aspect_ratio": True},
        {"class_mode": "input", "target_size": (32, 32), "color_mode": "rgba", "interpolation": "box"},
        {"class_mode": None, "classes": ["dogs"], "target_size": (50, 50), "shuffle": False},
    ],
    ids=lambda arguments: str(arguments["class_mode"]),
)
def test_a_folder_gives_keras_batches(arguments):
    generators = [cls(rescale=1 / 255, horizontal_flip=True) for cls in (ImageDataGenerator, KerasGenerator)]
    ours, theirs = (g.flow_from_directory(CATS_AND_DOGS / "validation", seed=9, **arguments) for g in generators)
    for attribute in ("n", "samples", "num_classes", "class_indices", "filenames", "filepaths", "image_shape"):
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute
    assert np.array_equal(ours.classes, theirs.classes) and len(ours) == len(theirs)
    for _ in range(2):
        our_batch, their_batch = next(ours), next(theirs)
        if not isinstance(their_batch, tuple):
            our_batch, their_batch = (our_batch,), (their_batch,)
        assert len(our_batch) == len(their_batch)
        for our_part, their_part in zip(our_batch, their_batch, strict=True):
            assert our_part.dtype == their_part.dtype and our_part.shape == their_part.shape
            assert share_beyond(our_part, their_part, 2.01 / 255) <= 0.005


@needs_photographs
@pytest.mark.parametrize("subset", ["training", "validation"])
def test_the_parts_of_a_folder_are_keras(subset):
    ours, theirs = (
        cls(validation_split=0.3).flow_from_directory(CATS_AND_DOGS / "test", subset=subset, target_size=(8, 8))
        for cls in (ImageDataGenerator, KerasGenerator)
    )
    assert ours.filenames == theirs.filenames and np.array_equal(ours.classes, theirs.classes)


@needs_apparel
@pytest.mark.parametrize(
    "class_mode, y_col",
    [
        ("raw", ["black", "blue", "dress"]), ("raw", "black"), ("multi_output", ["black", "dress"]),
        ("categorical", "kind"), ("sparse", "kind"), ("binary", "is_dress"), ("categorical", "several"),
        ("input", None), (None, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("subset", [None, "training"])
def test_a_table_gives_keras_batches(class_mode, y_col, subset):
    table = pd.read_csv(APPAREL / "apparel.csv").iloc[::90].copy()
    table["kind"] = table["image"].str.split("/").str[-2]
    table["is_dress"] = np.where(table["dress"] == 1, "yes", "no")
    table["several"] = table["kind"].str.split("_")
    table["weight"] = np.arange(len(table)) / 7
    ours, theirs = (
        cls(validation_split=0.2).flow_from_dataframe(
            table, str(APPAREL), x_col="image", y_col=y_col or "class", class_mode=class_mode, weight_col="weight",
            target_size=(24, 24), seed=4, batch_size=16, subset=subset,
        )
        for cls in (ImageDataGenerator, KerasGenerator)
    )  # fmt: skip
    assert ours.filenames == theirs.filenames and ours.n == theirs.n
    if hasattr(theirs, "class_indices"):
        assert ours.class_indices == theirs.class_indices and ours.classes == theirs.classes
    our_batch, their_batch = next(ours), next(theirs)
    if not isinstance(their_batch, tuple):
        our_batch, their_batch = (our_batch,), (their_batch,)
    assert len(our_batch) == len(their_batch)
    for our_part, their_part in zip(our_batch, their_batch, strict=True):
        our_part, their_part = (p if isinstance(p, list) else [p] for p in (our_part, their_part))
        for a, b in zip(our_part, their_part, strict=True):
            assert a.shape == b.shape and share_beyond(a, b, 1.001) <= 0.005


# One image ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0)])
@pytest.mark.parametrize("change", ["turn", "shear", "wide", "all"])
def test_apply_affine_transform_is_keras(change, axes):
    picture = photographs()[0].astype(np.float32)
    picture = picture if axes == (0, 1, 2) else np.moveaxis(picture, -1, 0)
    change = {key: value for key, value in CHANGES[change].items() if not key.startswith("flip")}
    named = dict(zip(("row_axis", "col_axis", "channel_axis"), axes, strict=True))
    ours = image.apply_affine_transform(picture, **change, **named)
    theirs = keras_image.apply_affine_transform(picture, **change, **named)
    assert ours.shape == theirs.shape and share_beyond(ours, theirs) <= 0.005


def test_apply_channel_shift_and_brightness_are_keras():
    picture = photographs()[0].astype(np.float32)
    ours = image.apply_channel_shift(picture, 30, channel_axis=2)
    assert np.allclose(ours, keras_image.apply_channel_shift(picture, 30, channel_axis=2))
    for scale in (True, False):
        ours = image.apply_brightness_shift(picture, 1.3, scale)
        assert np.abs(ours - keras_image.apply_brightness_shift(picture, 1.3, scale)).max() <= 1


@pytest.mark.parametrize(
    "function, arguments",
    [
        ("random_rotation", {"rg": 60}), ("random_shift", {"wrg": 0.4, "hrg": 0.1}),
        ("random_shear", {"intensity": 40}),
        ("random_zoom", {"zoom_range": (0.5, 1.5)}), ("random_channel_shift", {"intensity_range": 90}),
        ("random_brightness", {"brightness_range": (0.2, 1.8)}),
    ],
)  # fmt: skip
def test_random_functions_change_as_far_as_they_say(function, arguments):
    picture = photographs()[0].astype(np.float32)
    named = {} if function == "random_brightness" else {"channel_axis": 2}
    if function in ("random_rotation", "random_shift", "random_shear", "random_zoom"):
        named |= {"row_axis": 0, "col_axis": 1}
    results = [getattr(image, function)(picture, **arguments, **named) for _ in range(5)]
    assert all(result.shape == picture.shape for result in results)
    distances = {round(float(np.abs(result - picture).mean()), 3) for result in results}
    assert len(distances) == 5 and max(distances) > 1
    nothing = {"rg": 0, "wrg": 0, "hrg": 0, "intensity": 0, "zoom_range": (1, 1), "intensity_range": 0}
    still = {key: nothing[key] for key in arguments if key in nothing}
    if still:
        assert np.array_equal(getattr(image, function)(picture, **still, **named), picture)
