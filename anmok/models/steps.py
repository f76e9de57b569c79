"""The steps of training that a model may write anew, and the losses and metrics they work with (as in Keras)."""

from anmok import outside
from anmok.metrics import Metric
from anmok.training import own_steps
from anmok.training.own_steps import CompiledLoss, CompiledMetrics, LossTracker, OwnTask, has_own_steps
from anmok.training.task import Task


class Steps:
    """What `fit`, `evaluate` and `predict` do with a batch, where a subclass writes one of these methods itself.

    `data` is x, (x, y) or (x, y, sample_weight) of tensors.
    """

    def _new_task(self, **given):
        return (OwnTask if has_own_steps(self) else Task)(self, **given)

    @property
    def has_own_steps(self):
        """Whether a step of this model is its class's own."""
        return isinstance(self._task, OwnTask) if self._task else has_own_steps(self)

    def _objective(self):
        self._require_compiled()
        return self._task.objective

    # Steps --------------------------------------------------------------------------------------------------------

    @outside.border
    def train_step(self, data):
        """Forward, loss, backward, update; returns a dict of loss and metrics so far."""
        self._require_compiled()
        return own_steps.train_step(self._task, self, data)

    @outside.border
    def test_step(self, data):
        """Forward and loss; returns a dict of loss and metrics so far."""
        self._require_compiled()
        return own_steps.test_step(self._task, self, data)

    @outside.border
    def predict_step(self, data):
        """The outputs for a batch."""
        return own_steps.predict_step(self, data)

    @outside.border
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The losses given to compile, with those that layers added: a scalar tensor."""
        return self._objective().loss(y, y_pred, sample_weight, outside.plain(self.losses))

    @outside.border
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Take a batch into the metrics given to compile; returns `get_metrics_result()`."""
        self._objective().count(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self):
        """Name -> value of everything in `metrics` so far."""
        found = {}
        for metric in self.metrics:
            value = metric.result()
            found.update(value if isinstance(value, dict) else {metric.name: value})
        if self._task is not None and any(isinstance(metric, LossTracker) for metric in self.metrics):
            # Under the names that fit reports, which tell outputs apart.
            own = {metric.name for metric in self.own_metrics()}
            reported = self._task.objective.metric_results()
            found = {"loss": found["loss"], **reported, **{name: found[name] for name in found if name in own}}
        return found

    # Losses and metrics -------------------------------------------------------------------------------------------

    @property
    def compiled_loss(self):
        """A function (y, y_pred, sample_weight=None, regularization_losses=None) of the losses given to compile."""
        return CompiledLoss(self._objective) if self._task else None

    @property
    def compiled_metrics(self):
        """The metrics given to compile, with update_state(y, y_pred, sample_weight=None)."""
        return CompiledMetrics(self._objective) if self._task else None

    @property
    def metrics(self):
        """The loss's mean, the metrics given to compile (one object before the first batch), those of the layers."""
        if self._task is None:
            return self.own_metrics()
        compiled = self._task.objective.metrics
        if not compiled and self._task.objective.wants_metrics:
            compiled = [self.compiled_metrics]
        return [LossTracker(self._objective), *compiled, *self.own_metrics()]

    def own_metrics(self):
        """The metrics that this model and its layers have as attributes, or were given by `add_metric`."""
        found = {}
        for layer in self._flatten_layers():
            for name, value in vars(layer).items():
                entries = value.values() if isinstance(value, dict) else value
                for entry in entries if isinstance(value, (list, tuple, dict)) and name[:2] != "__" else [value]:
                    if isinstance(entry, Metric):
                        found[id(entry)] = entry
        return list(found.values())

    def reset_metrics(self):
        """Forget what was measured so far."""
        if self._task is not None:
            self._task.objective.reset()
        for metric in self.metrics:
            metric.reset_state()
