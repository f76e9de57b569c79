"""Quick runs of the lessons on photographs: cats and dogs, apparel, radar, eyes, and what a generator does."""

import pytest

from anmok import files

WEIGHTS = ("mobilenet_1_0_224_tf_no_top.h5", "mobilenet_1_0_224_tf.h5")
needs_weights = pytest.mark.skipif(
    not any((files.home() / "models" / name).exists() for name in WEIGHTS), reason="no weights of MobileNet here"
)


def is_drawn(folder, *names):
    return all((folder / name).stat().st_size > 10_000 for name in names)


@pytest.mark.parametrize("name", ["cats_and_dogs", "cats_and_dogs_augmented"])
def test_the_network_from_scratch_is_the_course_s(quick, name):
    figures, folder = quick(name, "cats_and_dogs_small")
    assert figures["parameters"] == 3_453_121  # the course's summary()
    assert 0.35 <= figures["validation accuracy"] <= 0.85
    assert is_drawn(folder, f"{name}.png")


@needs_weights
def test_frozen_features_tell_cats_from_dogs(quick):
    figures, folder = quick("cats_and_dogs_features", "cats_and_dogs_small")
    assert figures["test accuracy"] >= 0.85 and figures["test accuracy of logistic regression"] >= 0.85
    assert is_drawn(folder, "cats_and_dogs_features.png")


@needs_weights
def test_fine_tuning_keeps_what_the_head_has_learnt(quick):
    figures, folder = quick("cats_and_dogs_fine_tuned", "cats_and_dogs_small")
    assert figures["test accuracy"] >= max(0.65, figures["test accuracy before tuning"] - 0.1)
    assert is_drawn(folder, "cats_and_dogs_fine_tuned.png")


@pytest.mark.parametrize(
    "name, parameters, at_least",
    [
        # 112 * 112 * 3 * 128 + 128, 128 * 64 + 64, 64 * 11 + 11
        pytest.param("apparel_dense", 4_825_995, 0.4),
        # 3 x 3 kernels 3-32-64-128-256 without bias, four numbers a map of batch normalization, 256 * 11 + 11
        pytest.param("apparel_convnet", 387_936 + 4 * 480 + 2_827, 0.25),
        # MobileNet without its top 3,228,864, 1024 * 256 + 256, 256 * 11 + 11
        pytest.param("apparel_transfer", 3_228_864 + 262_400 + 2_827, 0.5, marks=needs_weights),
    ],
)
def test_apparel_has_eleven_answers(quick, name, parameters, at_least):
    figures, folder = quick(name, "apparel")
    assert figures["parameters"] == parameters
    assert at_least <= figures["test macro F1"] <= 1
    assert is_drawn(folder, f"{name}_f1.png", f"{name}_answers.png")


def test_kaggle_s_records_of_radar_are_read_and_learnt(quick):
    figures, folder = quick("iceberg")
    assert figures["records without an angle"] > 0
    assert figures["test accuracy on made-up data"] >= 0.6
    assert is_drawn(folder, "iceberg.png")


@needs_weights
def test_a_zip_of_class_folders_is_unpacked_and_learnt(quick):
    figures, folder = quick("glaucoma")
    assert figures["test accuracy on made-up data"] >= 0.45  # of three classes
    assert figures["sum of one prediction"] == pytest.approx(1, abs=1e-5)
    assert is_drawn(folder, "glaucoma.png")


def test_the_gallery_draws_what_its_arguments_say(quick):
    figures, folder = quick("augmentation_gallery", "cats_and_dogs_small")
    assert figures["draws that are the mirror image or the photograph"] == 1
    assert figures["draws that are upside down or the photograph"] == 1
    assert figures["deviation when standardised by the sample"] == pytest.approx(1, abs=1e-3)
    assert is_drawn(folder, "augmentation_gallery.png")


def test_an_epoch_has_as_many_steps_as_the_course_counts(quick):
    figures, folder = quick("generator_and_steps", "cifar10.npz")
    assert figures["steps per epoch"] == figures["length of the flow"] == 1094
    assert figures["images seen in an epoch"] == 35_000 and figures["images in the last batch"] == 24
    assert figures["images seen with one step fewer"] == 34_976 and figures["images seen with 100 steps"] == 3_200
    assert figures["steps that fit takes"] == 32
    assert is_drawn(folder, "generator_and_steps.png")


def test_folders_are_read_as_keras_does_and_share_nothing(quick):
    figures, folder = quick("image_folders", "cats_and_dogs_small")
    assert figures["files read of the small folder"] == 5 and figures["files skipped and named"] == 1
    assert [figures[f"photographs in {split}"] for split in ("train", "validation", "test")] == [2000, 1000, 1000]
    assert figures["photographs shared by two parts"] == figures["photographs shared by the two subsets"] == 0
    assert is_drawn(folder, "image_folders.png")
