"""Intersection over union of classes, for segmentation (as in Keras)."""

import torch

from anmok.errors import ArgumentError
from anmok.losses.loss import EPSILON, as_tensor
from anmok.metrics.metric import Metric, _registry


class IoU(Metric):
    """Mean over `target_class_ids` of intersection over union; labels and predictions class numbers, as in Keras.

    ignore_class: labels that count nothing. sparse_y_true, sparse_y_pred: False where they are scores along `axis`.
    """

    _direction = "up"

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(name=name, dtype=dtype or "int32")
        if not 0 <= min(target_class_ids) <= max(target_class_ids) < num_classes:
            raise ArgumentError(f"Expected target_class_ids in 0..{num_classes - 1}, got {list(target_class_ids)}.")
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable((num_classes, num_classes), dtype=self.dtype, name="total_confusion_matrix")

    @torch.no_grad()
    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = as_tensor(y_pred)
        y_true = as_tensor(y_true, like=y_pred)
        y_true = (y_true if self.sparse_y_true else y_true.argmax(self.axis)).flatten().long()
        y_pred = (y_pred if self.sparse_y_pred else y_pred.argmax(self.axis)).flatten().long()
        counted = (y_true >= 0) & (y_true < self.num_classes) & (y_pred >= 0) & (y_pred < self.num_classes)
        if self.ignore_class is not None:
            counted &= y_true != self.ignore_class
        if sample_weight is None:
            weight = counted.to(self._torch_dtype)
        else:
            weight = as_tensor(sample_weight, like=y_pred).to(self._torch_dtype).flatten() * counted
        places = (y_true * self.num_classes + y_pred).masked_fill_(~counted, 0)
        matrix = weight.new_zeros(self.num_classes**2).index_add_(0, places, weight)
        self.total_cm.assign_add(matrix.view(self.num_classes, self.num_classes))

    def result(self):
        matrix = self.total_cm.float()
        both = matrix.diagonal()[self.target_class_ids]
        either = (matrix.sum(0) + matrix.sum(1) - matrix.diagonal())[self.target_class_ids]
        present = either > 1e-9
        iou = (both / (either + EPSILON)).masked_fill(~present, 0.0)
        return iou.sum() / (present.sum() + EPSILON)

    def get_config(self):
        names = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _config_without(self, *names):
        return {name: value for name, value in IoU.get_config(self).items() if name not in names}


class BinaryIoU(IoU):
    """IoU of two classes, the second predicted where y_pred >= threshold, as in Keras."""

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, as_tensor(y_pred) >= self.threshold, sample_weight)

    def get_config(self):
        own = {"target_class_ids": self.target_class_ids, "threshold": self.threshold}
        return {**Metric.get_config(self), **own}


class MeanIoU(IoU):
    """Mean IoU over all classes, class numbers, as in Keras."""

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(
            num_classes,
            range(num_classes),
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self):
        return self._config_without("target_class_ids")


class OneHotIoU(IoU):
    """IoU with one-hot labels along `axis`, as in Keras."""

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(
            num_classes,
            target_class_ids,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self):
        return self._config_without("sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """Mean IoU over all classes with one-hot labels along `axis`, as in Keras."""

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(
            num_classes,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self):
        return self._config_without("target_class_ids", "sparse_y_true")


_registry.add(IoU, "iou")
_registry.add(BinaryIoU)
_registry.add(MeanIoU)
_registry.add(OneHotIoU)
_registry.add(OneHotMeanIoU)
