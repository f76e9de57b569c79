import collections
import shutil

import numpy as np
import pytest

from anmok import random
from anmok.data.samples import Samples
from anmok.errors import AnmokError, ArgumentError, DataError, FileFormatError
from anmok.runs import pictures, recipes


@pytest.fixture
def folder(paint, tmp_path):
    return paint(tmp_path / "colours")


def counted(found, split):
    return {name: int(n) for name, n in zip(found.classes, found.counts(split), strict=True)}


def test_a_folder_per_class_is_divided_in_each_class_alike(folder):
    found = pictures.find(folder)
    assert found.classes == ("rust", "바다", "숲") and found.skipped == ()
    assert not found.has("test") and found.counts("train").tolist() == [20, 20, 20]
    random.set_seed(0)
    divided = found.divided(test_fraction=0.2, validation_fraction=0.15)
    # A fifth of 20 is tested; 15 % of the other 16 is 2.4, rounded up.
    assert {split: set(counted(divided, split).values()) for split in pictures.SPLITS} == {
        "train": {13}, "validation": {3}, "test": {4},
    }  # fmt: skip
    assert divided.samples.paths == found.samples.paths


def test_the_division_is_a_function_of_the_seed(folder):
    found, parts = pictures.find(folder), []
    for seed in (1, 2, 1):
        random.set_seed(seed)
        parts.append(found.divided(test_fraction=0.2, validation_fraction=0.1).parts.tolist())
    assert parts[0] == parts[2] != parts[1]


@pytest.mark.parametrize("names", [("train", "validation", "test"), ("Training", "val", "test_set")])
def test_given_splits_stay_as_they_are(paint, tmp_path, names):
    for name, count in zip(names, (6, 2, 3), strict=True):
        paint(tmp_path / "data" / name, {"rust": count, "숲": count})
    found = pictures.find(tmp_path / "data")
    divided = found.divided(test_fraction=0.2, validation_fraction=0.1)
    assert {split: counted(divided, split) for split in pictures.SPLITS} == {
        "train": {"rust": 6, "숲": 6}, "validation": {"rust": 2, "숲": 2}, "test": {"rust": 3, "숲": 3},
    }  # fmt: skip
    heads = collections.Counter(name.split("/")[0] for name in divided.samples.names)
    assert heads == {names[0]: 12, names[1]: 4, names[2]: 6}
    for name, part in zip(divided.samples.names, divided.parts, strict=True):
        assert name.split("/")[0] == names[pictures.SPLITS.index(part)]


def test_a_split_that_is_missing_is_held_out_of_the_training_pictures(paint, tmp_path):
    paint(tmp_path / "train", {"rust": 10, "숲": 20})
    paint(tmp_path / "test", {"rust": 3})
    divided = pictures.find(tmp_path).divided(test_fraction=0.5, validation_fraction=0.1)
    assert counted(divided, "train") == {"rust": 9, "숲": 18}
    assert counted(divided, "validation") == {"rust": 1, "숲": 2}
    assert counted(divided, "test") == {"rust": 3, "숲": 0}
    assert all(name.startswith("train/") for name in np.array(divided.samples.names)[divided.parts == "validation"])


def test_the_order_of_class_folders_in_another_split_does_not_matter(paint, tmp_path):
    paint(tmp_path / "train", {"rust": 4, "바다": 4, "숲": 4})
    paint(tmp_path / "test", {"숲": 2})
    found = pictures.find(tmp_path)
    assert found.samples.labels[found.rows("test")].tolist() == [2, 2]


def test_files_left_out_are_named_below_the_root(paint, tmp_path):
    paint(tmp_path / "train", {"rust": 4, "숲": 4})
    paint(tmp_path / "val", {"rust": 2, "숲": 2})
    (tmp_path / "val" / "숲" / "글.jpg").write_text("not a picture")
    found = pictures.find(tmp_path)
    assert [name for name, _ in found.skipped] == ["val/숲/글.jpg"]
    assert counted(found, "validation") == {"rust": 2, "숲": 2}
    with pytest.raises(FileFormatError, match=r"글\.jpg"):
        pictures.find(tmp_path, strict=True)


def test_a_class_without_a_readable_picture_is_left_out_and_the_labels_close_up(folder):
    for path in (folder / "바다").iterdir():
        path.write_bytes(b"")
    found = pictures.find(folder)
    assert found.classes == ("rust", "숲") and found.counts().tolist() == [20, 20]
    assert len(found.skipped) == 21 and found.skipped[-1].name == "바다/"


def test_late_faults_move_to_the_list(folder):
    found = pictures.find(folder)
    kept = found.without({21: FileFormatError(f"{found.samples.paths[21]}: the image is damaged.")})
    assert len(kept.samples) == 59 == len(kept.parts)
    assert kept.skipped == ((found.samples.names[21], "the image is damaged."),)


def refused(folder, kind=DataError):
    with pytest.raises(AnmokError) as caught:
        pictures.find(folder)
    assert isinstance(caught.value, kind)
    return str(caught.value)


def test_one_class_is_refused(folder):
    shutil.rmtree(folder / "바다")
    shutil.rmtree(folder / "숲")
    assert "of one alone, 'rust'" in refused(folder)


def test_a_folder_given_too_high_up_is_answered_with_the_right_one(folder, tmp_path):
    (tmp_path / "above").mkdir()
    folder.rename(tmp_path / "above" / "colours")
    message = refused(tmp_path / "above", ArgumentError)
    assert "'rust', '바다', '숲'" in message and str(tmp_path / "above" / "colours") in message


def test_too_few_pictures_of_a_class_are_refused(paint, tmp_path):
    assert "'rust' 2. Each class needs at least three" in refused(paint(tmp_path / "a", {"rust": 2, "숲": 9}))
    paint(tmp_path / "b" / "train", {"rust": 1, "숲": 9})
    paint(tmp_path / "b" / "val", {"숲": 9})
    assert "'rust' 1. Each class needs at least two" in refused(tmp_path / "b")


def test_a_class_that_is_tested_but_not_trained_on_is_refused(paint, tmp_path):
    paint(tmp_path / "train", {"rust": 4, "숲": 4})
    paint(tmp_path / "test", {"바다": 2})
    assert "The test folder has the class '바다'" in refused(tmp_path)


@pytest.mark.parametrize("side, size", [(20, 32), (32, 32), (63, 32), (64, 64), (95.5, 64), (176, 128), (4000, 128)])
def test_pictures_are_not_enlarged(side, size):
    assert pictures.fitting_size(side, largest=128) == size


def test_the_median_of_the_shorter_sides(folder):
    assert pictures.median_shorter_side(pictures.find(folder)) == 40


@pytest.mark.parametrize(
    "count, size, expected",
    # 100,000 pictures are shown in all at 96 pixels, more of smaller ones; from 6 to 100 times each.
    [
        (2000, None, ("small", 96, 50, 32)),
        (2000, 64, ("small", 64, 100, 32)),
        (7800, None, ("small", 96, 12, 32)),
        (100_000, None, ("small", 96, 6, 32)),
        (60, None, ("small", 96, 100, 8)),
        (600, 32, ("small", 32, 100, 16)),
    ],
)
def test_the_recipe_follows_number_and_size(monkeypatch, tmp_path, count, size, expected):
    samples = Samples(
        [f"/{i}.jpg" for i in range(count)], map(str, range(count)), np.arange(count) % 2, "classes", "ab"
    )
    found = pictures.Pictures(tmp_path, samples, np.full(count, "train", "<U10"))
    monkeypatch.setattr(pictures, "median_shorter_side", lambda found: 176.0)
    config = recipes.configure(str(tmp_path), found=found, image_size=size)
    assert (config.model, config.image_size, config.epochs, config.batch_size) == expected
    assert config.augment == "photos" and config.test_fraction == 0.2
