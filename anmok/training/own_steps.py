"""Steps of training that a person wrote into a model: train_step, test_step, compute_loss and so on, as in Keras.

A Task runs its own steps, which are as short as can be. Where a model's class has others, an OwnTask calls those. Both
lead to the same numbers: `train_step`, `test_step` and `predict_step` here are what Keras' defaults do.
"""

import torch
from torch.utils import _pytree as pytree

from anmok import outside
from anmok.errors import ArgumentError
from anmok.training.iterables import pack_x_y_sample_weight, unpack_x_y_sample_weight
from anmok.training.logs import Logs
from anmok.training.task import Task, length_of, nothing_trainable, single

STEPS = ("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics")


def has_own_steps(module):
    """Whether the model's class defines one of Keras' steps itself."""
    return any(not outside.is_ours(getattr(type(module), name, has_own_steps)) for name in STEPS)


class OwnTask(Task):
    """A Task whose steps are the model's methods."""

    def __init__(self, module, **given):
        super().__init__(module, **given)
        self._logs = {}

    def prepare(self, *, training, device, rewrite=None, body=None, losses=True):
        self.device = device
        self._modules_of_torch = [module for module in self.module.modules() if not hasattr(module, "_call_losses")]
        self._own_metrics = self.module.own_metrics()
        self._weights = []

    def train_step(self, x, y, sample_weight):
        self.set_mode(True)
        self._logs = self._ask("train_step", x, y, sample_weight)
        loss = self._logs.get("loss")
        return loss if isinstance(loss, float) else 0.0  # nothing that a warning of NaN could be about

    def test_step(self, x, y, sample_weight):
        self.set_mode(False)
        with torch.no_grad():
            self._logs = self._ask("test_step", x, y, sample_weight)

    def predict_step(self, x):
        self.set_mode(False)
        with torch.no_grad():
            outputs = outside.ask(self.module.predict_step, pack_x_y_sample_weight(x))
        return single(outputs) if torch.is_tensor(outputs) else pytree.tree_map(single, outputs)

    def _ask(self, name, x, y, sample_weight):
        logs = outside.ask(getattr(self.module, name), pack_x_y_sample_weight(x, y, sample_weight))
        if not isinstance(logs, dict):
            raise ArgumentError(
                f"{type(self.module).__name__}.{name} must return a dict of numbers by name, such as "
                f"{{'loss': loss}}, got {type(logs).__name__}."
            )
        return flat(logs)

    def results(self):
        """What the last step returned; of metrics, what they have by now."""
        known = flat(self.module.get_metrics_result())
        return Logs(sorted((known if known.keys() == self._logs.keys() else self._logs).items()))

    def reset(self):
        self.objective.reset()
        self.module.reset_metrics()


def flat(logs):
    """Name -> float or array, where values may be tensors and dicts of them."""
    found = {}
    for name, value in logs.items():
        if isinstance(value, dict):
            found.update(flat(value))
        else:
            value = value.detach() if torch.is_tensor(value) else value
            value = torch.as_tensor(value)
            found[name] = float(value) if value.numel() == 1 else value.cpu().numpy()
    return found


# What Keras' own steps do ---------------------------------------------------------------------------------------------


def train_step(task, module, data):
    """Forward, `compute_loss`, backward, update, `compute_metrics`; returns its dict."""
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    optimizer = module.optimizer
    with torch.enable_grad():
        outputs = module(x, training=True)
        loss = _loss(module, x, y, outputs, sample_weight, training=True)
        weights = [weight for weight in module.trainable_weights if weight.requires_grad]
        if not weights:
            raise ArgumentError(nothing_trainable(module))
        gradients = torch.autograd.grad(optimizer.scale_loss(loss), weights, allow_unused=True)
    optimizer.build(weights)
    optimizer.apply(gradients, weights)
    return _tracked(task, module, x, y, outputs, sample_weight, loss)


def test_step(task, module, data):
    """Forward, `compute_loss`, `compute_metrics`; returns its dict."""
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    outputs = module(x, training=False)
    loss = _loss(module, x, y, outputs, sample_weight, training=False)
    return _tracked(task, module, x, y, outputs, sample_weight, loss)


def predict_step(module, data):
    """The outputs for a batch."""
    x, _, _ = unpack_x_y_sample_weight(data)
    return module(x, training=False)


def _loss(module, x, y, outputs, sample_weight, *, training):
    """The model's compute_loss, which in Keras 2 knew no `training`."""
    given = {"x": x, "y": y, "y_pred": outputs, "sample_weight": sample_weight}
    code = getattr(getattr(type(module).compute_loss, "__wrapped__", type(module).compute_loss), "__code__", None)
    if code is None or "training" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] or code.co_flags & 8:
        given["training"] = training
    return outside.ask(module.compute_loss, **given)


def _tracked(task, module, x, y, outputs, sample_weight, loss):
    task.objective.total.add(float(loss.detach()), length_of(x))
    return outside.ask(module.compute_metrics, x, y, outputs, sample_weight)


# What Keras 2's models have -------------------------------------------------------------------------------------------


class LossTracker:
    """The mean of the losses so far, as one of a model's `metrics`."""

    name = "loss"
    dtype = "float32"
    variables = ()

    def __init__(self, objective):
        self._objective = objective

    @outside.border
    def update_state(self, values, sample_weight=None):
        values = torch.as_tensor(values).detach()
        self._objective().total.add(float(values.mean()), 1 if sample_weight is None else float(sample_weight))

    @outside.border
    def result(self):
        return torch.tensor(self._objective().total.result())

    def reset_state(self):
        self._objective().total.reset()

    reset_states = reset_state


class CompiledLoss:
    """`compiled_loss(y, y_pred)`: the losses given to compile, which the loss tracker follows (as in Keras 2)."""

    def __init__(self, objective):
        self._objective = objective

    @outside.border
    def __call__(self, y_true, y_pred, sample_weight=None, regularization_losses=None):
        objective = self._objective()
        loss = objective.loss(y_true, y_pred, sample_weight, regularization_losses or ())
        objective.total.add(float(loss.detach()), length_of(y_pred))
        return loss

    @property
    def metrics(self):
        return [LossTracker(self._objective)]

    def reset_state(self):
        self._objective().total.reset()


class CompiledMetrics:
    """`compiled_metrics.update_state(y, y_pred)`: the metrics given to compile (as in Keras 2 and 3)."""

    name = "compile_metrics"
    dtype = "float32"

    def __init__(self, objective):
        self._objective = objective

    @outside.border
    def update_state(self, y_true, y_pred, sample_weight=None):
        self._objective().count(y_true, y_pred, sample_weight)

    @outside.border
    def result(self):
        return self._objective().metric_results()

    @property
    def metrics(self):
        return self._objective().metrics

    @property
    def variables(self):
        return [state for metric in self.metrics for state in metric.variables]

    def reset_state(self):
        for metric in self.metrics:
            metric.reset_state()

    reset_states = reset_state
