"""Lion: only the sign of an interpolated momentum (Chen et al. 2023)."""

import torch

from anmok.errors import ArgumentError
from anmok.optimizers.optimizer import Optimizer


class Lion(Optimizer):
    """w <- w - rate * sign(beta_1 * m + (1 - beta_1) * g), and m decays by beta_2 (as in Keras); see Optimizer."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, **common):
        super().__init__(learning_rate, **common)
        if not 0 < beta_1 <= 1:
            raise ArgumentError(f"Expected beta_1 above 0 and at most 1, got {beta_1!r}; with 0 it is sign descent.")
        self.beta_1 = float(beta_1)
        self.beta_2 = float(beta_2)

    def make_state(self):
        self.add_optimizer_variables(self._weights, "momentum")

    def update(self, chosen, grads, rate):
        momentums = chosen["momentum"]
        directions = torch._foreach_lerp(momentums, grads, 1 - self.beta_1)
        torch._foreach_sign_(directions)
        torch._foreach_add_(chosen.weights, directions, alpha=-rate)
        torch._foreach_lerp_(momentums, grads, 1 - self.beta_2)

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
