"""RMSprop with Keras' epsilon inside the root: v <- rho * v + (1 - rho) * g^2; w <- w - rate * g / sqrt(v + epsilon).

The velocity is kept as u = v + epsilon: u <- rho * u + (1 - rho) * (g^2 + epsilon) is the same recurrence, and the
step becomes rate * g / sqrt(u). That is what torch's fused Adam kernel computes for beta1 = 0 and epsilon = 0 without
bias correction, in one pass over memory instead of five.
"""

import torch

from anmok.optimizers.optimizer import Optimizer, epsilon_of


class RMSprop(Optimizer):
    """Gradients over the root of the running mean of their squares (Hinton 2012, as in Keras).

    rho: how much of the running mean stays at each step. centered: subtract the squared mean gradient, which makes
    the mean square the variance. See Optimizer for the rest.
    """

    fused_on = ("cpu",)

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **common):
        super().__init__(learning_rate, **common)
        self.rho = float(rho)
        self.momentum = float(momentum)
        self.epsilon = epsilon_of(epsilon)
        self.centered = centered

    def make_state(self):
        self.add_optimizer_variables(self._weights, "velocity", shift=self.epsilon)
        if self.momentum > 0:
            self.add_optimizer_variables(self._weights, "momentum")
        if self.centered:
            self.add_optimizer_variables(self._weights, "average_gradient")
        # Bias correction divides by 1 - rho ** step, which is 1 here.
        self._step = torch.tensor(float("inf"))

    def arrange(self, chosen):
        chosen = super().arrange(chosen)
        chosen.fusible &= not self.centered and 0 < self.rho < 1 and hasattr(torch, "_fused_adamw_")
        return chosen

    def apply_weight_decay(self, chosen, rate):
        if not self._decays_in_kernel(chosen):
            super().apply_weight_decay(chosen, rate)

    def _decays_in_kernel(self, chosen):
        return chosen.fusible and not self.momentum and chosen.decay_is_uniform

    def update(self, chosen, grads, rate):
        weights, velocities = chosen.weights, chosen["velocity"]
        if not chosen.fusible:
            self._update_by_formula(chosen, grads, rate)
        elif not self.momentum:
            decay = chosen.decays[0][0] if chosen.decay_is_uniform else 0.0
            self._fused(weights, grads, velocities, rate, decay)
        else:
            # The same kernel on the momentum, upwards: m <- m + rate * g / sqrt(u).
            momentums = chosen["momentum"]
            torch._foreach_mul_(momentums, self.momentum)
            self._fused(momentums, grads, velocities, -rate, 0.0)
            torch._foreach_add_(weights, momentums, alpha=-1)

    def _fused(self, targets, grads, velocities, rate, decay):
        torch._foreach_add_(velocities, self.epsilon * (1 - self.rho) / self.rho)
        torch._fused_adamw_(
            targets,
            grads,
            grads,  # with beta1 = 0 the first moment is the gradient: it is overwritten by itself
            velocities,
            [],
            [self._step] * len(targets),
            lr=rate,
            beta1=0.0,
            beta2=self.rho,
            weight_decay=decay,
            eps=0.0,
            amsgrad=False,
            maximize=False,
        )

    def _update_by_formula(self, chosen, grads, rate):
        weights, velocities = chosen.weights, chosen["velocity"]
        torch._foreach_mul_(velocities, self.rho)
        torch._foreach_addcmul_(velocities, grads, grads, 1 - self.rho)
        torch._foreach_add_(velocities, self.epsilon * (1 - self.rho))
        if self.centered:
            averages = chosen["average_gradient"]
            torch._foreach_lerp_(averages, grads, 1 - self.rho)
            roots = torch._foreach_addcmul(velocities, averages, averages, -1.0)
            torch._foreach_sqrt_(roots)
        else:
            roots = torch._foreach_sqrt(velocities)
        if not self.momentum:
            torch._foreach_addcdiv_(weights, grads, roots, -rate)
            return
        momentums = chosen["momentum"]
        torch._foreach_mul_(momentums, self.momentum)
        torch._foreach_addcdiv_(momentums, grads, roots, rate)
        torch._foreach_add_(weights, momentums, alpha=-1)

    def get_config(self):
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
