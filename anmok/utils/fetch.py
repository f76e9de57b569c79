"""Files from the web, kept in the cache."""

import os
import urllib.parse
from pathlib import Path

from anmok import files
from anmok.errors import ArgumentError, FileFormatError
from anmok.notices import old_spelling

# Asked first by get_file with (fname, origin, extract=, folder=): the cache's folder, or cache_dir's if that was given.
# The first path that one of them returns is the answer.
finders = []


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """The path (str) of a file that is downloaded from the URL `origin` unless the cache has it, as in Keras 3.

    The file is cache_dir/cache_subdir/fname; cache_dir is $ANMOK_HOME or ~/.anmok if None, fname the URL's if None.
    file_hash: its sha256 or md5; a file in the cache that differs is downloaded again. extract: unpack a tar or zip
    and return the folder: `fname`, or for "name.ext" the folder "name_extracted" beside the archive.
    Raises MissingFileError if it cannot be had whole, FileFormatError if it cannot be unpacked safely.
    """
    if not origin:
        raise ArgumentError("Expected origin, the URL of the file.")
    if md5_hash is not None:
        old_spelling("get_file(md5_hash=...)", "file_hash=...")
        if file_hash is None:
            file_hash, hash_algorithm = md5_hash, "md5"
    if untar:
        old_spelling("get_file(untar=True)", "extract=True")
        extract, archive_format = True, "tar"
    if hash_algorithm not in ("auto", "sha256", "md5"):
        raise ArgumentError(f"Expected hash_algorithm 'auto', 'sha256' or 'md5', got {hash_algorithm!r}.")
    folder = Path(cache_dir or files.home()).expanduser() / cache_subdir
    archive, unpacked = _places(folder, fname, origin, extract)
    for find in finders:
        if (found := find(fname, origin, extract=extract, folder=folder)) is not None:
            return found
    algorithm = None if hash_algorithm == "auto" else hash_algorithm
    is_here = archive.exists() and not force_download
    if is_here and file_hash is not None:
        is_here = files.is_intact(archive, file_hash, algorithm)
    if not is_here:
        files.download(origin, archive, expected=file_hash, algorithm=algorithm)
    if extract and not (is_here and unpacked.is_dir()) and not files.extract(archive, unpacked, archive_format):
        raise FileFormatError(f"{archive} is not an archive to extract (archive_format={archive_format!r}).")
    return str(unpacked if extract else archive)


def _places(folder, fname, origin, extract):
    """Where the file goes, and the folder it is unpacked to: Keras 3's names."""
    name = os.fspath(fname) if fname else Path(urllib.parse.urlsplit(origin).path).name
    if not name:
        raise ArgumentError(f"{origin} ends without a file's name; give fname.")
    if Path(name).name != name or name == "..":
        raise ArgumentError(f"Expected fname to be a name without folders, got {name!r}. Use cache_dir, cache_subdir.")
    if not extract:
        return folder / name, None
    if fname and "." in name:
        return folder / name, folder / f"{name[: name.find('.')]}_extracted"
    return folder / f"{name}_archive", folder / name
