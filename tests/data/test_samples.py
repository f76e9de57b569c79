import struct
import zlib

import cv2
import numpy as np
import pytest

from anmok.data.folders import read_folder
from anmok.data.samples import Samples, Skipped
from anmok.errors import ArgumentError, DataError, FileFormatError, MissingFileError


def samples(**changes):
    parts = {
        "paths": ["/x/a/1.png", "/x/a/2.png", "/x/b/3.png"],
        "names": ["a/1.png", "a/2.png", "b/3.png"],
        "labels": [0, 0, 1],
        "kind": "classes",
        "classes": ["a", "b"],
        "weights": [1, 2, 3],
    }
    return Samples(**{**parts, **changes})


def written(path, side=6):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path


def png_of(height, width):
    """A PNG's bytes whose header is right and whose pixels nobody should ever unpack."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_the_table_cannot_be_changed():
    labels = np.array([0, 0, 1])
    table = samples(labels=labels)
    labels[0] = 1
    assert table.labels.tolist() == [0, 0, 1] and table.labels.dtype == np.int64
    assert table.weights.dtype == np.float32 and isinstance(table.paths, tuple)
    with pytest.raises(ValueError, match="read-only"):
        table.labels[0] = 1
    with pytest.raises(AttributeError):
        table.paths = ()


def test_take_and_where_keep_what_belongs_together():
    table = samples(skipped=[Skipped("c", "no file")])
    taken = table.take([2, 0, 2])
    assert taken.names == ("b/3.png", "a/1.png", "b/3.png") and taken.paths[0] == "/x/b/3.png"
    assert taken.labels.tolist() == [1, 0, 1] and taken.weights.tolist() == [3, 1, 3]
    assert taken.classes == ("a", "b") and taken.skipped == table.skipped
    assert table.where(table.labels == 0).names == ("a/1.png", "a/2.png")
    assert len(table.where([False] * 3)) == 0
    bare = Samples(["/1"], ["1"])
    assert bare.take([0]).labels is None and len(bare.take([])) == 0


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"names": ["a"]}, "Expected names for each of 3 images, got 1"),
        ({"labels": [0, 1]}, "Expected labels for each of 3 images, got 2"),
        ({"labels": [0, 1, 2]}, "Expected class indices 0 to 1 for 2 classes, got 0 to 2"),
        ({"labels": [[0], [1], [0]]}, "one class index per image"),
        ({"labels": None}, "go together"),
        ({"kind": "multilabel", "labels": np.zeros((3, 3))}, r"Expected labels \(3, 2\), a column per class"),
        ({"weights": [1, 2]}, "Expected weights for each of 3"),
        ({"weights": np.ones((3, 2))}, "one weight per image"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        samples(**changes)


def test_wrong_choices_are_refused():
    with pytest.raises(ArgumentError, match="Did you mean 'classes'"):
        samples(kind="class")
    with pytest.raises(ArgumentError, match="`where` takes one"):
        samples().take([True, False, True])
    with pytest.raises(ArgumentError, match="mask of 3 True or False"):
        samples().where([0, 1, 2])
    with pytest.raises(ArgumentError, match="Unknown on_error 'ignore'"):
        samples().readable(on_error="ignore")


def test_class_counts():
    assert samples().class_counts().tolist() == [2, 1]
    flags = samples(kind="multilabel", labels=[[1, 1], [0, 1], [0, 0]])
    assert flags.class_counts().tolist() == [1, 2]
    with pytest.raises(DataError, match="no classes to count"):
        samples(kind="regression", labels=[0.5, 1, 2], classes=()).class_counts()


def test_one_class_alone_is_refused_where_asked():
    assert samples().require_two_classes().classes == ("a", "b")
    with pytest.raises(DataError, match=r"of two classes or more, found 2 of one alone, 'a'\. A classifier needs"):
        samples(classes=["a"], labels=[0, 0, 0]).take([0, 1]).require_two_classes()
    with pytest.raises(DataError, match="found 1 of one alone, 'b'; of the classes 'a', 'b' the others have none"):
        samples().take([2]).require_two_classes()


def test_of_2000_files_the_16_bad_ones_are_left_out_and_listed(tmp_path):
    whole = written(tmp_path / "sample.jpg", 12).read_bytes()
    bad = {}
    for i in range(2000):
        path = tmp_path / "images" / ("cat" if i % 2 else "dog") / f"{i:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = whole
        if i % 400 == 5:
            data, bad[path.name] = b"These are no pixels but words.\n" * 9, "text"
        elif i % 400 == 100:
            data, bad[path.name] = whole[: len(whole) // 2], "half"
        elif i % 400 == 200:
            data, bad[path.name] = b"", "empty"
        elif i == 300:
            data, bad[path.name] = png_of(30_000, 30_000), "bomb"
        path.write_bytes(data)
    assert sorted(bad.values()) == ["bomb"] + ["empty"] * 5 + ["half"] * 5 + ["text"] * 5
    found = read_folder(tmp_path / "images")
    assert len(found) == 2000
    left = found.readable()
    assert len(left) == 2000 - len(bad) == 1984
    assert {name.split("/")[-1].split("\\")[-1] for name, _ in left.skipped} == set(bad) and len(left.skipped) == 16
    assert not {name.split("/")[-1] for name in left.names} & set(bad)
    for name, reason in left.skipped:
        assert "\n" not in reason and str(tmp_path) not in reason
        if bad[name[-8:]] == "bomb":
            assert "30,000" in reason or "900,000,000" in reason
        if bad[name[-8:]] == "empty":
            assert "0 bytes" in reason
    # Each label still belongs to its image.
    assert all(left.classes[label] == name[:3] for label, name in zip(left.labels, left.names, strict=True))
    with pytest.raises(FileFormatError) as error:
        found.readable(on_error="raise")
    assert left.skipped[0].name in str(error.value)


def test_files_that_vanish_are_listed_too(tmp_path):
    here, gone = written(tmp_path / "1.png"), tmp_path / "2.png"
    table = Samples([here, gone], ["1.png", "2.png"])
    left = table.readable()
    assert left.names == ("1.png",) and left.skipped[0].name == "2.png"
    with pytest.raises(MissingFileError, match=r"2\.png"):
        table.readable(on_error="raise")


def test_when_nothing_is_left_the_first_five_are_named(tmp_path):
    names = [f"{i}.jpg" for i in range(7)]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match="None of the 7 images can be read") as error:
        Samples([tmp_path / name for name in names], names).readable()
    assert all(name in str(error.value) for name in names[:5]) and "5.jpg" not in str(error.value)
    assert len(Samples([], []).readable()) == 0
