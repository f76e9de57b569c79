"""Adam and its kin (Kingma & Ba 2014), with Keras' epsilon, which is the paper's "epsilon hat"."""

import math

import torch

from anmok.errors import ArgumentError
from anmok.optimizers.optimizer import Optimizer, epsilon_of


class _Moments(Optimizer):
    """An optimizer with decaying means of the gradient (beta_1) and of its size (beta_2)."""

    def _set_moments(self, beta_1, beta_2, epsilon):
        for name, beta in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0 <= beta < 1:
                raise ArgumentError(f"Expected {name} at least 0 and below 1, got {beta!r}.")
        self.beta_1 = float(beta_1)
        self.beta_2 = float(beta_2)
        self.epsilon = epsilon_of(epsilon)

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


class Adam(_Moments):
    """Adam, or AMSGrad (Reddi et al. 2018) with amsgrad=True (as in Keras); see Optimizer for the rest."""

    fused_on = ("cpu", "cuda")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **common):
        super().__init__(learning_rate, **common)
        self._set_moments(beta_1, beta_2, epsilon)
        self.amsgrad = amsgrad

    def make_state(self):
        self.add_optimizer_variables(self._weights, ["momentum", "velocity"])
        if self.amsgrad:
            self.add_optimizer_variables(self._weights, "velocity_hat")
        self._step = torch.zeros((), device=self._weights[0].device) if self._weights else None

    def arrange(self, chosen):
        chosen = super().arrange(chosen)
        chosen.fusible &= hasattr(torch, "_fused_adamw_")
        return chosen

    def apply_weight_decay(self, chosen, rate):
        if not (chosen.fusible and chosen.decay_is_uniform):
            super().apply_weight_decay(chosen, rate)

    def update(self, chosen, grads, rate):
        update_as_adam(
            chosen.weights,
            grads,
            chosen["momentum"],
            chosen["velocity"],
            chosen["velocity_hat"] if self.amsgrad else [],
            rate=rate,
            step=self._updates() + 1,
            betas=(self.beta_1, self.beta_2),
            epsilon=self.epsilon,
            decay=chosen.decays[0][0] if chosen.decay_is_uniform else 0.0,
            counter=self._step if chosen.fusible else None,
        )

    def get_config(self):
        return {**super().get_config(), "amsgrad": self.amsgrad}


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, as in Keras); see Optimizer for the rest."""

    def __init__(
        self,
        learning_rate=0.001,
        weight_decay=0.004,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        **common,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **common)
        if weight_decay is None:
            raise ArgumentError("AdamW: expected weight_decay to be a float, got None; without it, use Adam.")


def update_as_adam(weights, grads, means, squares, maxima, *, rate, step, betas, epsilon, decay, counter):
    """w <- w - rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon), in place.

    maxima: running maxima of v for AMSGrad, or []. counter: a scalar tensor for torch's fused kernel, None for the
    formula; only the kernel applies `decay`.
    """
    beta_1, beta_2 = betas
    root = math.sqrt(1 - beta_2**step)
    if counter is not None:
        counter.fill_(step)
        torch._fused_adamw_(
            weights,
            grads,
            means,
            squares,
            maxima,
            [counter] * len(weights),
            lr=rate,
            beta1=beta_1,
            beta2=beta_2,
            weight_decay=decay,
            eps=epsilon / root,  # torch adds epsilon after it has divided the root of v by `root`
            amsgrad=bool(maxima),
            maximize=False,
        )
        return
    torch._foreach_lerp_(means, grads, 1 - beta_1)
    torch._foreach_mul_(squares, beta_2)
    torch._foreach_addcmul_(squares, grads, grads, 1 - beta_2)
    if maxima:
        torch._foreach_maximum_(maxima, squares)
        squares = maxima
    roots = torch._foreach_sqrt(squares)
    torch._foreach_add_(roots, epsilon)
    torch._foreach_addcdiv_(weights, means, roots, -rate * root / (1 - beta_1**step))


class Adamax(_Moments):
    """Adam with the infinity norm (Kingma & Ba 2014, section 7, as in Keras); see Optimizer for the rest."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **common):
        super().__init__(learning_rate, **common)
        self._set_moments(beta_1, beta_2, epsilon)

    def make_state(self):
        self.add_optimizer_variables(self._weights, ["momentum", "norm"])

    def update(self, chosen, grads, rate):
        means, norms = chosen["momentum"], chosen["norm"]
        torch._foreach_lerp_(means, grads, 1 - self.beta_1)
        torch._foreach_mul_(norms, self.beta_2)
        torch._foreach_maximum_(norms, torch._foreach_abs(grads))
        divisors = torch._foreach_add(norms, self.epsilon)
        torch._foreach_addcdiv_(chosen.weights, means, divisors, -rate / (1 - self.beta_1 ** (self._updates() + 1)))


class Nadam(_Moments):
    """Adam with Nesterov's momentum (Dozat 2016, as in Keras); see Optimizer for the rest."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **common):
        # Keras 2 let this be set; it is a part of the formula now.
        if common.pop("schedule_decay", 0.004) != 0.004:
            raise ArgumentError("Nadam: schedule_decay is 0.004, as in Dozat's paper; leave it out.")
        super().__init__(learning_rate, **common)
        self._set_moments(beta_1, beta_2, epsilon)

    def make_state(self):
        self.add_optimizer_variables(self._weights, ["momentum", "velocity"])
        # The product of all momenta so far; on the CPU, where reading it waits for nothing.
        self._u_product = self.add_variable_from_reference(torch.empty((), dtype=torch.float64), "u_product", value=1.0)

    def update(self, chosen, grads, rate):
        means, squares = chosen["momentum"], chosen["velocity"]
        step = self._updates() + 1
        momentum = self.beta_1 * (1 - 0.5 * 0.96**step)
        next_momentum = self.beta_1 * (1 - 0.5 * 0.96 ** (step + 1))
        product = float(self._u_product) * momentum
        self._u_product.fill_(product)
        torch._foreach_lerp_(means, grads, 1 - self.beta_1)
        torch._foreach_mul_(squares, self.beta_2)
        torch._foreach_addcmul_(squares, grads, grads, 1 - self.beta_2)
        root = math.sqrt(1 - self.beta_2**step)
        rate = rate * root
        divisors = torch._foreach_sqrt(squares)
        torch._foreach_add_(divisors, self.epsilon * root)
        ahead = -rate * next_momentum / (1 - product * next_momentum)
        torch._foreach_addcdiv_(chosen.weights, means, divisors, ahead)
        torch._foreach_addcdiv_(chosen.weights, grads, divisors, -rate * (1 - momentum) / (1 - product))
