"""Mean and sum over batches, and any function of (y_true, y_pred) averaged so (as in Keras)."""

import numbers

import torch

from anmok import outside
from anmok.errors import ArgumentError, ShapeError
from anmok.losses.loss import as_tensor, divide_no_nan, merge_mask, same_rank
from anmok.metrics.metric import Metric, _functions, _registry
from anmok.registry import serialize_function


def samplewise(values, sample_weight, reduce, dtype):
    """(values x weights, weights or None), each reduced by `reduce` to one entry a sample, by Keras' rules."""
    mask = getattr(values, "counted", None)
    values = values.to(dtype)
    if sample_weight is not None:
        weight = merge_mask(as_tensor(sample_weight, like=values).to(dtype), mask, reduction="sum", dtype=dtype)
        values, weight = same_rank(values, weight)
        if values.dim() > weight.dim():
            values = reduce(values, dim=tuple(range(weight.dim(), values.dim())))
        try:
            sample_weight = weight.broadcast_to(values.shape)
        except RuntimeError as error:
            raise ShapeError(
                f"sample_weight of shape {tuple(weight.shape)} does not fit values of shape {tuple(values.shape)}."
            ) from error
        values = values * sample_weight
        if sample_weight.dim() > 1:
            sample_weight = reduce(sample_weight, dim=tuple(range(1, sample_weight.dim())))
    if values.dim() > 1:
        values = reduce(values, dim=tuple(range(1, values.dim())))
    return values, sample_weight


class Sum(Metric):
    """The weighted sum of all values, as in Keras."""

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(dtype=self.dtype, name="total")

    @torch.no_grad()
    def update_state(self, values, sample_weight=None):
        values, _ = samplewise(as_tensor(values), sample_weight, torch.sum, self._torch_dtype)
        self.total.assign_add(values.sum())

    def result(self):
        return self.total.clone()


class Mean(Metric):
    """The weighted mean of all values, 0 before the first, as in Keras."""

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(dtype=self.dtype, name="total")
        self._count = self.add_variable(dtype=self.dtype, name="count")
        # Samples counted in Python, without an operation on tensors; `_count` takes them over when it is read.
        self._uncounted = 0

    @property
    def count(self):
        self._count.follow(self.total.device)
        if self._uncounted:
            self._count.add_(self._uncounted)
            self._uncounted = 0
        return self._count

    @property
    def variables(self):
        assert self.count is self._count
        return super().variables

    @torch.no_grad()
    def update_state(self, values, sample_weight=None):
        """Add values (any shape, or one number); weights one for all, one a sample, or one a value."""
        values = as_tensor(values)
        if values.dim() == 0 and isinstance(sample_weight, numbers.Real):
            self.total.follow(values.device)
            self.total.add_(values, alpha=sample_weight)
            self._uncounted += sample_weight
            return
        values, weight = samplewise(values, sample_weight, torch.mean, self._torch_dtype)
        self.total.follow(values.device)
        self.total.add_(values.sum())
        if weight is None:
            self._uncounted += values.shape[0] if values.dim() else 1
        else:
            self._count.assign_add(weight.sum())

    def _add_matches(self, matches, per_sample=1):
        """Add a bool tensor of (samples, ...), `per_sample` entries for each sample."""
        self.total.follow(matches.device)
        right = matches.sum()
        self.total.add_(right if per_sample == 1 else right / per_sample)
        self._uncounted += matches.shape[0]

    def reset_state(self):
        self.total.zero_()
        self._count.zero_()
        self._uncounted = 0

    def result(self):
        return divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """The mean of a function fn(y_true, y_pred, **kwargs) that gives a value a sample, or one for the batch."""

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        if not callable(fn):
            raise ArgumentError(f"Expected a function of (y_true, y_pred), got {fn!r}.")
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    @torch.no_grad()
    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = as_tensor(y_pred)
        values = outside.ask(self._fn, as_tensor(y_true, like=y_pred), y_pred, **self._fn_kwargs)
        super().update_state(values, sample_weight)

    def get_config(self):
        return {**super().get_config(), "fn": serialize_function(self._fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config):
        fn = config["fn"]
        return cls(**{**config, "fn": fn if callable(fn) else _functions.deserialize(fn)})


class NamedMetric(MeanMetricWrapper):
    """One of the metrics of this package that is the mean of a function; `settings` become attributes and config."""

    def __init__(self, fn, name, dtype, direction=None, **settings):
        super().__init__(fn, name=name, dtype=dtype, **settings)
        self._direction = direction
        self.__dict__.update(settings)

    def get_config(self):
        return {**Metric.get_config(self), **self._fn_kwargs}

    from_config = classmethod(lambda cls, config: cls(**config))


_registry.add(Sum)
_registry.add(Mean)
_registry.add(MeanMetricWrapper)
