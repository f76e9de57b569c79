"""Two epochs of `fit` follow Keras' history; names and order of what is reported are Keras'."""

import numpy as np
import pytest

RNG = np.random.default_rng(1)
X = RNG.normal(size=(50, 6)).astype("float32")
CLASSES = RNG.integers(0, 3, 50)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
BINARY = (CLASSES > 0).astype("float32")
TARGETS = RNG.normal(size=(50, 2)).astype("float32")
IMAGES = RNG.uniform(size=(40, 10, 10, 2)).astype("float32")
IMAGE_CLASSES = RNG.integers(0, 4, 40)
WEIGHTS = RNG.uniform(0.2, 2, 50).astype("float32")


def dense(k, *, loss="sparse_categorical_crossentropy", units=3, activation="softmax", optimizer=None, **compiled):
    L = k.layers
    model = k.Sequential([k.Input((6,)), L.Dense(8, activation="relu"), L.Dense(units, activation=activation)])
    model.compile(optimizer=optimizer or k.optimizers.SGD(0.1, momentum=0.9), loss=loss, **compiled)
    return model


def convnet(k):
    L = k.layers
    model = k.Sequential(
        [
            k.Input((10, 10, 2)),
            L.Conv2D(6, 3, activation="relu"),
            L.MaxPooling2D(),
            L.Conv2D(8, 3, padding="same", use_bias=False),
            L.BatchNormalization(momentum=0.8),
            L.Activation("relu"),
            L.MaxPooling2D(),
            L.Flatten(),
            L.Dense(4, activation="softmax"),
        ]
    )
    model.compile(optimizer=k.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["acc"])
    return model


@pytest.mark.parametrize(
    "loss, y, units, activation, metrics",
    [
        ("sparse_categorical_crossentropy", CLASSES, 3, "softmax", ["accuracy"]),
        ("categorical_crossentropy", ONE_HOT, 3, "softmax", ["acc", "Precision"]),
        ("binary_crossentropy", BINARY, 1, "sigmoid", ["accuracy", "AUC"]),
        ("mse", TARGETS, 2, None, ["mae", "mse"]),
        ("mae", TARGETS, 2, None, None),
        ("crossentropy", CLASSES, 3, "softmax", ["accuracy"]),
        ("kl_divergence", ONE_HOT, 3, "softmax", ["mae"]),
    ],
)
@pytest.mark.parametrize("optimizer", [None, "adam", "rmsprop"])
def test_dense_networks(same_fit, loss, y, units, activation, metrics, optimizer):
    def build(k):
        return dense(k, loss=loss, units=units, activation=activation, metrics=metrics, optimizer=optimizer)

    same_fit(build, X, y, batch_size=16)


def test_a_convnet_with_batch_normalization(same_fit):
    ours, theirs = same_fit(convnet, IMAGES, IMAGE_CLASSES, batch_size=8)
    np.testing.assert_allclose(ours.predict(IMAGES, verbose=0), theirs.predict(IMAGES, verbose=0), atol=1e-4)
    for name, value in theirs.evaluate(IMAGES, IMAGE_CLASSES, verbose=0, return_dict=True).items():
        found = ours.evaluate(IMAGES, IMAGE_CLASSES, verbose=0, return_dict=True)
        assert found[name] == pytest.approx(value, abs=1e-4)


def two_by_two(k, **compiled):
    """Inputs a (6,) and b (10, 10, 2); outputs 'kind' (3 classes) and 'size' (2 numbers)."""
    L = k.layers
    a, b = k.Input((6,), name="a"), k.Input((10, 10, 2), name="b")
    features = L.Concatenate()([L.Dense(5, activation="tanh")(a), L.GlobalAveragePooling2D()(L.Conv2D(4, 3)(b))])
    kind = L.Dense(3, activation="softmax", name="kind")(features)
    size = L.Dense(2, name="size")(features)
    model = k.Model([a, b], [kind, size])
    model.compile(optimizer=k.optimizers.SGD(0.05), **compiled)
    return model


LOSSES = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
PAIR = [X[:40], IMAGES]
TARGET_PAIR = [CLASSES[:40], TARGETS[:40]]
COMPILED = [
    {"loss": list(LOSSES.values())},
    {"loss": LOSSES, "loss_weights": {"kind": 0.5, "size": 2.0}},
    {"loss": list(LOSSES.values()), "loss_weights": [0.3, 1.0], "metrics": [["accuracy"], ["mae", "mse"]]},
    {"loss": LOSSES, "metrics": {"kind": "acc", "size": ["mae"]}},
    {"loss": LOSSES, "metrics": {"size": "mae"}, "weighted_metrics": {"kind": ["accuracy"]}},
    {"loss": LOSSES, "metrics": ["accuracy", "mae"]},
    {"loss": [None, "mse"], "metrics": [None, "mae"]},
]


@pytest.mark.parametrize("compiled", COMPILED, ids=range(len(COMPILED)))
def test_several_inputs_and_outputs(same_fit, compiled):
    same_fit(lambda k: two_by_two(k, **compiled), PAIR, TARGET_PAIR, batch_size=16)


def test_inputs_and_outputs_by_name(same_fit):
    x, y = {"b": IMAGES, "a": X[:40]}, {"size": TARGETS[:40], "kind": CLASSES[:40]}
    ours, theirs = same_fit(lambda k: two_by_two(k, loss=LOSSES, metrics={"kind": "acc"}), x, y, batch_size=16)
    assert ours.evaluate(x, y, verbose=0) == pytest.approx(theirs.evaluate(x, y, verbose=0), abs=1e-4)
    expected = theirs.evaluate(x, y, verbose=0, return_dict=True)
    assert ours.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(expected, abs=1e-4)
    for mine, reference in zip(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(mine, reference, atol=1e-4)


def test_weights_of_samples_for_each_output(same_fit):
    weights = [WEIGHTS[:40], WEIGHTS[10:]]
    build = lambda k: two_by_two(k, loss=LOSSES, weighted_metrics=[["acc"], ["mae"]])  # noqa: E731
    ours, _ = same_fit(build, PAIR, TARGET_PAIR, sample_weight=weights)
    by_name = dict(zip(LOSSES, weights, strict=True))
    y = dict(zip(LOSSES, TARGET_PAIR, strict=True))
    expected = ours.evaluate(PAIR, TARGET_PAIR, sample_weight=weights, verbose=0)
    assert ours.evaluate(PAIR, y, sample_weight=by_name, verbose=0) == pytest.approx(expected)


def test_a_dict_of_outputs(same_fit):
    def build(k):
        x = k.Input((6,))
        h = k.layers.Dense(4, activation="relu")(x)
        outputs = {"second": k.layers.Dense(3, activation="softmax")(h), "first": k.layers.Dense(2)(h)}
        model = k.Model(x, outputs)
        model.compile(
            "sgd",
            loss={"second": "sparse_categorical_crossentropy", "first": "mse"},
            metrics={"second": "accuracy", "first": "mae"},
        )
        return model

    ours, theirs = same_fit(build, X, {"first": TARGETS, "second": CLASSES}, batch_size=16)
    found, expected = ours.predict(X, verbose=0), theirs.predict(X, verbose=0)
    assert set(found) == set(expected)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-4)


def test_regularizers_of_weights_and_of_activities(same_fit):
    def build(k):
        L, R = k.layers, k.regularizers
        model = k.Sequential(
            [
                k.Input((10, 10, 2)),
                L.Conv2D(4, 3, activation="relu", kernel_regularizer=R.L2(0.01), activity_regularizer=R.L1(0.001)),
                L.MaxPooling2D(),
                L.Flatten(),
                L.ActivityRegularization(l2=1e-3),
                L.Dense(4, activation="softmax", kernel_regularizer="l1", bias_regularizer=R.L1L2(0.1, 0.1)),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    same_fit(build, IMAGES, IMAGE_CLASSES, batch_size=16, validation_split=0.25)


def test_constraints(same_fit):
    def build(k):
        kernel = k.constraints.MaxNorm(0.7)
        model = k.Sequential([k.Input((6,)), k.layers.Dense(3, kernel_constraint=kernel, bias_constraint="non_neg")])
        model.compile(k.optimizers.SGD(0.5), "mse")
        return model

    same_fit(build, X, RNG.normal(size=(50, 3)).astype("float32"), batch_size=16)


def test_class_weight(same_fit):
    build = lambda k: dense(k, metrics=["acc"], weighted_metrics=["acc", "sparse_categorical_crossentropy"])  # noqa: E731
    same_fit(build, X, CLASSES, class_weight={0: 1.0, 1: 3.0, 2: 0.5}, batch_size=16)


def test_class_weight_of_one_hot_labels(same_fit):
    build = lambda k: dense(k, loss="categorical_crossentropy", metrics=["acc"])  # noqa: E731
    same_fit(build, X, ONE_HOT, class_weight={0: 1.0, 1: 3.0, 2: 0.5}, batch_size=16)


def test_sample_weight(same_fit):
    build = lambda k: dense(k, metrics=["acc"], weighted_metrics=["acc", "sparse_categorical_crossentropy"])  # noqa: E731
    same_fit(build, X, CLASSES, sample_weight=WEIGHTS, batch_size=16, validation_data=(X, CLASSES, WEIGHTS))


def test_validation_split_takes_the_last_fraction(same_fit):
    same_fit(lambda k: dense(k, metrics=["acc"]), X, CLASSES, validation_split=0.3, batch_size=16)


@pytest.mark.parametrize("pair", [tuple, list])
def test_validation_data(same_fit, pair):
    data = pair((X[:20], CLASSES[:20]))
    same_fit(lambda k: dense(k, metrics=["acc"]), X, CLASSES, validation_data=data, validation_batch_size=7)


@pytest.mark.parametrize("frequency", [2, [1, 3]])
def test_validation_freq(same_fit, frequency):
    arguments = {"validation_data": (X, CLASSES), "validation_freq": frequency, "epochs": 4}
    same_fit(lambda k: dense(k, metrics=["acc"]), X, CLASSES, **arguments)


def test_validation_steps(same_fit):
    arguments = {"validation_data": (X, CLASSES), "validation_steps": 2, "batch_size": 10}
    same_fit(lambda k: dense(k, metrics=["acc"]), X, CLASSES, **arguments)


def test_initial_epoch(same_fit):
    ours, theirs = same_fit(dense, X, CLASSES, initial_epoch=2, epochs=4)
    assert ours.history.epoch == theirs.history.epoch == [2, 3]


def test_steps_per_epoch_on_arrays(same_fit):
    same_fit(dense, X, CLASSES, steps_per_epoch=2, batch_size=10, epochs=4)


def test_losses_as_functions_and_objects(same_fit):
    def build(k):
        def distance(y_true, y_pred):
            return ((y_true - y_pred) ** 2).sum(-1)

        return dense(k, loss=distance, units=2, activation=None, metrics=[distance, k.metrics.MeanAbsoluteError("far")])

    same_fit(build, X, TARGETS, batch_size=16)


def test_label_smoothing_and_logits(same_fit):
    def build(k):
        loss = k.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
        return dense(k, loss=loss, activation=None, metrics=["acc", k.metrics.TopKCategoricalAccuracy(2, name="top2")])

    same_fit(build, X, ONE_HOT, batch_size=16)


def test_a_metric_with_a_value_for_each_class(same_fit):
    build = lambda k: dense(k, loss="categorical_crossentropy", metrics=[k.metrics.F1Score()])  # noqa: E731
    ours, _ = same_fit(build, X, ONE_HOT, batch_size=16, validation_split=0.2)
    assert np.shape(ours.history.history["val_f1_score"]) == (2, 3)


def test_a_subclassed_model(same_fit):
    def build(k):
        class Net(k.Model):
            def __init__(self):
                super().__init__()
                self.hidden = k.layers.Dense(5, activation="relu")
                self.blocks = [k.layers.Dense(4), k.layers.BatchNormalization()]
                self.out = k.layers.Dense(3, activation="softmax")

            def call(self, x, training=None):
                x = self.hidden(x)
                for block in self.blocks:
                    x = block(x, training=training) if "batch" in block.name else block(x)
                return self.out(x)

        model = Net()
        model(X[:2])
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    same_fit(build, X, CLASSES, batch_size=16)


def test_frozen_layers_stay(same_fit):
    def build(k):
        model = convnet(k)
        model.layers[0].trainable = False
        model.layers[3].trainable = False  # batch normalization then uses its moving statistics
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
        return model

    ours, _ = same_fit(build, IMAGES, IMAGE_CLASSES, batch_size=16)
    assert len(ours.trainable_weights) == 3


@pytest.mark.parametrize("options", [{"clipnorm": 0.1}, {"global_clipnorm": 0.1}, {"use_ema": True}])
def test_options_of_optimizers(same_fit, options):
    build = lambda k: dense(k, optimizer=k.optimizers.Adam(0.01, **options))  # noqa: E731
    same_fit(build, X, CLASSES, batch_size=16)


def test_a_schedule(same_fit):
    def build(k):
        rate = k.optimizers.schedules.ExponentialDecay(0.1, decay_steps=3, decay_rate=0.5)
        return dense(k, optimizer=k.optimizers.SGD(rate, momentum=0.9, nesterov=True))

    same_fit(build, X, CLASSES, batch_size=16)
