"""Class weights as weights of samples (as Keras' `class_weight`)."""

import numbers

import torch

from anmok.errors import ArgumentError, DataError


class ClassWeights:
    """From labels to the weights of their samples.

    class_weight: dict of class index to weight. Every class that the labels hold must be in it.
    """

    def __init__(self, class_weight):
        if not isinstance(class_weight, dict) or not class_weight:
            raise ArgumentError(
                f"Expected class_weight as a dict of class index to weight, such as {{0: 1.0, 1: 5.0}}, "
                f"got {class_weight!r}."
            )
        for key, weight in class_weight.items():
            if not isinstance(key, numbers.Integral) or key < 0 or not isinstance(weight, numbers.Real):
                raise ArgumentError(
                    f"Expected class_weight to map class indices (0, 1, ...) to numbers; got {key!r}: {weight!r}."
                )
        self.table = torch.full((max(class_weight) + 1,), torch.nan)
        for key, weight in class_weight.items():
            self.table[int(key)] = float(weight)

    def __call__(self, y):
        """float32 (B,) for labels (B,) or (B, 1), or one-hot (B, K); raises DataError for a class without a weight."""
        if not isinstance(y, torch.Tensor):
            problem = "labels, and there are none" if y is None else "one output; this has several"
            raise ArgumentError(f"class_weight needs {problem}. Pass sample_weight instead.")
        if y.ndim > 2:
            raise ArgumentError(
                f"class_weight needs one label a sample, as (B,), (B, 1) or one-hot (B, K); got {tuple(y.shape)}. "
                "Pass sample_weight instead."
            )
        if y.ndim == 2:
            y = y.argmax(-1) if y.shape[1] != 1 else y[:, 0]
        index = y.round().long() if y.is_floating_point() else y.long()
        low, high = (int(v) for v in index.aminmax()) if len(index) else (0, 0)
        weights = self.table[index] if low >= 0 and high < len(self.table) else None
        if weights is None or weights.isnan().any():
            known = (index >= 0) & (index < len(self.table))
            missing = index[~known | self.table[index.clamp(0, len(self.table) - 1)].isnan()]
            names = ", ".join(str(k) for k in missing.unique().tolist())
            raise DataError(f"class_weight has no weight for class {names}, which the labels hold. Give it one.")
        return weights


def weigh(sample_weight, class_weights, y):
    """The weights of the samples (float32 (B,) or None), the two kinds multiplied where both are given."""
    if class_weights is None:
        return sample_weight
    of_classes = class_weights(y)
    if sample_weight is None:
        return of_classes
    if not isinstance(sample_weight, torch.Tensor):
        raise ArgumentError("class_weight goes together with one array of sample weights, not with several.")
    return sample_weight * of_classes.reshape(-1, *[1] * (sample_weight.ndim - 1)).to(sample_weight)


def spread(sample_weight, y):
    """One array of weights for several outputs stands for each of them (as in Keras)."""
    if isinstance(sample_weight, torch.Tensor) and isinstance(y, (list, tuple, dict)):
        return dict.fromkeys(y, sample_weight) if isinstance(y, dict) else type(y)(sample_weight for _ in y)
    return sample_weight
