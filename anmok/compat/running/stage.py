"""The folder that a program works in: it finds there what lies below, and what it writes or removes stays there.

Below the stage lie folders that belong to the person: where the program is, where it was started, what --data names.
What is looked for appears on the stage as a link (a file) or as a folder of its own (a folder), so that the program may
write between them, overwrite, rename and remove whatever it finds without touching an original.
"""

import contextlib
import os
import shutil
import threading
from pathlib import Path


class Stage:
    """A folder with others below it, the first of them that has a name wins."""

    def __init__(self, folder, below=()):
        self.folder = os.path.realpath(folder)
        self.below = [os.path.realpath(each) for each in below]
        # A folder of the stage -> the folders whose contents it has still to show.
        self._below = {self.folder: self.below[:]}
        self._made = {}  # what has appeared, by its path: True for folders
        self._lock = threading.RLock()

    def __contains__(self, path):
        return path == self.folder or path.startswith(self.folder + os.sep)

    def put(self, path, original):
        """Let the file or folder `original` be at the path of the stage, before all that lies below."""
        with self._lock:
            original = os.path.realpath(original)
            self._make_folders(os.path.dirname(path))
            if os.path.isdir(original):
                if not os.path.isdir(path):
                    os.mkdir(path)
                    self._made[path] = True
                self._below[path] = [original, *self._below.get(path, [])]
            else:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                self._link(original, path)

    def lay_below(self, path, originals):
        """Let a folder of the stage show what several folders have; made if it is not there."""
        with self._lock:
            self._make_folders(path)
            self._below[path] = [os.path.realpath(each) for each in originals]

    def _make_folders(self, path):
        self.show(path)
        missing = []
        while not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path)
        for each in reversed(missing):
            os.mkdir(each)
            self._made[each] = True

    def show(self, path):
        """Let what the path of the stage means appear, if there is such a thing below."""
        with self._lock:
            folder = self.folder
            for part in os.path.relpath(path, self.folder).split(os.sep):
                if folder in self._below:
                    self._appear(folder, part)
                folder = os.path.join(folder, part)

    def fill(self, path):
        """Let everything in a folder of the stage appear: it will be listed, or something in it removed."""
        with self._lock:
            self.show(path)
            for below in self._below.get(path, []):
                for name in _listed(below):
                    if path != self.folder or not name.startswith("."):
                        self._appear(path, name)
            self._below.pop(path, None)

    def fill_all(self, path):
        """Let all that is in a folder, and in its folders, appear: it will be moved as it is."""
        self.fill(path)
        if os.path.isdir(path) and not os.path.islink(path):
            for name in os.listdir(path):
                inner = os.path.join(path, name)
                if inner in self._below or os.path.isdir(inner):
                    self.fill_all(inner)

    def own(self, path, *, empty=False):
        """Make a file of the stage the program's own before it writes into it: a copy, or nothing if it is emptied."""
        with self._lock:
            self.show(path)
            if self._made.get(path) is False and os.path.islink(path):
                original = os.path.realpath(path)
                os.unlink(path)
                del self._made[path]
                if not empty:
                    shutil.copy2(original, path)

    def renamed(self, old, new):
        """What has appeared at and below a path is called otherwise now."""
        with self._lock:
            for path in [path for path in self._made if path == old or path.startswith(old + os.sep)]:
                self._made[new + path[len(old) :]] = self._made.pop(path)

    def _appear(self, folder, name):
        target = os.path.join(folder, name)
        if os.path.lexists(target):
            return
        originals = [os.path.join(below, name) for below in self._below[folder]]
        originals = [each for each in originals if os.path.exists(each) and not self._holds_stage(each)]
        if not originals:
            return
        if os.path.isdir(originals[0]):
            os.mkdir(target)
            self._made[target] = True
            self._below[target] = [os.path.realpath(each) for each in originals if os.path.isdir(each)]
        else:
            self._link(originals[0], target)

    def _holds_stage(self, path):
        """Whether the stage lies in that folder: it cannot show itself."""
        return (self.folder + os.sep).startswith(os.path.realpath(path) + os.sep)

    def _link(self, original, target):
        try:
            os.symlink(original, target)
        except OSError:  # Windows asks for a privilege
            shutil.copy2(original, target)
        self._made[target] = False

    def clear(self):
        """Take what has only appeared away again: what the program made of its own remains."""
        with self._lock:
            for path, is_folder in sorted(self._made.items(), key=lambda item: -len(item[0])):
                with contextlib.suppress(OSError):
                    if is_folder:
                        os.rmdir(path)
                    elif os.path.islink(path):
                        os.unlink(path)
            self._made.clear()
            self._below.clear()


def _listed(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def sweep(folder):
    """Take away links that lead out of a folder, and the folders that held nothing else."""
    inside = os.path.realpath(folder) + os.sep
    for path, folders, names in os.walk(folder, topdown=False):
        links = [os.path.join(path, name) for name in names + folders if os.path.islink(os.path.join(path, name))]
        links = [link for link in links if not os.path.realpath(link).startswith(inside)]
        for link in links:
            os.unlink(link)
        if path != folder and (links or folders):
            with contextlib.suppress(OSError):
                os.rmdir(path)


def named(folder, name):
    """A folder that is not there yet, called `name` or `name`-2, ...; made."""
    folder = Path(folder)
    for number in range(1, 10_000):
        path = folder / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{folder / name} and its numbered kin are all there.")
