"""Every metric over several batches, weighted and not, against Keras on torch; some against scikit-learn as well."""

import keras
import numpy as np
import pytest
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import metrics

few = settings(max_examples=15, deadline=None)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True)).astype("float32")


def one_hot(rng, batch, classes):
    return np.eye(classes, dtype="float32")[rng.integers(0, classes, batch)]


def numbers(rng, batch, classes):
    return rng.normal(size=(batch, classes)).astype("float32"), rng.normal(size=(batch, classes)).astype("float32")


def positive(rng, batch, classes):
    return tuple(rng.uniform(0.1, 3, (batch, classes)).astype("float32") for _ in "ab")


def single(rng, batch, classes):
    return rng.normal(size=batch).astype("float32"), rng.normal(size=(batch, 1)).astype("float32")


def categories(rng, batch, classes):
    return one_hot(rng, batch, classes), softmax(rng.normal(size=(batch, classes)))


def category_logits(rng, batch, classes):
    return one_hot(rng, batch, classes), rng.normal(size=(batch, classes)).astype("float32")


def class_numbers(rng, batch, classes):
    return rng.integers(0, classes, batch), softmax(rng.normal(size=(batch, classes)))


def class_number_columns(rng, batch, classes):
    return rng.integers(0, classes, (batch, 1)), softmax(rng.normal(size=(batch, classes)))


def bits(rng, batch, classes):
    return rng.integers(0, 2, (batch, classes)).astype("float32"), rng.random((batch, classes)).astype("float32")


def bit_logits(rng, batch, classes):
    return rng.integers(0, 2, (batch, classes)).astype("float32"), rng.normal(size=(batch, classes)).astype("float32")


def bit_columns(rng, batch, classes):
    return rng.integers(0, 2, (batch, 1)).astype("float32"), rng.random((batch, 1)).astype("float32")


def coarse_bits(rng, batch, classes):
    """Predictions that fall on thresholds."""
    return rng.integers(0, 2, batch).astype("float32"), (rng.integers(0, 5, batch) / 4).astype("float32")


def guesses(rng, batch, classes):
    return rng.integers(0, classes, batch), rng.integers(0, classes, batch)


CASES = [
    ("Accuracy", {}, guesses),
    ("BinaryAccuracy", {}, bits),
    ("BinaryAccuracy", {"threshold": 0.3}, bit_columns),
    ("CategoricalAccuracy", {}, categories),
    ("SparseCategoricalAccuracy", {}, class_numbers),
    ("SparseCategoricalAccuracy", {}, class_number_columns),
    ("TopKCategoricalAccuracy", {"k": 2}, categories),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, class_numbers),
    ("BinaryCrossentropy", {}, bits),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, bit_logits),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}, categories),
    ("CategoricalCrossentropy", {"from_logits": True}, category_logits),
    ("SparseCategoricalCrossentropy", {}, class_numbers),
    ("KLDivergence", {}, categories),
    ("Poisson", {}, positive),
    ("MeanSquaredError", {}, numbers),
    ("MeanSquaredError", {}, single),
    ("MeanAbsoluteError", {}, numbers),
    ("MeanAbsolutePercentageError", {}, numbers),
    ("MeanSquaredLogarithmicError", {}, positive),
    ("LogCoshError", {}, numbers),
    ("RootMeanSquaredError", {}, numbers),
    ("RootMeanSquaredError", {}, single),
    ("CosineSimilarity", {}, numbers),
    ("PearsonCorrelation", {}, numbers),
    ("ConcordanceCorrelation", {}, numbers),
    ("Hinge", {}, bit_logits),
    ("SquaredHinge", {}, bit_logits),
    ("CategoricalHinge", {}, category_logits),
    *[
        ("R2Score", {"class_aggregation": how}, numbers)
        for how in (None, "uniform_average", "variance_weighted_average")
    ],
    ("R2Score", {"num_regressors": 2}, numbers),
    *[
        (name, arguments, data)
        for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall")
        for arguments, data in [
            ({}, bit_columns),
            ({}, bits),
            ({"thresholds": 0.3}, bits),
            ({"thresholds": [0.2, 0.9, 0.1]}, bits),
            ({"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}, coarse_bits),
        ]
    ],
    *[
        (name, arguments, categories)
        for name in ("Precision", "Recall")
        for arguments in (
            {"top_k": 2},
            {"class_id": 1},
            {"top_k": 1, "class_id": 0},
            {"top_k": 2, "thresholds": [0.1, 0.4]},
        )
    ],
    *[
        (name, {**share, **more}, data)
        for name, share in [
            ("SensitivityAtSpecificity", {"specificity": 0.4}),
            ("SpecificityAtSensitivity", {"sensitivity": 0.6}),
            ("PrecisionAtRecall", {"recall": 0.5}),
            ("RecallAtPrecision", {"precision": 0.5}),
        ]
        for more, data in [
            ({}, bits),
            ({"num_thresholds": 5}, coarse_bits),
            ({"num_thresholds": 1}, bits),
            ({"class_id": 1}, categories),
        ]
    ],
    *[
        ("AUC", {"curve": curve, "summation_method": how, "num_thresholds": 11, **more}, data)
        for curve in ("ROC", "PR", "PRGAIN")
        for how in ("interpolation", "majoring", "minoring")
        for more, data in [
            ({}, bits),
            ({"num_thresholds": 5}, coarse_bits),
            ({"thresholds": [0.1, 0.7, 0.3]}, bit_columns),
            ({"from_logits": True}, bit_logits),
        ]
    ],
    *[
        ("AUC", {"curve": curve, "multi_label": True, **more}, bits)
        for curve in ("ROC", "PR")
        for more in ({}, {"thresholds": [0.2, 0.3, 0.9]}, {"label_weights": [0.5, 1.0, 2.0, 0.0]})
    ],
    ("AUC", {"label_weights": [0.5, 1.0, 2.0, 0.0]}, bits),
    *[
        ("FBetaScore", {"average": average, "beta": beta, "threshold": threshold}, categories)
        for average in (None, "micro", "macro", "weighted")
        for beta in (0.5, 2.0)
        for threshold in (None, 0.3)
    ],
    ("F1Score", {"average": "macro"}, categories),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, guesses),
    ("MeanIoU", {"num_classes": 4, "ignore_class": 1, "dtype": "float32"}, guesses),
    ("BinaryIoU", {"threshold": 0.4, "dtype": "float32"}, bits),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [1], "dtype": "float32"}, categories),
    ("OneHotMeanIoU", {"num_classes": 4, "dtype": "float32"}, categories),
]
EXACT_WEIGHTS = ("IoU", "MeanIoU", "BinaryIoU")


def build(name, arguments):
    return getattr(metrics, name)(**arguments), getattr(keras.metrics, name)(**arguments)


def value(result):
    return np.asarray(result.detach() if isinstance(result, torch.Tensor) else result)


@pytest.mark.parametrize("name, arguments, data", CASES, ids=lambda case: str(getattr(case, "__name__", case)))
@given(st.integers(0, 2**20), st.booleans(), st.lists(st.integers(2, 9), min_size=1, max_size=3))
@few
def test_streaming(name, arguments, data, seed, weighted, batches):
    rng = np.random.default_rng(seed)
    ours, theirs = build(name, arguments)
    # A ratio of sums over a handful of samples magnifies float32's last digit.
    relative = 2e-3 if name == "R2Score" else 2e-4
    for batch in batches:
        y_true, y_pred = data(rng, batch, 4)
        weights = rng.uniform(0.1, 2, batch).astype("float32") if weighted else None
        if weighted and name in EXACT_WEIGHTS:
            weights = rng.integers(1, 4, y_true.shape).astype("float32" if "dtype" in arguments else "int32")
        if name == "R2Score" and data is numbers:
            y_true += np.arange(4, dtype="float32")
        for metric in (ours, theirs):
            metric.update_state(torch.as_tensor(y_true), torch.as_tensor(y_pred), weights)
        np.testing.assert_allclose(value(ours.result()), value(theirs.result()), rtol=relative, atol=2e-5)
    assert len(ours.variables) == len(theirs.variables)
    ours.reset_state()
    theirs.reset_state()
    y_true, y_pred = data(rng, 5, 4)
    for metric in (ours, theirs):
        metric.update_state(y_true, y_pred)
    np.testing.assert_allclose(value(ours.result()), value(theirs.result()), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@given(st.data())
@few
def test_reductions(name, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**20)))
    ours, theirs = build(name, {})
    for _ in range(data.draw(st.integers(1, 3))):
        batch, steps = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 4))
        shape, weights = data.draw(
            st.sampled_from(
                [
                    ((), None),
                    ((), ()),
                    ((batch,), None),
                    ((batch,), ()),
                    ((batch,), (batch,)),
                    ((batch,), (batch, 1)),
                    ((batch, steps), None),
                    ((batch, steps), (batch,)),
                    ((batch, steps), (batch, steps)),
                    ((batch, 1), (batch,)),
                    ((batch, steps, 2), (batch, steps)),
                    ((batch, steps, 2), (batch,)),
                ]
            )
        )
        values = rng.normal(size=shape).astype("float32")
        weights = None if weights is None else rng.uniform(0, 2, weights).astype("float32")
        if weights is not None and weights.ndim == 0:
            weights = float(weights)
        ours.update_state(values, weights)
        theirs.update_state(values, weights)
    np.testing.assert_allclose(value(ours.result()), value(theirs.result()), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "name", ["BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy", "MeanSquaredError"]
)
def test_maps_of_labels(name, weighted):
    """Labels of every pixel, (B, H, W) and (B, H, W, K), weights a pixel."""
    rng = np.random.default_rng(0)
    ours, theirs = build(name, {})
    for _ in range(2):
        y_pred = softmax(rng.normal(size=(2, 3, 4, 5)))
        y_true = rng.integers(0, 5, (2, 3, 4)) if name.startswith("Sparse") else one_hot(rng, (2, 3, 4), 5)
        weights = rng.random((2, 3, 4)).astype("float32") if weighted and name != "BinaryAccuracy" else None
        ours.update_state(y_true, y_pred, weights)
        theirs.update_state(y_true, y_pred, weights)
    assert float(ours.result()) == pytest.approx(float(theirs.result()), rel=1e-5)


def test_ignored_classes_as_in_keras():
    rng = np.random.default_rng(0)
    labels, y_pred = np.array([0, 255, 2, 1]), softmax(rng.normal(size=(4, 3)))
    for weights in (None, np.array([1.0, 2.0, 3.0, 0.5], "float32")):
        ours, theirs = build("SparseCategoricalCrossentropy", {"ignore_class": 255})
        assert float(ours(labels, y_pred, weights)) == pytest.approx(float(theirs(labels, y_pred, weights)), rel=1e-5)


def test_sorted_ids():
    y_true, y_pred = np.array([3, 1, 4]), np.array([[3, 0, 2], [0, 2, 1], [1, 4, 0]])
    ours, theirs = build("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True})
    assert float(ours(y_true, y_pred)) == pytest.approx(float(theirs(y_true, y_pred)))


FUNCTIONS = [
    ("binary_accuracy", bits),
    ("categorical_accuracy", categories),
    ("sparse_categorical_accuracy", class_numbers),
    ("sparse_categorical_accuracy", class_number_columns),
    ("top_k_categorical_accuracy", categories),
    ("sparse_top_k_categorical_accuracy", class_numbers),
    ("mean_squared_error", numbers),
    ("pearson_correlation", numbers),
    ("concordance_correlation", numbers),
    ("categorical_focal_crossentropy", categories),
    ("huber", numbers),
]


@pytest.mark.parametrize("name, data", FUNCTIONS)
def test_functions(name, data):
    y_true, y_pred = data(np.random.default_rng(0), 6, 7)
    ours, theirs = (value(getattr(module, name)(y_true, y_pred)) for module in (metrics, keras.metrics))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@given(st.integers(0, 2**20))
@few
def test_scikit_learn_agrees(seed):
    rng = np.random.default_rng(seed)
    y_true = np.concatenate([[0, 1], rng.integers(0, 2, 60)])
    y_pred = (rng.integers(0, 101, 62) / 100).astype("float32")
    # Thresholds between all possible predictions make the areas exact.
    between = [(i + 0.5) / 100 for i in range(100)]
    auc = metrics.AUC(thresholds=between)
    weights = rng.random(62).astype("float32")
    assert float(auc(y_true, y_pred, weights)) == pytest.approx(
        sklearn.metrics.roc_auc_score(y_true, y_pred, sample_weight=weights), abs=1e-5
    )
    average_precision = metrics.AUC(curve="PR", summation_method="minoring", thresholds=between)
    assert float(average_precision(y_true, y_pred)) <= sklearn.metrics.average_precision_score(y_true, y_pred) + 1e-5

    labels, scores = rng.integers(0, 4, 30), softmax(rng.normal(size=(30, 4)))
    for average in ("micro", "macro", "weighted"):
        assert float(metrics.F1Score(average=average)(np.eye(4)[labels], scores)) == pytest.approx(
            sklearn.metrics.f1_score(labels, scores.argmax(-1), average=average, labels=range(4), zero_division=0),
            abs=1e-5,
        )
    truth, guess = numbers(rng, 30, 3)
    assert float(metrics.R2Score()(truth, guess)) == pytest.approx(sklearn.metrics.r2_score(truth, guess), abs=1e-4)
    assert float(metrics.Precision()(y_true, y_pred)) == pytest.approx(
        sklearn.metrics.precision_score(y_true, y_pred > 0.5, zero_division=0), abs=1e-6
    )


REQUIRED = {
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "IoU": {"num_classes": 3, "target_class_ids": [0, 1]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 3},
    "AUC": {"thresholds": [0.1, 0.5], "multi_label": True, "label_weights": None},
    "MeanMetricWrapper": {"fn": "mean_squared_error", "name": "x"},
}


@pytest.mark.parametrize(
    "name", sorted({n for n in metrics.__all__ if n[0].isupper() and hasattr(keras.metrics, n)} - {"Metric"})
)
def test_configs_go_both_ways(name):
    cls = getattr(metrics, name)
    if not isinstance(cls, type):
        return
    arguments = dict(REQUIRED.get(name, {}))
    if name == "MeanMetricWrapper":
        arguments["fn"] = metrics.mean_squared_error
    ours = cls(**arguments)
    if name == "MeanMetricWrapper":
        assert metrics.deserialize(metrics.serialize(ours))._fn is metrics.mean_squared_error
        return
    there = keras.metrics.deserialize(metrics.serialize(ours))
    assert type(there).__name__ == name
    back = metrics.deserialize(keras.metrics.serialize(there))
    assert type(back) is cls
    if name != "CosineSimilarity":  # Keras forgets its axis
        assert back.get_config() == ours.get_config()
        assert set(there.get_config()) <= set(ours.get_config())


def test_every_string_of_keras_is_known():
    from keras.src.metrics import ALL_OBJECTS_DICT

    abstract = {"Metric", "metric", "MeanMetricWrapper", "mean_metric_wrapper"}
    for name, cls in ALL_OBJECTS_DICT.items():
        if cls.__name__ in REQUIRED and cls.__name__ != "AUC":
            assert name in metrics.metric._registry, name
        elif name not in abstract:
            assert type(metrics.get(name)).__name__ == cls.__name__
            assert metrics.get(name)._direction == getattr(
                keras.metrics.get(name), "_direction", metrics.get(name)._direction
            )


@pytest.mark.parametrize(
    "identifier", ["acc", "accuracy", "Accuracy", "mse", "AUC", "cosine_similarity", "binary_accuracy"]
)
@pytest.mark.parametrize(
    "shapes", [((8,), (8, 1)), ((8, 1), (8, 1)), ((8,), (8, 5)), ((8, 1), (8, 5)), ((8, 5), (8, 5))]
)
def test_resolve(identifier, shapes):
    from keras.src.trainers.compile_utils import get_metric

    y_true, y_pred = (np.zeros(shape, "float32") for shape in shapes)
    ours, theirs = metrics.resolve(identifier, None, *shapes), get_metric(identifier, y_true, y_pred)
    assert type(ours).__name__ == type(theirs).__name__ and ours.name == theirs.name


def test_resolve_functions():
    from keras.src.trainers.compile_utils import get_metric

    def my_metric(y_true, y_pred):
        return (y_true - y_pred) ** 2

    for fn in (my_metric, lambda y_true, y_pred: y_true * y_pred):
        ours, theirs = metrics.resolve(fn, None, (4,), (4,)), get_metric(fn, np.zeros(4), np.zeros(4))
        assert ours.name == theirs.name
        y_true, y_pred = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 5.0])
        assert float(ours(y_true, y_pred)) == float(theirs(y_true, y_pred))
