"""`--data NAME=PATH`: what a program asks for by a path, a URL or a data set's name, and where it is here."""

import contextlib
import os
import re
import shutil
import urllib.parse
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anmok import files
from anmok.data import archives
from anmok.errors import ArgumentError, MissingFileError

ENDINGS = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip")
_URL = re.compile(r"^[a-z]+://")
_SPLITS = ("train", "training", "training_set", "validation", "valid", "val", "test", "testing", "test_set", "images")
_WINDOWS = re.compile(r"^[A-Za-z]:/")


@dataclass(frozen=True)
class Given:
    """A name that a program uses and the path (absolute) of the file or folder that it means."""

    name: str
    path: str

    @property
    def is_url(self):
        return bool(_URL.match(self.name))

    @property
    def parts(self):
        """The name's parts, without what leads to its beginning: "../input/cats" is ("input", "cats")."""
        plain = urllib.parse.urlsplit(self.name).path if self.is_url else self.name
        return tuple(part for part in plain.split("/") if part not in ("", ".", "..") and not part.endswith(":"))


def parse(text):
    """The Given of "NAME=PATH"; raises ArgumentError, or MissingFileError where nothing is at PATH."""
    places = [i for i, sign in enumerate(text) if sign == "="]
    if not places or not text[: places[0]]:
        raise ArgumentError(f"--data {text}: expected NAME=PATH, for example --data train.zip=/home/me/train.zip.")
    for place in reversed(places):  # a URL may have '=' in it
        path = Path(text[place + 1 :]).expanduser()
        if text[place + 1 :] and path.exists():
            name = text[:place].replace("\\", "/")
            return Given(name if _URL.match(name) else os.path.normpath(name), os.path.abspath(path))
    path = Path(text[places[0] + 1 :]).expanduser()
    raise MissingFileError(f"--data {text}: there is no file or folder {path.absolute()}.")


def stem(name):
    """The last part of a name without an archive's ending: "x/cats.tar.gz" gives "cats"."""
    last = PurePosixPath(name).name
    ending = next((ending for ending in ENDINGS if last.lower().endswith(ending)), "")
    return last[: len(last) - len(ending)]


def is_archive(name):
    return str(name).lower().endswith(ENDINGS)


class FoundData:
    """The data of one run on its stage.

    told(text) is called for what was found where the program does not look.
    """

    def __init__(self, stage, given, *, told=lambda text: None):
        self._stage = stage
        self._given = given
        self._told = told
        self._unpacked = {}
        self.named, self.loose, self.homes, self.within = {}, {}, {}, {}
        self.layer = None
        for number, each in enumerate(given):
            self._place(each, number)

    def _place(self, each, number):
        if each.is_url:
            self.loose[each.parts[-1]] = place = os.path.join(self._stage.folder, ".data", str(number), each.parts[-1])
        elif os.path.isabs(each.name) or _WINDOWS.match(each.name) or each.name.startswith(".."):
            place = os.path.join(self._stage.folder, ".data", str(number), each.parts[-1])
            self.named[each.name] = place
        else:
            place = os.path.join(self._stage.folder, each.name)
        self.put(each, place)
        self.loose.setdefault("/".join(each.parts), place)

    def put(self, each, place):
        """Let the data be at a path of the stage: as a folder, or as an archive if that is what the path is called."""
        is_folder = os.path.isdir(each.path)
        if place not in self._stage:
            (shutil.copytree if is_folder else shutil.copy2)(each.path, place)
            return
        if is_archive(place) and is_folder:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            _zip(each.path, place)
            return
        original = each.path
        if not is_folder and is_archive(each.path) and not is_archive(place):
            original = self._entered(each.path, place)
        self._stage.put(place, original)
        if is_folder or original != each.path:
            self.homes[os.path.realpath(original)] = place

    def _entered(self, archive, place):
        """The folder that an archive holds, within its only folder unless that is a split: `place` stands for both."""
        folder = self.unpacked(archive)
        while True:
            inner = [name for name in os.listdir(folder) if not name.startswith((".", "__MACOSX"))]
            if len(inner) != 1 or inner[0].lower() in _SPLITS or not os.path.isdir(os.path.join(folder, inner[0])):
                return folder
            self.within[os.path.join(place, inner[0])] = place
            folder = os.path.join(folder, inner[0])

    def _aside(self):
        """A with block within which paths are what they are."""
        return self.layer.aside() if self.layer else contextlib.nullcontext()

    def find(self, asked):
        """The Given for a URL, a file's name or a data set's ("owner/name"); None if --data has none for it."""
        for each in self._given:
            if each.name == asked:
                return each
        wanted = stem(urllib.parse.urlsplit(asked).path if _URL.match(asked) else asked)
        return next((each for each in self._given if wanted and wanted == stem("/".join(each.parts))), None)

    def fetched(self, url, name=None, *, cache=None):
        """The path of the file (or folder) for a URL: of --data, of the cache, or downloaded into the cache.

        Raises MissingFileError if it can be had nowhere.
        """
        with self._aside():
            return self._fetched(url, name, cache)

    def _fetched(self, url, name, cache):
        given = self.find(url) or (name and self.find(name))
        if given:
            self._told(f"{url} is {given.path}")
            return given.path
        last = name or PurePosixPath(urllib.parse.urlsplit(url).path).name
        cache = Path(cache or files.home() / "datasets")
        for candidate in (last, stem(last)):
            kept = cache / candidate
            if candidate and kept.exists():
                self._told(f"{url} is {kept}, of the cache")
                return os.fspath(kept)
        try:
            return os.fspath(files.download(url, cache / last))
        except (MissingFileError, ArgumentError) as error:
            raise MissingFileError(f"{error} Or say where it is: anmok run ... --data {last}=PATH.") from error

    def uploaded(self):
        """{name: bytes} of every file that --data gives, each in the folder where the program works."""
        chosen = {}
        with self._aside():
            for each in self._given:
                if os.path.isfile(each.path):
                    name = each.parts[-1]
                    place = os.path.join(self._stage.folder, name)
                    if not os.path.lexists(place):
                        self.put(Given(name, each.path), place)
                    chosen[name] = Path(each.path).read_bytes()
        return chosen

    def is_here(self, url):
        """Whether `fetched` has no need to download."""
        name = PurePosixPath(urllib.parse.urlsplit(url).path).name
        return bool(self.find(url) or (name and (files.home() / "datasets" / name).exists()))

    def unpacked(self, path):
        """The folder (str) that holds what an archive holds, its only folder not entered; a folder is itself."""
        if os.path.isdir(path):
            return path
        with self._aside():
            return self._unpack(os.path.realpath(path))

    def _unpack(self, path):
        if path not in self._unpacked:
            folder = os.fspath(archives.opened(path))
            shelf = os.fspath(files.home() / "cache" / "archives") + os.sep
            while os.path.dirname(os.path.dirname(folder)).startswith(shelf):
                folder = os.path.dirname(folder)
            self._unpacked[path] = folder
        return self._unpacked[path]

    # keras.utils.get_file ------------------------------------------------------------------------------------------

    def get_file(self, fname, origin, *, extract, folder):
        """What Keras' get_file returns, a str, with the files around it that programs of Keras 2 and of Keras 3 expect.

        folder: where Keras would put it. Keras 2 unpacks beside the archive and returns the archive's path; Keras 3
        unpacks into name_extracted.
        """
        name = os.path.basename(os.fspath(fname)) if fname else PurePosixPath(urllib.parse.urlsplit(origin).path).name
        in_cache = files.home() in Path(folder).parents
        source = self.fetched(origin, name, cache=folder if in_cache else None)
        shelf = os.path.join(self._stage.folder, ".keras", Path(folder).name)
        if not in_cache:  # cache_dir was given: a folder of the program's
            shelf = os.path.abspath(self.layer.led(os.fspath(folder), self.layer.made))
        target = os.path.join(shelf, name)
        with self._aside():
            if extract:
                self._lay_out(shelf, name, source, self.unpacked(source))
            else:
                self.put(Given(name, source), target)
        return target

    def _lay_out(self, shelf, name, source, holds):
        inner = sorted(each for each in os.listdir(holds) if not each.startswith((".", "__MACOSX")))
        wanted = stem(name) if os.path.isdir(source) or len(inner) != 1 else inner[0]
        alone = os.path.join(holds, wanted) if os.path.isdir(os.path.join(holds, wanted)) else holds
        if os.path.isdir(source):
            # The folder may be what the archive holds, or hold it.
            places = {stem(source): source, **{each: os.path.join(source, each) for each in inner}}
        else:
            places = {each: os.path.join(holds, each) for each in inner}
        places.setdefault(stem(name), alone)
        extracted = f"{name.split('.')[0]}_extracted"
        for called, path in places.items():
            self._stage.put(os.path.join(shelf, called), path)
        if os.path.isdir(source):
            self._stage.put(os.path.join(shelf, extracted, stem(source)), source)
            if stem(name) != stem(source):
                self._stage.put(os.path.join(shelf, extracted, stem(name)), source)
        else:
            self._stage.put(os.path.join(shelf, extracted), holds)
        target = os.path.join(shelf, name)
        if is_archive(name) and not os.path.isdir(source):
            self._stage.put(target, source)
            self.within[target] = os.path.join(shelf, extracted)
        elif name not in places:
            self._stage.put(target, alone)


def _zip(folder, target):
    with zipfile.ZipFile(target, "w") as zipped:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                zipped.write(path, path.relative_to(folder))
