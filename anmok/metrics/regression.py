"""How well numbers are predicted: root mean squared error, cosine, correlations, R2 (as in Keras)."""

import torch
import torch.nn.functional as F

from anmok import notices
from anmok.errors import ArgumentError, ShapeError, unknown_name
from anmok.losses.loss import EPSILON, as_tensor, pair, same_rank
from anmok.metrics.metric import Metric, _functions, _registry
from anmok.metrics.reduction import Mean, NamedMetric

AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


def cosine_similarity(y_true, y_pred, axis=-1):
    """Cosine of the angle along `axis`, 1 for the same direction (the loss of that name is its negative)."""
    y_true, y_pred = pair(y_true, y_pred)
    return (F.normalize(y_true, dim=axis, eps=EPSILON) * F.normalize(y_pred, dim=axis, eps=EPSILON)).sum(axis)


def pearson_correlation(y_true, y_pred, axis=-1):
    """Pearson's correlation coefficient along `axis`."""
    y_true, y_pred = pair(y_true, y_pred)
    true_error = y_true - y_true.mean(axis, keepdim=True)
    pred_error = y_pred - y_pred.mean(axis, keepdim=True)
    spread = true_error.square().mean(axis).sqrt() * pred_error.square().mean(axis).sqrt()
    return (true_error * pred_error).mean(axis) / spread


def concordance_correlation(y_true, y_pred, axis=-1):
    """Lin's concordance correlation coefficient along `axis` (Lin 1989), with Keras' 1e-7 in the denominator."""
    y_true, y_pred = pair(y_true, y_pred)
    true_mean, pred_mean = y_true.mean(axis), y_pred.mean(axis)
    pred_error = y_pred - pred_mean.unsqueeze(axis)
    true_variance = (y_true - true_mean.unsqueeze(axis)).square().mean(axis)
    covariance = (y_true * pred_error).mean(axis)
    spread = true_variance + pred_error.square().mean(axis) + (true_mean - pred_mean).square()
    return 2 * covariance / (spread + EPSILON)


class CosineSimilarity(NamedMetric):
    """Mean cosine similarity along `axis`, as in Keras."""

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(cosine_similarity, name, dtype, "up", axis=axis)


class PearsonCorrelation(NamedMetric):
    """Mean Pearson correlation along `axis`, as in Keras."""

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name, dtype, "up", axis=axis)


class ConcordanceCorrelation(NamedMetric):
    """Mean concordance correlation along `axis`, as in Keras."""

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name, dtype, "up", axis=axis)


class RootMeanSquaredError(Mean):
    """Root of the mean squared error over all samples, as in Keras."""

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype=dtype)

    @torch.no_grad()
    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = pair(y_true, y_pred)
        super().update_state((y_pred - y_true).square(), sample_weight)

    def result(self):
        return super().result().sqrt()


class R2Score(Metric):
    """Share of the labels' variance that is explained, labels and predictions (B, K), as in Keras.

    class_aggregation: None for one score an output. num_regressors: > 0 gives the score adjusted for so many inputs.
    """

    _direction = "up"

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in AGGREGATIONS:
            raise unknown_name("class_aggregation", class_aggregation, [str(known) for known in AGGREGATIONS])
        if num_regressors < 0:
            raise ArgumentError(f"Expected num_regressors >= 0, got {num_regressors}.")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable(name="num_samples")
        self._is_built = False

    def _build(self, outputs):
        self.squared_sum = self.add_variable((outputs,), name="squared_sum")
        self.sum = self.add_variable((outputs,), name="sum")
        self.total_mse = self.add_variable((outputs,), name="residual")
        self.count = self.add_variable((outputs,), name="count")
        self._is_built = True

    @torch.no_grad()
    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = as_tensor(y_pred).to(self._torch_dtype)
        y_true, y_pred = same_rank(as_tensor(y_true, like=y_pred).to(self._torch_dtype), y_pred)
        if y_true.shape != y_pred.shape or y_pred.dim() != 2:
            raise ShapeError(
                f"{self.name}: expected labels and predictions of one shape (batch, outputs), "
                f"got {tuple(y_true.shape)} and {tuple(y_pred.shape)}."
            )
        if not self._is_built:
            self._build(y_pred.shape[1])
        weight = as_tensor(1.0 if sample_weight is None else sample_weight, like=y_pred).to(y_pred.dtype)
        weight = (weight.unsqueeze(1) if weight.dim() == 1 else weight).broadcast_to(y_true.shape)
        weighted = y_true * weight
        self.sum.assign_add(weighted.sum(0))
        self.squared_sum.assign_add((y_true * weighted).sum(0))
        self.total_mse.assign_add(((y_true - y_pred).square() * weight).sum(0))
        self.count.assign_add(weight.sum(0))
        self.num_samples.follow(y_pred.device)
        self.num_samples.add_(y_true.numel())

    def result(self):
        if not self._is_built:
            return torch.zeros(())
        variation = self.squared_sum - self.sum.square() / self.count
        score = 1 - self.total_mse / variation
        score = score.masked_fill(score.isinf(), 0.0)
        if self.class_aggregation == "uniform_average":
            score = score.mean()
        elif self.class_aggregation == "variance_weighted_average":
            score = (variation * score).sum() / variation.sum()
        if self.num_regressors:
            free = float(self.num_samples) - self.num_regressors - 1
            if free > 0:
                return 1 - (1 - score) * (float(self.num_samples) - 1) / free
            notices.once(
                ("R2Score", self.num_regressors),
                f"R2Score cannot be adjusted for {self.num_regressors} regressors with so few samples; it is plain R2.",
            )
        return score

    def get_config(self):
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }


for _class in (CosineSimilarity, PearsonCorrelation, ConcordanceCorrelation, RootMeanSquaredError, R2Score):
    _registry.add(_class)
for _function in (cosine_similarity, pearson_correlation, concordance_correlation):
    _functions.add(_function)
