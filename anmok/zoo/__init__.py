"""The classic networks, each exact to its paper's table: one paper, one file.

`NETWORKS` has the facts of each by name, `build` makes one: `zoo.build("resnet18", (64, 64, 3), 10)`.
The files can be used by themselves: `zoo.googlenet.googlenet()`, `zoo.resnet.resnet(34, shortcut="A")`.
"""

import importlib

from anmok.zoo.networks import ALIASES, NETWORKS, Network

_FILES = {"alexnet", "chatfield", "googlenet", "lenet", "resnet", "senet", "small", "vgg"}
_LATER = {"build": "building", "builder": "finding", "find": "finding", "module_table": "modules"}

__all__ = ["ALIASES", "NETWORKS", "Network", *sorted(_LATER), *sorted(_FILES)]


def __getattr__(name):
    if name in _FILES:
        return importlib.import_module(f"anmok.zoo.{name}")
    if name in _LATER:
        return getattr(importlib.import_module(f"anmok.zoo.{_LATER[name]}"), name)
    raise AttributeError(f"module 'anmok.zoo' has no attribute {name!r}")


def __dir__():
    return __all__
