"""Files written whole: under a passing name first, then renamed, so that a half-written one is never read."""

import contextlib
import os
from pathlib import Path

from anmok.errors import ArgumentError


@contextlib.contextmanager
def replacing(filepath, *, overwrite=True):
    """The path to write to; it becomes `filepath` when the block ended well, and goes away when it did not.

    Folders on the way are made. Raises ArgumentError if the file exists and may not be overwritten.
    """
    target = Path(filepath)
    if target.is_dir():
        raise ArgumentError(f"{target} is a folder: expected the name of a file to write.")
    if not overwrite and target.exists():
        raise ArgumentError(f"{target} exists already and overwrite=False: choose another name or move it away.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{os.getpid()}-{target.name}.part")
    try:
        yield part
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
