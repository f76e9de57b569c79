"""Optimizers with Keras' formulas, arguments and state, each step done in place on all weights at once."""

from anmok.errors import ArgumentError
from anmok.optimizers import schedules
from anmok.optimizers.adagrad import Adadelta, Adagrad
from anmok.optimizers.adam import Adam, Adamax, AdamW, Nadam
from anmok.optimizers.lion import Lion
from anmok.optimizers.muon import Muon
from anmok.optimizers.optimizer import Optimizer
from anmok.optimizers.rmsprop import RMSprop
from anmok.optimizers.sgd import SGD
from anmok.registry import Registry

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_registry = Registry("optimizer", "keras.optimizers")
for _class in (SGD, RMSprop, Adam, AdamW, Adamax, Adagrad, Adadelta, Nadam, Lion, Muon):
    _registry.add(_class, _class.__name__.lower())
serialize, deserialize = _registry.serialize, _registry.deserialize


def get(identifier):
    """An optimizer from its name (in any case), its class, its config dict, or itself; None stays None.

    Raises UnknownNameError with the nearest name, ArgumentError for what is no optimizer.
    """
    if isinstance(identifier, str) and identifier not in _registry:
        identifier = identifier.lower() if identifier.lower() in _registry else identifier
    if type(identifier).__module__.startswith("torch.optim"):
        name = type(identifier).__name__
        raise ArgumentError(f"Expected an optimizer of anmok, got torch.optim.{name}: use anmok.optimizers.{name}.")
    found = _registry.get(identifier)
    if found is not None and not isinstance(found, Optimizer):
        raise ArgumentError(f"Expected an optimizer (a name or an object of anmok.optimizers), got {identifier!r}.")
    return found
