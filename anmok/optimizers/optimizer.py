"""What all optimizers share: Keras' interface around one in-place update of all weights at once.

An optimizer is a formula for `update(chosen, grads, rate)`; clipping, weight decay, averages, accumulation, schedules
and state are here.
"""

import inspect
import operator
import re

import torch

from anmok import notices, outside, schedules
from anmok.errors import ArgumentError, unknown_name
from anmok.optimizers import averages, clipping
from anmok.optimizers.pace import Pace
from anmok.optimizers.selection import Selection
from anmok.optimizers.state import Stateful
from anmok.registry import snake_case

# Written by Keras 2 into its files; they changed how it ran, never what it computed.
_WITHOUT_EFFECT = ("jit_compile", "is_legacy_optimizer")


class Optimizer(Pace, Stateful):
    """Keras' optimizer: `build(weights)`, then `apply(grads)` or `apply_gradients(zip(grads, weights))` each step.

    learning_rate: a float, a LearningRateSchedule, or a function without arguments. weight_decay: each step takes
    weight_decay * learning_rate of a weight away. clipnorm, clipvalue, global_clipnorm: limits on gradients, at most
    one of them. use_ema: keep averages of the weights (see `finalize_variable_values`). loss_scale_factor: the loss
    was multiplied by it. gradient_accumulation_steps: weights change only every so many steps. Old: `lr`, and `decay`
    with lr / (1 + decay * iterations) as in Keras 2. Raises ArgumentError for what it does not know.

    An own optimizer defines `build` (states through `add_optimizer_variables`) and `update_step(gradient, weight,
    learning_rate)` for one weight, or `update(chosen, grads, rate)` for all.
    """

    fused_on = ()  # kinds of device on which `update` may use torch's fused kernels

    def __init__(
        self,
        learning_rate=0.001,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **old,
    ):
        if "lr" in old:
            notices.old_spelling("lr", "learning_rate", stacklevel=5)
            learning_rate = old.pop("lr")
        self.decay = float(old.pop("decay", None) or 0.0)
        if self.decay:
            notices.old_spelling("decay", "learning_rate=InverseTimeDecay(learning_rate, 1, decay)", stacklevel=5)
        for argument in old:
            known = {*inspect.signature(type(self)).parameters, "lr", "decay"} - {"self", "old", "common"}
            raise unknown_name(f"argument of {type(self).__name__}", argument, known)
        if sum(limit is not None for limit in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ArgumentError(
                "Expected at most one of clipnorm, clipvalue and global_clipnorm, got "
                f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}."
            )
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ArgumentError(f"Expected ema_momentum in 0..1, got {ema_momentum!r}.")
        _whole("ema_overwrite_frequency", ema_overwrite_frequency, least=1)
        _whole("gradient_accumulation_steps", gradient_accumulation_steps, least=2)
        self.name = name or snake_case(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.learning_rate = learning_rate
        self.built = False
        self.may_fuse = True
        self._not_decayed = (set(), None)
        self._weights = []
        self._state = []  # Slot, in Keras' order
        self._slots = {}  # {name: [tensor or None for each weight]}

    def __init_subclass__(cls, **arguments):
        """Show the shared arguments in the signature of an optimizer that takes them as **common."""
        super().__init_subclass__(**arguments)
        own = inspect.signature(cls.__init__).parameters
        if "common" in own:
            shared = inspect.signature(Optimizer.__init__).parameters
            both = {**own, **{name: shared[name] for name in shared if name not in own}}
            both = sorted((p for name, p in both.items() if name not in ("self", "common")), key=lambda p: p.kind)
            cls.__signature__ = inspect.Signature(both)

    # State

    def build(self, weights):
        """Make the state for these weights (list of torch tensors); for those it was built for, nothing to do."""
        weights = list(weights)
        if self.built:
            self._indices_of(weights)
            return
        self._weights = weights
        self._index()
        if self.use_ema:
            self.add_optimizer_variables(weights, "average")
        if self.gradient_accumulation_steps:
            self.add_optimizer_variables(weights, "gradient_accumulator")
        self.built = True
        self.make_state()

    def make_state(self):
        """Add the state that the formula needs, for `self._weights`."""

    def _index(self):
        self._index_of = {id(weight): i for i, weight in enumerate(self._weights)}
        self._selections = {}
        self._everything = None

    # One step

    def apply_gradients(self, grads_and_vars):
        """`apply` on pairs of gradient and weight; returns the step counter."""
        pairs = list(grads_and_vars)
        self.apply([grad for grad, _ in pairs], [weight for _, weight in pairs])
        return self.iterations

    @torch.no_grad()
    def apply(self, grads, trainable_variables=None):
        """Update the weights in place by their gradients (tensors, or None: that weight is left as it is).

        trainable_variables: the weights the gradients are of; all it was built for if None. Raises ArgumentError
        if no weight has a gradient.
        """
        chosen, grads = self._select(list(grads), trainable_variables)
        if self.loss_scale_factor:
            grads = torch._foreach_div(grads, float(self.loss_scale_factor))
        if self.gradient_accumulation_steps:
            grads = self._accumulate(chosen, grads)
        if grads is not None:
            grads = self._clip(grads)
            rate = self._rate()
            self.apply_weight_decay(chosen, rate)
            self.update(chosen, grads, rate)
            if chosen.fusible:
                # torch's fused kernels leave the version counters alone, by which predict knows that weights moved.
                for weight in chosen.weights:
                    torch.autograd.graph.increment_version(weight)
            if self.gradient_accumulation_steps:
                torch._foreach_zero_(self._slots["gradient_accumulator"])
        if self.use_ema:
            self._average()
        for weight in chosen.constrained:
            weight.apply_constraint()
        self._iterations += 1

    def update(self, chosen, grads, rate):
        """Update `chosen.weights` and their state in place by `grads`, at the learning rate `rate` (float)."""
        for grad, weight in zip(grads, chosen.weights, strict=True):
            self.update_step(grad, weight, rate)

    @staticmethod
    def assign(variable, value):
        """variable <- value, both in the stored layout."""
        variable.copy_(torch.as_tensor(value))

    @staticmethod
    def assign_add(variable, value):
        variable.add_(value)

    @staticmethod
    def assign_sub(variable, value):
        variable.sub_(value)

    def _get_variable_index(self, variable):
        return self._indices_of([variable])[0]

    def update_step(self, gradient, variable, learning_rate):
        """Update one weight in place; for own optimizers, as in Keras."""
        raise NotImplementedError(f"{type(self).__name__} must define update_step(gradient, variable, learning_rate).")

    def _select(self, grads, weights):
        if weights is not None:
            weights = list(weights)
            if not self.built:
                self.build(weights)
        elif not self.built:
            raise ArgumentError("This optimizer knows no weights yet: call optimizer.build(weights) first.")
        known = self._weights if weights is None else weights
        if len(grads) != len(known):
            raise ArgumentError(f"Expected a gradient (or None) for each of {len(known)} weights, got {len(grads)}.")
        if outside.kind is not None:
            grads = outside.kind.gradients(grads, known)
        chosen = self._everything
        if chosen is None or any(grad is None for grad in grads) or not _same(known, chosen.weights):
            grads, chosen = self._select_some(grads, known)
        return chosen, chosen.as_stored(grads)

    def _select_some(self, grads, weights):
        if missing := [_path(w) for g, w in zip(grads, weights, strict=True) if g is None]:
            if len(missing) == len(grads):
                raise ArgumentError(
                    "No weight has a gradient, so there is nothing to train: check that layers are trainable and "
                    "that the loss depends on the model's output."
                )
            notices.once(
                ("no gradient", *missing), f"The loss does not depend on {', '.join(missing)}: left as they are."
            )
        elif not grads:
            raise ArgumentError("There is no trainable weight, so there is nothing to train.")
        pairs = [(g, w) for g, w in zip(grads, weights, strict=True) if g is not None]
        grads, weights = [g for g, _ in pairs], [w for _, w in pairs]
        indices = tuple(self._indices_of(weights))
        if indices not in self._selections:
            self._selections[indices] = self.arrange(Selection(weights, indices, self._slots, self.decay_of))
        chosen = self._selections[indices]
        if indices == tuple(range(len(self._weights))):
            self._everything = chosen
        return grads, chosen

    def arrange(self, chosen):
        """Finish a new Selection; subclasses forbid the fused kernels here where their formula does not fit them."""
        chosen.fusible &= self.may_fuse and all(device.type in self.fused_on for device in chosen.devices)
        return chosen

    def _indices_of(self, weights):
        try:
            return [self._index_of[id(weight)] for weight in weights]
        except KeyError:
            unknown = next(w for w in weights if id(w) not in self._index_of)
            raise ArgumentError(
                f"The weight '{_path(unknown)}' is not one of those this optimizer was built for. "
                "Make a new optimizer for a new set of weights, and compile the model with it."
            ) from None

    def _clip(self, grads):
        if self.clipnorm:
            return clipping.by_norm(grads, self.clipnorm)
        if self.global_clipnorm:
            return clipping.by_global_norm(grads, self.global_clipnorm)
        if self.clipvalue:
            return clipping.by_value(grads, self.clipvalue)
        return grads

    def _accumulate(self, chosen, grads):
        sums = chosen["gradient_accumulator"]
        torch._foreach_add_(sums, grads)
        if (self._iterations + 1) % self.gradient_accumulation_steps:
            return None
        return torch._foreach_div(sums, float(self.gradient_accumulation_steps))

    def scale_loss(self, loss):
        """The loss times `loss_scale_factor`, if there is one."""
        return loss * self.loss_scale_factor if self.loss_scale_factor else loss

    # Weight decay

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Spare these weights, and those with one of these patterns in their name; to be called before `build`."""
        if self.built:
            raise ArgumentError("exclude_from_weight_decay() is to be called before the optimizer is built.")
        pattern = re.compile("|".join(sorted(set(var_names)))) if var_names else None
        self._not_decayed = ({id(weight) for weight in var_list or ()}, pattern)

    def decay_of(self, weight):
        """The weight decay of one weight, or None."""
        excluded, pattern = self._not_decayed
        if id(weight) in excluded or (pattern is not None and pattern.search(getattr(weight, "name", None) or "")):
            return None
        return self.weight_decay

    def apply_weight_decay(self, chosen, rate):
        """Take decay * rate of each weight away, before the update."""
        for decay, weights in chosen.decays:
            torch._foreach_mul_(weights, 1.0 - decay * rate)

    # Averages of the weights

    def _average(self):
        averages.update(self._slots["average"], self._weights, self.ema_momentum, first=not self._updates())
        every = self.ema_overwrite_frequency
        if every and (self._updates() + 1) % every == 0:
            torch._foreach_copy_(self._weights, self._slots["average"])

    @torch.no_grad()
    def finalize_variable_values(self, var_list=None):
        """At the end of training: with use_ema, give the weights the values of their averages (as in Keras)."""
        if self.use_ema and self.built:
            indices = self._indices_of(self._weights if var_list is None else var_list)
            kept = self._slots["average"]
            torch._foreach_copy_([self._weights[i] for i in indices], [kept[i] for i in indices])

    @torch.no_grad()
    def swap_averages(self):
        """Exchange the weights with their averages."""
        if not self.use_ema:
            raise ArgumentError(
                f"This optimizer keeps no averages of the weights: {type(self).__name__}(use_ema=True)."
            )
        if self.built:
            averages.swap(self._slots["average"], self._weights)

    @torch.no_grad()
    def average_from_weights(self):
        """Set the averages to the weights as they are."""
        if self.built:
            torch._foreach_copy_(self._slots["average"], self._weights)

    # Config

    def get_config(self):
        """Keras 3's config; `decay` is written as the schedule it is, which Keras 3 knows."""
        rate = self._learning_rate
        if self.decay:
            rate = schedules.InverseTimeDecay(float(self.learning_rate), 1, self.decay, name="decay")
        return {
            "name": self.name,
            "learning_rate": schedules.serialize(rate) if callable(rate) else rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The optimizer of a config that Keras 2, Keras 3 or anmok wrote."""
        config = {key: value for key, value in config.items() if key not in _WITHOUT_EFFECT}
        if isinstance(config.get("learning_rate"), dict):
            rate = schedules.deserialize(config["learning_rate"], custom_objects)
            if isinstance(rate, schedules.InverseTimeDecay) and rate.name == "decay":
                config["decay"] = rate.decay_rate
                rate = rate.initial_learning_rate
            config["learning_rate"] = rate
        return cls(**config)

    def __getstate__(self):
        return {k: v for k, v in vars(self).items() if k not in ("_index_of", "_selections", "_everything")}

    def __setstate__(self, values):
        vars(self).update(values)
        self._index()

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name!r} learning_rate={float(self.learning_rate):g}>"


def epsilon_of(value):
    """`epsilon`, where None means the usual 1e-7, as it did in Keras 2."""
    return 1e-7 if value is None else float(value)


def _same(weights, others):
    return weights is others or (len(weights) == len(others) and all(map(operator.is_, weights, others)))


def _path(weight):
    return getattr(weight, "path", None) or getattr(weight, "name", None) or f"of shape {tuple(weight.shape)}"


def _whole(name, value, *, least):
    if value and (not isinstance(value, int) or value < least):
        raise ArgumentError(f"Expected {name} to be None or a whole number from {least}, got {value!r}.")
