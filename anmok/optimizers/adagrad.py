"""Adagrad (Duchi et al. 2011) and Adadelta (Zeiler 2012)."""

import torch

from anmok import notices
from anmok.errors import ArgumentError
from anmok.optimizers.optimizer import Optimizer, epsilon_of


class Adagrad(Optimizer):
    """Gradients over the root of the sum of all their squares (as in Keras); see Optimizer for the rest.

    Keras' epsilon stands inside the root. As the sum never decays, it is kept with epsilon in it from the start.
    """

    fused_on = ("cpu",)

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **common):
        super().__init__(learning_rate, **common)
        if initial_accumulator_value < 0:
            raise ArgumentError(f"Expected initial_accumulator_value of at least 0, got {initial_accumulator_value!r}.")
        self.initial_accumulator_value = float(initial_accumulator_value)
        self.epsilon = epsilon_of(epsilon)

    def make_state(self):
        start = self.initial_accumulator_value
        self.add_optimizer_variables(self._weights, "accumulator", value=start, shift=self.epsilon)
        self._step = torch.ones(())

    def arrange(self, chosen):
        chosen = super().arrange(chosen)
        chosen.fusible &= hasattr(torch, "_fused_adagrad_")
        return chosen

    def update(self, chosen, grads, rate):
        weights, sums = chosen.weights, chosen["accumulator"]
        if chosen.fusible:
            steps = [self._step] * len(weights)
            torch._fused_adagrad_(
                weights, grads, sums, steps, lr=rate, lr_decay=0.0, weight_decay=0.0, eps=0.0, maximize=False
            )
            return
        torch._foreach_addcmul_(sums, grads, grads)
        torch._foreach_addcdiv_(weights, grads, torch._foreach_sqrt(sums), -rate)

    def get_config(self):
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


class Adadelta(Optimizer):
    """Steps as large as the recent steps were, relative to the recent gradients (as in Keras); see Optimizer."""

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **common):
        super().__init__(learning_rate, **common)
        if learning_rate == 0.001 and "lr" not in common:
            notices.once(
                "Adadelta",
                "Adadelta() has learning_rate=0.001, with which it learns very slowly; before tf.keras it was 1.0, as "
                "programs of that time mean: Adadelta(learning_rate=1.0).",
                stacklevel=4,
            )
        self.rho = float(rho)
        self.epsilon = epsilon_of(epsilon)

    def make_state(self):
        self.add_optimizer_variables(self._weights, ["accumulated_grad", "accumulated_delta_var"])

    def update(self, chosen, grads, rate):
        squares, deltas = chosen["accumulated_grad"], chosen["accumulated_delta_var"]
        torch._foreach_mul_(squares, self.rho)
        torch._foreach_addcmul_(squares, grads, grads, 1 - self.rho)
        steps = torch._foreach_add(deltas, self.epsilon)
        torch._foreach_div_(steps, torch._foreach_add(squares, self.epsilon))
        torch._foreach_sqrt_(steps)
        torch._foreach_mul_(steps, grads)
        torch._foreach_mul_(deltas, self.rho)
        torch._foreach_addcmul_(deltas, steps, steps, 1 - self.rho)
        torch._foreach_add_(chosen.weights, steps, alpha=-rate)

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
