"""F scores over classes (as in Keras)."""

import torch

from anmok.errors import ArgumentError, ShapeError, unknown_name
from anmok.losses.loss import EPSILON, as_tensor
from anmok.metrics.metric import Metric, _registry

AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """(1 + beta ** 2) precision recall / (beta ** 2 precision + recall), labels and predictions (B, K), as in Keras.

    average: None for one score a class, 'micro', 'macro' or 'weighted' by support. threshold: above it a class is
    predicted (labels that are not exclusive); None predicts the highest class.
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in AVERAGES:
            raise unknown_name("average", average, [str(known) for known in AVERAGES])
        if not isinstance(beta, (int, float)) or beta <= 0:
            raise ArgumentError(f"Expected beta to be a number > 0, got {beta!r}.")
        if threshold is not None and not (isinstance(threshold, (int, float)) and 0 < threshold <= 1):
            raise ArgumentError(f"Expected threshold to be None or a number in 0..1 (0 excluded), got {threshold!r}.")
        self.average = average
        self.beta = float(beta)
        self.threshold = threshold
        self._is_built = False

    def _build(self, classes):
        shape = () if self.average == "micro" else (classes,)
        self.true_positives = self.add_variable(shape, dtype=self.dtype, name="true_positives")
        self.false_positives = self.add_variable(shape, dtype=self.dtype, name="false_positives")
        self.false_negatives = self.add_variable(shape, dtype=self.dtype, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, dtype=self.dtype, name="intermediate_weights")
        self._is_built = True

    @torch.no_grad()
    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = as_tensor(y_pred).to(self._torch_dtype)
        y_true = as_tensor(y_true, like=y_pred).to(self._torch_dtype)
        if y_pred.dim() != 2 or y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{self.name}: expected labels and predictions of one shape (batch, classes), got "
                f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}. Class numbers must be made one-hot first: "
                f"utils.to_categorical(y, {y_pred.shape[-1] if y_pred.dim() else 1})."
            )
        if not self._is_built:
            self._build(y_pred.shape[1])
        if self.threshold is None:
            # As Keras: a row of zeros predicts nothing.
            predicted = (y_pred >= y_pred.amax(-1, keepdim=True)) & (y_pred.abs() > 1e-9)
        else:
            predicted = y_pred > self.threshold
        if sample_weight is None:
            weighted = y_true
        else:
            weight = as_tensor(sample_weight, like=y_pred).to(y_pred.dtype).reshape(-1, 1)
            weighted = y_true * weight
        right = self._sum(weighted * predicted)
        labelled = self._sum(weighted)
        chosen = self._sum(predicted.to(y_pred.dtype) if sample_weight is None else predicted * weight)
        self.true_positives.assign_add(right)
        self.false_positives.assign_add(chosen - right)
        self.false_negatives.assign_add(labelled - right)
        self.intermediate_weights.assign_add(labelled)

    def _sum(self, values):
        return values.sum() if self.average == "micro" else values.sum(0)

    def result(self):
        if not self._is_built:
            return torch.zeros(())
        precision = self.true_positives / (self.true_positives + self.false_positives + EPSILON)
        recall = self.true_positives / (self.true_positives + self.false_negatives + EPSILON)
        score = (1 + self.beta**2) * (precision * recall / (self.beta**2 * precision + recall + EPSILON))
        if self.average == "weighted":
            return (score * (self.intermediate_weights / (self.intermediate_weights.sum() + EPSILON))).sum()
        return score if self.average is None else score.mean()

    def get_config(self):
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


class F1Score(FBetaScore):
    """The F score with beta 1, the harmonic mean of precision and recall, as in Keras."""

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self):
        config = super().get_config()
        del config["beta"]
        return config


_registry.add(FBetaScore)
_registry.add(F1Score)
