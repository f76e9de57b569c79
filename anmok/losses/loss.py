"""What every loss shares: the table of names, how labels meet predictions, weights and reduction (as in Keras)."""

import functools

import numpy as np
import torch
from torch.overrides import handle_torch_function

from anmok import notices, outside
from anmok.errors import ArgumentError, ShapeError, unknown_name
from anmok.mixed_precision import DTypePolicy
from anmok.registry import Registry, serialize_function, snake_case

EPSILON = 1e-7  # Keras' backend.epsilon(): probabilities are kept this far from 0 and 1
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)

_registry = Registry("loss", "keras.losses")


def loss_function(function):
    """A function (y_true, y_pred, ...) that takes symbolic tensors, too, and tensors of other kinds (see outside)."""
    computed = outside.border(function)

    @functools.wraps(function)
    def call(y_true, y_pred, *args, **kwargs):
        for given in (y_true, y_pred):
            if not isinstance(given, torch.Tensor) and hasattr(type(given), "__torch_function__"):
                return handle_torch_function(call, (y_true, y_pred), y_true, y_pred, *args, **kwargs)
        return computed(y_true, y_pred, *args, **kwargs)

    return call


def as_tensor(values, like=None):
    """`values` (tensor, array, list or number) as a tensor, on the device of `like`; nested lists become float32."""
    if isinstance(values, torch.Tensor):
        return values if like is None or values.device == like.device else values.to(like.device)
    if not isinstance(values, np.ndarray):
        values = np.asarray(values)
        if values.dtype == np.float64:
            values = values.astype(np.float32)
    # torch cannot hold every NumPy layout (negative strides, read-only, foreign byte order).
    tensor = torch.from_numpy(np.array(values, dtype=values.dtype.newbyteorder("="), order="C"))
    return tensor if like is None else tensor.to(like.device)


def as_predictions(y_pred):
    """`y_pred` as a floating tensor; half precision is widened to float32."""
    y_pred = as_tensor(y_pred)
    if y_pred.dtype in (torch.float32, torch.float64):
        return y_pred
    return y_pred.float()


def same_rank(first, second, *, expand_rank_1=True):
    """Both tensors; if their ranks differ by one, a last axis of size 1 is added to or taken from one (as in Keras)."""
    difference = first.dim() - second.dim()
    if difference == 1 and first.shape[-1] == 1:
        if second.dim() == 1 and expand_rank_1:
            return first, second.unsqueeze(-1)
        return first.squeeze(-1), second
    if difference == -1 and second.shape[-1] == 1:
        if first.dim() == 1 and expand_rank_1:
            return first.unsqueeze(-1), second
        return first, second.squeeze(-1)
    return first, second


def pair(y_true, y_pred):
    """Labels and predictions as floating tensors of one dtype, device and, where an axis of 1 allows it, rank."""
    y_pred = as_predictions(y_pred)
    return same_rank(as_tensor(y_true, like=y_pred).to(y_pred.dtype), y_pred)


def matching_pair(y_true, y_pred, loss):
    """`pair`, refusing shapes that differ; `loss` is the name that the ShapeError gives."""
    y_true, y_pred = pair(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{loss}: expected labels of the predictions' shape {tuple(y_pred.shape)}, got {tuple(y_true.shape)}."
        )
    return y_true, y_pred


def logits_beneath(y_pred, activation, from_logits):
    """The logits to compute a crossentropy from, or None if only probabilities are there.

    A softmax or sigmoid leaves its input as `logits` on its output and its own name as `logits_of`: the logits of a
    softmax are of no use to a binary crossentropy, nor those of a sigmoid to a categorical one.
    """
    if from_logits:
        return y_pred
    return getattr(y_pred, "logits", None) if getattr(y_pred, "logits_of", None) == activation else None


def divide_no_nan(numerator, denominator):
    """numerator / denominator, 0 where the denominator (a tensor) is 0."""
    is_zero = denominator == 0
    return (numerator / denominator.masked_fill(is_zero, 1)).masked_fill(is_zero, 0)


def merge_mask(sample_weight, mask, *, reduction, dtype):
    """`sample_weight` (or None) with the entries that `mask` (bool, or None) rules out weighed 0, as in Keras."""
    if mask is None:
        return sample_weight
    mask = mask.to(dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        # The mean later divides by all entries; this factor makes it the mean over the valid ones.
        mask = mask * divide_no_nan(torch.full_like(mask.sum(), mask.numel()), mask.sum())
    if sample_weight is None:
        return mask
    mask, sample_weight = same_rank(mask, sample_weight.to(dtype))
    return sample_weight * mask


def times_weight(values, sample_weight):
    """values x sample_weight; raises ShapeError when the weights do not fit."""
    try:
        return values * sample_weight
    except RuntimeError as error:
        raise ShapeError(
            f"sample_weight of shape {tuple(sample_weight.shape)} does not fit losses of shape {tuple(values.shape)}: "
            "expected one weight a sample, or one a loss value."
        ) from error


class Loss:
    """A loss to minimise, as in Keras: subclasses define `call(y_true, y_pred)`, one value a sample.

    reduction: 'sum_over_batch_size' or 'mean' (over all values), 'sum', 'mean_with_sample_weight' (sum of weighted
    values over sum of weights), 'none' or None. dtype: what is computed in, float32 unless said.
    """

    # Subclasses whose labels are class numbers set this; all others get labels in the loss's dtype, as in Keras.
    integer_labels = False

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        if reduction in ("auto", "AUTO"):
            notices.old_spelling(f"reduction={reduction!r}", "reduction='sum_over_batch_size'")
            reduction = "sum_over_batch_size"
        if reduction not in REDUCTIONS:
            raise unknown_name("reduction", reduction, [str(known) for known in REDUCTIONS])
        self.name = name or snake_case(type(self).__name__)
        self.reduction = reduction
        self._policy = DTypePolicy(dtype) if isinstance(dtype, (str, torch.dtype)) else dtype or DTypePolicy()
        self._torch_dtype = self._policy.torch_compute_dtype
        self._is_mean = reduction in ("sum_over_batch_size", "mean")

    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        if "call" in cls.__dict__:
            cls.call = outside.theirs(cls.call)
        if "__call__" in cls.__dict__:
            cls.__call__ = outside.method(cls.__call__)

    @property
    def dtype(self):
        return self._policy.compute_dtype

    @outside.border
    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss, a scalar tensor with a gradient (per sample without reduction); weights are (B,) or per value."""
        y_pred = self._in_dtype(as_tensor(y_pred))
        y_true = as_tensor(y_true, like=y_pred)
        if not self.integer_labels:
            y_true = y_true.to(self._torch_dtype)
        values = self.call(y_true, y_pred)
        if values is None:
            raise ArgumentError(
                f"The loss {self.name!r} returned None: it must return a tensor (is `return` missing?)."
            )
        return self._reduce(values, sample_weight)

    def call(self, y_true, y_pred):
        raise NotImplementedError(f"{type(self).__name__} needs a method call(self, y_true, y_pred).")

    def _in_dtype(self, y_pred):
        if y_pred.dtype == self._torch_dtype:
            return y_pred
        cast = y_pred.to(self._torch_dtype)
        if hasattr(y_pred, "logits_of"):
            cast.logits, cast.logits_of = y_pred.logits, y_pred.logits_of
        return cast

    def _reduce(self, values, sample_weight):
        mask = getattr(values, "counted", None)
        values = as_tensor(values).to(self._torch_dtype)
        if sample_weight is not None:
            sample_weight = as_tensor(sample_weight, like=values).to(values.dtype)
        sample_weight = merge_mask(sample_weight, mask, reduction=self.reduction, dtype=values.dtype)
        if sample_weight is not None:
            values, sample_weight = same_rank(values, sample_weight)
            values = times_weight(values, sample_weight)
        if self.reduction in (None, "none") or values.dim() == 0 or values.numel() == 0:
            return values
        if self.reduction == "sum":
            return values.sum()
        if self.reduction == "mean_with_sample_weight" and sample_weight is not None:
            return divide_no_nan(values.sum(), sample_weight.sum())
        return values.mean()

    def get_config(self):
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} {self.name!r} reduction={self.reduction!r}>"


class LossFunctionWrapper(Loss):
    """A Loss out of a function fn(y_true, y_pred, **kwargs) that gives one value a sample (as in Keras)."""

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **kwargs):
        if not callable(fn):
            raise ArgumentError(f"Expected a function of (y_true, y_pred), got {fn!r}.")
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        return outside.ask(self.fn, *same_rank(y_true, y_pred), **self._fn_kwargs)

    def get_config(self):
        return {**super().get_config(), "fn": serialize_function(self.fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config):
        fn = config["fn"]
        return cls(**{**config, "fn": fn if callable(fn) else _registry.deserialize(fn)})


class NamedLoss(LossFunctionWrapper):
    """One of the losses below: a function of this package under a class of its own.

    `settings` are the function's arguments; they become attributes and part of the config.
    """

    def __init__(self, fn, reduction, name, dtype, **settings):
        super().__init__(fn, reduction=reduction, name=name, dtype=dtype, **settings)
        self.__dict__.update(settings)

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        return {**Loss.get_config(self), **self._fn_kwargs}

    from_config = classmethod(lambda cls, config: cls(**config))
