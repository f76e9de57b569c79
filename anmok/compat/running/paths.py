"""Where the paths of a program lead while it runs: to its stage.

Colab's /content, Kaggle's ../input, Windows' C:\\Users and the names that --data gives do not exist on this computer.
"""

import os
import re
import sys

from anmok import files

# Folders of the services that notebooks are written for, and what they mean on the stage.
_SERVICES = {
    "/content/drive/MyDrive": "drive/MyDrive",
    "/content/drive/My Drive": "drive/MyDrive",
    "/content/gdrive/MyDrive": "drive/MyDrive",
    "/content/gdrive/My Drive": "drive/MyDrive",
    "/gdrive/MyDrive": "drive/MyDrive",
    "/content": "",
    "/kaggle/working": "",
    "/kaggle/input": "input",
    "/kaggle": "",
}
_WINDOWS = re.compile(r"^[A-Za-z]:[\\/]")


class Paths:
    """What leads paths to a stage.

    named: names that --data gives and that are no relative paths ('/content/x.zip', 'C:/data', '../input/cats'), and
    their paths on the stage. loose: parts of names that are looked for anywhere in a path that is not found, and their
    paths on the stage. homes: folders of the person's, and what stands for each on the stage when it is written to by
    an absolute path. within: paths on the stage, and what paths within them mean that are not there. told(text): hears
    once of each path that was found elsewhere.
    """

    def __init__(self, stage, *, named=None, loose=None, homes=None, within=None, told=lambda text: None):
        self.stage = stage
        self._named = dict(sorted((named or {}).items(), key=lambda item: -len(item[0])))
        self._loose = {tuple(name.split("/")): path for name, path in (loose or {}).items()}
        self._homes = homes or {}
        self._told = told
        self._services = {root: inner for root, inner in _SERVICES.items() if not os.path.isdir(root)}
        self._found, self._told_of = {}, []
        self._within = {} if within is None else within

    # Where a path leads --------------------------------------------------------------------------------------------

    def _place(self, path):
        """The path on the stage that a program's path means, or None if it is none of the stage's business."""
        plain = path.replace("\\", "/") if _WINDOWS.match(path) or "\\" in path else path
        plain = os.path.normpath(plain) if not plain.startswith("//") else plain
        for name, place in self._named.items():
            if plain == name or plain.startswith(name + "/"):
                return place + plain[len(name) :]
        for root, inner in self._services.items():
            if plain == root or plain.startswith(root + "/"):
                return os.path.normpath(os.path.join(self.stage.folder, inner, plain[len(root) :].lstrip("/")))
        whole = os.path.normpath(os.path.join(os.getcwd(), plain))
        if whole in self.stage:
            return whole
        if os.path.isabs(plain):
            return None
        return self._outside(whole)

    def _outside(self, whole):
        """The stage's place for a relative path that leads out of it: '../x' is what it is seen from the program."""
        ups = os.path.relpath(whole, self.stage.folder).split(os.sep)
        number = sum(part == ".." for part in ups)
        if ups[number : number + 1] == ["input"]:  # Kaggle's
            place = os.path.join(self.stage.folder, *ups[number:])
            self.stage.show(place)
            if os.path.lexists(place):
                return place
        above = os.path.join(self.stage.folder, f".above-{number}")
        if not os.path.isdir(above):
            parents = [os.path.normpath(os.path.join(home, *[os.pardir] * number)) for home in self.stage.below]
            self.stage.lay_below(above, parents)
        return os.path.join(above, *ups[number:])

    def found(self, path):
        """The path to read instead of a program's path: that one itself where it is there."""
        place = self._place(path)
        if place is not None:
            self.stage.show(place)
            if os.path.lexists(place):
                return self._as_given(path, place)
        elif os.path.lexists(path):
            return self._written(path) or path
        elif written := self._written(path):
            return written
        other = self._found.get(path) or self._inside_out(place or path) or self._elsewhere(path)
        if other is None:
            return path if place is None else self._as_given(path, place)
        self._found[path] = other
        return other

    def _tell(self, path, other):
        """Say where a path was found, once for all that lies in it."""
        if not any(path.startswith(each + "/") for each in self._told_of):
            self._told_of.append(path)
            self._told(f"{path} is {other}")

    def _as_given(self, path, place):
        """The path as the program gave it where that leads there anyway (its errors and lists then say so too)."""
        return path if os.path.normpath(os.path.join(os.getcwd(), path)) == place else place

    def _written(self, path):
        """What the program has written where `path` is in a home of the person's."""
        place = self._at_home(path)
        return place if place is not None and os.path.lexists(place) else None

    def _at_home(self, path):
        path = os.path.normpath(path)
        if (path + os.sep).startswith((sys.prefix + os.sep, os.fspath(files.home()) + os.sep)):
            return None
        for home, place in self._homes.items():
            if path == home or path.startswith(home + os.sep):
                inner = os.path.relpath(path, home)
                hidden = any(part.startswith(".") and part != "." for part in inner.split(os.sep))
                return None if hidden else os.path.normpath(os.path.join(place, inner))
        return None

    def _inside_out(self, place):
        """What a path on the stage means that leads into an archive, or into the only folder of one."""
        for outer, folder in self._within.items():
            if place == outer or place.startswith(outer + os.sep):
                candidate = folder + place[len(outer) :]
                self.stage.show(candidate)
                if os.path.lexists(candidate):
                    return candidate
        return None

    def _elsewhere(self, path):
        """What a path that is not there may mean: something --data names, or the end of it beside the program."""
        parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
        if other := self._given(parts):
            return other
        if not self._is_strange(path, parts):
            return None
        for start in range(1, len(parts)):
            candidate = os.path.join(self.stage.folder, *(part for part in parts[start:] if part != ".."))
            if candidate != self.stage.folder and self._is_shown(candidate):
                self._tell(path, os.path.relpath(candidate, self.stage.folder))
                return candidate
        return None

    def _given(self, parts):
        """What a path's parts mean by a name of --data anywhere in them."""
        for name, place in self._loose.items():
            for start in range(len(parts) - len(name) + 1):
                if tuple(parts[start : start + len(name)]) == name:
                    candidate = os.path.join(place, *parts[start + len(name) :])
                    if self._is_shown(candidate):
                        return candidate
        return None

    def _is_shown(self, place):
        self.stage.show(place)
        return os.path.lexists(place)

    def _is_strange(self, path, parts):
        """Whether a path is of a service, or of another computer."""
        if path.startswith(("../", "..\\", *self._services)) or _WINDOWS.match(path):
            return True
        if not os.path.isabs(path) or not parts:
            return False
        depth = 2 if parts[0] in ("home", "Users", "mnt", "media") else 1
        return not os.path.isdir(os.path.join(os.sep, *parts[:depth]))

    def entered(self, path):
        """The folder to work in from here on; a drive's that is not there is the folder of the program."""
        led = self.found(path)
        if not os.path.isdir(led) and any(path == root or path.startswith(root + "/") for root in self._services):
            self._told(f"the folder {path} is the run's")
            return self.stage.folder
        return led

    def listed(self, path):
        """The folder to list."""
        path = self.found(path)
        whole = os.path.normpath(os.path.join(os.getcwd(), path))
        if whole in self.stage:
            self.stage.fill(whole)
        return path

    def made(self, path):
        """The path to write to something that is perhaps not there."""
        place = self._place(path)
        if place is None:
            place = self._at_home(path)
            if place is None:
                return path
        self.stage.show(place)
        if os.path.lexists(place):
            return self._as_given(path, place)
        folder = os.path.dirname(place)
        if not os.path.isdir(folder) and (place := self._place_of_new(path, place)):
            self.stage.show(place)
        return self._as_given(path, place)

    def _place_of_new(self, path, place):
        """Where a new file goes whose folder is not there: into the folder that is found for it elsewhere."""
        folder = os.path.dirname(path)
        other = self._elsewhere(folder) if folder else None
        if other:
            return os.path.join(other, os.path.basename(path))
        # /content and the drive are there without being made, the person's own folders too.
        if self._is_of_service(path) or self._at_home(path):
            os.makedirs(os.path.dirname(place), exist_ok=True)
        return place

    def _is_of_service(self, path):
        return os.path.dirname(os.path.normpath(path)) in self._services

    def written(self, path, *, empty):
        """The path of a file to write into; `empty` where what it holds is thrown away."""
        path = self.made(path)
        whole = os.path.normpath(os.path.join(os.getcwd(), path))
        if whole in self.stage:
            self.stage.own(whole, empty=empty)
        return path

    def removed(self, path):
        """The path of something to remove or to replace."""
        path = self.made(path)
        whole = os.path.normpath(os.path.join(os.getcwd(), path))
        if whole in self.stage and whole != self.stage.folder:
            self.stage.fill(os.path.dirname(whole))
        return path

    def moved(self, path):
        """The path of something to move as it is."""
        path = self.removed(self.found(path))
        whole = os.path.normpath(os.path.join(os.getcwd(), path))
        if whole in self.stage:
            self.stage.fill_all(whole)
        return path
