"""What training minimises and what it reports: losses and metrics, matched to the outputs (as in Keras)."""

import torch
from torch.utils import _pytree as pytree

from anmok import losses as loss_room
from anmok import metrics as metric_room
from anmok.errors import ArgumentError, DataError, ShapeError, unknown_name
from anmok.training.logs import Logs

_FROM_LOGITS = (loss_room.SparseCategoricalCrossentropy, loss_room.CategoricalCrossentropy)
_BY_ORDER = (
    metric_room.SparseCategoricalAccuracy,
    metric_room.CategoricalAccuracy,
    metric_room.SparseTopKCategoricalAccuracy,
    metric_room.TopKCategoricalAccuracy,
)

# Numbers of output that may wait for their metrics to be counted, all batches together.
_MOST_WAITING = 1 << 18


class RunningMean:
    """A mean over samples that costs next to nothing per step: plain numbers on the CPU, tensors elsewhere."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.count = 0.0, 0

    def add(self, value, count):
        self.total = self.total + value * count
        self.count += count

    def result(self):
        return float(self.total) / self.count if self.count else 0.0


class Objective:
    """The compiled losses and metrics.

    It is finished on the first batch, when the outputs' names and shapes are known: `acc` becomes the accuracy that
    fits the loss and the shapes.
    """

    def __init__(self, loss=None, loss_weights=None, metrics=None, weighted_metrics=None, output_names=None):
        self._loss, self._loss_weights = loss, loss_weights
        self._metrics, self._weighted_metrics = metrics, weighted_metrics
        self._output_names = output_names
        self._made = None
        self._logits_suffice = None
        _check_names(loss, metrics, weighted_metrics)
        self._waiting = []  # batches (y, outputs) whose metrics are not counted yet
        self.total = RunningMean()

    # Matching -----------------------------------------------------------------------------------------------------

    def prepare(self, y, outputs):
        """Match losses and metrics to the outputs; does nothing the second time."""
        if self._made is not None:
            return
        names, predictions = self._name_outputs(outputs)
        self._names = names
        targets = self._flatten_targets(y, names)
        shapes = [
            (None if target is None else tuple(target.shape), tuple(prediction.shape))
            for target, prediction in zip(targets, predictions, strict=True)
        ]
        self._losses = losses = self.losses_for(names, shapes)
        weights = _per_output(self._loss_weights, names, "loss_weights")
        self._weights = [1.0 if weight is None else float(weight) for weight in weights]
        self._loss_means = [RunningMean() for _ in names]
        # As in Keras: one loss alone is the total, which is reported anyway.
        self._reports_parts = sum(loss is not None for loss in losses) > 1
        taken = set()
        self._plain = self._make_metrics(self._metrics, "metrics", losses, shapes, taken)
        self._weighted = self._make_metrics(self._weighted_metrics, "weighted_metrics", losses, shapes, taken)
        for metric in [metric for _, metric, _ in [*self._plain, *self._weighted]]:
            # An object may have been in use, by the person or by the objective of the other phase.
            metric.reset_state()
        self._shapes = [output for _, output in shapes]
        self._made = True
        self.check_labels(y)

    def check_labels(self, y):
        """Raise DataError in words where a batch of labels cannot be learned."""
        for loss, target, output in zip(self._losses, self._flatten_targets(y, self._names), self._shapes, strict=True):
            if loss is not None and target is not None:
                loss_room.check_labels(loss, target, (None, *output[1:]))

    def complaint(self, y):
        """The DataError that `check_labels` has for this batch, or None."""
        try:
            if self._made is not None:
                self.check_labels(y)
        except DataError as error:
            return error
        return None

    def losses_for(self, names, shapes=None):
        """The Loss objects of the outputs of these names; None where an output has none.

        shapes: (of the labels, of the output) for each, by which 'crossentropy' is chosen; it is None without them.
        """
        given = _per_output(self._loss, names, "loss")
        shapes = shapes or [(None, None)] * len(names)
        made = []
        for loss, (labels, output) in zip(given, shapes, strict=True):
            waits = labels is None and isinstance(loss, str) and loss.lower() in ("crossentropy", "ce")
            made.append(None if waits else loss_room.as_loss(loss, labels, output))
        return made

    def _name_outputs(self, outputs):
        if isinstance(outputs, dict):
            names = sorted(outputs)
            return names, [outputs[name] for name in names]
        predictions = pytree.tree_leaves(outputs)
        names = self._output_names
        if names is None or len(names) != len(predictions):
            names = [f"output_{i}" for i in range(len(predictions))] if len(predictions) > 1 else ["output"]
        return names, predictions

    def _flatten_targets(self, y, names):
        """Targets in the order of the outputs; None where there are none."""
        if y is None:
            return [None] * len(names)
        if isinstance(y, dict):
            unknown = [key for key in y if key not in names]
            if unknown:
                raise unknown_name("output in y", unknown[0], names)
            return [y.get(name) for name in names]
        if len(names) == 1 and torch.is_tensor(y):
            return [y]
        targets = list(y) if isinstance(y, (list, tuple)) else [y]
        if len(targets) != len(names):
            raise ShapeError(f"The model has {len(names)} outputs ({', '.join(names)}), y has {len(targets)}.")
        return targets

    def _make_metrics(self, given, what, losses, shapes, taken):
        """A list of (name in the logs, metric, output index). `taken` has the names that are used already."""
        made = []
        for index, entry in enumerate(_per_output(given, self._names, what, listed=True)):
            prefix = f"{self._names[index]}_" if len(self._names) > 1 else ""
            for identifier in entry if isinstance(entry, (list, tuple)) else [] if entry is None else [entry]:
                labels, output = shapes[index]
                metric = metric_room.resolve(identifier, losses[index], labels or output, output)
                name = free_name(prefix, metric.name, taken, weighted=what == "weighted_metrics")
                made.append((name, metric, index))
        return made

    # Every step ---------------------------------------------------------------------------------------------------

    def loss(self, y, outputs, sample_weight=None, extra=()):
        """The scalar to minimise; its parts are remembered for the report."""
        if self._made is None:
            self.prepare(y, outputs)
        if len(self._losses) == 1:
            loss = self._losses[0]
            prediction = outputs if torch.is_tensor(outputs) else pytree.tree_leaves(outputs)[0]
            total = None
            if loss is not None:
                target = y if torch.is_tensor(y) else self._flatten_targets(y, self._names)[0]
                weight = sample_weight
                if weight is not None and not torch.is_tensor(weight):
                    weight = _per_output(weight, self._names, "sample_weight")[0]
                total = loss(_required(target, self._names[0]), prediction, weight)
                for part, output in getattr(prediction, "auxiliary", ()):  # of a layer AuxiliaryOutputs
                    total = total + part * loss(target, output, weight)
                if self._weights[0] != 1.0:
                    total = total * self._weights[0]
        else:
            total = self._loss_of_several(y, outputs, sample_weight)
        for term in extra:
            total = term if total is None else total + term
        if total is None:
            raise ArgumentError("There is no loss to minimise: pass loss=... to compile, or call add_loss in a layer.")
        return total

    def _loss_of_several(self, y, outputs, sample_weight):
        _, predictions = self._name_outputs(outputs)
        targets = self._flatten_targets(y, self._names)
        weights = _per_output(sample_weight, self._names, "sample_weight")
        total = None
        for index, loss in enumerate(self._losses):
            if loss is None:
                continue
            target = _required(targets[index], self._names[index])
            value = loss(target, predictions[index], weights[index])
            self._loss_means[index].add(value.detach(), predictions[index].shape[0])
            value = value * self._weights[index] if self._weights[index] != 1.0 else value
            total = value if total is None else total + value
        return total

    def reads_logits_only(self):
        """Whether losses and metrics come to the same on a softmax's logits; known after the first batch.

        Crossentropies compute from the logits; the highest class is the same.
        """
        if self._logits_suffice is None and self._made is not None:
            self._logits_suffice = (
                len(self._losses) == 1
                and type(self._losses[0]) in _FROM_LOGITS
                and not self._losses[0].from_logits
                and all(type(metric) in _BY_ORDER for metric in self.metrics)
            )
        return bool(self._logits_suffice)

    def loss_with_gradient(self, y, logits, sample_weight):
        """(loss, its gradient with respect to a softmax's logits) where the loss has it written out, else None."""
        if sample_weight is not None or not self.reads_logits_only() or not torch.is_tensor(y):
            return None
        (loss,), (weight,) = self._losses, self._weights
        return loss.with_gradient(y, logits) if hasattr(loss, "with_gradient") and weight == 1.0 else None

    @torch.no_grad()
    def update(self, value, count, y, outputs, sample_weight=None):
        """Take a batch of `count` samples and its loss (a number or tensor) into the running results."""
        self.total.add(value, count)
        if not (self._plain or self._weighted):
            return
        if self.reads_logits_only() and not self._weighted and torch.is_tensor(y) and torch.is_tensor(outputs):
            # Counts of right answers do not depend on when they are counted.
            self._waiting.append((y, outputs.detach()))
            if len(self._waiting) * outputs.numel() > _MOST_WAITING:
                self._count_waiting()
            return
        self._count(y, outputs, sample_weight)

    @torch.no_grad()
    def count(self, y, outputs, sample_weight=None):
        """Take a batch into the metrics alone."""
        self.prepare(y, outputs)
        self._count(y, outputs, sample_weight)

    def _count_waiting(self):
        if self._waiting:
            y, outputs = (torch.cat(parts) for parts in zip(*self._waiting, strict=True))
            self._waiting.clear()
            self._count(y, outputs, None)

    def _count(self, y, outputs, sample_weight):
        _, predictions = self._name_outputs(outputs)
        targets = self._flatten_targets(y, self._names)
        for _, metric, index in self._plain:
            if targets[index] is not None:
                metric.update_state(targets[index], predictions[index])
        if self._weighted:
            weights = _per_output(sample_weight, self._names, "sample_weight")
            for _, metric, index in self._weighted:
                if targets[index] is not None:
                    metric.update_state(targets[index], predictions[index], sample_weight=weights[index])

    # Results ------------------------------------------------------------------------------------------------------

    def results(self):
        """Name -> number (or array) of everything so far, sorted by name as in Keras."""
        self._count_waiting()
        logs = {"loss": self.total.result()}
        if self._made is None:
            return logs
        if self._reports_parts:
            for name, mean, loss in zip(self._names, self._loss_means, self._losses, strict=True):
                if loss is not None:
                    logs[f"{name}_loss"] = mean.result()
        logs.update({name: _number(value) for name, value in self.metric_results().items()})
        return Logs(sorted(logs.items()))

    def metric_results(self):
        """Name -> tensor of the metrics alone."""
        found = {}
        for name, metric, _ in [*self._plain, *self._weighted] if self._made else []:
            value = metric.result()
            found.update(value if isinstance(value, dict) else {name: value})
        return found

    def listed(self, logs):
        """The values of `logs` as a list in Keras' order: loss; a single output's metrics or several outputs' losses;
        then the rest by name."""
        first = ["loss"]
        if self._made is not None:
            if len(self._names) == 1:
                first += [name for name, _, _ in [*self._plain, *self._weighted]]
            first += [f"{name}_loss" for name in self._names]
        names = [name for name in first if name in logs]
        return {name: logs[name] for name in [*names, *sorted(set(logs) - set(names))]}

    def reset(self):
        """Forget the running results, for the next epoch."""
        self._waiting.clear()
        self.total.reset()
        if self._made is not None:
            for mean in self._loss_means:
                mean.reset()
            for _, metric, _ in [*self._plain, *self._weighted]:
                metric.reset_state()

    @property
    def wants_metrics(self):
        """Whether compile was given any."""
        return bool(self._metrics or self._weighted_metrics)

    @property
    def metrics(self):
        return [metric for _, metric, _ in [*self._plain, *self._weighted]] if self._made else []

    @property
    def losses(self):
        """The Loss objects by output, known after the first batch."""
        return self._losses if self._made else None


def _check_names(loss, *metrics):
    """Refuse at once what will not be understood when the first batch comes."""
    for part in pytree.tree_leaves(loss):
        if isinstance(part, torch.nn.Module) and not isinstance(part, loss_room.Loss):
            name = type(part).__name__
            raise ArgumentError(
                f"loss is torch.nn.{name}, which takes (prediction, target), the other way round. Use a loss of "
                f"anmok.losses, or a function: lambda y_true, y_pred: {name}()(y_pred, y_true)."
            )
        if not (isinstance(part, str) and part.lower() in ("crossentropy", "ce")):
            loss_room.as_loss(part)
    for part in pytree.tree_leaves(metrics):
        if isinstance(part, str) and part.lower() not in ("acc", "accuracy", "crossentropy", "ce"):
            metric_room.get(part)


def _number(value):
    """A float, or an array for metrics that report one value a class."""
    value = torch.as_tensor(value)
    return float(value) if value.numel() == 1 else value.cpu().numpy()


def _required(target, name):
    if target is None:
        raise ArgumentError(f"Output '{name}' has a loss but no targets: pass y, or a data source that yields (x, y).")
    return target


def free_name(prefix, name, taken, *, weighted):
    """`prefix + name`, or what Keras makes of it where that is taken; it is entered in `taken`."""
    if weighted and prefix + name in taken:
        name = f"weighted_{name}"
    free, number = prefix + name, 0
    while free in taken:
        number += 1
        free = f"{prefix}{name}_{number}"
    taken.add(free)
    return free


def _per_output(given, names, what, *, listed=False):
    """`given` as a list with one entry per output.

    A dict goes by output name; a list by position, except that a flat list of metrics belongs to a single output; one
    loss or one array of weights is for every output. listed: an entry may be a list.
    """
    if given is None:
        return [None] * len(names)
    if isinstance(given, dict):
        unknown = [key for key in given if key not in names]
        if unknown:
            raise unknown_name(f"output in {what}", unknown[0], names)
        return [given.get(name) for name in names]
    if listed and not isinstance(given, (list, tuple)):
        given = [given]
    if isinstance(given, (list, tuple)):
        if listed and len(names) == 1:
            nested = len(given) == 1 and isinstance(given[0], (list, tuple))
            return [given[0] if nested else list(given)]
        if len(given) != len(names):
            raise ArgumentError(
                f"{what}: expected one entry for each output ({', '.join(names)}), got {len(given)}."
                + (" Use a list of lists, or a dict by output name." if listed else "")
            )
        return list(given)
    if len(names) > 1 and what == "loss_weights":
        raise ArgumentError(f"loss_weights: expected a list or dict for {', '.join(names)}, got {given!r}.")
    return [given] * len(names)
