"""Which metric a word in `compile(metrics=...)` means for the shapes at hand (as in Keras)."""

from anmok import notices
from anmok.errors import ArgumentError
from anmok.metrics import accuracy, averaged
from anmok.metrics.metric import Metric, _registry
from anmok.metrics.reduction import MeanMetricWrapper
from anmok.registry import snake_case


def resolve(identifier, loss, y_true_shape, y_pred_shape):
    """The Metric that `identifier` (a name, class, object, function or config) means, named as Keras names it.

    'acc' and 'accuracy' are binary for one output unit, sparse categorical for class numbers, else categorical.
    'crossentropy' and 'ce' are chosen so too, and follow `loss` (a Loss or None) in `from_logits`.
    """
    if identifier is None:
        raise ArgumentError("Expected a metric (a name, an object or a function), got None.")
    word = identifier.lower() if isinstance(identifier, str) else None
    if word in ("acc", "accuracy"):
        return _accuracy(loss, y_true_shape, y_pred_shape)(name=identifier)
    if word in ("crossentropy", "ce"):
        binary, sparse = _kind(y_true_shape, y_pred_shape)
        cls = averaged.CategoricalCrossentropy
        if binary:
            cls = averaged.BinaryCrossentropy
        elif sparse:
            cls = averaged.SparseCategoricalCrossentropy
        return cls(name=identifier, from_logits=getattr(loss, "from_logits", False))
    metric = _registry.get(identifier)
    if isinstance(metric, Metric):
        if word is not None:
            metric.name = identifier
        return metric
    name = getattr(metric, "name", None) or snake_case(getattr(metric, "__name__", type(metric).__name__))
    return MeanMetricWrapper(metric, name=identifier if word is not None else name)


def _kind(y_true_shape, y_pred_shape):
    """(is binary, is sparse categorical) by Keras' rule."""
    sparse = len(y_true_shape) < len(y_pred_shape) or (y_true_shape[-1] == 1 and y_pred_shape[-1] > 1)
    return y_pred_shape[-1] == 1, sparse


def _accuracy(loss, y_true_shape, y_pred_shape):
    binary, sparse = _kind(y_true_shape, y_pred_shape)
    if binary:
        if getattr(loss, "from_logits", False):
            notices.once(
                "accuracy of logits",
                "'accuracy' compares outputs with 0.5, but this loss takes logits, which should be compared with 0: "
                "use metrics=[BinaryAccuracy(threshold=0.0)].",
            )
        return accuracy.BinaryAccuracy
    return accuracy.SparseCategoricalAccuracy if sparse else accuracy.CategoricalAccuracy
