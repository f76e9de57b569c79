"""Crossentropies, from logits whenever the predictions carry them (see `logits_beneath`)."""

import torch
import torch.nn.functional as F

from anmok.errors import ArgumentError, ShapeError
from anmok.losses.loss import (
    EPSILON,
    NamedLoss,
    _registry,
    as_predictions,
    as_tensor,
    logits_beneath,
    loss_function,
    matching_pair,
    pair,
)


def check_axis(axis):
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise ArgumentError(f"Expected axis to be an int, got {axis!r}.")


def check_label_smoothing(label_smoothing):
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"Expected label_smoothing in 0..1, got {label_smoothing}.")


def smooth_categories(y_true, label_smoothing, axis):
    """One-hot labels drawn towards the uniform distribution by `label_smoothing` (Szegedy et al. 2016, section 7)."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]


def smooth_bits(y_true, label_smoothing):
    """Labels in 0..1 drawn towards 0.5 by `label_smoothing`."""
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true


def clipped(probabilities):
    return probabilities.clamp(EPSILON, 1.0 - EPSILON)


def log_probabilities(y_pred, axis, from_logits):
    """Logarithms of class probabilities along `axis`, shape of `y_pred`."""
    last = axis in (-1, y_pred.dim() - 1) if isinstance(y_pred, torch.Tensor) else axis == -1
    logits = logits_beneath(y_pred, "softmax", from_logits) if last or from_logits else None
    if logits is not None:
        return F.log_softmax(as_predictions(logits), dim=axis)
    y_pred = as_predictions(y_pred)
    return clipped(y_pred / y_pred.sum(axis, keepdim=True)).log()


def bits_crossentropy(probabilities, y_true):
    """-(y log p + (1 - y) log(1 - p)) of every number; torch's own refuses labels with noise beyond 0..1."""
    return -(y_true * probabilities.log() + (1.0 - y_true) * torch.log1p(-probabilities))


@loss_function
def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Mean over `axis` of the binary crossentropy; labels in 0..1 of the predictions' shape (as in Keras)."""
    logits = logits_beneath(y_pred, "sigmoid", from_logits)
    y_true, scores = matching_pair(y_true, y_pred if logits is None else logits, "binary_crossentropy")
    y_true = smooth_bits(y_true, label_smoothing)
    if logits is None:
        values = bits_crossentropy(clipped(scores), y_true)
    else:
        values = F.binary_cross_entropy_with_logits(scores, y_true, reduction="none")
    return values.mean(axis)


@loss_function
def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Crossentropy of one-hot or soft labels, shape of `y_pred` without `axis` (as in Keras)."""
    check_axis(axis)
    logs = log_probabilities(y_pred, axis, from_logits)
    y_true, logs = matching_pair(y_true, logs, "categorical_crossentropy")
    return -(smooth_categories(y_true, label_smoothing, axis) * logs).sum(axis)


@loss_function
def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1, label_smoothing=0.0):
    """Crossentropy of class numbers 0..K-1 against K predictions along `axis`; shape of `y_pred` without it.

    ignore_class: samples so labelled count nothing. label_smoothing: ours, Keras has none here.
    """
    check_axis(axis)
    logs = log_probabilities(y_pred, axis, from_logits)
    y_true = as_tensor(y_true, like=logs).long()
    if y_true.dim() == logs.dim() and y_true.shape[axis] == 1:
        y_true = y_true.squeeze(axis)
    if logs.dim() == 1:
        logs, y_true = logs.unsqueeze(0), y_true.unsqueeze(0)
        values = _nll(logs, y_true, ignore_class, label_smoothing).squeeze(0)
    else:
        values = _nll(logs.movedim(axis, 1), y_true, ignore_class, label_smoothing)
    if ignore_class is not None:
        values.counted = (y_true != ignore_class).view(values.shape)
    return values


def _nll(logs_BK, labels_B, ignore_class, label_smoothing):
    expected = logs_BK.shape[:1] + logs_BK.shape[2:]
    if labels_B.shape != expected:
        raise ShapeError(
            f"sparse_categorical_crossentropy: expected class numbers of shape {tuple(expected)}, "
            f"got {tuple(labels_B.shape)}. One-hot labels go with categorical_crossentropy."
        )
    ignored = {} if ignore_class is None else {"ignore_index": ignore_class}
    # Pixels as samples: torch's own loss of maps has no gradient for predictions whose classes lie last in memory.
    rows = logs_BK.movedim(1, -1).reshape(-1, logs_BK.shape[1]) if logs_BK.dim() > 2 else logs_BK
    values = F.nll_loss(rows, labels_B.reshape(-1), reduction="none", **ignored).view(labels_B.shape)
    if label_smoothing:
        spread = -logs_BK.mean(1)
        if ignore_class is not None:
            spread = spread.masked_fill(labels_B == ignore_class, 0.0)
        values = (1.0 - label_smoothing) * values + label_smoothing * spread
    return values


class BinaryCrossentropy(NamedLoss):
    """Binary crossentropy, as in Keras; `y_pred` probabilities, or logits if `from_logits`."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        check_axis(axis)
        check_label_smoothing(label_smoothing)
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **settings)

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is None and self._is_mean:
            logits = logits_beneath(y_pred, "sigmoid", self.from_logits)
            # A mean over an axis and then over the rest is the mean over all.
            if logits is not None:
                y_true, logits = matching_pair(y_true, logits, self.name)
                y_true = smooth_bits(y_true, self.label_smoothing)
                return F.binary_cross_entropy_with_logits(logits, y_true).to(self._torch_dtype)
        return super().__call__(y_true, y_pred, sample_weight)


class CategoricalCrossentropy(NamedLoss):
    """Crossentropy with one-hot or soft labels (B, K), as in Keras."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        check_axis(axis)
        check_label_smoothing(label_smoothing)
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **settings)

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is None and self._is_mean and self.axis in (-1, 1):
            logits = logits_beneath(y_pred, "softmax", self.from_logits)
            if logits is not None and len(logits.shape) == 2:
                y_true, logits = matching_pair(y_true, logits, self.name)
                loss = F.cross_entropy(logits, y_true, label_smoothing=self.label_smoothing)
                return loss.to(self._torch_dtype)
        return super().__call__(y_true, y_pred, sample_weight)


class SparseCategoricalCrossentropy(NamedLoss):
    """Crossentropy with class numbers (B,) or (B, 1), as in Keras; `label_smoothing` is ours."""

    integer_labels = True

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
        label_smoothing=0.0,
    ):
        check_axis(axis)
        check_label_smoothing(label_smoothing)
        settings = {
            "from_logits": from_logits,
            "ignore_class": ignore_class,
            "axis": axis,
            "label_smoothing": label_smoothing,
        }
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **settings)
        self._is_plain = self._is_mean and ignore_class is None and axis == -1 and self._torch_dtype == torch.float32

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is None and self._is_plain:
            logits = y_pred if self.from_logits else logits_beneath(y_pred, "softmax", False)
            if isinstance(logits, torch.Tensor) and logits.dim() == 2 and isinstance(y_true, torch.Tensor):
                if y_true.dim() == 2 and y_true.shape[1] == 1:
                    y_true = y_true.squeeze(1)
                if y_true.dtype is torch.int64 and y_true.dim() == 1 and y_true.device == logits.device:
                    if logits.dtype is not torch.float32:
                        logits = logits.float()
                    return F.cross_entropy(logits, y_true, label_smoothing=self.label_smoothing)
        return super().__call__(y_true, y_pred, sample_weight)

    def with_gradient(self, y_true, logits):
        """(the mean loss, its gradient with respect to logits (B, K)): (softmax - one-hot) / B, written out.

        None where this loss or these labels are not of the plain kind: int64 class numbers (B,) or (B, 1).
        """
        if not self._is_plain or self.label_smoothing or logits.dim() != 2 or y_true.dtype is not torch.int64:
            return None
        labels = y_true if y_true.dim() == 2 else y_true.unsqueeze(1)
        if labels.shape != (len(logits), 1) or labels.device != logits.device:
            return None
        logs = torch.log_softmax(logits, 1, dtype=torch.float32)
        loss = F.nll_loss(logs, labels.squeeze(1))
        gradient = logs.exp_()
        gradient.scatter_add_(1, labels, gradient.new_full((1, 1), -1.0).expand_as(labels))
        return loss, gradient.mul_(1.0 / len(logits))

    def get_config(self):
        # Keras reads these two back as well, and knows no label_smoothing here; it is written only where it acts.
        config = super().get_config()
        if not self.label_smoothing:
            del config["label_smoothing"]
        return config


@loss_function
def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """(1 - p_y ** q) / q for class numbers (B,), robust to wrong labels (Zhang and Sabuncu 2018, as in Keras)."""
    y_pred = as_predictions(y_pred)
    y_true = as_tensor(y_true, like=y_pred).long()
    if y_true.dim() == y_pred.dim():
        y_true = y_true.squeeze(-1)
    p = y_pred.gather(-1, y_true.unsqueeze(-1)).squeeze(-1)
    return (1.0 - p**q) / q


class CategoricalGeneralizedCrossEntropy(NamedLoss):
    """Crossentropy (q near 0) blended with mean absolute error (q near 1) for noisy class numbers, as in Keras."""

    integer_labels = True

    def __init__(
        self,
        q=0.5,
        reduction="sum_over_batch_size",
        name="categorical_generalized_cross_entropy",
        dtype=None,
    ):
        if not 0 < q < 1:
            raise ArgumentError(f"Expected q between 0 and 1, both excluded; got {q}.")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


@loss_function
def kl_divergence(y_true, y_pred):
    """Sum over the last axis of y_true log(y_true / y_pred), both clipped to 1e-7..1 (as in Keras)."""
    y_true, y_pred = pair(y_true, y_pred)
    y_true, y_pred = y_true.clamp(EPSILON, 1), y_pred.clamp(EPSILON, 1)
    return (y_true * (y_true / y_pred).log()).sum(-1)


@loss_function
def poisson(y_true, y_pred):
    """Mean over the last axis of y_pred - y_true log(y_pred) (as in Keras)."""
    y_true, y_pred = pair(y_true, y_pred)
    return (y_pred - y_true * (y_pred + EPSILON).log()).mean(-1)


class KLDivergence(NamedLoss):
    """Kullback-Leibler divergence of two distributions (B, K), as in Keras."""

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(NamedLoss):
    """Negative log likelihood of counts (B, ...) under predicted rates, as in Keras."""

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, reduction, name, dtype)


for _class in (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
):
    _registry.add(_class)
# A snake_case name means the function, so functions are entered after the classes.
_registry.add(binary_crossentropy, "bce", "BCE")
_registry.add(categorical_crossentropy)
_registry.add(sparse_categorical_crossentropy)
_registry.add(categorical_generalized_cross_entropy)
_registry.add(kl_divergence, "kld", "KLD", "kullback_leibler_divergence")
_registry.add(poisson)
