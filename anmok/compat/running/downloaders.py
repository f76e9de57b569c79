"""Packages whose only use in course code is to fetch data, answered out of --data and the cache during a run."""

import contextlib
import os
import sys
import types
from pathlib import PurePosixPath

from anmok.errors import MissingFileError


def _modules(data, commands, bring):
    """Each package's module. data: the run's FoundData; bring(source, target) lays a file or folder down."""

    def kaggle_folder(handle, *given, **more):
        found = data.find(handle) or data.find(PurePosixPath(handle).name)
        if not found:
            raise MissingFileError(f"The data set {handle} is not here. Say where: anmok run ... --data {handle}=PATH.")
        return data.unpacked(found.path)

    def download(url, data_dir=".", **more):
        name = PurePosixPath(url.rstrip("/")).name
        if "kaggle.com" in url:
            bring(kaggle_folder(name), os.path.join(data_dir, name))
        else:
            bring(data.fetched(url), os.path.join(data_dir, name))

    def gdown(url=None, output=None, quiet=False, id=None, **more):
        commands.system(f"gdown {url or id}" + (f" -O {output}" if output else ""))
        return output

    def wget(url, out=None, bar=None):
        name = out or PurePosixPath(url).name
        bring(data.fetched(url), name)
        return name

    def login(*given, **more):
        """Nobody is asked for a name: data come from this computer."""

    return {
        "kagglehub": {
            "dataset_download": kaggle_folder, "competition_download": kaggle_folder, "login": login,
        },
        "opendatasets": {"download": download},
        "gdown": {"download": gdown},
        "wget": {"download": wget},
    }  # fmt: skip


@contextlib.contextmanager
def answered(data, commands):
    """A with block within which those packages are ours."""
    modules = _modules(data, commands, commands.bring)
    before = {name: sys.modules.pop(name, None) for name in modules}
    for name, functions in modules.items():
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(functions)
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
