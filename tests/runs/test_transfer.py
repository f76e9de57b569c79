"""Transfer learning from the command's side: frozen features, then fine-tuning, on the real ImageNet weights."""

import resource
import time

import numpy as np
import pytest

from anmok import files
from anmok.errors import ArgumentError, UnknownNameError
from anmok.models import load_model
from anmok.runs import networks, pictures, recipes, transfer, workflow
from anmok.runs.folder import RunFolder

WEIGHTS = files.home() / "models" / "mobilenet_1_0_224_tf.h5"
CATS_AND_DOGS = files.home() / "datasets" / "cats_and_dogs_small"
needs_weights = pytest.mark.skipif(not WEIGHTS.exists(), reason="MobileNet's ImageNet weights are not in the cache")


def run_of(folder, tmp_path, **changes):
    found = pictures.find(folder)
    return RunFolder.create(tmp_path / "runs", recipes.configure(str(folder), found=found, transfer=True, **changes))


@needs_weights
def test_the_head_is_trained_and_then_the_last_blocks(paint, tmp_path):
    folder = paint(tmp_path / "colours")
    run = run_of(folder, tmp_path, image_size=64, epochs=20, fine_tune=2)
    metrics = workflow.train(run)
    assert run.config.model == "mobilenet" and len(run.history) == run.config.all_epochs == 22
    assert metrics["accuracy"] > 0.6  # of three colours
    tuning = run.metrics["fine_tuning"]
    assert tuning["gain_95"][0] <= tuning["gain"] <= tuning["gain_95"][1]
    assert tuning["before"] + tuning["gain"] == pytest.approx(metrics["accuracy"])
    # What came out is what a run's model gives again, and the pictures of a person are treated alike.
    assert workflow.evaluate(run)["confusion"] == metrics["confusion"]


@needs_weights
def test_without_tuning_the_base_stays_imagenets(paint, tmp_path):
    from anmok.applications import MobileNet

    run = run_of(paint(tmp_path / "colours"), tmp_path, image_size=64, epochs=2)
    workflow.train(run)
    base = next(layer for layer in load_model(run.trained_model()).layers if layer.name.startswith("mobilenet"))
    for ours, theirs in zip(base.get_weights(), MobileNet(include_top=False).get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


@needs_weights
def test_unfreezing_takes_the_last_third_and_no_batch_normalization():
    config = recipes.dataclasses.replace(
        recipes.TrainConfig("/x", "mobilenet", 1, 1, 1e-3, 0.0, 0, False), transfer=True, image_size=64
    )
    model = networks.build(config, (64, 64, 3), 2)
    head = [weight.shape for weight in model.trainable_weights]
    assert len(head) == 2
    tuned = transfer.unfreeze(model)
    names = [layer.name for layer in model.layers[-3].layers if layer.trainable_weights]
    assert len(names) == tuned == 9 and names[-1] == "conv_pw_13" and not any("bn" in name for name in names)


def test_names_of_networks():
    assert networks.canonical("ResNet18") == "resnet18"
    assert networks.canonical("vgg16") == "vgg-d" and networks.canonical("VGG16", transfer=True) == "vgg16"
    assert networks.canonical("MobileNet_V2") == "mobilenetv2"
    with pytest.raises(UnknownNameError, match=r"network with ImageNet weights 'mobilnet'\. Did you mean 'mobilenet'"):
        networks.canonical("mobilnet", transfer=True)
    with pytest.raises(UnknownNameError, match="Unknown network with ImageNet weights 'resnet18'"):
        networks.canonical("resnet18", transfer=True)


def test_any_network_of_the_zoo_and_of_keras_trains(paint, tmp_path):
    folder = paint(tmp_path / "colours", dict.fromkeys(("rust", "숲"), 8))
    for name in ("lenet", "cifar-resnet20", "mobilenetv3small"):
        found = pictures.find(folder)
        config = recipes.configure(str(folder), found=found, model=name, image_size=32, epochs=1)
        run = RunFolder.create(tmp_path / "runs", config, name=name)
        assert workflow.train(run)["images"] == 4
        assert recipes.TrainConfig.from_dict(run.config.to_dict()) == config


def test_what_does_not_go_together(paint, tmp_path):
    found = pictures.find(paint(tmp_path / "colours"))
    with pytest.raises(ArgumentError, match="--fine-tune goes with --transfer"):
        recipes.configure(str(tmp_path / "colours"), found=found, fine_tune=2)
    with pytest.raises(ArgumentError, match="--transfer is for pictures in a folder"):
        recipes.configure("mnist", transfer=True)


@pytest.mark.slow
@needs_weights
@pytest.mark.skipif(not CATS_AND_DOGS.is_dir(), reason="cats_and_dogs_small is not in the cache")
def test_cats_and_dogs_are_told_apart_by_98_percent_within_a_minute_of_two_cores(tmp_path):
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    run = run_of(CATS_AND_DOGS, tmp_path)
    assert workflow.train(run)["accuracy"] >= 0.98
    after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - began
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Waiting for other programs does not count, so a busy machine fails nobody.
    assert min(wall, busy / 2) <= 60, f"{wall:.0f} s, {busy:.0f} s of CPU"
