"""keras.utils: one-hot rows, norms, seeds, files, and what is passed on from other rooms."""

import hashlib
import io
import random as python_random
import subprocess
import sys
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from anmok import notices, random, utils
from anmok.errors import ArgumentError, DataError, FileFormatError, MissingFileError


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_one_hot_rows():
    assert utils.to_categorical([0, 2, 1]).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    tensor = utils.to_categorical(torch.tensor([[1], [0]]), 3)
    assert tensor.dtype == torch.float32 and tensor.tolist() == [[0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    "labels, classes, words",
    [
        ([0, 3], 3, r"in 0\.\.2 \(num_classes=3\), got 3"),
        ([-1, 0], None, r"in 0\.\.0 .*got -1"),
        (["cat"], None, "LabelEncoder"),
        ([], None, "no labels"),
    ],
)
def test_labels_that_are_no_class(labels, classes, words):
    with pytest.raises(DataError, match=words):
        utils.to_categorical(labels, classes)


def test_one_hot_rows_in_another_format_and_under_an_old_name():
    rows = utils.to_categorical([2, 0], 3, "float32")
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(utils.to_categorical([2, 0], nb_classes=4), [[0, 0, 1, 0], [1, 0, 0, 0]])


def test_a_row_of_zeros_has_no_direction():
    for x in (np.array([[0.0, 0], [3, 4]], np.float32), torch.tensor([[0.0, 0], [3, 4]])):
        np.testing.assert_allclose(np.asarray(utils.normalize(x)), [[0, 0], [0.6, 0.8]], rtol=1e-6)
    with pytest.raises(ArgumentError, match="axis"):
        utils.normalize(np.ones(3), axis=None)


def test_the_seed_reaches_everything_that_draws():
    def draw():
        return (
            python_random.random(),
            np.random.rand(),
            torch.rand(1).item(),
            random.generator("x").random(),
            random.next_seed("weights"),
        )

    utils.set_random_seed(7)
    first = draw()
    utils.set_random_seed(np.int64(7))
    assert draw() == first
    utils.set_random_seed(8)
    assert not set(draw()) & set(first)
    for wrong in (-1, 2**32, 0.5, "7", None, True):
        with pytest.raises(ArgumentError, match="whole number"):
            utils.set_random_seed(wrong)


# ---- get_file


def archive():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("flowers/one.txt")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"one"))
    return buffer.getvalue()


def test_a_file_is_downloaded_once(home, serving):
    body = b"weights"
    with serving({"/w.h5": body}) as (url, asked):
        for _ in range(2):
            path = utils.get_file("model.h5", f"{url}/w.h5", cache_subdir="models")
        assert asked == ["/w.h5"]
        assert path == str(home / "models" / "model.h5") and Path(path).read_bytes() == body
        utils.get_file("model.h5", f"{url}/w.h5", cache_subdir="models", force_download=True)
        assert len(asked) == 2
        path = utils.get_file(origin=f"{url}/w.h5#part", cache_dir=home / "b")
        assert path == str(home / "b" / "datasets" / "w.h5")


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_file_that_differs_is_downloaded_again(home, serving, kind):
    notices.forget()
    digest = hashlib.new(kind, b"right").hexdigest()
    path = home / "datasets" / "a.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"wrong")
    with serving({"/a.txt": b"right"}) as (url, asked):
        for _ in range(2):
            utils.get_file("a.txt", f"{url}/a.txt", file_hash=digest, hash_algorithm=kind)
        assert len(asked) == 1 and path.read_bytes() == b"right"
        if kind == "md5":
            path.unlink()
            with pytest.warns(notices.AnmokWarning, match="file_hash"):
                utils.get_file("a.txt", f"{url}/a.txt", md5_hash=digest)
        with pytest.raises(MissingFileError, match="not the file that was asked for"):
            utils.get_file("a.txt", f"{url}/a.txt", file_hash="0" * len(digest))


@pytest.mark.parametrize(
    "fname, folder", [("flowers.tar.gz", "flowers_extracted"), ("flowers", "flowers"), (None, "f.tgz")]
)
def test_an_archive_is_unpacked_once(home, serving, fname, folder):
    with serving({"/f.tgz": archive()}) as (url, asked):
        for _ in range(2):
            path = utils.get_file(fname, f"{url}/f.tgz", extract=True)
        assert len(asked) == 1
        assert path == str(home / "datasets" / folder)
        (Path(path) / "mine.txt").write_text("kept")
        utils.get_file(fname, f"{url}/f.tgz", extract=True)
    assert (Path(path) / "flowers" / "one.txt").read_text() == "one" and (Path(path) / "mine.txt").exists()


def test_what_cannot_be_unpacked_is_named(home, serving):
    with serving({"/a.txt": b"no archive", "/f.tgz": archive()}) as (url, _):
        with pytest.raises(FileFormatError, match=r"a\.txt is not an archive"):
            utils.get_file("a.txt", f"{url}/a.txt", extract=True)
        with pytest.raises(FileFormatError, match="archive_format='zip'"):
            utils.get_file("f.tgz", f"{url}/f.tgz", extract=True, archive_format="zip")
        notices.forget()
        with pytest.warns(notices.AnmokWarning, match="extract=True"):
            assert Path(utils.get_file("f.tgz", f"{url}/f.tgz", untar=True)).is_dir()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({}, "origin"),
        ({"origin": "http://127.0.0.1:9/"}, "give fname"),
        ({"origin": "http://127.0.0.1:9/a", "fname": "../a"}, "without folders"),
        ({"origin": "http://127.0.0.1:9/..", "extract": True}, "without folders|give fname"),
        ({"origin": "http://127.0.0.1:9/a", "hash_algorithm": "crc"}, "'crc'"),
    ],
)
def test_arguments_that_cannot_be_honoured(home, arguments, words):
    with pytest.raises(ArgumentError, match=words):
        utils.get_file(**arguments)


# ---- passed on


def test_custom_objects_are_the_registrys():
    @utils.register_keras_serializable("mine", "Thing")
    class Thing:
        def get_config(self):
            return {}

    assert utils.get_registered_name(Thing) == "mine>Thing"
    assert utils.get_registered_object("mine>Thing") is Thing is utils.get_custom_objects()["mine>Thing"]
    with utils.CustomObjectScope({"Other": Thing}):
        assert utils.get_registered_object("Other") is Thing
    assert utils.get_registered_object("Other") is None
    utils.get_custom_objects().pop("mine>Thing")


def test_models_are_not_loaded_for_utils():
    code = "import sys, anmok.utils; sys.exit('anmok.models' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert {"plot_model", "model_to_dot"} <= set(dir(utils))
    with pytest.raises(AttributeError, match="no attribute 'plot'"):
        _ = utils.plot
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert utils.Sequence is utils.PyDataset
