import os
import random
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from anmok import files
from anmok.data.folders import find_splits, read_folder
from anmok.errors import ArgumentError, DataError, MissingFileError

PIXEL = cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))[1].tobytes()


def tree(top, *names):
    for name in names:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PIXEL)
    return top


def kerass(folder, **options):
    return ImageDataGenerator().flow_from_directory(str(folder), **options)


def agrees(ours, theirs):
    assert list(ours.names) == theirs.filenames
    assert ours.labels.tolist() == theirs.classes.tolist()
    assert {name: i for i, name in enumerate(ours.classes)} == theirs.class_indices
    assert [os.path.abspath(path) for path in theirs.filepaths] == list(ours.paths)


# Names that sort differently by letter, by number, by capitals, by folder and by path.
STEMS = st.sampled_from(["1", "10", "2", "a", "B", "b c", "가", "é", "x-y", "x"])
ENDS = st.sampled_from([".png", ".jpg", ".JPG", ".jpeg", ".Bmp", ".tif", ".ppm", ".txt", ".csv"])


@settings(max_examples=25, deadline=None)
@given(
    found=st.lists(
        st.tuples(STEMS, st.lists(STEMS, max_size=2), STEMS, ENDS).map(
            lambda parts: "/".join([parts[0], *[f"d{step}" for step in parts[1]], parts[2] + parts[3]])
        ),
        min_size=1,
        unique_by=str.lower,
    ),
    seed=st.integers(0, 99),
)
def test_order_and_labels_are_kerass(tmp_path_factory, found, seed):
    random.Random(seed).shuffle(found)
    top = tree(tmp_path_factory.mktemp("tree"), *found, "z/last.png")
    agrees(read_folder(top), kerass(top))
    some = sorted(os.listdir(top), key=lambda name: hash((seed, name)))[:2] + ["z"]
    some = list(dict.fromkeys(some))
    agrees(read_folder(top, classes=some), kerass(top, classes=some))


def test_a_class_without_images_keeps_its_number(tmp_path):
    top = tree(tmp_path, "a/1.png", "b/note.txt", "d/1.png")
    (top / "c").mkdir()
    ours = read_folder(top)
    agrees(ours, kerass(top))
    assert ours.classes == ("a", "b", "c", "d") and ours.labels.tolist() == [0, 3]


def test_images_without_class_folders_are_read_as_keras_does(tmp_path):
    top = tree(tmp_path, "1.png", "2.png")
    agrees(read_folder(top, classes=["."]), kerass(top, classes=["."]))


def test_hidden_files_and_folders_do_not_count(tmp_path):
    top = tree(
        tmp_path,
        "cat/1.png",
        "cat/._1.png",
        "cat/.DS_Store",
        "cat/Thumbs.db",
        "cat/.thumbnails/1.png",
        "cat/__MACOSX/1.png",
        "__MACOSX/cat/._1.png",
        ".ipynb_checkpoints/1.png",
        "dog/deep/er/1.png",
        ".DS_Store",
    )
    found = read_folder(top)
    assert found.classes == ("cat", "dog") and not found.skipped
    assert found.names == (os.path.join("cat", "1.png"), os.path.join("dog", "deep", "er", "1.png"))
    assert found.kind == "classes" and found.labels.dtype == np.int64


def test_pictures_that_will_not_be_read_are_listed(tmp_path):
    top = tree(tmp_path, "cat/1.png", "cat/2.HEIC", "cat/note.txt", "dog/1.png", "stray.jpg", "readme.md")
    found = read_folder(top)
    assert dict(found.skipped) == {
        "stray.jpg": f"lies directly in {top}, in no class folder",
        os.path.join("cat", "2.HEIC"): ".heic pictures are not decoded; save it as JPEG or PNG",
    }
    assert len(read_folder(top, classes=["dog"]).skipped) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_where_asked_and_never_in_circles(tmp_path):
    top = tree(tmp_path / "top", "cat/1.png")
    tree(tmp_path / "elsewhere", "2.png")
    (top / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    agrees(read_folder(top), kerass(top))
    agrees(read_folder(top, follow_links=True), kerass(top, follow_links=True))
    assert len(read_folder(top)) == 1 and len(read_folder(top, follow_links=True)) == 2
    (top / "cat" / "up").symlink_to(top)
    (tmp_path / "elsewhere" / "back").symlink_to(top / "cat")
    assert len(read_folder(top, follow_links=True)) == 2
    # A class folder may itself be a link.
    (top / "dog").symlink_to(tmp_path / "elsewhere")
    agrees(read_folder(top), kerass(top))


def test_a_missing_folder_offers_its_neighbours(tmp_path):
    tree(tmp_path, "train/cat/1.png", "test/cat/1.png")
    with pytest.raises(MissingFileError, match=r"no folder 'trian' in .*Did you mean 'train'"):
        read_folder(tmp_path / "trian")
    with pytest.raises(MissingFileError, match=r"no folder 'nowhere' in .*There: 'test', 'train'\."):
        read_folder(tmp_path / "nowhere" / "deep")
    with pytest.raises(DataError, match=r"Expected a folder, but .*1\.png is a file"):
        read_folder(tmp_path / "train" / "cat" / "1.png")
    with pytest.raises(ArgumentError, match="path of a folder, got int"):
        read_folder(3)


def test_a_given_class_needs_its_folder(tmp_path):
    top = tree(tmp_path, "cat/1.png", "dog/1.png")
    with pytest.raises(MissingFileError, match=r"no class folder 'dogs' .*Did you mean 'dog'\? Folders there: 'cat', "):
        read_folder(top, classes=["cat", "dogs"])
    with pytest.raises(ArgumentError, match=r"got one name: classes=\['cat'\]"):
        read_folder(top, classes="cat")
    with pytest.raises(ArgumentError, match="'cat' is named more than once"):
        read_folder(top, classes=["cat", "cat"])
    assert read_folder(top, classes=["dog", "cat"]).classes == ("dog", "cat")
    assert read_folder(top, classes=[]).classes == ("cat", "dog")  # as in Keras


def test_a_folder_without_images_says_what_it_has(tmp_path):
    with pytest.raises(DataError, match="is empty; one folder per class expected"):
        read_folder(tmp_path)
    tree(tmp_path / "flat", "1.png", "2.jpg", "note.txt")
    with pytest.raises(DataError, match="One folder per class expected; 2 images lie directly in"):
        read_folder(tmp_path / "flat")
    tree(tmp_path / "notes", "a.txt", "b.txt", "c")
    with pytest.raises(DataError, match=r"no class folders and no images; it holds 2 x \.txt, 1 x no extension"):
        read_folder(tmp_path / "notes")
    tree(tmp_path / "other", "cat/1.heic", "cat/2.heic", "dog/1.mp4")
    with pytest.raises(DataError, match=r"No image with a known extension \(\.png.*Found instead: 2 x \.heic, 1 x "):
        read_folder(tmp_path / "other")
    tree(tmp_path / "hollow", "1.png")
    (tmp_path / "hollow" / "cat").mkdir()
    with pytest.raises(DataError, match=r"It is empty\. One folder per class expected; 1 images lie directly in"):
        read_folder(tmp_path / "hollow")


@pytest.mark.parametrize(
    "names, expected",
    [
        (["train", "validation", "test"], ["train", "validation", "test"]),
        (["Training_Set", "TEST_SET", "single_prediction"], ["Training_Set", None, "TEST_SET"]),
        (["train", "val"], ["train", "val", None]),
        (["training", "valid", "testing"], ["training", "valid", "testing"]),
        (["train"], ["train", None, None]),
        (["train", "bus", "car"], None),  # kinds of vehicles
        (["validation", "test"], None),
        (["cat", "dog"], None),
    ],
)
@pytest.mark.parametrize("inner", [".", "dataset"])
def test_splits_are_found(tmp_path, names, expected, inner):
    top = tree(tmp_path, *(f"{inner}/{name}/cat/1.png" for name in names), "__MACOSX/train/1.png")
    found = find_splits(top)
    if expected is None:
        assert found is None
    else:
        paths = [name and top / inner / name for name in expected]
        assert found == dict(zip(("train", "validation", "test"), paths, strict=True))


def test_two_folders_for_one_split_are_refused(tmp_path):
    top = tree(tmp_path, "train/a/1.png", "val/a/1.png", "valid/a/1.png")
    with pytest.raises(DataError, match="'val' and 'valid' both claim to be the validation images"):
        find_splits(top)


def test_a_class_named_train_is_a_class(tmp_path):
    top = tree(tmp_path, "train/1.png")
    assert find_splits(top) is None and read_folder(top).classes == ("train",)


def test_cats_and_dogs():
    top = files.home() / "datasets" / "cats_and_dogs_small"
    if not top.is_dir():
        pytest.skip("cats_and_dogs_small is not on this computer")
    counts = {}
    for split, folder in find_splits(top).items():
        found = read_folder(folder)
        agrees(found, kerass(folder))
        counts[split] = found.class_counts().tolist()
    assert counts == {"train": [1000, 1000], "validation": [500, 500], "test": [500, 500]}
