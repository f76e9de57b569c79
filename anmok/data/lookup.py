"""Finding the files that a table names, however and wherever it was written."""

import ntpath
import os
import unicodedata

from anmok.errors import DataError
from anmok.images import decode


class Lookup:
    """Finds names under `roots` (absolute paths of folders, the first one that has a file wins).

    Each folder is listed once, so that 100,000 names take a second. A name may be relative to a root or begin with the
    root's own name, be absolute, begin with ~, have backslashes, lack its extension, or differ from the file in
    capitals or in how its letters are composed. Of an absolute path that is not there (C:\\data\\img\\cat\\1.jpg) the
    longest tail is taken that is there under a root (cat/1.jpg).
    """

    def __init__(self, roots):
        self.roots = [os.path.abspath(root) for root in roots]
        self._folders = {}  # path as asked: (path as it is, {name: name}, {folded name: [names]}) or None
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
                    f"{other!r} and {name!r} both lead to {path}, and not both can be it. Write the paths relative to "
                    "the folder of the images, as the files are called, or give the right folder."
                )
        return path

    def _found(self, name):
        if name.startswith(("~/", "~\\")):
            name = os.path.expanduser(name.replace("\\", "/"))
        # On POSIX a backslash may be part of a file's name; only a file that is there says so.
        if "\\" in name and os.sep != "\\" and (path := self._first(name)):
            return path
        steps = name.replace("\\", "/")
        drive, tail = ntpath.splitdrive(steps)
        if not drive and not tail.startswith("/"):
            return self._first(steps)
        if os.path.isabs(steps) and (path := self._at(steps)):
            return path
        steps = [step for step in tail.split("/") if step]
        tails = ("/".join(steps[start:]) for start in range(len(steps)))
        return next((path for end in tails if (path := self._first(end))), None)

    def _first(self, steps):
        for root in self.roots:
            if path := self._at(os.path.join(root, steps)):
                return path
        top, _, rest = steps.removeprefix("./").partition("/")
        for root in self.roots:
            if rest and top == os.path.basename(root) and (path := self._at(os.path.join(root, rest))):
                return path
        return None

    def _at(self, path):
        folder, name = os.path.split(os.path.normpath(path))
        listed = self._listed(folder)
        if listed is None:
            return None
        real, names, folded = listed
        if name in names:
            return os.path.join(real, name)
        if len(near := folded.get(_folded(name), ())) == 1:
            return os.path.join(real, near[0])
        if len(near) > 1 or name.lower().endswith(decode.EXTENSIONS):
            return None
        candidates = [n for end in decode.EXTENSIONS for n in folded.get(_folded(name + end), ())]
        if len(candidates) > 1:
            raise DataError(
                f"{name!r} has no extension and {real} has {' and '.join(candidates)}: write which is meant."
            )
        return os.path.join(real, candidates[0]) if candidates else None

    def _listed(self, folder):
        try:
            return self._folders[folder]
        except KeyError:
            self._folders[folder] = listed = self._list(folder)
            return listed

    def _list(self, folder):
        try:
            with os.scandir(folder) as entries:
                names = {entry.name for entry in entries if not entry.is_dir()}
        except OSError:
            return self._spelled_otherwise(folder)
        folded = {}
        for name in names:
            folded.setdefault(_folded(name), []).append(name)
        return folder, names, folded

    def _spelled_otherwise(self, folder):
        """The listing of the only folder whose name differs from `folder` in capitals or composition alone."""
        parent, name = os.path.split(folder)
        if parent == folder or not any(folder.startswith(os.path.join(root, "")) for root in self.roots):
            return None
        above = self._listed(parent)
        if above is None:
            return None
        with os.scandir(above[0]) as entries:
            near = [entry.name for entry in entries if entry.is_dir() and _folded(entry.name) == _folded(name)]
        return self._listed(os.path.join(above[0], near[0])) if len(near) == 1 and near[0] != name else None


def _is_end_of(name, path):
    steps = os.path.normpath(name if name in path else name.replace("\\", "/"))
    while steps.startswith(os.path.join("..", "")):
        steps = steps[3:]
    return path == steps or path.endswith(os.path.join(os.sep, steps.removeprefix("~" + os.sep).lstrip(os.sep)))


def _folded(name):
    return name.casefold() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
