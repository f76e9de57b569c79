"""One step of training, testing or predicting: a module, its optimizer and its objective together."""

import math
import warnings

import torch
from torch.utils import _pytree as pytree

from anmok import notices
from anmok.activations import softmax
from anmok.errors import ArgumentError
from anmok.training.memory import keep_freed_memory
from anmok.training.objective import Objective
from anmok.training.precision import LossScale, computing, training_format

_SETTLED = (
    "_extra_terms", "_format", "_forward", "_test_forward", "_autocast", "_direct", "_order", "_wanted", "_weights",
    "_modules_of_torch",
)  # fmt: skip


class Task:
    """What `compile` sets up. `module` is any torch Module whose forward takes `training=`."""

    def __init__(self, module, *, optimizer, loss, loss_weights=None, metrics=None, weighted_metrics=None):
        self.module = module
        self.optimizer = optimizer
        self._given = (loss, loss_weights, metrics, weighted_metrics)
        self.objective = self.fresh_objective()
        self.validation_objective = None  # made when a fit validates
        self._loss_scale = None
        self._own_metrics, self._may_get_metrics = [], False

    def __getstate__(self):
        # What `prepare` settles belongs to these very weights.
        return {name: value for name, value in vars(self).items() if name not in _SETTLED}

    def fresh_objective(self):
        return Objective(*self._given, output_names=getattr(self.module, "output_names", None))

    # Getting ready ------------------------------------------------------------------------------------------------

    def prepare(self, *, training, device, rewrite=None, body=None, losses=True):
        """Settle, once an epoch or evaluation, what stays the same at every step.

        What was settled for training stays while callbacks evaluate and predict.
        losses: whether they are computed, which predicting does without.
        rewrite: a function of the number format (a torch dtype) that returns a function (inputs, training) -> outputs
        which computes what the module computes, only faster, and in that format; or None.
        body: what is run in the place of the module where the inputs are features of its first layers.
        """
        keep_freed_memory()
        self.device = device
        body = self.module if body is None else body
        self._modules_of_torch = [module for module in self.module.modules() if not hasattr(module, "_call_losses")]
        if losses:
            self._extra_terms = _extra_terms(self.module)
            self._find_own_metrics()
        if not training:
            self._test_forward = (rewrite and rewrite(torch.float32)) or body
            return
        self._format = training_format(self.module, device)
        faster = rewrite and rewrite(self._format or torch.float32)
        self._forward = faster or body
        self._autocast = None if faster else self._format
        if self._format is torch.float16 and self._loss_scale is None:
            self._loss_scale = LossScale()
        self._weights = []
        if all(getattr(layer, "built", True) for layer in self.module.modules()):
            self._follow_weights()
        self._direct = None
        self._consider_direct(getattr(faster, "direct", None))

    def _find_own_metrics(self):
        """Metrics that layers have; those of a person's layers may appear as they are called."""
        self._own_metrics = self.module.own_metrics() if hasattr(self.module, "own_metrics") else []
        self._may_get_metrics = not all(type(layer).__module__.startswith("anmok.") for layer in self.module.modules())

    def _consider_direct(self, direct):
        """Step without autograd where the network is one chain, holds every trained weight once, and adds no losses."""
        if direct is None or self._extra_terms is not None or self._loss_scale is not None:
            return
        position = {id(weight): i for i, weight in enumerate(direct.chain.weights)}
        trained = {id(weight) for weight in self._weights}
        if len(position) == len(direct.chain.weights) and trained and trained <= position.keys():
            self._direct = direct
            self._order = [position[id(weight)] for weight in self._weights]
            self._wanted = [id(weight) in trained for weight in direct.chain.weights]

    def _follow_weights(self):
        """Read which weights are trained, which for layers that build on first use is known after the first step."""
        # Keras' order first; what is left belongs to torch's own modules within the model.
        ordered = [*getattr(self.module, "trainable_weights", ()), *self.module.parameters()]
        self._weights = list({id(weight): weight for weight in ordered if weight.requires_grad}.values())
        if self._weights:
            self.optimizer.build(self._weights)

    def set_mode(self, training):
        """Tell torch's own modules within the model, which do not see `training=`."""
        for module in self._modules_of_torch:
            module.training = training

    # Steps --------------------------------------------------------------------------------------------------------

    def train_step(self, x, y, sample_weight):
        """Forward, backward, update; returns the loss, a number on the CPU."""
        self.set_mode(True)
        step = self._step_by_autograd if self._direct is None else self._step_directly
        try:
            loss, outputs, gradients = step(x, y, sample_weight)
        except (IndexError, RuntimeError) as error:
            raise self.objective.complaint(y) or error from None
        if self._loss_scale is None or self._loss_scale.unscale(gradients):
            self.optimizer.apply(gradients, self._weights)
        value = loss.detach()
        if value.device.type == "cpu":
            value = value.item()
        self.objective.update(value, length_of(x), y, outputs, sample_weight)
        return value

    def _step_by_autograd(self, x, y, sample_weight):
        if self._extra_terms is not None:
            self.module._clear_losses()
        with computing(self.device, self._autocast):
            outputs = self._forward(x, training=True)
            extra = self._extra_terms() if self._extra_terms is not None else ()
            loss = self.objective.loss(y, outputs, sample_weight, extra)
        if not self._weights:
            self._follow_weights()
            if not self._weights:
                raise ArgumentError(nothing_trainable(self.module))
        scaled = loss if self._loss_scale is None else loss * self._loss_scale.scale
        scaled = self.optimizer.scale_loss(scaled)
        return loss, outputs, torch.autograd.grad(scaled, self._weights, allow_unused=True)

    def _step_directly(self, x, y, sample_weight):
        """For a network that is one chain: autograd sees its end only, from the logits to the loss."""
        direct, known = self._direct, None
        with torch.no_grad():
            end, tape = direct.forward(x)
            # Before the choice of a path, so that the first step takes the same one as a later step would.
            self.objective.prepare(y, end)
            if direct.end is softmax and not self.optimizer.loss_scale_factor:
                known = self.objective.loss_with_gradient(y, end, sample_weight)
        if known is not None:
            outputs, (loss, gradient) = end, known
        else:
            end.requires_grad_()
            outputs = self._ended(end)
            loss = self.objective.loss(y, outputs, sample_weight)
            (gradient,) = torch.autograd.grad(self.optimizer.scale_loss(loss), end)
        with torch.no_grad():
            _, gradients = direct.chain.backward(gradient, tape, self._wanted)
        return loss, outputs, [gradients[i] for i in self._order]

    def _ended(self, end):
        """The outputs, from what comes before the last activation.

        Where losses and metrics ask for a softmax's logits and their order alone, the softmax itself is left out.
        """
        function = self._direct.end
        if function is None:
            return end
        if function is not softmax or not self.objective.reads_logits_only():
            return function(end)
        outputs = end.view(end.shape)
        outputs.logits, outputs.logits_of = end, "softmax"
        return outputs

    @torch.inference_mode()
    def test_step(self, x, y, sample_weight):
        """Forward and compare, without training."""
        self.set_mode(False)
        if self._extra_terms is not None:
            self.module._clear_losses()
        outputs = self._test_forward(x, training=False)
        extra = self._extra_terms() if self._extra_terms is not None else ()
        try:
            loss = self.objective.loss(y, outputs, sample_weight, extra)
        except (IndexError, RuntimeError) as error:
            raise self.objective.complaint(y) or error from None
        value = loss.item() if loss.device.type == "cpu" else loss
        self.objective.update(value, length_of(x), y, outputs, sample_weight)

    @torch.inference_mode()
    def predict_step(self, x):
        """The outputs for one batch, float32."""
        self.set_mode(False)
        outputs = self._test_forward(x, training=False)
        return single(outputs) if torch.is_tensor(outputs) else pytree.tree_map(single, outputs)

    @property
    def weights(self):
        """The weights that are trained."""
        return self._weights

    def results(self):
        logs = self.objective.results()
        if self._may_get_metrics:
            self._find_own_metrics()
        if self._own_metrics:
            logs.update({metric.name: float(metric.result()) for metric in self._own_metrics})
            logs = type(logs)(sorted(logs.items()))
        return logs

    def reset(self):
        self.objective.reset()
        for metric in self._own_metrics:
            metric.reset_state()


def single(leaf):
    """A tensor of floats as float32; anything else as it is."""
    return leaf.float() if torch.is_tensor(leaf) and leaf.is_floating_point() else leaf


def warn_if_not_finite(value, epoch, step):
    """Say in which step the loss stopped being a number; True if it did."""
    if isinstance(value, float) and not math.isfinite(value):
        warnings.warn(
            f"The loss became {value} in epoch {epoch + 1}, step {step + 1}. Usual reasons: a learning rate that "
            "is too large, inputs that are not scaled, or NaN in the data. Training goes on as in Keras; the callback "
            "TerminateOnNaN stops it.",
            notices.AnmokWarning,
            stacklevel=2,
        )
        return True
    return False


@torch.no_grad()
def warn_if_weights_are_not_finite(task, epoch):
    """Say in which epoch a weight stopped being a number, and which; True if one did."""
    for weight in task.weights:
        if not math.isfinite(weight.sum()) and not bool(torch.isfinite(weight).all()):
            warnings.warn(
                f"The weight '{getattr(weight, 'path', tuple(weight.shape))}' has NaN or infinite values since epoch "
                f"{epoch + 1}. Usual reasons: a learning rate that is too large, or inputs that are not scaled.",
                notices.AnmokWarning,
                stacklevel=2,
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
        added += [function() for layer in layers for function in layer.loss_functions]
        return added + [weight.regularizer(weight.keras_view(weight)) for weight in regularized]

    return terms


def _may_add(layer):
    """Whether this layer may add a loss: it has an activity regularizer, or is not one of ours."""
    if layer.activity_regularizer is not None or layer.loss_functions or getattr(layer, "adds_losses", False):
        return True
    return type(layer).__module__.split(".")[0] != "anmok"


def nothing_trainable(module):
    name = getattr(module, "name", type(module).__name__)
    if any(True for _ in module.parameters()):
        return f"Model '{name}' has nothing to train: all its weights are frozen (trainable=False). Unfreeze a layer."
    return f"Model '{name}' has nothing to train: its layers have no weights. Add a Dense or Conv2D layer."


def length_of(x):
    return x.shape[0] if torch.is_tensor(x) else pytree.tree_leaves(x)[0].shape[0]
