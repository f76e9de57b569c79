"""Learning rates as functions of the step, in plain floats: `schedule(step) -> float`.

They are called at every step of training, so nothing of PyTorch is used. Formulas and arguments are Keras'; OneCycle
is ours.
"""

import bisect
import functools
import math

import numpy as np

from anmok.errors import ArgumentError
from anmok.registry import Registry, register_keras_serializable

_registry = Registry("learning rate schedule", "keras.optimizers.schedules")
get, serialize, deserialize = _registry.get, _registry.serialize, _registry.deserialize


def _positive(name, value):
    if not value > 0:
        raise ArgumentError(f"Argument {name} must be greater than 0, got {value!r}.")
    return value


def _for_arrays_too(call):
    """call(self, step) -> float such that an array of steps, as for a plot, gives an array float32 of its shape."""

    @functools.wraps(call)
    def of_one_or_many(self, step):
        if not getattr(step, "ndim", 0):
            return call(self, step)
        steps = np.asarray(step)
        return np.array([call(self, one) for one in steps.flat], np.float32).reshape(steps.shape)

    return of_one_or_many


class LearningRateSchedule:
    """What all schedules are: callable with the step (int, from 0), with a config (as in Keras)."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__module__ == __name__ and "__call__" in vars(cls):
            cls.__call__ = _for_arrays_too(cls.__call__)

    def __call__(self, step):
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, step), which returns a float.")

    def get_config(self):
        raise NotImplementedError(f"{type(self).__name__} must define get_config(self) to be saved.")

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@_registry.add
class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate ** (step / decay_steps); `staircase` drops the fraction (as in Keras)."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step):
        periods = float(step) / self.decay_steps
        return float(self.initial_learning_rate * self.decay_rate ** (periods // 1 if self.staircase else periods))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


@_registry.add
class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i] up to and including step boundaries[i], values[-1] after the last (as in Keras)."""

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ArgumentError(
                f"Expected one value more than boundaries, got {len(boundaries)} boundaries and {len(values)} values."
            )
        if list(boundaries) != sorted(boundaries):
            raise ArgumentError(f"Expected boundaries in rising order, got {list(boundaries)}.")
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step):
        return float(self.values[bisect.bisect_left(self.boundaries, float(step))])

    def get_config(self):
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


@_registry.add
class PolynomialDecay(LearningRateSchedule):
    """From initial_learning_rate down to end_learning_rate in decay_steps, along (1 - progress) ** power (as in Keras).

    cycle: beyond decay_steps, stretch the decay to the next multiple of decay_steps instead of staying at the end.
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        end_learning_rate=0.0001,
        power=1.0,
        cycle=False,
        name="PolynomialDecay",
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step):
        step, span = float(step), self.decay_steps
        if self.cycle:
            span *= math.ceil(step / span) or 1
        else:
            step = min(step, span)
        height = self.initial_learning_rate - self.end_learning_rate
        return float(height * (1 - step / span) ** self.power + self.end_learning_rate)

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


@_registry.add
class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps); `staircase` drops the fraction (as in Keras)."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step):
        periods = float(step) / self.decay_steps
        return float(self.initial_learning_rate / (1 + self.decay_rate * (periods // 1 if self.staircase else periods)))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


@_registry.add
class CosineDecay(LearningRateSchedule):
    """Half a cosine from the start down to alpha times it, in decay_steps (Loshchilov & Hutter 2016, as in Keras).

    warmup_target: climb to it linearly in warmup_steps first, and decay from there.
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        alpha=0.0,
        name="CosineDecay",
        warmup_target=None,
        warmup_steps=0,
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        step, start = float(step), self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return float(start + (self.warmup_target - start) * step / self.warmup_steps)
            step, start = step - self.warmup_steps, self.warmup_target
        cosine = 0.5 * (1 + math.cos(math.pi * min(step / self.decay_steps, 1.0)))
        return float(start * ((1 - self.alpha) * cosine + self.alpha))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


@_registry.add
class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decays one after the other, each t_mul times as long and starting m_mul times as high (as in Keras).

    Loshchilov & Hutter 2016 (SGDR); the first takes first_decay_steps, each ends at alpha times the initial rate.
    """

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name="SGDRDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = _positive("first_decay_steps", first_decay_steps)
        self.t_mul = _positive("t_mul", t_mul)
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step):
        periods = float(step) / self.first_decay_steps
        if self.t_mul == 1.0:
            restarts, fraction = int(periods // 1), periods % 1
        else:
            # Counted up: the closed form with logarithms falls on the wrong side at some restarts.
            restarts, start, length = 0, 0.0, 1.0
            while periods >= start + length and length > 1e-9:
                restarts, start, length = restarts + 1, start + length, length * self.t_mul
            fraction = min((periods - start) / length, 1.0)
        cosine = 0.5 * self.m_mul**restarts * (1 + math.cos(math.pi * fraction))
        return float(self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }


@register_keras_serializable("anmok")
class OneCycle(LearningRateSchedule):
    """Up to max_learning_rate and down again within total_steps (Smith & Topin 2017; values as torch's OneCycleLR).

    It starts at max_learning_rate / div_factor, is highest after the fraction pct_start of the steps, and ends at
    start / final_div_factor, where it stays. anneal_strategy: 'cos' or 'linear'. Keras has no such schedule.
    """

    def __init__(
        self,
        max_learning_rate,
        total_steps,
        pct_start=0.3,
        div_factor=25.0,
        final_div_factor=1e4,
        anneal_strategy="cos",
        name="OneCycle",
    ):
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"Expected anneal_strategy 'cos' or 'linear', got {anneal_strategy!r}.")
        if not 0 <= pct_start <= 1:
            raise ArgumentError(f"Expected pct_start in 0..1, got {pct_start!r}.")
        self.max_learning_rate = max_learning_rate
        self.total_steps = _positive("total_steps", total_steps)
        self.pct_start = pct_start
        self.div_factor = _positive("div_factor", div_factor)
        self.final_div_factor = _positive("final_div_factor", final_div_factor)
        self.anneal_strategy = anneal_strategy
        self.name = name
        self._lowest = max_learning_rate / div_factor
        self._peak_step = pct_start * total_steps - 1
        self._last_step = total_steps - 1

    def __call__(self, step):
        step = min(float(step), self._last_step)
        if step <= self._peak_step:
            return self._between(self._lowest, self.max_learning_rate, step, self._peak_step)
        end = self._lowest / self.final_div_factor
        return self._between(self.max_learning_rate, end, step - self._peak_step, self._last_step - self._peak_step)

    def _between(self, start, end, step, steps):
        fraction = step / steps if steps > 0 else 1.0
        if self.anneal_strategy == "cos":
            fraction = 0.5 * (1 - math.cos(math.pi * fraction))
        return float(start + (end - start) * fraction)

    def get_config(self):
        return {
            "max_learning_rate": self.max_learning_rate,
            "total_steps": self.total_steps,
            "pct_start": self.pct_start,
            "div_factor": self.div_factor,
            "final_div_factor": self.final_div_factor,
            "anneal_strategy": self.anneal_strategy,
            "name": self.name,
        }
