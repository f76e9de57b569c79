import numpy as np
import pytest
import torch

from anmok import layers, random
from anmok.errors import AnmokError

LABELS = np.eye(6, dtype=np.float32)


@pytest.fixture(autouse=True)
def _the_same_draws_every_time():
    random.set_seed(0)


def flat_images(count=6, size=(10, 12)):
    """Image i has the value i everywhere, so that what is mixed can be read off it."""
    return np.ones((count, *size, 3), np.float32) * np.arange(count, dtype=np.float32)[:, None, None, None]


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_labels_say_how_much_of_each_image_there_is(name):
    for seed in range(10):
        layer = getattr(layers, name)(1.0, seed=seed)
        data = layer({"images": flat_images(), "labels": LABELS}, training=True)
        images, labels = data["images"].numpy(), data["labels"].numpy()
        np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-5)
        # The mean of the pixels is the mean of the numbers of the images; a box is cut at whole pixels.
        atol = 1e-5 if name == "MixUp" else 6 * 0.2
        np.testing.assert_allclose(images.mean((1, 2, 3)), labels @ np.arange(6), atol=atol)
        if name == "CutMix":
            assert all(len(np.unique(image)) <= 2 for image in images)
        else:
            assert all(len(np.unique(image)) == 1 for image in images)


def test_weights_of_mix_up_are_beta_distributed():
    weights = layers.MixUp(0.2).draw(np.random.default_rng(0), (20_000, 2, 2, 3))["weights"]
    # The variance of Beta(a, a) is 1 / (4 (2 a + 1)).
    assert weights.mean() == pytest.approx(0.5, abs=0.01)
    assert weights.var() == pytest.approx(1 / (4 * 1.4), rel=0.02)


def test_partners_are_a_permutation():
    partners = layers.CutMix().draw(np.random.default_rng(0), (50, 8, 8, 3))["partners"]
    assert sorted(partners) == list(range(50)) and not np.array_equal(partners, np.arange(50))


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_at_rest_and_alone_nothing_is_mixed(name):
    layer = getattr(layers, name)((1.0, 1.0) if name == "CutMix" else 0.2)
    data = {"images": flat_images(), "labels": LABELS}
    rested = layer(data, training=False)
    np.testing.assert_array_equal(rested["images"], data["images"])
    np.testing.assert_array_equal(rested["labels"], LABELS)
    np.testing.assert_allclose(layer(flat_images()[1], training=True), 1, rtol=1e-6)
    mixed = layer(flat_images(), training=True)
    assert torch.is_tensor(mixed) and not np.array_equal(mixed, flat_images())


def test_what_is_given_is_not_changed():
    data = {"images": torch.from_numpy(flat_images()), "labels": torch.from_numpy(LABELS.copy())}
    layers.MixUp(1.0)(data, training=True)
    np.testing.assert_array_equal(data["images"], flat_images())
    np.testing.assert_array_equal(data["labels"], LABELS)


def test_masks_are_mixed_as_the_images():
    data = {"images": flat_images(), "segmentation_masks": flat_images()[..., :1].astype(np.int64)}
    cut = layers.CutMix(seed=1)(data, training=True)
    assert cut["segmentation_masks"].dtype is torch.int64
    np.testing.assert_array_equal(cut["segmentation_masks"], cut["images"][..., :1])
    mixed = layers.MixUp(seed=1)(data, training=True)
    torch.testing.assert_close(mixed["segmentation_masks"], mixed["images"][..., :1])


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: layers.MixUp()({"images": flat_images(), "labels": np.arange(6)}, training=True), "must be one-hot"),
        (lambda: layers.MixUp(alpha=0), "alpha must be a number"),
        (lambda: layers.CutMix(factor=2), "factor must be a number"),
        (lambda: layers.CutMix()({"labels": LABELS}), "needs the key 'images'"),
    ],
)
def test_what_cannot_be_honoured_is_refused(make, words):
    with pytest.raises(AnmokError, match=words):
        make()
