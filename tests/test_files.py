"""Downloads and archives, against a server on this machine."""

import hashlib
import io
import tarfile
import zipfile

import pytest

from anmok import files
from anmok.errors import AnmokError, ArgumentError, FileFormatError, MissingFileError

BODY = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()
MD5 = hashlib.md5(BODY).hexdigest()


def test_home_is_the_variable_or_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path))
    assert files.home() == tmp_path
    monkeypatch.delenv("ANMOK_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.home() == tmp_path / ".anmok"


@pytest.mark.parametrize("digest", [None, SHA256, MD5, SHA256.upper()])
def test_a_good_file_arrives_whole(serving, tmp_path, digest):
    with serving({"/a.bin": BODY}) as (url, _):
        target = files.download(f"{url}/a.bin", tmp_path / "deep" / "a.bin", expected=digest)
    assert target.read_bytes() == BODY
    assert [path.name for path in target.parent.iterdir()] == ["a.bin"]


@pytest.mark.parametrize(
    "contents, cut, digest, words",
    [
        ({"/a.bin": BODY[:-1] + b"!"}, (), SHA256, f"expected sha256 {SHA256}"),
        ({"/a.bin": BODY}, ("/a.bin",), SHA256, "cut short: 128,000 of 256,000 bytes"),
        ({}, (), SHA256, "HTTP 404"),
    ],
)
def test_a_failed_download_says_why_and_leaves_nothing(serving, tmp_path, contents, cut, digest, words):
    with serving(contents, cut) as (url, _):
        with pytest.raises(MissingFileError) as caught:
            files.download(f"{url}/a.bin", tmp_path / "a.bin", expected=digest)
        assert words in str(caught.value)
        assert f"{url}/a.bin" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_offline_says_where_the_file_is_wanted_and_where_it_comes_from(serving, tmp_path):
    with serving({}) as (url, _):
        pass
    with pytest.raises(MissingFileError) as caught:
        files.download(f"{url}/a.bin", tmp_path / "a.bin")
    assert f"wanted at {tmp_path / 'a.bin'}; it comes from {url}/a.bin" in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)


def test_a_wrong_checksum_is_both_a_missing_and_a_damaged_file():
    assert issubclass(files.ChecksumError, (MissingFileError, FileFormatError, AnmokError))
    assert issubclass(files.ChecksumError, ValueError) and issubclass(files.ChecksumError, OSError)


def test_what_cannot_be_honoured_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="digest in hexadecimal"):
        files.download("http://127.0.0.1:9/x", tmp_path / "x", expected="abc")
    with pytest.raises(ArgumentError, match="URL to download from"):
        files.download("/etc/passwd", tmp_path / "x")


def make_tar(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                tar.addfile(info)


def make_zip(path, members):
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_an_archive_is_unpacked_whole_and_replaces_the_old(tmp_path, make):
    make(tmp_path / "a", {"one/x.txt": b"1", "y.txt": b"2"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old")
    assert files.extract(tmp_path / "a", tmp_path / "out")
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.txt")}
    assert found == {"one/x.txt", "y.txt"}


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "..\\evil"])
@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_nothing_is_written_outside(tmp_path, make, name):
    make(tmp_path / "a", {"fine.txt": b"1", name: b"2"})
    with pytest.raises(FileFormatError, match="outside"):
        files.extract(tmp_path / "a", tmp_path / "in" / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) in (["a"], ["a", "in"])


@pytest.mark.parametrize(
    "link", [(tarfile.SYMTYPE, "../.."), (tarfile.SYMTYPE, "/etc"), (tarfile.LNKTYPE, "../x"), (tarfile.CHRTYPE, "")]
)
def test_links_out_and_devices_are_refused(tmp_path, link):
    make_tar(tmp_path / "a", {"door": link, "door/x": b"2"})
    with pytest.raises(FileFormatError, match="door"):
        files.extract(tmp_path / "a", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_chain_of_links_does_not_lead_out(tmp_path):
    chain = {"a/b/x": b"1", "s": (tarfile.SYMTYPE, "a/b"), "s/t": (tarfile.SYMTYPE, "../.."), "s/t/../../evil": b"2"}
    make_tar(tmp_path / "a", chain)
    with pytest.raises(FileFormatError):
        files.extract(tmp_path / "a", tmp_path / "in" / "out")
    assert not list(tmp_path.rglob("evil"))


def test_the_format_can_be_narrowed(tmp_path):
    make_zip(tmp_path / "a", {"x": b"1"})
    assert not files.extract(tmp_path / "a", tmp_path / "out", "tar")
    assert not files.extract(tmp_path / "a", tmp_path / "out", None)
    assert files.extract(tmp_path / "a", tmp_path / "out", ["tar", "zip"])
    with pytest.raises(ArgumentError, match="rar"):
        files.extract(tmp_path / "a", tmp_path / "out", "rar")
