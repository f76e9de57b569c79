"""One step of training, testing or predicting: a module, its optimizer and its objective together."""

import math
import warnings

import torch
from torch.utils import _pytree as pytree

from anmok import notices
from anmok.errors import ArgumentError
from anmok.training.memory import keep_freed_memory
from anmok.training.objective import Objective
from anmok.training.precision import LossScale, computing, training_format


class Task:
    """What `compile` sets up. `module` is any torch Module whose forward takes `training=`."""

    def __init__(self, module, *, optimizer, loss, loss_weights=None, metrics=None, weighted_metrics=None):
        self.module = module
        self.optimizer = optimizer
        self._given = (loss, loss_weights, metrics, weighted_metrics)
        self.objective = self.fresh_objective()
        self.validation_objective = None  # made when a fit validates
        self._loss_scale = None

    def fresh_objective(self):
        return Objective(*self._given, output_names=getattr(self.module, "output_names", None))

    # Getting ready ------------------------------------------------------------------------------------------------

    def prepare(self, *, training, device, rewrite=None):
        """Settle, once per fit or evaluate, what stays the same at every step.

        rewrite: a function of the number format (a torch dtype) that returns a function (inputs, training) -> outputs
        which computes what the module computes, only faster, and in that format; or None.
        """
        keep_freed_memory()
        self.device = device
        self._extra_terms = _extra_terms(self.module)
        self._format = training_format(self.module, device) if training else None
        faster = rewrite(self._format or torch.float32) if rewrite is not None else None
        self._forward = faster or self.module
        self._autocast = None if faster is not None else self._format
        if training:
            if self._format is torch.float16 and self._loss_scale is None:
                self._loss_scale = LossScale()
            self._follow_weights()

    def _follow_weights(self):
        """(Re)read which weights are trained. A model whose layers build on first use has none before its first step."""
        self._weights = [weight for weight in self.module.parameters() if weight.requires_grad]
        ordered = getattr(self.module, "trainable_weights", None)
        if ordered is not None:
            self._weights = [weight for weight in ordered if weight.requires_grad]
        if self._weights:
            self.optimizer.build(self._weights)

    # Steps --------------------------------------------------------------------------------------------------------

    def train_step(self, x, y, sample_weight):
        """Forward, backward, update."""
        if self._extra_terms is not None:
            self.module._clear_losses()
        with computing(self.device, self._autocast):
            outputs = self._forward(x, training=True)
            extra = self._extra_terms() if self._extra_terms is not None else ()
            loss = self.objective.loss(y, outputs, sample_weight, extra)
        if not self._weights:
            self._follow_weights()
            if not self._weights:
                raise ArgumentError(_nothing_trainable(self.module))
        scale = self._loss_scale
        gradients = torch.autograd.grad(loss if scale is None else loss * scale.scale, self._weights, allow_unused=True)
        if scale is None or scale.unscale(gradients):
            self.optimizer.apply(gradients)
        value = loss.detach()
        if value.device.type == "cpu":
            value = value.item()
        self.objective.update(value, _length(x), y, outputs, sample_weight)
        return value

    @torch.inference_mode()
    def test_step(self, x, y, sample_weight):
        """Forward and compare, without training."""
        if self._extra_terms is not None:
            self.module._clear_losses()
        outputs = self._forward(x, training=False)
        extra = self._extra_terms() if self._extra_terms is not None else ()
        loss = self.objective.loss(y, outputs, sample_weight, extra)
        value = loss.item() if loss.device.type == "cpu" else loss
        self.objective.update(value, _length(x), y, outputs, sample_weight)

    @torch.inference_mode()
    def predict_step(self, x):
        """The outputs for one batch, float32."""
        outputs = self._forward(x, training=False)
        return pytree.tree_map(
            lambda leaf: leaf.float() if torch.is_tensor(leaf) and leaf.is_floating_point() else leaf, outputs
        )

    def results(self):
        return self.objective.results()

    def reset(self):
        self.objective.reset()


def warn_if_not_finite(value, epoch, step):
    """Say once in which step the loss stopped being a number."""
    if isinstance(value, float) and not math.isfinite(value):
        notices.once(
            ("loss not finite", epoch, step),
            f"The loss became {value} in epoch {epoch + 1}, step {step + 1}. Usual reasons: a learning rate that is too "
            "large, inputs that are not scaled, or NaN in the data. Training goes on as in Keras; the callback "
            "TerminateOnNaN stops it.",
        )
        return True
    return False


def _extra_terms(module):
    """A function that returns the extra loss terms of a step, or None if there can be none."""
    layers = [layer for layer in module.modules() if hasattr(layer, "_call_losses")]
    regularized = [
        weight
        for weight in getattr(module, "trainable_weights", ())
        if getattr(weight, "regularizer", None) is not None
    ]
    built_in = all(not _may_add(layer) for layer in layers)
    if built_in and not regularized:
        return None

    def terms():
        added = [term for layer in layers for term in layer._call_losses]
        return added + [weight.regularizer(weight.keras_view(weight)) for weight in regularized]

    return terms


def _may_add(layer):
    """Whether this layer may add a loss: it has an activity regularizer, or is not one of ours."""
    return layer.activity_regularizer is not None or type(layer).__module__.split(".")[0] != "anmok"


def _nothing_trainable(module):
    name = getattr(module, "name", type(module).__name__)
    if any(True for _ in module.parameters()):
        return f"Model '{name}' has nothing to train: all its weights are frozen (trainable=False). Unfreeze a layer."
    return f"Model '{name}' has nothing to train: its layers have no weights. Add a Dense or Conv2D layer."


def _length(x):
    return x.shape[0] if torch.is_tensor(x) else pytree.tree_leaves(x)[0].shape[0]
