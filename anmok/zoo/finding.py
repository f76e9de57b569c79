"""From a name to a network's facts and to the function that builds it."""

import importlib

from anmok.errors import unknown_name
from anmok.zoo.networks import ALIASES, NETWORKS


def canonical(name):
    """The name in NETWORKS that `name` (in any capitals, or one that people know it by) stands for.

    Raises UnknownNameError with the nearest.
    """
    plain = str(name).lower().replace("_", "-")
    plain = ALIASES.get(plain, plain)
    if plain not in NETWORKS:
        raise unknown_name("network", name, [*NETWORKS, *ALIASES])
    return plain


def find(name):
    """The Network of that name; raises UnknownNameError with the nearest."""
    return NETWORKS[canonical(name)]


def file_of(network):
    """The module of anmok.zoo that the network is in."""
    return importlib.import_module(f"anmok.zoo.{network.function.split('.')[0]}")


def builder(name):
    """The function that builds the network: called with its `arguments`, input_shape= and classes=."""
    network = find(name)
    return getattr(file_of(network), network.function.split(".")[1])
