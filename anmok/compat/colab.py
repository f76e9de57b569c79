"""google.colab where there is no Colab: drives, files and secrets that notebooks ask for, with a note each."""

import os
import types
from pathlib import Path

from anmok.errors import ArgumentError, MissingFileError
from anmok.notices import once

# Functions that give what a person would choose to upload, {name: bytes}; asked by files.upload().
uploads = []

__all__ = ["auth", "drive", "files", "output", "patches", "userdata"]


def _say(what):
    once(("colab", what), f"google.colab: {what}", stacklevel=4)


def _mount(mountpoint, force_remount=False, timeout_ms=None, readonly=False):
    _say(f"there is no drive to mount at {mountpoint}; paths under it are looked for on this computer.")


def _upload(target_dir="."):
    """Nobody is asked: {name: bytes} of what `uploads` give, often nothing."""
    chosen = {name: content for give in uploads for name, content in give().items()}
    if chosen:
        _say(f"files.upload() gives {', '.join(chosen)}.")
        return chosen
    _say("nothing is uploaded; put the files beside the notebook, or name them with --data.")
    return {}


def _download(filename):
    if not Path(filename).is_file():
        raise MissingFileError(f"There is no file {Path(filename).absolute()}.")
    _say(f"{filename} is on this computer already.")


def _secret(name):
    if name not in os.environ:
        raise ArgumentError(f"google.colab.userdata: there is no {name!r}; set the environment variable {name}.")
    return os.environ[name]


def _nothing(*args, **kwargs):
    return None


def _show(image):
    """cv2_imshow: the picture, blue first as OpenCV has it, drawn with matplotlib."""
    from matplotlib import pyplot

    pyplot.imshow(image[..., ::-1] if image.ndim == 3 else image, cmap=None if image.ndim == 3 else "gray")
    pyplot.axis("off")
    pyplot.show()


def _module(name, **contents):
    module = types.ModuleType(f"anmok.compat.colab.{name}")
    vars(module).update(contents)
    return module


drive = _module("drive", mount=_mount, flush_and_unmount=_nothing)
files = _module("files", upload=_upload, download=_download, view=_nothing)
auth = _module("auth", authenticate_user=_nothing)
output = _module("output", clear=_nothing, eval_js=_nothing, enable_custom_widget_manager=_nothing)
patches = _module("patches", cv2_imshow=_show)
userdata = _module("userdata", get=_secret)
