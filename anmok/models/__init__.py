"""Models: Sequential, the functional Model(inputs, outputs), and classes of one's own with a call method."""

from anmok.models.functional import Functional
from anmok.models.model import Model
from anmok.models.sequential import Sequential

__all__ = ["Functional", "Model", "Sequential"]
