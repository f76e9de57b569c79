"""Muon: momentum made orthogonal for matrices, Adam for everything else (Jordan 2024; Liu et al. 2025)."""

import math
import re

import torch

from anmok.optimizers.adam import update_as_adam
from anmok.optimizers.optimizer import Optimizer, epsilon_of


class Muon(Optimizer):
    """Muon for weights of two axes, Adam for the others (as in Keras); see Optimizer for the rest.

    exclude_layers: patterns; a weight whose path has one of them is left to Adam, as are embeddings unless
    exclude_embeddings=False. muon_a, muon_b, muon_c: the quintic of the Newton-Schulz iteration, of which ns_steps
    are made. adam_lr_ratio: Adam's learning rate over Muon's. rms_rate: scale of Muon's step times the root of the
    longer side, or None for the plain step.
    """

    fused_on = ("cpu", "cuda")

    def __init__(
        self,
        learning_rate=0.001,
        adam_beta_1=0.9,
        adam_beta_2=0.999,
        adam_weight_decay=0.004,
        epsilon=1e-7,
        weight_decay=0.004,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        exclude_layers=None,
        exclude_embeddings=True,
        muon_a=3.4445,
        muon_b=-4.7750,
        muon_c=2.0315,
        adam_lr_ratio=1,
        momentum=0.95,
        ns_steps=5,
        nesterov=True,
        rms_rate=0.2,
        **old,
    ):
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **old,
        )
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon_of(epsilon)
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def make_state(self):
        for weight in self._weights:
            self.add_variable_from_reference(weight, "momentum")
            if self._is_for_adam(weight):
                self.add_variable_from_reference(weight, "velocity")
        self._step = torch.zeros((), device=self._weights[0].device) if self._weights else None

    def _is_for_adam(self, weight):
        path = getattr(weight, "path", None) or getattr(weight, "name", None) or ""
        return (
            len(getattr(weight, "keras_shape", weight.shape)) != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(pattern, path) for pattern in self.exclude_layers)
        )

    def decay_of(self, weight):
        spared = self.weight_decay is not None and super().decay_of(weight) is None
        if spared or not self._is_for_adam(weight):
            return super().decay_of(weight)
        return self.adam_weight_decay

    def update(self, chosen, grads, rate):
        adam = ([], [], [], [])
        velocities = chosen.slots.get("velocity") or [None] * len(grads)
        for weight, grad, mean, square in zip(chosen.weights, grads, chosen["momentum"], velocities, strict=True):
            if square is None:
                self._update_matrix(weight, grad, mean, rate)
            else:
                for tensors, tensor in zip(adam, (weight, grad, mean, square), strict=True):
                    tensors.append(tensor)
        if adam[0]:
            update_as_adam(
                *adam,
                [],
                rate=rate * self.adam_lr_ratio,
                step=self._updates() + 1,
                betas=(self.adam_beta_1, self.adam_beta_2),
                epsilon=self.epsilon,
                decay=0.0,
                counter=self._step if chosen.fusible and hasattr(torch, "_fused_adamw_") else None,
            )

    def _update_matrix(self, weight, grad, mean, rate):
        mean.mul_(self.momentum).add_(grad)
        direction = torch.add(grad, mean, alpha=self.momentum) if self.nesterov else mean
        if self.rms_rate is not None:
            rate = rate * self.rms_rate * math.sqrt(max(weight.size()))
        weight.sub_(self._orthogonal(direction), alpha=rate)

    def _orthogonal(self, matrix):
        """About the orthogonal matrix nearest to `matrix` in direction, by the Newton-Schulz iteration."""
        tall = matrix.shape[0] > matrix.shape[1]
        x = matrix.T if tall else matrix
        x = x / (torch.linalg.matrix_norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            square = x @ x.T
            inner = torch.addmm(square, square, square, beta=self.muon_b, alpha=self.muon_c)
            x = torch.addmm(x, inner, x, beta=self.muon_a)
        return x.T if tall else x

    def get_config(self):
        own = (
            "adam_beta_1", "adam_beta_2", "epsilon", "exclude_layers", "muon_a", "muon_b", "muon_c", "adam_lr_ratio",
            "momentum", "ns_steps", "nesterov", "exclude_embeddings", "adam_weight_decay", "rms_rate",
        )  # fmt: skip
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
