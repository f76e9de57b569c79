"""The known data sets: cache, downloads, conversion, real contents."""

import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
from importlib import resources

import numpy as np
import pytest

from anmok import datasets, files
from anmok.datasets import cached, cifar, fashion_mnist
from anmok.errors import ArgumentError, FileFormatError, MissingFileError


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path))
    return tmp_path


def real(name):
    path = files.home() / "datasets" / name
    return pytest.mark.skipif(not path.exists(), reason=f"{path} is not in the cache")


def sha(data):
    return hashlib.sha256(data).hexdigest()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def images(rng, count, *shape):
    return rng.integers(0, 256, (count, *shape), dtype=np.uint8)


# ---- downloads


def test_mnist_is_downloaded_once(home, serving, monkeypatch):
    rng = np.random.default_rng(0)
    arrays = {"x_train": images(rng, 6, 28, 28), "y_train": images(rng, 6), "x_test": images(rng, 2, 28, 28)}
    body = npz(**arrays, y_test=images(rng, 2))
    monkeypatch.setattr(datasets.mnist, "SHA256", sha(body))
    with serving({"/mnist.npz": body}) as (url, asked):
        monkeypatch.setattr(datasets.mnist, "ORIGIN", f"{url}/mnist.npz")
        for _ in range(2):
            (x_train, y_train), (x_test, _) = datasets.mnist.load_data()
        assert asked == ["/mnist.npz"]
    assert (home / "datasets" / "mnist.npz").read_bytes() == body
    for name, value in (("x_train", x_train), ("y_train", y_train), ("x_test", x_test)):
        np.testing.assert_array_equal(value, arrays[name])


def test_another_path_is_honoured(home, tmp_path_factory):
    rng = np.random.default_rng(0)
    body = npz(x_train=images(rng, 1), y_train=images(rng, 1), x_test=images(rng, 1), y_test=images(rng, 1))
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "digits.npz"
    elsewhere.write_bytes(body)
    (home / "datasets").mkdir()
    (home / "datasets" / "mine.npz").write_bytes(body)
    for path in (elsewhere, str(elsewhere), "mine.npz"):
        assert len(datasets.mnist.load_data(path)[0][0]) == 1


@pytest.mark.parametrize(
    "load, name, origin",
    [
        (datasets.mnist.load_data, "mnist.npz", "mnist.npz"),
        (datasets.boston_housing.load_data, "boston_housing.npz", "boston_housing.npz"),
        (datasets.fashion_mnist.load_data, "fashion-mnist/train-images-idx3-ubyte.gz", "train-images-idx3-ubyte.gz"),
        (datasets.cifar10.load_data, "cifar-10-python.tar.gz", "cifar-10-python.tar.gz"),
        (datasets.cifar100.load_data, "cifar-100-python.tar.gz", "cifar-100-python.tar.gz"),
    ],
)
def test_offline_names_the_file_its_place_and_its_source(home, serving, monkeypatch, load, name, origin):
    with serving({}) as (url, _):
        pass
    for module in (datasets.mnist, datasets.boston_housing, datasets.cifar10, datasets.cifar100):
        monkeypatch.setattr(module, "ORIGIN", f"{url}/{module.ORIGIN.rsplit('/', 1)[1]}")
    monkeypatch.setattr(fashion_mnist, "ORIGIN", f"{url}/")
    with pytest.raises(MissingFileError) as caught:
        load()
    assert f"wanted at {home / 'datasets' / name}" in str(caught.value)
    assert f"{url}/{origin}" in str(caught.value)
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_a_damaged_cache_is_named(home):
    (home / "datasets").mkdir()
    path = home / "datasets" / "mnist.npz"
    for body in (b"", b"nonsense" * 100, npz(x=np.zeros(3)), npz(x_train=np.array([{}], object))):
        path.write_bytes(body)
        with pytest.raises(FileFormatError, match="Delete it to have it downloaded again") as caught:
            datasets.mnist.load_data()
        assert str(path) in str(caught.value)


def idx(array):
    header = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    return gzip.compress(header + array.tobytes())


def test_fashion_mnist_is_made_of_four_files(home, serving, monkeypatch):
    rng = np.random.default_rng(1)
    arrays = {name: images(rng, 5, 28, 28) if name[0] == "x" else images(rng, 5) for name in cached.SPLITS}
    bodies = {"/" + fashion_mnist.FILES[name][0]: idx(array) for name, array in arrays.items()}
    table = {name: (file, sha(bodies["/" + file])) for name, (file, _) in fashion_mnist.FILES.items()}
    monkeypatch.setattr(fashion_mnist, "FILES", table)
    by_hand = home / "datasets" / "fashion-mnist" / table["y_test"][0]
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(bodies.pop("/" + table["y_test"][0]))
    with serving(bodies) as (url, asked):
        monkeypatch.setattr(fashion_mnist, "ORIGIN", url + "/")
        (x_train, y_train), (x_test, y_test) = datasets.fashion_mnist.load_data()
        assert len(asked) == 3
    for name, value in zip(cached.SPLITS, (x_train, y_train, x_test, y_test), strict=True):
        np.testing.assert_array_equal(value, arrays[name])
    assert list(by_hand.parent.iterdir()) == [by_hand]


def test_an_idx_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x01" + struct.pack(">i", 9) + b"12345678"))
    with pytest.raises(FileFormatError, match="header and length disagree"):
        fashion_mnist.read_idx(path)


class _Python2Pickle(pickle._Pickler):
    """Writes str as Python 2's byte strings, as CIFAR's files have them."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode() if isinstance(value, str) else value
        self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_string


def cifar_pickle(batch):
    buffer = io.BytesIO()
    _Python2Pickle(buffer, protocol=2).dump(batch)
    return buffer.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def tar_of(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def slow_pixels(rows):
    """CIFAR's rows to pixels with loops: plane by plane, row by row."""
    out = np.zeros((len(rows), 32, 32, 3), np.uint8)
    for n, row in enumerate(rows):
        for c in range(3):
            for h in range(32):
                out[n, h, :, c] = row[c * 1024 + h * 32 : c * 1024 + h * 32 + 32]
    return out


def test_cifar10_is_made_of_its_pickles_without_running_them(home, serving, monkeypatch):
    rng = np.random.default_rng(2)
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    batches = {name: {"data": images(rng, 2, 3072), "labels": [int(v) for v in images(rng, 2) % 10]} for name in names}
    members = {f"cifar-10-batches-py/{name}": cifar_pickle(batch) for name, batch in batches.items()}
    body = tar_of({"cifar-10-batches-py/readme.html": b"<html>", **members})
    monkeypatch.setattr(datasets.cifar10, "SHA256", sha(body))
    with serving({"/cifar-10-python.tar.gz": body}) as (url, _):
        monkeypatch.setattr(datasets.cifar10, "ORIGIN", f"{url}/cifar-10-python.tar.gz")
        (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    np.testing.assert_array_equal(x_train, slow_pixels(np.concatenate([batches[n]["data"] for n in names[:5]])))
    np.testing.assert_array_equal(x_test, slow_pixels(batches["test_batch"]["data"]))
    assert y_train.dtype == y_test.dtype == np.uint8
    assert y_train.tolist() == [[v] for n in names[:5] for v in batches[n]["labels"]]
    assert y_test.tolist() == [[v] for v in batches["test_batch"]["labels"]]
    assert [path.name for path in (home / "datasets").iterdir()] == ["cifar10.npz"]


def test_cifar100_has_fine_and_coarse_labels(home, serving, monkeypatch):
    rng = np.random.default_rng(3)
    batches = {
        name: {"data": images(rng, 3, 3072), "fine_labels": [7, 8, 99], "coarse_labels": [0, 19, k]}
        for k, name in enumerate(("train", "test"))
    }
    body = tar_of({f"cifar-100-python/{name}": cifar_pickle(batch) for name, batch in batches.items()})
    archive = home / "datasets" / "cifar-100-python.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(body)
    with pytest.raises(FileFormatError, match="not the file that https:"):
        datasets.cifar100.load_data()
    monkeypatch.setattr(datasets.cifar100, "SHA256", sha(body))
    (x, fine), (_, fine_test) = datasets.cifar100.load_data()
    (_, coarse), (_, coarse_test) = datasets.cifar100.load_data("coarse")
    np.testing.assert_array_equal(x, slow_pixels(batches["train"]["data"]))
    assert fine.tolist() == fine_test.tolist() == [[7], [8], [99]]
    assert (coarse.tolist(), coarse_test.tolist()) == ([[0], [19], [0]], [[0], [19], [1]])
    assert archive.exists()
    with pytest.raises(ArgumentError, match="'fine' or 'coarse', got 'medium'"):
        datasets.cifar100.load_data(label_mode="medium")


class _Exploit:
    def __init__(self, call, *arguments):
        self.what = call, arguments

    def __reduce__(self):
        return self.what


@pytest.mark.parametrize(
    "call, arguments", [(os.system, ("touch {}",)), (eval, ("open({!r}, 'w')",)), (os.mkdir, ("{}",))]
)
def test_a_pickle_that_calls_is_refused_before_it_calls(tmp_path, call, arguments):
    mark = tmp_path / "mark"
    body = pickle.dumps({"data": _Exploit(call, *[a.format(str(mark)) for a in arguments])}, protocol=2)
    with pytest.raises(FileFormatError, match="it asks for"):
        cifar.unpickle(io.BytesIO(body), "x")
    assert not mark.exists()


@pytest.mark.parametrize("body", [b"", b"abc", pickle.dumps([1, 2])])
def test_a_broken_pickle_is_named(body):
    with pytest.raises(FileFormatError, match="part 3: expected a pickled dict"):
        cifar.unpickle(io.BytesIO(body), "part 3")


# ---- contents


def test_fashion_mini_has_1000_and_200_of_each_class():
    (x_train, y_train), (x_test, y_test) = datasets.fashion_mini.load_data()
    assert (x_train.shape, x_test.shape) == ((10000, 28, 28), (2000, 28, 28))
    assert x_train.dtype == y_train.dtype == np.uint8
    assert np.bincount(y_train).tolist() == [1000] * 10
    assert np.bincount(y_test).tolist() == [200] * 10
    # Fashion-MNIST begins with an ankle boot, two T-shirts and two dresses.
    assert [datasets.fashion_mini.class_names[k] for k in y_train[:4]] == [
        "Ankle boot", "T-shirt/top", "T-shirt/top", "Dress",
    ]  # fmt: skip


@real("fashion_mnist.npz")
def test_fashion_mini_is_the_beginning_of_fashion_mnist():
    for (x, y), (mini_x, mini_y) in zip(
        datasets.fashion_mnist.load_data(), datasets.fashion_mini.load_data(), strict=True
    ):
        per_class = len(mini_y) // 10
        seen, rows = [0] * 10, []
        for i, label in enumerate(y.tolist()):
            if seen[label] < per_class:
                seen[label] += 1
                rows.append(i)
        np.testing.assert_array_equal(mini_y, y[rows])
        np.testing.assert_array_equal(mini_x, x[rows])


def test_the_licence_of_fashion_mini_lies_beside_it():
    text = (resources.files("anmok.datasets") / "fashion_mini.LICENSE").read_text()
    assert "Copyright (c) 2017 Zalando SE, https://tech.zalando.com" in text and "WITHOUT WARRANTY" in text


@pytest.mark.parametrize(
    "module, shape, count",
    [
        pytest.param(datasets.mnist, (28, 28), 6742, marks=real("mnist.npz")),
        pytest.param(datasets.fashion_mnist, (28, 28), 6000, marks=real("fashion_mnist.npz")),
        pytest.param(datasets.cifar10, (32, 32, 3), 5000, marks=real("cifar10.npz")),
    ],
)
def test_the_real_sets_have_their_published_sizes(module, shape, count):
    (x_train, y_train), (x_test, y_test) = module.load_data()
    assert x_train.shape[1:] == x_test.shape[1:] == shape
    assert len(x_train) == len(y_train) == (50000 if shape[0] == 32 else 60000)
    assert len(x_test) == len(y_test) == 10000
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    # 6,742 of MNIST's training digits are a 1; the other sets are balanced.
    assert np.count_nonzero(y_train == 1) == count
    assert y_train.ndim == (2 if shape[0] == 32 else 1)


def test_every_class_has_a_name():
    assert {m: len(getattr(datasets, m).class_names) for m in datasets.__all__ if m != "boston_housing"} == {
        "cifar10": 10, "cifar100": 100, "fashion_mini": 10, "fashion_mnist": 10, "mnist": 10,
    }  # fmt: skip
    assert len(datasets.cifar100.coarse_class_names) == 20
    assert list(datasets.cifar100.class_names) == sorted(datasets.cifar100.class_names)
    assert len(datasets.boston_housing.feature_names) == 13


@real("boston_housing.npz")
def test_boston_refuses_an_impossible_split():
    with pytest.raises(ArgumentError, match="test_split"):
        datasets.boston_housing.load_data(test_split=1.0)
    (x, y), (x_test, y_test) = datasets.boston_housing.load_data(test_split=0)
    assert (x.shape, y.shape, len(x_test), len(y_test)) == ((506, 13), (506,), 0, 0)
