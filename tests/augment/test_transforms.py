"""What holds of every transform: p, dtype, range, shape, repeatability, and nothing written to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import augment, random
from anmok.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from anmok.images import blur, color, moves, tone

# Each with ranges in which every draw changes a picture.
TRANSFORMS = [
    augment.HorizontalFlip(p=1), augment.VerticalFlip(p=1), augment.Rotate(degrees=(10, 40)),
    augment.Translate(x=(0.1, 0.2), y=(-0.2, -0.1), fill_mode="reflect"), augment.Shear(x=(10, 20), y=(-9, 9)),
    augment.Scale(factor=(0.5, 0.8), fill_mode="constant", cval=9), augment.Zoom(factor=(1.2, 1.5), keep_ratio=False),
    augment.Affine(rotate=(10, 20), translate=0.1, shear=(5, 9), scale=(1.1, 1.3), fill_mode="wrap"),
    augment.Brightness(factor=(0.5, 0.8)), augment.Contrast(factor=(1.2, 1.5)), augment.Saturation(factor=(2, 3)),
    augment.Hue(shift=(0.1, 0.4)), augment.ColorJitter(brightness=(0.5, 0.8)), augment.Grayscale(p=1),
    augment.Gamma(gamma=(1.5, 2)), augment.RGBShift(shift=(10, 30)), augment.Invert(p=1),
    augment.Posterize(bits=(2, 4)),
    augment.Solarize(threshold=(60, 100)), augment.AutoContrast(p=1), augment.Equalize(p=1),
    augment.CLAHE(clip_limit=(1, 9), tiles=2),
    augment.Blur(), augment.GaussianBlur(sigma=(1, 2)), augment.MedianBlur(), augment.Sharpen(factor=(2, 3)),
    augment.GaussianNoise(std=(10, 30)), augment.SaltAndPepper(amount=(0.1, 0.3)), augment.Cutout(), augment.Cutout(
        size=6, holes=3, fill="mean"), augment.RandomErasing(p=1, area=(0.2, 0.4)),
    augment.RandAugment(num_ops=4, magnitude=25), augment.AutoAugment(policy="cifar10"), augment.AutoAugment(),
    augment.TrivialAugment(), augment.RandomResizedCrop(area=(0.3, 0.6)),
    augment.OneOf([augment.Invert(p=1), augment.VerticalFlip(p=1)]),
    augment.Compose([augment.Rotate(degrees=(5, 9)), augment.HorizontalFlip(), augment.Invert(p=1)]),
]  # fmt: skip
CROPS = [augment.CenterCrop(height=5, width=7), augment.RandomCrop(height=5, width=7, padding=2)]
NAMES = [f"{index}-{type(transform).__name__}" for index, transform in enumerate(TRANSFORMS + CROPS)]
POLICIES = (augment.AutoAugment, augment.TrivialAugment)
each = pytest.mark.parametrize("transform", TRANSFORMS + CROPS, ids=NAMES)


def picture(channels=3, dtype=np.uint8, height=20, width=24, seed=0):
    rng = np.random.default_rng(seed)
    shades = np.linspace(40, 180, width)[:, None] * rng.uniform(0.8, 1.2, (height, 1, channels))
    return np.clip(shades + rng.normal(0, 12, (height, width, channels)), 0, 255).astype(dtype)


def with_p(transform, p):
    fields = {name: getattr(transform, name) for name in transform.__dataclass_fields__}
    return type(transform)(**{**fields, "p": p})


@each
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_p_0_never_and_p_1_always(transform, dtype):
    image = picture(dtype=dtype)
    rng = np.random.default_rng(0)
    assert all(np.array_equal(with_p(transform, 0)(image, rng=rng), image) for _ in range(20))
    changed = [not np.array_equal(with_p(transform, 1)(image, rng=rng), image) for _ in range(20)]
    assert any(changed) if isinstance(transform, POLICIES) else all(changed)


@each
def test_p_is_a_probability(transform):
    image = picture()
    half = with_p(transform, 0.3)
    rng = np.random.default_rng(1)
    happened = sum(half(image, rng=rng) is not image for _ in range(300))
    assert (0 < happened < 140) if isinstance(transform, POLICIES) else 60 < happened < 125


@each
def test_a_generator_repeats_the_draw_and_no_input_is_written_to(transform):
    image = picture()
    before = image.copy()
    first, again = (transform(image, rng=np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again) and np.array_equal(image, before)
    if type(transform) is not augment.CenterCrop and "Flip" not in repr(transform):
        others = [transform(image, rng=np.random.default_rng(seed)) for seed in range(30)]
        fixed = (augment.Grayscale, augment.Invert, augment.AutoContrast, augment.Equalize)
        assert isinstance(transform, fixed) or any(not np.array_equal(other, first) for other in others)


@each
def test_drawing_and_applying_are_the_call(transform):
    image = picture()
    if isinstance(transform, (augment.Compose, augment.OneOf)):
        drawn = transform.draw(np.random.default_rng(7), image.shape)
        assert np.array_equal(transform.apply(image, **drawn), transform.apply(image, **drawn))
        return
    rng = np.random.default_rng(7)
    rng.random()  # whether anything happens
    drawn = transform.draw(rng, image.shape)
    assert np.array_equal(transform.apply(image, **drawn), transform(image, rng=np.random.default_rng(7)))


@each
@settings(max_examples=12, deadline=None)
@given(
    height=st.integers(1, 40), width=st.integers(1, 40), channels=st.sampled_from([1, 3, 4]),
    dtype=st.sampled_from([np.uint8, np.float32]), seed=st.integers(0, 10**6), flat=st.booleans(),
)  # fmt: skip
def test_shape_dtype_and_range_stay(transform, height, width, channels, dtype, seed, flat):
    if transform in CROPS:
        height, width = height + 5, width + 7
    if isinstance(transform, augment.RGBShift) and channels == 1:
        channels = 3
    rng = np.random.default_rng(seed)
    image = rng.choice([0, 1, 127, 254, 255], (height, width, channels)).astype(dtype)
    if dtype == np.float32 and not flat:
        image = rng.uniform(0, 255, image.shape).astype(np.float32)
    if flat:
        image[:] = image[0, 0]
    before = image.copy()
    result = transform(image, rng=rng)
    size = (5, 7) if transform in CROPS else (height, width)
    assert result.shape == (*size, channels) and result.dtype == dtype
    assert np.isfinite(result).all() and result.min() >= 0 and result.max() <= 255
    assert np.array_equal(image, before)


def test_transforms_apply_the_pixel_functions():
    image = picture()
    rng = lambda: np.random.default_rng(0)  # noqa: E731
    for transform, expected in (
        (augment.Brightness(factor=(0.7, 0.7)), color.brightness(image, factor=0.7)),
        (augment.Contrast(factor=(1.3, 1.3)), color.contrast(image, factor=1.3)),
        (augment.Saturation(factor=(0.2, 0.2)), color.saturation(image, factor=0.2)),
        (augment.Hue(shift=(0.1, 0.1)), color.hue(image, shift=0.1)),
        (augment.Gamma(gamma=(2, 2)), color.gamma(image, gamma=2.0)),
        (augment.RGBShift(shift=(5, 5)), color.rgb_shift(image, shift=(5, 5, 5))),
        (augment.Posterize(bits=3), tone.posterize(image, bits=3)),
        (augment.Solarize(threshold=99), tone.solarize(image, threshold=99)),
        (augment.CLAHE(clip_limit=2, tiles=4), tone.clahe(image, clip_limit=2, tiles=4)),
        (augment.Blur(size=5), blur.blur(image, size=5)),
        (augment.MedianBlur(size=5), blur.median_blur(image, size=5)),
        (augment.GaussianBlur(sigma=1.5), blur.gaussian_blur(image, sigma=1.5)),
        (augment.Sharpen(factor=(2, 2)), blur.sharpness(image, factor=2)),
        (augment.Rotate(degrees=(30, 30)), moves.moved(image, moves.move(20, 24, degrees=30))),
        (augment.Translate(x=(0.25, 0.25), y=0), moves.moved(image, moves.move(20, 24, shift=(6, 0)))),
        (augment.Shear(x=(9, 9), y=(3, 3)), moves.moved(image, moves.move(20, 24, shear=(9, 3)))),
        (augment.Scale(factor=(2, 2)), moves.moved(image, moves.move(20, 24, scale=(2, 2)))),
        (
            augment.Affine(rotate=(9, 9), translate=((0.25, 0.25), (0.1, 0.1)), shear=((4, 4), (2, 2)), scale=(2, 2)),
            moves.moved(image, moves.move(20, 24, degrees=9, shift=(6, 2), shear=(4, 2), scale=(2, 2))),
        ),
    ):
        assert np.array_equal(transform(image, rng=rng()), expected), transform


def test_numbers_are_ranges_about_nothing():
    assert augment.Rotate(degrees=20).degrees == (-20, 20)
    assert augment.Brightness(factor=0.3).factor == (0.7, 1.3)
    assert augment.Translate(x=0.1, y=(0, 0.2)).y == (0, 0.2)
    affine = augment.Affine(translate=0.1, shear=5, scale=0.2)
    assert affine.translate == ((-0.1, 0.1), (-0.1, 0.1)) and affine.shear == ((-5, 5), (0, 0))
    assert affine.scale == (0.8, 1.2)
    assert augment.RandomCrop(height=32).width == 32


def test_without_a_generator_draws_follow_the_seed_of_the_process():
    image, noise = picture(), augment.GaussianNoise(std=20)
    random.set_seed(5)
    first = [noise(image) for _ in range(3)]
    random.set_seed(5)
    again = [noise(image) for _ in range(3)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], first[1])


def test_padding_comes_before_the_crop():
    image = picture(height=8, width=8)
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), constant_values=7)
    transform = augment.RandomCrop(height=8, padding=2, cval=7)
    found = set()
    for seed in range(300):
        box = transform.draw(np.random.default_rng(seed), image.shape)
        top, left = box["top"], box["left"]
        found.add((top, left))
        assert np.array_equal(transform.apply(image, **box), padded[top : top + 8, left : left + 8])
    assert len(found) == 25


@pytest.mark.parametrize("make, error, said", [
    (lambda: augment.Rotate(degrees=-5), ArgumentError, r"Rotate: expected degrees to be a number in 0\.\.360, got -5"),
    (lambda: augment.Rotate(degrees=(20, 10)), ArgumentError,
     r"Rotate: expected degrees as \(low, high\), got \(20, 10\); write \(10, 20\)\."),
    (lambda: augment.Rotate(degrees=(1, 2, 3)), ArgumentError, r"a number or a pair \(low, high\), got \(1, 2, 3\)"),
    (lambda: augment.Rotate(degrees="30"), ArgumentError, "degrees to hold numbers in -360..360, got '30'"),
    (lambda: augment.Rotate(degrees=float("nan")), ArgumentError, "got nan"),
    (lambda: augment.Rotate(fill_mode="reflct"), UnknownNameError, "Did you mean 'reflect'"),
    (lambda: augment.Rotate(cval=300), ArgumentError, r"cval to be a number in 0\.\.255, got 300"),
    (lambda: augment.Rotate(order=3), ArgumentError, r"order to be a whole number in 0\.\.1, got 3"),
    (lambda: augment.HorizontalFlip(p=1.5), ArgumentError, r"HorizontalFlip: expected p to be a number in 0\.\.1, got"),
    (lambda: augment.HorizontalFlip(p=True), ArgumentError, "got True"),
    (lambda: augment.Translate(x=20), ArgumentError, r"Translate: expected x to be a number in 0\.\.1, got 20"),
    (lambda: augment.Shear(x=90), ArgumentError, r"Shear: expected x to be a number in 0\.\.80, got 90"),
    (lambda: augment.Scale(factor=1.0), ArgumentError, "shrink to nothing; got 1.0"),
    (lambda: augment.Affine(scale=(0, 2)), ArgumentError, r"Affine: expected scale above 0"),
    (lambda: augment.Affine(rotate=(10, -10)), ArgumentError, r"expected rotate as \(low, high\)"),
    (lambda: augment.Brightness(factor=-0.1), ArgumentError, r"factor to be a number in 0\.\.1, got -0\.1"),
    (lambda: augment.Brightness(factor=(-1, 2)), ArgumentError, r"factor to hold numbers >= 0, got \(-1, 2\)"),
    (lambda: augment.Hue(shift=18), ArgumentError, r"Hue: expected shift to be a number in 0\.\.0\.5, got 18"),
    (lambda: augment.ColorJitter(hue=0.9), ArgumentError, r"ColorJitter: expected hue"),
    (lambda: augment.Posterize(bits=(0, 9)), ArgumentError, r"bits to hold numbers in 1\.\.8, got \(0, 9\)"),
    (lambda: augment.Blur(size=4), ArgumentError, r"size to be odd whole numbers such as 3 or \(3, 7\), got 4"),
    (lambda: augment.GaussianBlur(sigma=-1), ArgumentError, "sigma to hold numbers >= 0"),
    (lambda: augment.GaussianNoise(std=(5, 1)), ArgumentError, r"write \(1, 5\)"),
    (lambda: augment.Cutout(size=1.5), ArgumentError, r"size to be a number in 0\.\.1, got 1\.5"),
    (lambda: augment.Cutout(size=0), ArgumentError, "size to be a whole number >= 1, got 0"),
    (lambda: augment.Cutout(fill="noisy"), UnknownNameError, "Did you mean 'noise'"),
    (lambda: augment.RandomErasing(area=(0.5, 2)), ArgumentError, r"area to hold numbers in 0\.\.1"),
    (lambda: augment.RandomErasing(ratio=(0, 1)), ArgumentError, "ratio must be above 0"),
    (lambda: augment.RandomCrop(height=0), ArgumentError, "expected height to be a whole number >= 1, got 0"),
    (lambda: augment.RandomCrop(height=4.5), ArgumentError, "whole number >= 1, got 4.5"),
    (lambda: augment.RandomResizedCrop(width=5), ArgumentError, "width=5 without a height"),
    (lambda: augment.RandomResizedCrop(area=(0, 1)), ArgumentError, "must be above 0"),
    (lambda: augment.RandAugment(magnitude=31), ArgumentError, r"magnitude to be a whole number in 0\.\.30, got 31"),
    (lambda: augment.RandAugment(num_ops=0), ArgumentError, "num_ops to be a whole number >= 1"),
    (lambda: augment.AutoAugment(policy="cifar"), UnknownNameError, "Did you mean 'cifar10'"),
    (lambda: augment.MixUp(alpha=0), ArgumentError, "MixUp: expected alpha above 0, got 0; to leave it out, take p=0"),
    (lambda: augment.CutMix(alpha=-1), ArgumentError, "CutMix: expected alpha to be a number >= 0, got -1"),
    (lambda: augment.CLAHE(tiles=0), ArgumentError, "tiles to be a whole number >= 1"),
    (lambda: augment.preset("photo"), UnknownNameError, "Unknown preset 'photo'. Did you mean 'photos'"),
])  # fmt: skip
def test_wrong_arguments_are_refused_at_once(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_a_typo_fails_at_once_and_nothing_can_be_changed_later():
    with pytest.raises(TypeError, match="degree"):
        augment.Rotate(degree=3)
    with pytest.raises(AttributeError):
        augment.Rotate().degrees = 5


@pytest.mark.parametrize("image, error, said", [
    (np.zeros((4, 5), np.uint8), ShapeError, r"got shape \(4, 5\)\. A grey image needs its .*: image\[\.\.\., None\]"),
    (np.zeros((2, 4, 5, 3), np.uint8), ShapeError, r"got shape \(2, 4, 5, 3\)\. Give one image at a time"),
    (np.zeros((4, 5, 2), np.uint8), ShapeError, "C 1, 3 or 4"),
    (np.zeros((0, 5, 3), np.uint8), ShapeError, r"\(0, 5, 3\)"),
    (np.zeros((4, 5, 3)), DataError, r"got float64\. image\.astype\('float32'\)"),
    ([[1]], DataError, "expected a numpy array"),
])  # fmt: skip
def test_what_is_no_image_is_refused(image, error, said):
    for transform in (augment.Invert(), augment.Compose([augment.Invert()])):
        with pytest.raises(error, match=said):
            transform(image)


def test_what_is_no_generator_is_refused():
    with pytest.raises(ArgumentError, match=r"expected rng to be a numpy Generator, np\.random\.default_rng"):
        augment.Invert()(picture(), rng=3)


def test_gray_images_and_wrong_crops_are_refused_with_words():
    with pytest.raises(ShapeError, match="For a grey image use brightness"):
        augment.RGBShift()(picture(1))
    with pytest.raises(ShapeError, match="an image of 20 x 24 pixels has no box of 21 x 21"):
        augment.CenterCrop(height=21)(picture())
