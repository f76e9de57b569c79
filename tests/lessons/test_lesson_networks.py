"""The lessons on famous networks and their building blocks."""

import pytest

from anmok import files
from anmok.runs import lessons

_MOBILENET = files.home() / "models" / "mobilenet_1_0_224_tf.h5"


@pytest.mark.parametrize("name", ["summary_and_plot", "residual_block"])
def test_models_have_the_parameters_that_the_course_prints(name, quick):
    figures, _ = quick(name)
    course = lessons.find(name).course
    assert {key: figures[key] for key in course} == {key: int(value) for key, value in course.items()}


def test_a_summary_is_written_and_a_model_drawn(quick):
    _, folder = quick("summary_and_plot")
    text = (folder / "summary.txt").read_text(encoding="utf-8")
    assert all(word in text for word in ("403", "1,283", "1,101,526", "18,496"))
    assert (folder / "summary_and_plot.png").stat().st_size > 10_000


def test_an_inception_module_costs_what_the_course_counts(quick):
    figures, _ = quick("inception")
    course = {key: float(value) for key, value in lessons.find("inception").course.items()}
    operations = "naive million multiplications"
    assert {key: figures[key] for key in course if "million" not in key} == {
        key: value for key, value in course.items() if "million" not in key
    }
    assert figures["channels that come out"] == 256
    assert figures[operations] == pytest.approx(387_072 * 784 / 1e6)
    assert figures[operations] == pytest.approx(course[operations], abs=0.1)  # it adds three rounded numbers
    assert round(figures["bottleneck million multiplications"], 1) == course["bottleneck million multiplications"]


def test_vgg19_by_hand_computes_what_the_ready_made_does(quick):
    figures, folder = quick("vgg19_weights")
    assert figures["largest difference after"] == 0 < figures["largest difference before"]
    assert figures["arrays of weights"] == 2 * 19
    assert figures["parameters"] == 143_667_240 - (25_088 - 512) * 4096  # at 32 px the first dense layer sees 512
    assert (folder / "vgg19_weights.png").stat().st_size > 10_000


@pytest.mark.skipif(not _MOBILENET.exists(), reason="MobileNet's ImageNet weights are not here")
def test_a_network_with_imagenet_s_weights_knows_dogs(quick):
    figures, folder = quick("resnet50_prediction", "cats_and_dogs_small")
    assert figures["dogs taken for dogs"] >= 0.75
    assert figures["cats taken for cats"] >= 0.5
    assert (folder / "resnet50_prediction.png").stat().st_size > 10_000


def test_alexnet_has_its_layers_at_32_pixels(quick):
    figures, _ = quick("alexnet_cifar10", "cifar10.npz")
    wide = (256 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 10
    convolutions = sum(
        (side**2 * inputs + 1) * outputs
        for side, inputs, outputs in ((11, 3, 96), (5, 96, 256), (3, 256, 384), (3, 384, 384), (3, 384, 256))
    )
    assert figures["parameters"] == convolutions + wide + 4 * (96 + 256)
    assert 0 <= figures["test accuracy"] <= 1
