import ntpath
import os
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok.data.lookup import Lookup
from anmok.errors import DataError


def touched(top, *names):
    for name in names:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return top


def inner(top, path):
    return path and os.path.relpath(path, top).replace(os.sep, "/")


@pytest.mark.parametrize(
    "name, expected",
    [
        ("cat/1.jpg", "cat/1.jpg"),
        ("./cat/1.jpg", "cat/1.jpg"),
        ("cat//1.jpg", "cat/1.jpg"),
        ("dog/../cat/1.jpg", "cat/1.jpg"),
        ("cat\\1.jpg", "cat/1.jpg"),
        (".\\cat\\1.jpg", "cat/1.jpg"),
        ("C:\\data\\img\\cat\\1.jpg", "cat/1.jpg"),
        ("C:/data/img/cat/1.jpg", "cat/1.jpg"),
        ("\\\\server\\share\\cat\\1.jpg", "cat/1.jpg"),
        ("/home/someone/img/cat/1.jpg", "cat/1.jpg"),
        ("D:\\elsewhere\\2.jpg", "2.jpg"),
        ("images/cat/1.jpg", "cat/1.jpg"),  # begins with the folder's own name
        ("images\\cat\\1.jpg", "cat/1.jpg"),
        ("Cat/1.JPG", "cat/1.jpg"),
        ("cat/7", "cat/7.png"),
        ("cat\\7", "cat/7.png"),
        ("007", "007.JPEG"),
        ("other/cat/1.jpg", None),  # relative, and not there: no guessing
        ("1.jpg", None),
        ("cat", None),
        ("cat/1.png", None),
        ("cat/9", None),
        ("", None),
        ("C:\\1.jpg", None),
    ],
)
def test_names_are_found_however_they_are_written(tmp_path, name, expected):
    top = touched(tmp_path / "images", "cat/1.jpg", "2.jpg", "cat/7.png", "007.JPEG", "dog/1.txt")
    assert inner(top, Lookup([top]).find(name)) == expected


def test_an_absolute_path_that_is_there_is_taken(tmp_path, monkeypatch):
    touched(tmp_path, "images/cat/1.jpg", "cat/1.jpg")
    lookup = Lookup([tmp_path / "images"])
    assert lookup.find(str(tmp_path / "cat" / "1.jpg")) == str(tmp_path / "cat" / "1.jpg")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert lookup.find("~/images/cat/1.jpg") == str(tmp_path / "images" / "cat" / "1.jpg")


def test_the_longest_tail_and_the_first_root_win(tmp_path):
    touched(tmp_path, "a/img/1.jpg", "a/1.jpg", "b/img/1.jpg", "b/2.jpg")
    lookup = Lookup([tmp_path / "a", tmp_path / "b"])
    assert inner(tmp_path, lookup.find("C:\\x\\img\\1.jpg")) == "a/img/1.jpg"
    assert inner(tmp_path, lookup.find("2.jpg")) == "b/2.jpg"
    assert inner(tmp_path, Lookup([tmp_path / "b", tmp_path / "a"]).find("img/1.jpg")) == "b/img/1.jpg"


def test_no_two_names_share_a_file_by_guessing(tmp_path):
    top = touched(tmp_path, "1.jpg", "a/2.jpg")
    lookup = Lookup([top])
    assert lookup.find("C:\\train\\1.jpg") == lookup.find("C:\\train\\1.jpg")
    with pytest.raises(DataError, match=r"'C:.*train.*1\.jpg' and 'C:.*test.*1\.jpg' both lead to .*1\.jpg"):
        lookup.find("C:\\test\\1.jpg")
    lookup = Lookup([top])
    assert lookup.find("a/2.jpg") == lookup.find("a/../a/2.jpg") == lookup.find("a\\2.jpg")
    with pytest.raises(DataError, match=r"'a/2\.jpg' and 'A/2\.JPG' both lead to"):
        lookup.find("A/2.JPG")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="capitals do not tell files apart there")
def test_capitals_tell_files_apart_where_both_are_there(tmp_path):
    top = touched(tmp_path, "a.jpg", "A.jpg", "A/1.jpg", "a/2.jpg")
    lookup = Lookup([top])
    assert inner(top, lookup.find("a.jpg")) == "a.jpg" and inner(top, lookup.find("A.jpg")) == "A.jpg"
    assert lookup.find("A.JPG") is None
    assert lookup.find("a/1.jpg") is None


def test_an_ambiguous_extension_is_refused(tmp_path):
    top = touched(tmp_path, "1.jpg", "1.png")
    with pytest.raises(DataError, match=r"'1' has no extension and .* has 1\.png and 1\.jpg: write which is meant"):
        Lookup([top]).find("1")


def test_letters_composed_otherwise_are_the_same(tmp_path):
    composed, apart = (unicodedata.normalize(form, "고양이/야옹.jpg") for form in ("NFC", "NFD"))
    for written, asked in ((composed, apart), (apart, composed)):
        top = touched(tmp_path / str(len(written)), written)
        found = Lookup([top]).find(asked)
        assert found is not None and os.path.samefile(found, top / written)


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_a_backslash_may_be_part_of_a_name(tmp_path):
    top = touched(tmp_path, "a\\1.jpg", "a/1.jpg")
    lookup = Lookup([top])
    assert inner(top, lookup.find("a\\1.jpg")) == "a\\1.jpg" and inner(top, lookup.find("a/1.jpg")) == "a/1.jpg"


STEP = st.sampled_from(["a", "b", "고", "x y"])


@settings(max_examples=40, deadline=None)
@given(
    there=st.lists(st.tuples(STEP, STEP, st.sampled_from(["1.jpg", "2.png"])), min_size=1, max_size=6, unique=True),
    asked=st.tuples(STEP, STEP, st.sampled_from(["1.jpg", "2.png"])),
    prefix=st.sampled_from(["", "C:\\q\\", "C:/q/r/", "/q/"]),
)
def test_finds_what_a_slow_search_finds(tmp_path_factory, there, asked, prefix):
    top = touched(tmp_path_factory.mktemp("there"), *("/".join(parts) for parts in there))
    name = prefix + ntpath.join(*asked) if "\\" in prefix else prefix + "/".join(asked)
    expected = top.joinpath(*asked)
    assert Lookup([top]).find(name) == (str(expected) if expected.is_file() else None)


def test_each_folder_is_listed_once_and_no_file_is_asked_for(tmp_path, monkeypatch):
    top = touched(tmp_path, *(f"{i // 100}/{i}.jpg" for i in range(1000)))
    names = [f"D:\\data\\{i // 100}\\{i}.jpg" for i in range(1000)]
    lookup, listed, scandir = Lookup([top]), [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: (listed.append(folder), scandir(folder))[1])
    monkeypatch.setattr(os, "stat", None)
    assert [inner(top, lookup.find(name)) for name in names] == [f"{i // 100}/{i}.jpg" for i in range(1000)]
    assert len(listed) < 60
