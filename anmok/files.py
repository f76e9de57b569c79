"""The cache folder, and files that come from elsewhere: whole and checked, or not there at all."""

import hashlib
import http.client
import os
import shutil
import tarfile
import unicodedata
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from anmok.errors import ArgumentError, FileFormatError, MissingFileError

_CHUNK = 1 << 16
_TIMEOUT = 30  # seconds without a byte
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}  # by the number of hexadecimal digits


class ChecksumError(MissingFileError, FileFormatError):
    """What was downloaded is not the file that was asked for."""


# Endings that say what a file holds: of those that models and weights are written to here, and of others'.
_FORMATS = (
    ".keras", ".h5", ".hdf5", ".safetensors", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".npz", ".npy", ".onnx",
    ".tflite", ".pb", ".bin", ".json",
)  # fmt: skip


def names_a_format(filepath):
    """Whether the name's ending says what is in the file; tf.keras took other names for checkpoints and folders."""
    return str(filepath).lower().endswith(_FORMATS)


def home():
    """The cache folder: $ANMOK_HOME, else ~/.anmok (a Path; it need not exist yet)."""
    return Path(os.environ.get("ANMOK_HOME") or Path.home() / ".anmok").expanduser()


def checksum(path, algorithm="sha256"):
    """The hexadecimal digest of a file's bytes."""
    digest = hashlib.new(algorithm)
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def algorithm_of(expected):
    """The algorithm that makes digests of that length; raises ArgumentError if none does."""
    try:
        return _ALGORITHMS[len(expected)]
    except (KeyError, TypeError):
        raise ArgumentError(f"Expected a sha256 or md5 digest in hexadecimal, got {expected!r}.") from None


def is_intact(path, expected, algorithm=None):
    """Whether the file's digest is `expected` (hexadecimal; the algorithm is told by its length)."""
    return checksum(path, algorithm or algorithm_of(expected)) == expected.lower()


def part_of(target):
    """Where `target` is written before it is whole; other processes write elsewhere."""
    return target.with_name(f"{target.name}.{os.getpid()}.part")


def download(origin, target, *, expected=None, algorithm=None):
    """Fetch the URL `origin` to the path `target`, with a progress bar; `expected` is its digest.

    The bytes go to a .part file that takes the name `target` when they are all there and their digest is right, and
    that is removed otherwise. Raises MissingFileError (offline, refused, cut short) or ChecksumError, which is one too.
    """
    target = Path(target)
    if urllib.parse.urlsplit(origin).scheme not in ("http", "https", "ftp", "file"):
        raise ArgumentError(f"Expected an http, https, ftp or file URL to download from, got {origin!r}.")
    if expected is not None and algorithm is None:
        algorithm = algorithm_of(expected)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(target)
    try:
        _fetch(origin, part, target.name)
        if expected is not None and not is_intact(part, expected, algorithm):
            raise ChecksumError(
                f"What came from {origin} is not the file that was asked for: expected {algorithm} {expected}, got "
                f"{checksum(part, algorithm)}. {_wanted(origin, target)}"
            )
        os.replace(part, target)
    except (OSError, http.client.HTTPException) as reason:
        if isinstance(reason, MissingFileError):
            raise
        words = getattr(reason, "reason", None) or reason
        if code := getattr(reason, "code", None):
            words = f"HTTP {code} {words}"
        raise MissingFileError(f"Could not download {target.name}: {words}. {_wanted(origin, target)}") from reason
    finally:
        part.unlink(missing_ok=True)
    return target


def _wanted(origin, target):
    return f"The file is wanted at {target}; it comes from {origin}. Copy it there by hand if this machine is offline."


def _fetch(origin, part, name):
    request = urllib.request.Request(origin, headers={"User-Agent": "anmok"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response, open(part, "wb") as file, _bar() as progress:
        length = response.headers.get("Content-Length")
        total = int(length) if length and length.isdigit() else None
        task = progress.add_task(name, total=total)
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            progress.advance(task, len(chunk))
        if total is not None and file.tell() < total:
            raise MissingFileError(
                f"The download of {name} was cut short: {file.tell():,} of {total:,} bytes came. "
                f"Try again; nothing of it was kept. It comes from {origin}."
            )


def _bar():
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))


def extract(archive, folder, archive_format="auto"):
    """Unpack a tar (also compressed) or zip archive so that `folder` holds its contents; False if it is neither.

    archive_format: "tar", "zip", a list of them, "auto" for both, None for neither. `folder` appears whole, replacing
    what was there. Raises FileFormatError if a member would land outside of `folder`; then nothing is unpacked.
    """
    formats = ["tar", "zip"] if archive_format == "auto" else archive_format or []
    formats = [formats] if isinstance(formats, str) else list(formats)
    if unknown := [name for name in formats if name not in ("tar", "zip")]:
        raise ArgumentError(f"Expected archive_format 'auto', 'tar', 'zip' or None, got {unknown[0]!r}.")
    folder = Path(folder)
    part = part_of(folder)
    shutil.rmtree(part, ignore_errors=True)
    try:
        if "tar" in formats and tarfile.is_tarfile(archive):
            _untar(archive, part)
        elif "zip" in formats and zipfile.is_zipfile(archive):
            _unzip(archive, part)
        else:
            return False
        if folder.is_dir():
            shutil.rmtree(folder)
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return True


def _untar(archive, folder):
    with tarfile.open(archive) as tar:
        for member in tar:
            _refuse_outside(archive, member.name)
            if not (member.isfile() or member.isdir() or _is_inner_link(member)):
                raise FileFormatError(
                    f"{archive}: its member {member.name!r} is a link that leaves the archive, or a device. "
                    "Nothing was unpacked; an archive of files and folders is expected."
                )
        # The filter came with Python 3.10.12 and 3.11.4; links, which only it follows safely, are refused without it.
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        folder.mkdir(parents=True)
        try:
            tar.extractall(folder, **safely)
        except tarfile.TarError as reason:
            raise FileFormatError(f"{archive} cannot be unpacked safely: {reason}.") from reason


def _is_inner_link(member):
    if not hasattr(tarfile, "data_filter") or not (member.issym() or member.islnk()):
        return False
    start = PurePosixPath(member.name).parent if member.issym() else PurePosixPath()
    return _stays_inside(str(start / member.linkname))


def _unzip(archive, folder):
    with zipfile.ZipFile(archive) as zipped:
        members = zipped.infolist()
        for member in members:
            _refuse_outside(archive, member.filename)
        for member, name in zip(members, _readable_names(members), strict=True):
            _refuse_outside(archive, name)
            member.filename = name
        folder.mkdir(parents=True)
        for member in members:
            zipped.extract(member, folder)


def _readable_names(members):
    """Names of a zip's members as its maker saw them, composed letter by letter (NFC).

    Without the flag that says UTF-8, Python reads bytes as code page 437; but macOS writes UTF-8 without it, Windows in
    Korean code page 949. Whichever all names of an archive agree with is taken. Some Windows tools write backslashes.
    """
    old = [member for member in members if not member.flag_bits & 0x800 and not member.filename.isascii()]
    told = {}
    for encoding in ("utf-8", "cp949"):
        try:
            told = {id(member): member.filename.encode("cp437").decode(encoding) for member in old}
        except UnicodeError:
            continue
        if encoding == "utf-8" or _is_korean("".join(told.values())):
            break
        told = {}
    names = [told.get(id(member), member.filename) for member in members]
    names = [
        name.replace("\\", "/") if member.create_system == 0 else name
        for member, name in zip(members, names, strict=True)
    ]
    composed = [unicodedata.normalize("NFC", name) for name in names]
    return composed if len(set(composed)) == len(set(names)) else names


def _is_korean(text):
    # Any high byte and the letter after it make some rare syllable of page 949; Korean is mostly of the common 2,350.
    letters = [letter for letter in text if not letter.isascii()]
    common = [letter for letter in letters if "가" <= letter <= "힣" and len(letter.encode("euc_kr")) == 2]
    return 2 * len(common) > len(letters)


def _refuse_outside(archive, name):
    if not _stays_inside(name):
        raise FileFormatError(
            f"{archive}: its member {name!r} would be written outside of the folder it is unpacked to. "
            "Nothing was unpacked."
        )


def _stays_inside(name):
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or any(":" in step for step in path.parts[:1]):  # C:... on Windows
        return False
    depth = 0
    for step in path.parts:
        depth += -1 if step == ".." else 1
        if depth < 0:
            return False
    return True
