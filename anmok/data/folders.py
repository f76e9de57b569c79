"""Images that lie in folders: one folder per class, or train, validation and test folders of such."""

import collections
import difflib
import os
from pathlib import Path

import numpy as np

from anmok.data.samples import Samples, Skipped
from anmok.errors import ArgumentError, DataError, MissingFileError
from anmok.images import decode

SPLITS = {
    "train": ("train", "training", "training_set"),
    "validation": ("validation", "valid", "val", "validation_set"),
    "test": ("test", "testing", "test_set"),
}
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}
# Pictures too, but of kinds that are not decoded: they are listed rather than passed over.
_FOREIGN = (".heic", ".heif", ".avif", ".jxl", ".jp2", ".svg", ".psd", ".dng", ".cr2", ".nef", ".arw", ".exr", ".hdr")


def read_folder(directory, *, classes=None, follow_links=False):
    """Samples of a folder that has one sub-folder per class, as Keras' flow_from_directory finds them.

    classes: the sub-folders to read, in the order of their labels; None for all, sorted. (["."] reads the images that
    lie directly in the folder, as one class.) Files count however deep they lie, sorted by folder, then by name; a
    folder without images stays a class. Hidden files and folders (.DS_Store, __MACOSX, Thumbs.db) do not count: there
    Keras would make classes of them. follow_links: also enter folders that are links; each is entered once.
    Listed in `skipped`: images beside the class folders, and pictures of a kind that is not decoded, such as HEIC.
    Raises MissingFileError (no such folder or class) or DataError (no images, or none in class folders).
    """
    top = a_folder(directory)
    given = None if classes is None else _checked(classes)
    folders, files = _visible(top)
    if given is None and not folders:
        raise DataError(_no_class_folder(top, files))
    for name in given or ():
        if not (top / name).is_dir():
            near = difflib.get_close_matches(name, folders, n=1)
            raise MissingFileError(
                f"There is no class folder {name!r} in {top}.{f' Did you mean {near[0]!r}?' if near else ''} "
                f"Folders there: {', '.join(map(repr, folders)) or 'none'}."
            )
    chosen = folders if given is None else given
    names, labels, skipped, others = [], [], [], collections.Counter()
    if given is None:
        skipped += [Skipped(n, f"lies directly in {top}, in no class folder") for n in files if _is_image(n)]
    for label, folder in enumerate(chosen):
        for inner in _files_below(top / folder, follow_links):
            name = os.path.join(folder, inner)
            if _is_image(inner):
                names.append(name)
                labels.append(label)
            elif inner.lower().endswith(_FOREIGN):
                skipped.append(Skipped(name, f"{_suffix(inner)} pictures are not decoded; save it as JPEG or PNG"))
                others[_suffix(inner)] += 1
            else:
                others[_suffix(inner)] += 1
    if not names:
        raise DataError(_no_images(top, chosen, others, files if given is None else ()))
    paths = tuple(os.path.normpath(os.path.join(top, name)) for name in names)
    return Samples(paths, names, np.array(labels), "classes", chosen, skipped=skipped)


def find_splits(directory):
    """{"train": Path, "validation": Path or None, "test": Path or None}, or None for a folder that is not split.

    Split means: a folder train (or training, training_set) and beside it one named validation, valid, val, test,
    testing or test_set, in capitals or not; or a folder train alone that has class folders. They may also lie one
    level down, in the only folder there. Raises DataError when two folders claim to be the same split.
    """
    top = a_folder(directory)
    folders, _ = _visible(top)
    found = _splits_in(top, folders)
    if found is None and len(folders) == 1:
        found = _splits_in(top / folders[0], _visible(top / folders[0])[0])
    return found


def _splits_in(top, folders):
    found = {}
    for split, accepted in SPLITS.items():
        claims = [name for name in folders if name.lower() in accepted]
        if len(claims) > 1:
            raise DataError(f"{top}: {' and '.join(map(repr, claims))} both claim to be the {split} images; keep one.")
        found[split] = top / claims[0] if claims else None
    train, *held_out = found.values()
    if train is None or (not any(held_out) and not (len(folders) == 1 and _visible(train)[0])):
        return None
    return found


def a_folder(directory):
    """The folder's absolute Path (~ is understood); raises MissingFileError or DataError when it is none."""
    try:
        path = Path(os.path.abspath(Path(directory).expanduser()))
    except TypeError:
        raise ArgumentError(f"Expected the path of a folder, got {type(directory).__name__}: {directory!r}.") from None
    if path.is_dir():
        return path
    if path.exists():
        hint = " A zip is unpacked with anmok.data.archives.opened." if path.suffix.lower() == ".zip" else ""
        raise DataError(f"Expected a folder, but {path} is a file.{hint}")
    raise not_there(path, "folder")


def not_there(path, what):
    """A MissingFileError for `path` (a Path; `what`: "folder", "file") that offers the nearest names beside it."""
    parent = path.parent
    while not parent.is_dir() and parent != parent.parent:
        path, parent = parent, parent.parent
    beside = sorted(name for name in _listed(parent) if not is_hidden(name))
    near = difflib.get_close_matches(path.name, beside, n=3, cutoff=0.5)
    if near:
        hint = f"Did you mean {' or '.join(map(repr, near))}?"
    elif beside:
        hint = f"There: {', '.join(map(repr, beside[:10]))}{', ...' if len(beside) > 10 else ''}."
    else:
        hint = "Nothing is there."
    return MissingFileError(f"There is no {what} {path.name!r} in {parent}. {hint}")


def is_hidden(name):
    """Whether a file or folder is the system's own: .DS_Store, ._x.jpg, __MACOSX, Thumbs.db, desktop.ini."""
    return name.startswith(".") or name.lower() in _LITTER


def _checked(classes):
    if isinstance(classes, (str, bytes)):
        raise ArgumentError(f"Expected a list of class folders, got one name: classes=[{classes!r}] reads that one.")
    names = [os.fspath(name) if isinstance(name, os.PathLike) else name for name in classes]
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise ArgumentError(f"Expected the names of class folders, got {wrong[0]!r}.")
    if twice := [name for name, count in collections.Counter(names).items() if count > 1]:
        raise ArgumentError(f"The class {twice[0]!r} is named more than once in classes={names}.")
    return names or None  # Keras: an empty list means all


def _listed(folder):
    try:
        return os.listdir(folder)
    except OSError as error:
        raise DataError(f"{folder} cannot be listed: {error.strerror}.") from error


def _visible(top):
    """(folders, files) in a folder, sorted, without the hidden ones; links to folders are folders."""
    folders, files = [], []
    for name in sorted(name for name in _listed(top) if not is_hidden(name)):
        (folders if os.path.isdir(os.path.join(top, name)) else files).append(name)
    return folders, files


def _files_below(top, follow_links):
    """Paths of the files below a folder relative to it: sorted by folder, then by name, as in Keras."""

    def unlistable(error):
        raise DataError(f"{error.filename} cannot be listed: {error.strerror}.") from error

    entered, found = {os.path.realpath(top)}, []
    for root, folders, files in os.walk(top, followlinks=follow_links, onerror=unlistable):
        keep = []
        for name in sorted(folders):
            path = os.path.join(root, name)
            if is_hidden(name) or (not follow_links and os.path.islink(path)):
                continue
            # A link back up would never end; a folder reached twice would count its images twice.
            if not follow_links or (real := os.path.realpath(path)) not in entered:
                keep.append(name)
                if follow_links:
                    entered.add(real)
        folders[:] = keep
        found.append((root, sorted(name for name in files if not is_hidden(name))))
    for root, files in sorted(found):
        inner = os.path.relpath(root, top)
        yield from files if inner == "." else (os.path.join(inner, name) for name in files)


def _is_image(name):
    return name.lower().endswith(decode.EXTENSIONS)


def _suffix(name):
    return os.path.splitext(name)[1].lower() or "no extension"


def _no_class_folder(top, files):
    if not files:
        return f"{top} is empty; one folder per class expected, each with its images."
    if count := sum(map(_is_image, files)):
        return (
            f"One folder per class expected; {count:,} images lie directly in {top}. Sort them into folders named "
            "after the classes; classes=['.'] reads them as they are, without classes to tell apart."
        )
    return f"{top} has no class folders and no images; it holds {_counted(map(_suffix, files))}."


def _no_images(top, folders, others, loose):
    shown = ", ".join(map(repr, folders[:5])) + (", ..." if len(folders) > 5 else "")
    known = ", ".join(decode.EXTENSIONS)
    beside = sum(map(_is_image, loose))
    if others:
        message = f"Found instead: {_counted(others.elements())}."
    else:
        message = f"{'They are' if len(folders) > 1 else 'It is'} empty."
    if beside:
        message += f" One folder per class expected; {beside:,} images lie directly in {top}."
    elif find_splits(top):
        message += " The folder is split; read its parts one by one."
    return f"No image with a known extension ({known}) in the class folders of {top}: {shown}. {message}"


def _counted(suffixes):
    counts = collections.Counter(suffixes).most_common()
    listed = ", ".join(f"{count:,} x {suffix}" for suffix, count in counts[:8])
    return listed + (f" and {len(counts) - 8} more kinds" if len(counts) > 8 else "")
