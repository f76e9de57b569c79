import math
import os
import threading
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import cv2
import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.utils import dataset_utils, image_dataset_utils

from anmok import layers, models, random
from anmok.data.dataset import AUTOTUNE, Dataset
from anmok.errors import AnmokError, ArgumentError, DataError, FileFormatError, MissingFileError
from anmok.utils import image_dataset_from_directory
from anmok.utils.image_reading import resized

PHOTOGRAPHS = Path(os.environ.get("ANMOK_HOME", Path.home() / ".anmok")) / "datasets" / "cats_and_dogs_small"


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of 7, 5 and 4 pictures of several sizes, one of them nested, one named in Korean."""
    rng = np.random.default_rng(0)
    top = tmp_path_factory.mktemp("pictures")
    names = [f"cat/{i}.png" for i in range(6)] + ["cat/more/inner.png"]
    names += [f"dog/{i}.PNG" for i in range(4)] + ["dog/강아지.bmp"] + [f"a_b/{i}.png" for i in range(4)]
    for name in names:
        height, width = rng.integers(5, 30, 2)
        write(top / name, rng.integers(0, 256, (height, width, 3), np.uint8))
    (top / "cat" / "notes.txt").write_text("no picture")
    return top


@pytest.fixture(scope="module")
def pair(folder):
    return {"directory": str(folder), "class_names": ["dog", "cat"]}


def read(directory, **settings):
    return image_dataset_from_directory(directory, **{"image_size": (8, 9), "verbose": False, **settings})


def together(dataset):
    """All of a pass as (images, labels)."""
    parts = list(dataset)
    return np.concatenate([x.numpy() for x, _ in parts]), np.concatenate([y.numpy() for _, y in parts])


# Files, order, labels -----------------------------------------------------------------------------------------------


def keras_files(directory, *, labels="inferred", class_names=None, shuffle=True, seed=1, split=None, subset=None):
    paths, labels, names = dataset_utils.index_directory(
        directory,
        labels,
        formats=image_dataset_utils.ALLOWLIST_FORMATS,
        class_names=class_names,
        shuffle=shuffle,
        seed=seed,
        verbose=False,
    )
    return *dataset_utils.get_training_or_validation_split(paths, labels, split, subset), names


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shuffle=st.booleans(),
    split=st.sampled_from([None, 0.1, 0.2, 0.37, 0.5]),
    subset=st.sampled_from(["training", "validation"]),
    labels=st.sampled_from(["inferred", "list", None]),
    class_names=st.sampled_from([None, ["dog", "cat"]]),
)
def test_files_labels_and_classes_are_keras(folder, seed, shuffle, split, subset, labels, class_names):
    given_labels = labels
    if labels == "list":
        given_labels = np.random.default_rng(seed).integers(3, 6, 16).tolist()
    if labels != "inferred":
        class_names = None
    subset = subset if split else None
    files, theirs, names = keras_files(
        str(folder),
        labels=list(given_labels) if labels == "list" else labels,
        class_names=class_names,
        shuffle=shuffle,
        seed=seed,
        split=split,
        subset=subset,
    )
    ours = read(
        folder,
        labels=given_labels,
        class_names=class_names,
        shuffle=shuffle,
        seed=seed,
        validation_split=split,
        subset=subset,
        batch_size=None,
        image_size=1,
    )
    assert ours.file_paths == [os.path.normpath(file) for file in files]
    assert ours.class_names == names
    # Files that are shuffled anew in each pass are known by their pixel.
    once = dict(zip(map(pixel, files), [None] * len(files) if theirs is None else theirs, strict=True))
    assert len(once) == len(files)
    seen = [(tuple(e[0].flatten().tolist()), int(e[1])) if theirs is not None else (key(e), None) for e in ours]
    assert dict(seen) == {k: v if v is None else int(v) for k, v in once.items()} and len(seen) == len(files)
    if not shuffle or subset == "validation":
        assert [k for k, _ in seen] == list(once)


def key(image):
    return tuple(image.flatten().tolist())


def pixel(path):
    image = cv2.cvtColor(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return key(torch.from_numpy(resized(image, (1, 1), "bilinear")))


def test_label_modes(folder):
    _, whole = together(read(folder, shuffle=False))
    assert whole.dtype == np.int64 and whole.tolist() == [0] * 4 + [1] * 7 + [2] * 5
    _, categorical = together(read(folder, shuffle=False, label_mode="categorical"))
    assert categorical.dtype == np.float32 and np.array_equal(categorical, np.eye(3)[whole])
    _, binary = together(read(folder, shuffle=False, label_mode="binary", class_names=["dog", "cat"]))
    assert binary.dtype == np.float32 and binary.tolist() == [[0.0]] * 5 + [[1.0]] * 7
    for alone in (read(folder, label_mode=None), read(folder, labels=None)):
        batch = next(iter(alone))
        assert torch.is_tensor(batch) and batch.shape == (16, 8, 9, 3) and alone.class_names is None


def test_several_labels_an_image(folder):
    inferred = read(folder, label_mode="multilabel", shuffle=False)
    assert inferred.class_names == ["a", "b", "cat", "dog"]
    _, rows = together(inferred)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 1, 0, 0]] * 4 + [[0, 0, 1, 0]] * 7 + [[0, 0, 0, 1]] * 5
    random_rows = np.random.default_rng(0).integers(0, 2, (16, 5))
    for given_rows in (random_rows, random_rows.tolist()):
        dataset = read(folder, labels=given_rows, label_mode="multilabel", shuffle=False, class_names=list("vwxyz"))
        assert np.array_equal(together(dataset)[1], random_rows) and dataset.class_names == list("vwxyz")
    names = [["red", "old"], [], ["red"], *[["new"]] * 13]
    dataset = read(folder, labels=names, label_mode="multilabel", shuffle=False)
    assert dataset.class_names == ["new", "old", "red"]
    assert together(dataset)[1][:4].tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 1], [1, 0, 0]]
    with pytest.raises(DataError, match="rows of 0 and 1"):
        read(folder, labels=random_rows + 1, label_mode="multilabel")
    with pytest.raises(ArgumentError, match="Unknown label 'new'"):
        read(folder, labels=names, label_mode="multilabel", class_names=["red", "old"])


def test_batches_cover_everything_once_and_each_pass_has_its_order(folder):
    dataset = read(folder, batch_size=5, seed=3)
    assert len(dataset) == 4 and [len(y) for _, y in dataset] == [5, 5, 5, 1]
    first, second = together(dataset)[0], together(dataset)[0]
    assert not np.array_equal(first, second)
    assert np.array_equal(np.sort(first.sum((1, 2, 3))), np.sort(second.sum((1, 2, 3))))
    again = read(folder, batch_size=5, seed=3)
    again.set_epoch(1)
    assert np.array_equal(together(again)[0], first)
    assert dataset.element_spec[0].shape == (None, 8, 9, 3) and dataset.element_spec[1].dtype == torch.int64
    single = read(folder, batch_size=None)
    assert len(single) == 16 and next(iter(single))[0].shape == (8, 9, 3)


def test_both_subsets_are_the_two_alone(folder):
    settings = {"validation_split": 0.25, "seed": 7, "batch_size": 4}
    training, validation = read(folder, subset="both", **settings)
    assert training.file_paths == read(folder, subset="training", **settings).file_paths
    assert validation.file_paths == read(folder, subset="validation", **settings).file_paths
    assert len(set(training.file_paths) | set(validation.file_paths)) == 16
    assert np.array_equal(together(validation)[0], together(validation)[0])


def test_what_is_printed(folder, capsys, tmp_path):
    image_dataset_from_directory(folder, validation_split=0.25, subset="both", seed=1)
    assert capsys.readouterr().out.splitlines() == [
        "Found 16 files belonging to 3 classes.",
        "Using 12 files for training.",
        "Using 4 files for validation.",
    ]
    image_dataset_from_directory(folder, labels=None)
    assert capsys.readouterr().out == "Found 16 files.\n"
    image_dataset_from_directory(folder, verbose=False)
    assert capsys.readouterr().out == ""


# Pixels -------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    color_mode=st.sampled_from(["rgb", "rgba", "grayscale"]),
    interpolation=st.sampled_from(["bilinear", "nearest"]),
    data_format=st.sampled_from(["channels_last", "channels_first"]),
)
def test_pixels_are_keras(tmp_path_factory, shape, size, color_mode, interpolation, data_format):
    top = tmp_path_factory.mktemp("one")
    write(top / "a" / "x.png", np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8))
    channels = {"rgb": 3, "rgba": 4, "grayscale": 1}[color_mode]
    theirs = image_dataset_utils._load_image_grain(
        str(top / "a" / "x.png"), size, channels, interpolation, data_format
    ).numpy()
    settings = {"image_size": size, "interpolation": interpolation, "data_format": data_format}
    ours = next(iter(read(top, labels=None, color_mode=color_mode, batch_size=None, **settings))).numpy()
    assert ours.dtype == np.float32 and ours.shape == theirs.shape
    assert np.allclose(ours, theirs, atol=2e-3)


def slow_bilinear(image, height, width):
    """Two taps a side at (i + 1/2) scale - 1/2, the edge repeated: tf.image.resize as documented."""
    out = np.zeros((height, width, image.shape[2]))
    for i in range(height):
        for j in range(width):
            y = (i + 0.5) * image.shape[0] / height - 0.5
            x = (j + 0.5) * image.shape[1] / width - 0.5
            for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
                row, column = math.floor(y) + dy, math.floor(x) + dx
                share = (1 - abs(y - row)) * (1 - abs(x - column))
                row, column = min(max(row, 0), image.shape[0] - 1), min(max(column, 0), image.shape[1] - 1)
                out[i, j] += share * image[row, column]
    return out


@settings(max_examples=20, deadline=None)
@given(shape=st.tuples(st.integers(1, 20), st.integers(1, 20)), size=st.tuples(st.integers(1, 12), st.integers(1, 12)))
def test_crop_and_pad_keep_the_proportions(tmp_path_factory, shape, size):
    top = tmp_path_factory.mktemp("one")
    image = np.random.default_rng(1).integers(1, 256, (*shape, 3), np.uint8)
    write(top / "a" / "x.png", image)
    (height, width), (target_height, target_width) = shape, size
    settings = {"labels": None, "batch_size": None, "image_size": size}

    if min(height, int(width * target_height / target_width)) and min(
        width, int(height * target_width / target_height)
    ):
        theirs = keras.preprocessing.image.smart_resize(image.astype(np.float32), size)
        ours = next(iter(read(top, crop_to_aspect_ratio=True, **settings))).numpy()
        assert np.allclose(ours, np.asarray(theirs), atol=2e-3)

    # tf.image.resize_with_pad
    ratio = max(width / target_width, height / target_height)
    inner = int(height / ratio + 1e-9), int(width / ratio + 1e-9)
    if all(inner):
        ours = next(iter(read(top, pad_to_aspect_ratio=True, **settings))).numpy()
        y, x = (target_height - inner[0]) // 2, (target_width - inner[1]) // 2
        expected = np.zeros((*size, 3))
        expected[y : y + inner[0], x : x + inner[1]] = slow_bilinear(image, *inner)
        assert np.allclose(ours, expected, atol=2e-3)


@pytest.mark.parametrize("interpolation", ["bicubic", "lanczos3", "lanczos5"])
def test_other_interpolations_are_the_resizing_layers(folder, interpolation):
    path = folder / "cat" / "0.png"
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(np.float32)
    theirs = layers.Resizing(11, 6, interpolation=interpolation)(torch.from_numpy(image)[None])[0].numpy()
    ours = read(folder, labels=None, shuffle=False, image_size=(11, 6), interpolation=interpolation, batch_size=None)
    at = ours.file_paths.index(str(path))
    assert np.allclose(list(ours)[at].numpy(), theirs, atol=1e-3)


# What is wrong in the folder or the call ----------------------------------------------------------------------------


def test_unreadable_files_are_left_out_named_and_counted(tmp_path, capsys):
    for i in range(6):
        write(tmp_path / f"{'ab'[i % 2]}/{i}.png", np.full((4, 4, 3), 10 * i, np.uint8))
    (tmp_path / "a" / "bad.jpg").write_text("no picture")
    (tmp_path / "b" / "empty.png").touch()
    whole = (tmp_path / "a" / "0.png").read_bytes()
    (tmp_path / "b" / "half.png").write_bytes(whole[: len(whole) // 2])
    dataset = image_dataset_from_directory(tmp_path, image_size=4, batch_size=4, shuffle=False)
    out = capsys.readouterr().out
    assert "Found 6 files belonging to 2 classes." in out and "Left out 3 files" in out and "half.png" in out
    assert sorted(Path(name).name for name, _ in dataset.skipped) == ["bad.jpg", "empty.png", "half.png"]
    images, labels = together(dataset.prefetch(1))
    assert images[:, 0, 0, 0].tolist() == [0, 20, 40, 10, 30, 50] and labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert len(dataset) == 2 and dataset.map(lambda x, y: x).skipped == dataset.skipped
    rows = read(tmp_path, labels=list(range(9)), shuffle=False, image_size=1)
    assert together(rows)[1].tolist() == [0, 1, 2, 4, 5, 6]


def test_a_file_that_goes_bad_later_stops_the_pass_with_its_name(tmp_path):
    for i in range(6):
        write(tmp_path / f"a/{i}.png", np.zeros((4, 4, 3), np.uint8))
    dataset = read(tmp_path, batch_size=2, shuffle=False)
    (tmp_path / "a" / "3.png").write_bytes(b"gone bad")
    with pytest.raises(FileFormatError, match=r"3\.png.*element 3"):
        list(dataset)
    (tmp_path / "a" / "3.png").unlink()
    with pytest.raises(MissingFileError, match=r"3\.png"):
        list(dataset)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("anmok")]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"image_size": 0}, r"image_size as \(height, width\) of 1 pixel or more, got 0"),
        ({"image_size": (0, 5)}, "1 pixel or more"),
        ({"image_size": (5, 5, 3)}, "image_size"),
        ({"batch_size": 0}, "batch_size to be a whole number of 1 or more"),
        ({"validation_split": 0.2}, "go together"),
        ({"subset": "training"}, "go together"),
        ({"validation_split": 0.2, "subset": "training"}, "needs a seed"),
        ({"validation_split": 1.2, "subset": "training", "seed": 1}, "between 0 and 1"),
        ({"validation_split": 0.01, "subset": "both", "seed": 1}, "leaves 16 for training and 0 for validation"),
        ({"validation_split": 0.2, "subset": "test", "seed": 1}, "Unknown subset 'test'"),
        ({"seed": -1}, "seed"),
        ({"label_mode": "binary"}, "exactly 2 classes, found 3: 'a_b', 'cat', 'dog'"),
        ({"label_mode": "onehot"}, "Unknown label_mode"),
        ({"labels": [0, 1]}, "one label per file: 16 files in .*, 2 labels"),
        ({"labels": "folders"}, "'inferred', None"),
        ({"labels": ["a"] * 16}, "factorize"),
        ({"labels": [[0, 1]] * 16}, "label_mode='multilabel'"),
        ({"labels": [0] * 16, "class_names": ["a"]}, "class_names go with labels='inferred'"),
        ({"labels": None, "class_names": ["a"]}, "without labels there are no classes"),
        ({"class_names": ["cat", "dgo"]}, "no class folder 'dgo'.*'dog'"),
        ({"color_mode": "bgr"}, "Unknown color_mode"),
        ({"interpolation": "mitchellcubic"}, "not available here; nearest, bilinear, bicubic, lanczos3, lanczos5 are"),
        ({"interpolation": "linear"}, "Unknown interpolation"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "not both"),
        ({"data_format": "NHWC"}, "Unknown data_format"),
        ({"format": "grain"}, "format='grain' is not available"),
        ({"directory": "no/such/folder"}, "There is no folder"),
    ],
)
def test_wrong_arguments_are_refused_in_words(folder, arguments, words):
    with pytest.raises(AnmokError, match=words):
        image_dataset_from_directory(**{"directory": folder, "verbose": False, **arguments})


def test_two_subsets_without_a_seed_do_not_overlap(folder):
    training, validation = read(folder, validation_split=0.25, subset="both")
    assert not set(training.file_paths) & set(validation.file_paths)


# Training on photographs --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Twelve photographs a class."""
    if not PHOTOGRAPHS.is_dir():
        pytest.skip("the photographs of cats and dogs are not here")
    top = tmp_path_factory.mktemp("photographs")
    for name in ("cats", "dogs"):
        (top / name).mkdir()
        for path in sorted((PHOTOGRAPHS / "train" / name).iterdir())[:12]:
            (top / name / path.name).write_bytes(path.read_bytes())
    return top


def convnet():
    net = models.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    net.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return net


def test_it_trains_evaluates_and_predicts(photographs):
    random.set_seed(0)
    settings = {"label_mode": "binary", "image_size": (32, 32), "batch_size": 8, "verbose": False}
    training, validation = image_dataset_from_directory(
        photographs, validation_split=0.25, subset="both", seed=1, **settings
    )
    scaled, held_out = (
        ds.map(lambda x, y: (x / 255.0, y)).cache().shuffle(1000).prefetch(AUTOTUNE) for ds in (training, validation)
    )
    net = convnet()
    history = net.fit(scaled, validation_data=held_out, epochs=2, verbose=0).history
    assert len(history["loss"]) == 2 and np.isfinite(history["val_loss"]).all()
    plain = validation.map(lambda x, y: (x / 255.0, y))
    images, labels = together(plain)
    outputs = net.predict(plain, verbose=0)
    assert np.allclose(outputs, net.predict(images, verbose=0), atol=1e-6)
    loss, accuracy = net.evaluate(held_out, verbose=0)
    assert accuracy == pytest.approx(((outputs > 0.5) == labels).mean())
    chance = -np.log(np.where(labels == 1, outputs, 1 - outputs)).mean()
    assert loss == pytest.approx(chance, rel=1e-4)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("anmok")]
    net.fit(training, epochs=1, verbose=0)


def test_photographs_are_kerass_pixels_within_what_decoders_differ_by(photographs):
    dataset = read(photographs, shuffle=False, image_size=(150, 150), batch_size=None)
    for (image, label), path in zip(dataset, dataset.file_paths, strict=True):
        theirs = image_dataset_utils._load_image_grain(path, (150, 150), 3, "bilinear", "channels_last").numpy()
        # Two JPEG decoders may round differently.
        assert np.abs(image.numpy() - theirs).max() < 4 and np.abs(image.numpy() - theirs).mean() < 0.2
        assert int(label) == ("dogs" in path)


def test_the_old_ways_of_looking_at_a_dataset(photographs):
    dataset = read(photographs, image_size=(20, 24))
    for images, labels in dataset.take(1):
        assert images[0].numpy().astype("uint8").shape == (20, 24, 3)
        assert images.shape == (24, 20, 24, 3) and labels.numpy().shape == (24,)
        assert dataset.class_names[labels[0]] in ("cats", "dogs")
    batch, _ = next(iter(dataset))
    assert batch.min() >= 0 and 100 < batch.max() <= 255
    assert isinstance(dataset.unbatch().batch(3), Dataset)
