"""The lessons on what a network makes of pictures that it has not seen."""

import math

import pytest


@pytest.mark.parametrize(
    "name, beginning, many",
    [
        ("batch_norm_and_batch_size", "test accuracy", 4),
        ("shuffle", "test accuracy", 4),
        ("cifar10_regularization", "validation accuracy", 4),
        ("cifar10_augmentation", "validation accuracy", 2),
    ],
)
def test_a_comparison_has_an_accuracy_for_each_side_and_a_picture(name, beginning, many, quick):
    figures, folder = quick(name, "cifar10.npz")
    accuracies = [value for key, value in figures.items() if key.startswith(beginning)]
    assert len(accuracies) == many and all(0 <= value <= 1 for value in accuracies)
    assert (folder / f"{name}.png").stat().st_size > 10_000


def test_pooling_globally_saves_fifteen_sixteenths_of_a_dense_layer(quick):
    figures, folder = quick("global_average_pooling", "cifar10.npz")
    saved = figures["parameters, Flatten"] - figures["parameters, GlobalAveragePooling2D"]
    assert saved == (4 * 4 * 256 - 256) * 128
    assert (folder / "global_average_pooling.png").stat().st_size > 10_000


def test_glorot_loses_half_the_power_of_a_signal_in_a_layer_and_he_none(quick):
    figures, _ = quick("initializers", "cifar10.npz")
    spread = {key.split("layers, ")[1]: value for key, value in figures.items() if key.startswith("spread")}
    assert spread["normal, 0.02"] < spread["Glorot"] < spread["He"]
    assert math.log2(spread["He"] / spread["Glorot"]) == pytest.approx(16 / 2, abs=1.5)
    # A standard normal variable after ReLU has a standard deviation of sqrt(1/2 - 1/(2 pi)).
    for name in ("normal, 0.02", "Glorot", "He"):
        assert spread[f"{name}, batch norm"] == pytest.approx(math.sqrt(1 / 2 - 1 / (2 * math.pi)), abs=0.02)


def test_feature_maps_of_every_convolution_and_pooling_are_drawn(quick):
    figures, folder = quick("feature_maps", "cifar10.npz")
    assert figures["layers shown"] == 6 + 3
    assert (folder / "feature_maps.png").stat().st_size > 50_000


def test_stopping_early_keeps_the_best_epoch_of_the_same_run(quick):
    figures, folder = quick("learning_curves")
    assert figures["epochs, stopped early"] <= figures["epochs, to the end"]
    assert 1 <= figures["epoch of the best validation loss"] <= figures["epochs, stopped early"]
    assert figures["test accuracy, stopped early"] > 0.3
    assert (folder / "learning_curves.png").stat().st_size > 10_000
