import collections

import numpy as np
import pytest
import torch

from anmok import layers
from anmok.errors import AnmokError
from anmok.layers.augmentation import on_device

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 12, 10, 3)).astype(np.float32)
VIEW = torch.from_numpy(IMAGES).permute(0, 3, 1, 2)


def drawn(layer, seed=0):
    return on_device(layer.draw(np.random.default_rng(seed), IMAGES.shape), "cpu")


def test_rand_augment_chooses_every_operation_as_often():
    layer = layers.RandAugment(num_ops=3)
    names = [name for seed in range(400) for name in drawn(layer, seed)["names"]]
    counts = collections.Counter(names)
    assert len(counts) == 11 and max(abs(count / 1200 * 11 - 1) for count in counts.values()) < 0.3


def test_rand_augment_is_its_operations_one_after_the_other():
    """The layers that Keras puts together, made by hand."""
    span = (0, 0.4)
    parts = {
        "random_shear": layers.RandomShear(span, span),
        "random_translation": layers.RandomTranslation(span, span),
        "random_rotation": layers.RandomRotation(span),
        "random_brightness": layers.RandomBrightness(span),
        "random_color_degeneration": layers.RandomColorDegeneration(span),
        "random_contrast": layers.RandomContrast(span),
        "random_sharpness": layers.RandomSharpness(span),
        "random_posterization": layers.RandomPosterization(3),
        "solarization": layers.Solarization(span, span),
        "auto_contrast": layers.AutoContrast(),
        "equalization": layers.Equalization(),
    }
    layer = layers.RandAugment(num_ops=3, factor=0.4)
    for seed in range(10):
        values = drawn(layer, seed)
        y = VIEW
        for name, own in zip(values["names"], values["drawn"], strict=True):
            y = parts[name].apply(y, **own)
        torch.testing.assert_close(layer.apply(VIEW, **values), y)


def test_no_operation_is_no_change():
    np.testing.assert_array_equal(layers.RandAugment(num_ops=0)(IMAGES, training=True), IMAGES)


def test_aug_mix_weighs_its_chains():
    layer = layers.AugMix(num_chains=2)
    steps = [{"name": "auto_contrast", "drawn": {}}, {"name": "equalization", "drawn": {}}]
    weights = torch.tensor([0.3, 0.7])
    y = layer.apply(VIEW, chains=[steps, []], weights=weights, original=0.2)
    chain = layers.Equalization().apply(layers.AutoContrast().apply(VIEW))
    torch.testing.assert_close(y, 0.2 * VIEW + 0.8 * (0.3 * chain + 0.7 * VIEW))
    # Neither moves anything.
    masks = layer.apply_to_masks(VIEW > 99, chains=[steps, []], weights=weights, original=0.2)
    torch.testing.assert_close(masks, (VIEW > 99).float())


def test_aug_mix_draws_weights_of_sum_one_and_chains_of_every_length():
    layer = layers.AugMix(all_ops=False)
    lengths, names, originals = set(), set(), []
    for seed in range(200):
        values = layer.draw(np.random.default_rng(seed), IMAGES.shape)
        assert values["weights"].sum() == pytest.approx(1)
        originals.append(values["original"])
        lengths |= {len(chain) for chain in values["chains"]}
        names |= {step["name"] for chain in values["chains"] for step in chain}
    assert lengths <= {0, 1, 2, 3} and {1, 2, 3} <= lengths and len(names) == 7
    assert min(originals) < 0.05 and max(originals) > 0.95  # Beta(1, 1) is even


@pytest.mark.parametrize("name", ["RandAugment", "AugMix"])
def test_values_stay_in_range(name):
    layer = getattr(layers, name)(value_range=(0, 1), factor=0.9)
    for _ in range(10):
        y = layer(IMAGES / 255, training=True)
        assert y.min() >= -1e-5 and y.max() <= 1 + 1e-5


def test_masks_follow_the_moves_alone():
    masks = (IMAGES[..., :1] > 120).astype(np.int64)
    layer = layers.RandAugment(num_ops=2, factor=0.5, interpolation="nearest")
    moved = 0
    for seed in range(20):
        values = drawn(layer, seed)
        new = layer.apply_to_masks(torch.from_numpy(masks).permute(0, 3, 1, 2), **values)
        moves = [name for name in values["names"] if name in ("random_shear", "random_translation", "random_rotation")]
        assert torch.equal(new, torch.from_numpy(masks).permute(0, 3, 1, 2)) != bool(moves)
        moved += bool(moves)
    assert 0 < moved < 20


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: layers.RandAugment(num_ops=-1), "num_ops must be a whole number, at least 0"),
        (lambda: layers.RandAugment(factor=1.2), "RandAugment: factor"),
        (lambda: layers.RandAugment(interpolation="area"), "Unknown interpolation of RandAugment"),
        (lambda: layers.AugMix(alpha=0), "alpha must be a number"),
        (lambda: layers.AugMix(chain_depth=0), "chain_depth must be a whole number, at least 1"),
    ],
)
def test_what_cannot_be_honoured_is_refused(make, words):
    with pytest.raises(AnmokError, match=words):
        make()
