"""Compose and OneOf: order, one warp for neighbours, batches."""

import copy
import pickle

import numpy as np
import pytest
from scipy import ndimage

from anmok import augment
from anmok.augment import compose
from anmok.errors import ArgumentError, DataError, ShapeError
from anmok.images import moves


def picture(height=40, width=50, channels=3, dtype=np.uint8):
    noise = np.random.default_rng(0).uniform(-200, 450, (height, width, channels))
    return np.clip(ndimage.gaussian_filter(noise, (2, 2, 0)), 0, 255).astype(dtype)


def batch(count=5, size=12):
    images = np.stack([picture(size, size) for _ in range(count)])
    return images, np.eye(3, dtype=np.float32)[np.arange(count) % 3]


def test_transforms_come_in_their_order():
    image = picture()
    rng = np.random.default_rng(0)
    darken, invert = augment.Brightness(factor=(0.5, 0.5)), augment.Invert(p=1)
    first, second = augment.Compose([darken, invert]), augment.Compose([invert, darken])
    assert np.array_equal(first(image, rng), invert(darken(image, rng), rng))
    assert np.array_equal(second(image, rng), darken(invert(image, rng), rng))
    assert augment.Compose([])(image) is image


MOVES = [
    augment.Rotate(degrees=(20, 20)), augment.HorizontalFlip(p=1), augment.Translate(x=(0.2, 0.2), y=(0.1, 0.1)),
    augment.VerticalFlip(p=1), augment.Shear(x=(8, 8)), augment.Scale(factor=(1.2, 1.2)),
    augment.Affine(rotate=(-20, -20)),
]  # fmt: skip


def test_neighbours_that_move_are_one_warp(monkeypatch):
    image, rng = picture(dtype=np.float32), np.random.default_rng(0)
    one = augment.Compose(MOVES)
    warps = []
    warp = moves.warp
    monkeypatch.setattr(moves, "warp", lambda *all, **how: warps.append(1) or warp(*all, **how))
    together = one(image, rng)
    assert len(warps) == 1
    apart = image
    for transform in MOVES:
        apart = transform(apart, rng)
    assert len(warps) == 1 + 5
    middle = (slice(14, -14), slice(16, -16))
    assert np.abs(together[middle] - apart[middle]).mean() < 4  # five interpolations blur
    chained = moves.STILL
    for transform in MOVES:
        chained = moves.chained(chained, transform.place(image.shape, **transform.draw(rng, image.shape)))
    assert np.array_equal(together, moves.moved(image, chained))


def test_what_one_move_pushed_out_another_brings_back():
    image, rng = picture(), np.random.default_rng(0)
    there, back = augment.Translate(x=(0.5, 0.5), y=0), augment.Translate(x=(-0.5, -0.5), y=0)
    assert np.array_equal(augment.Compose([there, back])(image, rng), image)
    assert not np.array_equal(back(there(image, rng), rng), image)


def test_other_fillings_are_other_warps():
    count = lambda transforms: len(augment.Compose(transforms)._steps)  # noqa: E731
    nearest, constant = augment.Rotate(), augment.Shear(fill_mode="constant")
    assert count([nearest, augment.HorizontalFlip(), nearest, augment.Scale()]) == 1
    assert count([nearest, constant, augment.VerticalFlip(), constant]) == 2
    assert count([augment.HorizontalFlip(), constant, nearest]) == 2
    assert count([nearest, augment.Invert(), nearest]) == 3
    assert count([augment.RandAugment(), augment.AutoAugment()]) == 2


def test_fused_and_single_moves_draw_the_same():
    """A move keeps its place in the stream of draws, whether it is put together with its neighbours or not."""
    image = picture()
    moving = [augment.HorizontalFlip(), augment.VerticalFlip(), augment.HorizontalFlip()]
    for seed in range(20):
        together = augment.Compose(moving)(image, np.random.default_rng(seed))
        rng = np.random.default_rng(seed)
        rng.random()  # whether Compose does anything
        apart = image
        for transform in moving:
            apart = transform(apart, rng)
        assert np.array_equal(together, apart)


@pytest.mark.parametrize("p, least, most", [(0, 0, 0), (0.25, 30, 75), (1, 200, 200)])
def test_p_is_of_all_of_them(p, least, most):
    transform, image = augment.Compose([augment.Invert(p=1), augment.Brightness(factor=(0.5, 0.5))], p=p), picture(4, 4)
    rng = np.random.default_rng(0)
    assert least <= sum(not np.array_equal(transform(image, rng), image) for _ in range(200)) <= most


def test_functions_are_transforms_too():
    image = picture()
    transform = augment.Compose([lambda image: image[:20], augment.Invert(p=1), np.ascontiguousarray])
    assert np.array_equal(transform(image), 255 - image[:20])


def test_a_function_must_return_an_image():
    def halved(image):
        return image / 2

    with pytest.raises(DataError, match=r"what halved returned: expected uint8, or float32 in 0\.\.255, got float64"):
        augment.Compose([halved])(picture())
    with pytest.raises(DataError, match=r"what <lambda> returned: expected a numpy array .* got NoneType"):
        augment.Compose([lambda image: None])(picture())


def test_a_pickled_or_copied_pipeline_does_the_same():
    image = picture()
    inner = augment.OneOf([augment.Invert(p=1), augment.VerticalFlip(p=1)], p=0.7)
    transform = augment.Compose([augment.Rotate(), augment.HorizontalFlip(), inner, augment.RandAugment()], p=0.9)
    for other in (pickle.loads(pickle.dumps(transform)), copy.deepcopy(transform)):
        assert other == transform
        for seed in range(5):
            pair = [each(image, np.random.default_rng(seed)) for each in (transform, other)]
            assert np.array_equal(*pair)


def test_compose_in_compose():
    image = picture()
    inner = augment.Compose([augment.Invert(p=1), augment.Invert(p=1)])
    assert np.array_equal(augment.Compose([inner, augment.HorizontalFlip(p=1)])(image), image[:, ::-1])


@pytest.mark.parametrize("transforms, said", [
    ([augment.Rotate], r"Compose: Rotate is a class, not a transform; write Rotate\(\)"),
    ([3], "expected transforms such as Rotate"),
    (augment.Invert(), "expected a list of transforms"),
    ([augment.MixUp(), augment.Invert()], "Invert works on one image and must stand before MixUp and CutMix"),
    ([augment.Compose([augment.MixUp()])], "may hold no MixUp"),
])  # fmt: skip
def test_what_is_no_transform_is_refused(transforms, said):
    with pytest.raises(ArgumentError, match=said):
        augment.Compose(transforms)


def test_one_of_takes_each_as_often():
    image = picture(4, 4)
    choices = augment.OneOf([augment.Invert(p=1), augment.HorizontalFlip(p=1), lambda image: image * 0])
    rng, counts = np.random.default_rng(0), [0, 0, 0]
    for _ in range(600):
        result = choices(image, rng)
        for index, expected in enumerate((255 - image, image[:, ::-1], image * 0)):
            counts[index] += np.array_equal(result, expected)
    assert sum(counts) == 600 and min(counts) > 160
    with pytest.raises(ArgumentError, match="at least one"):
        augment.OneOf([])
    with pytest.raises(ArgumentError, match="got both"):
        augment.OneOf([augment.MixUp(), augment.Invert()])


def test_a_batch_is_changed_image_by_image_and_then_mixed():
    images, labels = batch()
    transform = augment.Compose([augment.Invert(p=1), augment.MixUp(alpha=1.0)])
    mixed, targets = transform.batch(images, labels, np.random.default_rng(0))
    assert mixed.shape == images.shape and mixed.dtype == np.uint8 and targets.shape == labels.shape
    assert np.allclose(targets.sum(axis=1), 1, atol=1e-6) and not np.array_equal(targets, labels)
    again = transform.batch(images, labels, np.random.default_rng(0))
    assert np.array_equal(again[0], mixed) and np.array_equal(again[1], targets)
    # The parts, one after the other, as a flow calls them.
    rng = np.random.default_rng(0)
    changed = np.stack([transform.images_only(image, rng) for image in images])
    assert np.array_equal(changed, 255 - images)
    parts = transform.apply_batch(changed, labels, rng)
    assert np.array_equal(parts[0], mixed) and np.array_equal(parts[1], targets)


def test_images_of_a_batch_get_draws_of_their_own_and_labels_stay():
    images = np.repeat(picture(10, 10)[None], 30, axis=0)
    numbers = np.arange(30)
    changed, labels = augment.Compose([augment.Brightness(factor=0.5)]).batch(images, numbers)
    assert labels is numbers and len({image.tobytes() for image in changed}) > 20


@pytest.mark.parametrize(
    "mixer", [augment.MixUp(), augment.CutMix(), augment.OneOf([augment.MixUp(), augment.CutMix()])]
)
def test_labels_that_cannot_be_mixed_are_refused(mixer):
    images, labels = batch()
    for wrong, said in (
        (np.arange(5), r"one-hot labels \(B, K\), K >= 2, got class numbers of shape \(5,\).*class_mode='categorical'"),
        (np.array([0.0, 1, 0, 1, 1]), "got binary labels"),
        (np.ones((5, 1)), r"got binary labels of shape \(5, 1\)"),
    ):
        with pytest.raises(DataError, match=said):
            mixer.apply_batch(images, wrong)
        with pytest.raises(DataError, match=said):
            augment.Compose([augment.Invert(), mixer]).batch(images, wrong)
    with pytest.raises(ShapeError, match="got 5 images and 4 labels"):
        mixer.apply_batch(images, labels[:4])
    with pytest.raises(ShapeError, match=r"expected images \(B, H, W, C\)"):
        mixer.apply_batch(images[0], labels)
    with pytest.raises(ArgumentError, match="mixes the images of a batch"):
        mixer(images[0])
    with pytest.raises(ArgumentError, match=r"mixes the images of a batch: call \.batch"):
        augment.Compose([mixer])(images[0])


@pytest.mark.parametrize("mixer", [augment.MixUp, augment.CutMix])
def test_mixing_at_p_0_and_p_1(mixer):
    images, labels = batch(8)
    images = (images + np.arange(8, dtype=np.uint8)[:, None, None, None] * 20) % 250
    before = images.copy()
    rng = np.random.default_rng(0)
    same, targets = mixer(p=0).apply_batch(images, labels, rng)
    assert np.array_equal(same, images) and np.array_equal(targets, labels)
    mixed, targets = mixer(p=1, alpha=5.0).apply_batch(images.astype(np.float32), labels, rng)
    assert mixed.dtype == np.float32 and (mixed != images).any(axis=(1, 2, 3)).sum() >= 5
    assert np.allclose(targets.sum(axis=1), 1, atol=1e-6) and np.array_equal(images, before)
    whole = mixer().apply_batch(images, labels.astype(np.int64), rng)[1]
    assert whole.dtype == np.float32


def test_one_of_mixers_mixes_a_batch_with_one_of_them():
    images, labels = batch(6)
    choice = augment.OneOf([augment.MixUp(alpha=5.0), augment.CutMix()], p=0.5)
    rng = np.random.default_rng(0)
    changed = sum(not np.array_equal(choice.apply_batch(images, labels, rng)[1], labels) for _ in range(200))
    assert 60 < changed < 130
    assert augment.Compose([choice]).batch(images, labels, rng)[0].shape == images.shape
    with pytest.raises(ArgumentError, match="needs transforms of batches"):
        augment.OneOf([augment.Invert()]).apply_batch(images, labels)


def test_a_batch_needs_images_of_one_size():
    with pytest.raises(ShapeError, match="a batch needs images of one size"):
        compose.stacked([np.zeros((2, 3, 1)), np.zeros((3, 3, 1))])
    empty = np.zeros((0, 4, 4, 3), np.uint8)
    assert augment.Compose([augment.Invert()]).batch(empty, np.zeros((0, 2)))[0].shape == (0, 4, 4, 3)
