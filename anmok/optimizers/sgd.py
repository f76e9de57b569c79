"""Gradient descent, with momentum in Keras' form: m <- momentum * m - rate * g; w <- w + m."""

import torch

from anmok.errors import ArgumentError
from anmok.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and nesterov (as in Keras); see Optimizer for the rest."""

    fused_on = ("cpu", "cuda")

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **common):
        super().__init__(learning_rate, **common)
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"Expected momentum in 0..1, got {momentum!r}.")
        self.momentum = float(momentum)
        self.nesterov = nesterov

    def make_state(self):
        if self.momentum:
            self.add_optimizer_variables(self._weights, "momentum")

    def arrange(self, chosen):
        chosen = super().arrange(chosen)
        # Nesterov's step takes the gradient times the rate, which torch's kernel applies to the sum only.
        chosen.fusible &= not (self.momentum and self.nesterov) and hasattr(torch, "_fused_sgd_")
        return chosen

    def apply_weight_decay(self, chosen, rate):
        if not self._decays_in_kernel(chosen):
            super().apply_weight_decay(chosen, rate)

    def _decays_in_kernel(self, chosen):
        return chosen.fusible and not self.momentum and chosen.decay_is_uniform

    def update(self, chosen, grads, rate):
        weights = chosen.weights
        if not self.momentum:
            if self._decays_in_kernel(chosen):
                _fused(weights, grads, [], decay=chosen.decays[0][0], momentum=0.0, rate=rate, dampening=0.0)
            else:
                torch._foreach_add_(weights, grads, alpha=-rate)
            return
        momentums = chosen["momentum"]
        if chosen.fusible:
            # torch has b <- momentum * b + (1 - dampening) * g; w <- w - rate * b: Keras' m, with these two numbers.
            _fused(weights, grads, momentums, decay=0.0, momentum=self.momentum, rate=-1.0, dampening=1.0 + rate)
            return
        torch._foreach_mul_(momentums, self.momentum)
        torch._foreach_add_(momentums, grads, alpha=-rate)
        if self.nesterov:
            torch._foreach_add_(weights, momentums, alpha=self.momentum)
            torch._foreach_add_(weights, grads, alpha=-rate)
        else:
            torch._foreach_add_(weights, momentums)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}


def _fused(weights, grads, momentums, *, decay, momentum, rate, dampening):
    torch._fused_sgd_(
        weights,
        grads,
        momentums,
        weight_decay=decay,
        momentum=momentum,
        lr=rate,
        dampening=dampening,
        nesterov=False,
        maximize=False,
        is_first_step=False,
    )
