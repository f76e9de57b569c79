"""Finding the files that a table names, however and wherever it was written."""

import ntpath
import os
import unicodedata
from typing import NamedTuple

from anmok.errors import DataError
from anmok.images import decode


class Lookup:
    """Finds names under `roots` (paths of folders; the first one that has a file wins).

    Each folder is listed once, so that 100,000 names take a second. A name may be relative to a root or begin with the
    root's own name, be absolute, begin with ~, have backslashes, lack its extension, or differ from the file in
    capitals or in how its letters are composed. Of an absolute path that is not there (C:\\data\\img\\cat\\1.jpg) the
    longest tail is taken that is there under a root (cat/1.jpg).
    """

    def __init__(self, roots):
        self.roots = [os.path.abspath(root) for root in roots]
        self._places = {}  # folder as a table writes it: the folders that it may mean, likeliest first
        self._folders = {}  # path of a folder: its listing, or None
        self._claims = {}  # file found: (the first name that led to it, whether that is another than the file's)

    def find(self, name):
        """The absolute path of the file called `name`, or None.

        Raises DataError when several files could be meant, or when one file could be meant by several names.
        """
        path = self._found(name)
        if path is not None:
            # What is found under another name than the table's is sure only while no other row claims it.
            guessed = not _is_end_of(name, path)
            other, other_guessed = self._claims.setdefault(path, (name, guessed))
            if other != name and (guessed or other_guessed):
                raise DataError(
                    f"{other!r} and {name!r} both lead to {path}; which of them it is cannot be told. Write the paths "
                    "relative to the folder of the images, as the files are called, or give the right folder."
                )
        return path

    def _found(self, name):
        if name.startswith(("~/", "~\\")):
            name = os.path.expanduser(name.replace("\\", "/"))
        # On POSIX a backslash may be part of a file's name; only a file that is there says so.
        if "\\" in name and os.sep != "\\" and (path := self._among_places(name)):
            return path
        return self._among_places(name.replace("\\", "/"))

    def _among_places(self, steps):
        folder, slash, name = steps.rpartition("/")
        folder = folder or slash
        if folder not in self._places:
            self._places[folder] = self._places_of(folder)
        return next((path for listing in self._places[folder] if (path := listing.path_of(name))), None)

    def _places_of(self, folder):
        drive, tail = ntpath.splitdrive(folder)
        if not drive and not tail.startswith("/"):
            paths = self._under_roots(folder)
        else:
            steps = [step for step in tail.split("/") if step]
            paths = [folder] if os.path.isabs(folder) else []
            for start in range(len(steps) + 1):
                paths += self._under_roots("/".join(steps[start:]))
        listings = (self._listed(os.path.normpath(path)) for path in dict.fromkeys(paths))
        return [listing for listing in listings if listing is not None]

    def _under_roots(self, folder):
        top, _, rest = folder.removeprefix("./").partition("/")
        paths = [os.path.join(root, folder) for root in self.roots]
        return paths + [os.path.join(root, rest) for root in self.roots if top == os.path.basename(root)]

    def _listed(self, folder):
        if folder not in self._folders:
            try:
                with os.scandir(folder) as entries:
                    self._folders[folder] = _Listing.of(folder, (e.name for e in entries if not e.is_dir()))
            except OSError:
                self._folders[folder] = self._spelled_otherwise(folder)
        return self._folders[folder]

    def _spelled_otherwise(self, folder):
        """The listing of the only folder whose name differs from `folder` in capitals or composition alone."""
        parent, name = os.path.split(folder)
        if not any(folder.startswith(os.path.join(root, "")) for root in self.roots):
            return None
        above = self._listed(parent)
        if above is None:
            return None
        with os.scandir(above.folder) as entries:
            near = [entry.name for entry in entries if entry.is_dir() and _folded(entry.name) == _folded(name)]
        return self._listed(os.path.join(above.folder, near[0])) if len(near) == 1 and near[0] != name else None


class _Listing(NamedTuple):
    """The files of a folder: their names, and {name with capitals and composition set aside: [names]}."""

    folder: str
    names: frozenset
    folded: dict

    @classmethod
    def of(cls, folder, names):
        names, folded = frozenset(names), {}
        for name in sorted(names):
            folded.setdefault(_folded(name), []).append(name)
        return cls(folder, names, folded)

    def path_of(self, name):
        """The path of the file of that name, or of the only one that it can mean, or None."""
        if name not in self.names:
            near = self.folded.get(_folded(name), ())
            if not near and name and not name.lower().endswith(decode.EXTENSIONS):
                near = [found for end in decode.EXTENSIONS for found in self.folded.get(_folded(name + end), ())]
                if len(near) > 1:
                    raise DataError(
                        f"{name!r} has no extension and {self.folder} has {' and '.join(near)}: write which is meant."
                    )
            if len(near) != 1:
                return None
            name = near[0]
        return os.path.join(self.folder, name)


def _is_end_of(name, path):
    steps = os.path.normpath(name if name in path else name.replace("\\", "/"))
    while steps.startswith(os.path.join("..", "")):
        steps = steps[3:]
    return path == steps or path.endswith(os.path.join(os.sep, steps.removeprefix("~" + os.sep).lstrip(os.sep)))


def _folded(name):
    return name.casefold() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
