"""An optimizer's learning rate and step counter, and what reading them gives: numbers that answer to Keras' methods."""

import numpy as np

from anmok import notices, schedules
from anmok.errors import ArgumentError


class LearningRate(float):
    """A float; `assign(x)` sets the learning rate of the optimizer it was read from."""

    def __new__(cls, value, optimizer=None):
        self = super().__new__(cls, value)
        self._optimizer = optimizer
        return self

    def assign(self, value):
        self._optimizer.learning_rate = value

    def numpy(self):
        return np.float32(self)

    def __reduce__(self):
        return float, (float(self),)


class Iterations(int):
    """An int; `assign(n)` sets the step counter of the optimizer it was read from."""

    def __new__(cls, value, optimizer=None):
        self = super().__new__(cls, value)
        self._optimizer = optimizer
        return self

    def assign(self, value):
        self._optimizer.iterations = value

    def numpy(self):
        return np.int64(self)

    def __reduce__(self):
        return int, (int(self),)


class Pace:
    """The part of an optimizer that knows how far it is and how fast it goes."""

    decay = 0.0
    gradient_accumulation_steps = None
    _iterations = 0
    _learning_rate = 0.0

    @property
    def learning_rate(self):
        """The rate now (before `decay`); set it to a float, a schedule or a function."""
        rate = self._learning_rate
        if isinstance(rate, schedules.LearningRateSchedule):
            rate = rate(self._iterations)
        elif callable(rate):
            rate = rate()
        return LearningRate(rate, self)

    @learning_rate.setter
    def learning_rate(self, value):
        if isinstance(value, dict):
            value = schedules.deserialize(value)
        if not callable(value):
            if isinstance(self._learning_rate, schedules.LearningRateSchedule):
                raise ArgumentError(
                    "This optimizer's learning_rate is a schedule, so it cannot be set to a number. Give the "
                    "optimizer a float as learning_rate to set it, or to let a callback change it."
                )
            try:
                value = float(value)
            except (TypeError, ValueError):
                raise ArgumentError(
                    f"Expected learning_rate to be a number, a LearningRateSchedule or a function, got {value!r}."
                ) from None
        self._learning_rate = value

    @property
    def lr(self):
        """Old spelling of `learning_rate`."""
        notices.old_spelling("optimizer.lr", "optimizer.learning_rate")
        return self.learning_rate

    @lr.setter
    def lr(self, value):
        notices.old_spelling("optimizer.lr", "optimizer.learning_rate")
        self.learning_rate = value

    @property
    def iterations(self):
        """How many updates were made (with gradient accumulation: complete ones)."""
        return Iterations(self._updates(), self)

    @iterations.setter
    def iterations(self, value):
        self._iterations = int(value) * (self.gradient_accumulation_steps or 1)

    def _updates(self):
        return self._iterations // (self.gradient_accumulation_steps or 1)

    def _rate(self):
        rate = self._learning_rate
        if callable(rate):
            rate = float(rate(self._iterations) if isinstance(rate, schedules.LearningRateSchedule) else rate())
        return rate / (1.0 + self.decay * self._iterations) if self.decay else rate
