import os
import tarfile
import threading
import time
import unicodedata
import zipfile

import numpy as np
import pytest

from anmok.data.archives import opened
from anmok.data.folders import find_splits, read_folder
from anmok.errors import ArgumentError, FileFormatError, MissingFileError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def zipped(path, *names, data=b"pixels", compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in names:
            archive.writestr(name, data)
    return path


def renamed(path, names):
    """Put raw bytes in the place of names in a zip, of the same length, without the flag that says UTF-8."""
    data = path.read_bytes()
    for old, new in names.items():
        assert len(old) == len(new)
        assert data.count(old.encode()) == 2
        data = data.replace(old.encode(), new)
    path.write_bytes(data)
    return path


def held(folder):
    return sorted(os.path.relpath(os.path.join(root, f), folder) for root, _, files in os.walk(folder) for f in files)


def unpacked(home):
    shelves = home / "cache" / "archives"
    return sorted(str(p.relative_to(shelves)) for p in shelves.glob("*/*")) if shelves.is_dir() else []


def test_a_folder_is_itself(tmp_path, home):
    assert opened(tmp_path) == tmp_path and opened(str(tmp_path)) == tmp_path and not home.exists()


def test_a_zip_is_unpacked_once(tmp_path, home):
    path = zipped(tmp_path / "pets.zip", "cat/1.png", "dog/1.png", "dog/deep/2.png")
    folder = opened(path)
    assert held(folder) == [os.path.join(*n.split("/")) for n in ("cat/1.png", "dog/1.png", "dog/deep/2.png")]
    assert home in folder.parents and "pets" in str(folder)
    (folder / "cat" / "1.png").write_bytes(b"marked")
    assert opened(str(path)) == folder and (folder / "cat" / "1.png").read_bytes() == b"marked"
    assert read_folder(folder).classes == ("cat", "dog")


def test_a_changed_zip_is_unpacked_anew_and_the_old_one_goes_after_a_day(tmp_path, home):
    path = zipped(tmp_path / "pets.zip", "cat/1.png", "dog/1.png")
    first = opened(path)
    zipped(path, "cat/1.png", "dog/1.png", data=b"others")
    os.utime(path, ns=(1, os.stat(path).st_mtime_ns + 5_000_000_000))
    second = opened(path)
    assert second != first and (second / "cat" / "1.png").read_bytes() == b"others" and first.is_dir()
    os.utime(first, (time.time() - 90_000,) * 2)
    assert opened(path) == second and not first.exists()


def test_two_zips_of_one_name_lie_apart(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = opened(zipped(tmp_path / "a" / "x.zip", "cat/1.png", "dog/1.png"))
    two = opened(zipped(tmp_path / "b" / "x.zip", "cat/2.png", "dog/1.png"))
    assert one != two and held(one) != held(two)


@pytest.mark.parametrize(
    "names, inner",
    [
        (["top/cat/1.png", "top/dog/1.png"], "top"),
        (["top/cat/1.png", "top/dog/1.png", "__MACOSX/top/cat/._1.png", ".DS_Store"], "top"),
        (["a/b/train/cat/1.png", "a/b/test/cat/1.png"], "a/b"),
        (["top/table.csv", "top/1.png"], "top"),
        (["cat/1.png", "cat/2.png"], "."),  # a class of its own
        (["top/cat/1.png", "note.txt"], "."),
        (["cat/1.png", "dog/1.png"], "."),
    ],
)
def test_the_only_folder_at_the_top_is_entered(tmp_path, home, names, inner):
    folder = opened(zipped(tmp_path / "x.zip", *names))
    (shelf,) = unpacked(home)
    assert folder == home / "cache" / "archives" / shelf / inner


def test_splits_in_a_zip(tmp_path):
    splits = find_splits(opened(zipped(tmp_path / "x.zip", "set/train/cat/1.png", "set/val/cat/1.png")))
    assert splits["train"].name == "train" and splits["validation"].name == "val" and splits["test"] is None


def test_a_tar_is_an_archive_too(tmp_path):
    (tmp_path / "in" / "cat").mkdir(parents=True)
    (tmp_path / "in" / "cat" / "1.png").write_bytes(b"x")
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "in", "in")
    assert held(opened(tmp_path / "x.tar.gz")) == [os.path.join("cat", "1.png")]


@pytest.mark.parametrize("damage", ["cut", "none of it", "a byte", "the directory"])
def test_a_damaged_zip_is_refused_and_nothing_is_kept(tmp_path, home, damage):
    noise = np.random.default_rng(0).bytes(5000)
    path = zipped(tmp_path / "x.zip", "cat/1.png", "dog/1.png", data=noise)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "none of it":
        data = b"this is no zip at all"
    elif damage == "a byte":
        data[500] ^= 255
    else:
        data[data.rindex(b"PK\x01\x02")] ^= 255
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(FileFormatError, match=r"x\.zip.*(Copy or download it again)"):
            opened(path)
        assert unpacked(home) == []


def test_an_unpacking_that_was_killed_is_not_used(tmp_path, home):
    path = zipped(tmp_path / "x.zip", "cat/1.png", "dog/1.png")
    folder = opened(path)
    part = folder.with_name(f"{folder.name}.123.whole")
    os.rename(folder, part)
    (part / "cat" / "1.png").unlink()
    assert len(held(opened(path))) == 2
    os.utime(part, (time.time() - 90_000,) * 2)
    opened(path)
    assert not part.exists()


@pytest.mark.parametrize("name", ["../out.png", "a/../../out.png", "/out.png", "C:/out.png", "..\\out.png"])
def test_a_member_that_leaves_its_folder_is_refused(tmp_path, home, name):
    path = zipped(tmp_path / "x.zip", "cat/1.png", name)
    with pytest.raises(FileFormatError, match="outside of the folder"):
        opened(path)
    assert unpacked(home) == [] and not list(tmp_path.rglob("out.png"))


def test_a_zip_larger_than_the_disk_is_refused(tmp_path, home, monkeypatch):
    path = zipped(tmp_path / "x.zip", "cat/1.png", data=b"0" * 100_000)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("", (), {"free": 99_999}))
    with pytest.raises(FileFormatError, match=r"unpacked it takes 100,000 bytes, and .* has 99,999 free"):
        opened(path)


def test_an_encrypted_zip_says_so(tmp_path):
    path = zipped(tmp_path / "x.zip", "cat/1.png", compression=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=r"cannot be unpacked: .*encrypted.* Unpack it by hand"):
        opened(path)


def test_korean_names_are_readable_whoever_wrote_them(tmp_path):
    names = ("고양이/야옹 1.png", "강아지/멍 2.png")
    wanted = sorted(os.path.join(*name.split("/")) for name in names)
    assert held(opened(zipped(tmp_path / "flagged.zip", *names))) == wanted
    decomposed = [unicodedata.normalize("NFD", name) for name in names]
    assert held(opened(zipped(tmp_path / "flagged_nfd.zip", *decomposed))) == wanted
    for label, encode in {
        "windows": lambda name: name.encode("cp949"),
        "old_mac": lambda name: unicodedata.normalize("NFD", name).encode("utf-8"),
        "linux": lambda name: name.encode("utf-8"),
    }.items():
        raw = [encode(name) for name in names]
        stand_ins = [chr(ord("A") + i) * len(data) for i, data in enumerate(raw)]
        path = renamed(zipped(tmp_path / f"{label}.zip", *stand_ins), dict(zip(stand_ins, raw, strict=True)))
        assert held(opened(path)) == wanted, label


def test_other_names_stay_what_python_reads(tmp_path):
    # Code page 437 of an old Western zip: its high bytes would also make (rare) syllables of code page 949.
    path = renamed(zipped(tmp_path / "x.zip", "Caf#s/1.png", "M$dchen/1.png"), {"Caf#s": b"Caf\x82s", "M$d": b"M\x84d"})
    assert {name.split(os.sep)[0] for name in held(opened(path))} == {"Cafés", "Mädchen"}


def test_backslashes_of_windows_zips_are_folders(tmp_path):
    path = zipped(tmp_path / "x.zip", "cat\\1.png", "dog\\1.png")
    data = bytearray(path.read_bytes())
    for start in range(len(data) - 4):
        if data[start : start + 4] == b"PK\x01\x02":
            data[start + 5] = 0  # made on Windows
    path.write_bytes(data)
    assert read_folder(opened(path)).classes == ("cat", "dog")


def test_threads_unpack_it_once(tmp_path, home):
    path = zipped(tmp_path / "x.zip", *(f"cat/{i}.png" for i in range(200)))
    folders = []
    threads = [threading.Thread(target=lambda: folders.append(opened(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folders) == 4 and len(set(folders)) == 1 and len(held(folders[0])) == 200 and len(unpacked(home)) == 1


def test_what_is_not_there_is_named(tmp_path):
    zipped(tmp_path / "pets.zip", "a/1.png")
    with pytest.raises(MissingFileError, match=r"no folder or archive 'pet\.zip' in .*Did you mean 'pets\.zip'"):
        opened(tmp_path / "pet.zip")
    with pytest.raises(ArgumentError, match="path of a folder or zip, got NoneType"):
        opened(None)
