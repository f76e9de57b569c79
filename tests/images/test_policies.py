"""Policies by the papers' numbers, operations by Pillow's pixels."""

import collections
import math

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from scipy import ndimage

from anmok.images import policies

SHAPE = (60, 80, 3)
ENHANCERS = {
    "Brightness": ImageEnhance.Brightness,
    "Color": ImageEnhance.Color,
    "Contrast": ImageEnhance.Contrast,
    "Sharpness": ImageEnhance.Sharpness,
}


def picture(channels=3):
    noise = np.random.default_rng(0).uniform(-150, 400, (*SHAPE[:2], channels))
    return np.clip(ndimage.gaussian_filter(noise, (2, 2, 0)), 0, 255).astype(np.uint8)


def pillows(image, name, value):
    """The operation as the authors' code has it, on Pillow."""
    plane = Image.fromarray(image)
    if name in ENHANCERS:
        return ENHANCERS[name](plane).enhance(1 + value)
    moves = {
        "ShearX": (1, value, 0, 0, 1, 0), "ShearY": (1, 0, 0, value, 1, 0),
        "TranslateX": (1, 0, value, 0, 1, 0), "TranslateY": (1, 0, 0, 0, 1, value),
    }  # fmt: skip
    if name in moves:
        numbers = [math.trunc(x) for x in moves[name]] if name.startswith("Translate") else moves[name]
        how = (Image.Transform.AFFINE, numbers, Image.Resampling.BILINEAR)
        return plane.transform(plane.size, *how, fillcolor=(128, 128, 128))
    return {
        "Identity": lambda: plane,
        "Rotate": lambda: plane.rotate(value, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128)),
        "Posterize": lambda: ImageOps.posterize(plane, value),
        "Solarize": lambda: ImageOps.solarize(plane, value),
        "AutoContrast": lambda: ImageOps.autocontrast(plane),
        "Equalize": lambda: ImageOps.equalize(plane),
        "Invert": lambda: ImageOps.invert(plane),
    }[name]()


@pytest.mark.parametrize("name, value", [
    ("Identity", None), ("ShearX", 0.3), ("ShearX", -0.2), ("ShearY", 0.25), ("TranslateX", 20.6), ("TranslateY", -7.0),
    ("Rotate", 30.0), ("Rotate", -17.0), ("Brightness", 0.9), ("Color", -0.9), ("Contrast", 0.5), ("Sharpness", 0.9),
    ("Posterize", 4), ("Solarize", 142), ("AutoContrast", None), ("Equalize", None), ("Invert", None),
])  # fmt: skip
def test_operations_are_the_authors(name, value):
    image = picture()
    theirs = np.asarray(pillows(image, name, value)).astype(int)
    for dtype in (np.uint8, np.float32):
        ours = policies.operate(image.astype(dtype), operations=((name, value),))
        assert ours.dtype == dtype and ours.shape == image.shape
        off = np.abs(ours - theirs)
        # Where the picture ends and the grey begins, Pillow has half a pixel more of it.
        assert np.mean(off > 2) < 0.02 and np.median(off) <= 1


def test_every_operation_is_known_and_reached():
    in_tables = {name for rows in policies.POLICIES.values() for row in rows for name, _, _ in row}
    assert in_tables == {*policies.OPERATIONS, "Invert"} - {"Identity"}
    rng = np.random.default_rng(0)
    counts = collections.Counter()
    for _ in range(700):
        counts.update(name for name, _ in policies.draw_randaugment(rng, SHAPE, num_ops=2, magnitude=9)["operations"])
        counts.update(name for name, _ in policies.draw_trivialaugment(rng, SHAPE)["operations"])
    assert set(counts) == set(policies.OPERATIONS) and min(counts.values()) > 100
    image = picture()
    for name in {*policies.OPERATIONS, *in_tables}:
        value = {"Posterize": 5, "Solarize": 100}.get(name, 0.3)
        assert policies.operate(image, operations=((name, value),)).shape == SHAPE


def test_the_tables_hold_the_papers_numbers():
    cifar, imagenet = policies.POLICIES["cifar10"], policies.POLICIES["imagenet"]
    assert len(cifar) == len(imagenet) == 25 and len(policies.OPERATIONS) == len(set(policies.OPERATIONS)) == 14
    # Rows 0, 1, 7, 14, 21 and 24 of table 7; 0, 3, 12, 16 and 24 of table 9.
    assert cifar[0] == (("Invert", 0.1, None), ("Contrast", 0.2, 6))
    assert cifar[1] == (("Rotate", 0.7, 2), ("TranslateX", 0.3, 9))
    assert cifar[7] == (("Sharpness", 0.3, 9), ("Brightness", 0.7, 9))
    assert cifar[14] == (("Solarize", 0.5, 2), ("Invert", 0.0, None))
    assert cifar[21] == (("TranslateY", 0.9, 9), ("TranslateY", 0.7, 9))
    assert cifar[24] == (("TranslateY", 0.7, 9), ("AutoContrast", 0.9, None))
    assert imagenet[0] == (("Posterize", 0.4, 8), ("Rotate", 0.6, 9))
    assert imagenet[3] == (("Posterize", 0.6, 7), ("Posterize", 0.6, 6))
    assert imagenet[12] == (("Equalize", 0.0, None), ("Equalize", 0.8, None))
    assert imagenet[16] == (("Color", 0.8, 8), ("Solarize", 0.8, 7))
    assert imagenet[24] == (("Equalize", 0.8, None), ("Equalize", 0.6, None))
    # What each table is made of, summed: probabilities and magnitudes over the 50 operations.
    sums = [
        (round(sum(p for row in t for _, p, _ in row), 6), sum(m or 0 for row in t for *_, m in row))
        for t in (cifar, imagenet)
    ]
    assert sums == [(26.5, 187), (31.0, 159)]


def values(name, *, magnitude, draws=200, shape=SHAPE):
    rng, found = np.random.default_rng(0), set()
    for _ in range(draws * 14):
        for drawn, value in policies.draw_randaugment(rng, shape, num_ops=1, magnitude=magnitude)["operations"]:
            if drawn == name:
                found.add(value)
    return found


def test_the_highest_magnitude_is_the_papers_range():
    assert {round(value, 6) for value in values("ShearX", magnitude=30)} == {-0.3, 0.3}
    assert values("Rotate", magnitude=30) == {-30.0, 30.0}
    assert {round(1 + value, 6) for value in values("Contrast", magnitude=30)} == {0.1, 1.9}
    assert values("Posterize", magnitude=30) == {4} and values("Solarize", magnitude=30) == {0.0}
    # 150 of 331 pixels, of the width across and of the height down.
    assert {round(value, 3) for value in values("TranslateX", magnitude=30)} == {-36.254, 36.254}
    assert {round(value, 3) for value in values("TranslateY", magnitude=30)} == {-27.19, 27.19}
    assert values("Rotate", magnitude=10) == {-10.0, 10.0} and values("Solarize", magnitude=0) == {256.0}


def test_magnitude_zero_changes_nothing():
    image = picture()
    for name in policies.RANGES:
        (value,) = {abs(value) for value in values(name, magnitude=0)}
        assert np.array_equal(policies.operate(image, operations=((name, value),)), image)


def test_trivial_augment_is_wide():
    rng, found = np.random.default_rng(0), collections.defaultdict(set)
    for _ in range(9000):
        ((name, value),) = policies.draw_trivialaugment(rng, SHAPE)["operations"]
        found[name].add(value)
    ends = {"ShearX": 0.99, "TranslateX": 32.0, "Rotate": 135.0, "Color": 0.99, "Sharpness": 0.99}
    for name, end in ends.items():
        assert max(found[name]) == pytest.approx(end) and min(found[name]) == pytest.approx(-end)
        assert len({abs(value) for value in found[name]}) == 31
    assert min(found["Posterize"]) == 2 and max(found["Posterize"]) == 8
    assert min(found["Solarize"]) == 0 and max(found["Solarize"]) == 256


def test_autoaugment_draws_each_row_with_its_probabilities():
    rng = np.random.default_rng(0)
    rotations = posterized = 0
    for _ in range(5000):
        operations = policies.draw_autoaugment(rng, SHAPE, policy="imagenet")["operations"]
        assert len(operations) <= 2
        rotations += sum(name == "Rotate" for name, _ in operations)
        posterized += sum(name == "Posterize" for name, _ in operations)
    rows = [operation for row in policies.POLICIES["imagenet"] for operation in row]
    for name, count in (("Rotate", rotations), ("Posterize", posterized)):
        expected = sum(p for other, p, _ in rows if other == name) / 25
        assert abs(count / 5000 - expected) < 0.02


def test_gray_images_and_alpha():
    gray, rgba = picture(1), picture(4)
    rng = np.random.default_rng(0)
    for _ in range(60):
        drawn = policies.draw_trivialaugment(rng, SHAPE)
        assert policies.operate(gray, **drawn).shape == gray.shape
        assert policies.operate(rgba, **drawn).shape == rgba.shape
