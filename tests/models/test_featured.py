"""Training behind frozen layers: with their outputs computed once, the numbers are those of the slow way."""

import numpy as np
import pytest
import torch

from anmok import layers, mixed_precision, models, random
from anmok.callbacks import LambdaCallback
from anmok.errors import TrainingError
from anmok.models import settled
from anmok.preprocessing.image import ImageDataGenerator
from anmok.training import features

X = np.random.default_rng(0).random((70, 12, 12, 3), dtype=np.float32)
Y = np.random.default_rng(1).integers(0, 3, 70)


@pytest.fixture(autouse=True)
def _afresh():
    features.STORE.clear()
    yield
    features.STORE.clear()
    mixed_precision.set_global_policy("auto")


def base():
    random.set_seed(1)
    network = models.Sequential(
        [
            layers.Input((12, 12, 3)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
        ],
        name="base",
    )
    network.layers[1].set_weights([np.full(6, 1.5), np.full(6, 0.1), np.full(6, 0.2), np.full(6, 0.7)])
    network.trainable = False
    return network


def stacked():
    return models.Sequential(
        [base(), layers.GlobalAveragePooling2D(), layers.Dropout(0.3), layers.Dense(3, activation="softmax")]
    )


def branched():
    """Two frozen branches of different depth, and the image itself past them."""
    image = layers.Input((12, 12, 3))
    frozen = base()
    deep = frozen(image)
    shallow = layers.Conv2D(2, 3, strides=2, trainable=False)(image)
    x = layers.Concatenate()(
        [
            layers.Flatten()(deep),
            layers.Flatten()(shallow),
            layers.GlobalAveragePooling2D()(layers.GaussianNoise(0.1)(image)),
        ]
    )
    return models.Model(image, layers.Dense(3, activation="softmax")(layers.Dense(9, activation="relu")(x)))


def from_a_layer_on():
    network = base()
    network.trainable = True
    for layer in network.layers[:3]:
        layer.trainable = False
    return models.Sequential(
        [layers.Input((12, 12, 3)), *network.layers, layers.Flatten(), layers.Dense(3, activation="softmax")]
    )


def fitted(build, data=(X, Y), **how):
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(*data, verbose=0, **{"epochs": 3, "batch_size": 16, **how}).history
    return history, model.get_weights(), model


def assert_same(one, other):
    for key, values in other[0].items():
        assert one[0][key] == pytest.approx(values, rel=1e-5), key
    for ours, theirs in zip(one[1], other[1], strict=True):
        assert np.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("policy", ["float32", "auto"])
@pytest.mark.parametrize("build", [stacked, branched, from_a_layer_on])
def test_the_numbers_are_those_of_the_slow_way(build, policy):
    mixed_precision.set_global_policy(policy)
    how = {"validation_split": 0.2, "class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}
    slow = fitted(build, feature_cache=False, **how)
    assert not features.STORE._kept
    fast = fitted(build, **how)
    assert features.STORE._kept
    assert_same(fast, slow)


def test_the_frozen_part_is_computed_once_for_all_folds_and_heads():
    frozen, seen = base(), []
    # A hook makes the rewritten forms give way, so that it sees every image that passes (and shapes being tried).
    frozen.layers[0].register_forward_hook(
        lambda module, args, output: seen.append(0 if output.is_meta else len(output))
    )
    for fold in range(5):
        held = np.arange(70) % 5 == fold
        model = models.Sequential([frozen, layers.Flatten(), layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X[~held], Y[~held], epochs=4, verbose=0)
    assert sum(seen) == 70


def test_other_weights_are_other_features():
    first = fitted(stacked)
    changed = first[2]
    weights = changed.layers[0].get_weights()
    changed.layers[0].set_weights([weight * 1.1 for weight in weights])
    model = models.Sequential([changed.layers[0], layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, Y, epochs=1, verbose=0)
    assert len(features.STORE._kept) == 2


def test_nothing_is_left_on_the_model():
    model = fitted(stacked)[2]
    assert [len(layer._inbound_nodes) for layer in model.layers] == [1] * 4
    assert model.layers[-1].output.shape == (None, 3)
    assert model.evaluate(X, Y, verbose=0)[0] > 0 and model.predict(X, verbose=0).shape == (70, 3)
    again = models.Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert np.allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)


def test_callbacks_see_the_whole_model():
    seen = []
    model = stacked()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        X, Y, epochs=2, verbose=0,
        callbacks=[LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(model.predict(X, verbose=0)))],
    )  # fmt: skip
    assert seen[0].shape == (70, 3) and not np.allclose(seen[0], seen[1])
    assert np.allclose(seen[1], model.predict(X, verbose=0))


@pytest.mark.parametrize("seed", [None, 4])
def test_flows_without_random_changes_are_featured_in_their_order(seed):
    def run(feature_cache):
        random.set_seed(2)
        flow = ImageDataGenerator(rescale=0.5).flow(X * 255, Y, batch_size=16, seed=seed)
        held = ImageDataGenerator(rescale=0.5).flow(X[:20] * 255, Y[:20], batch_size=8, shuffle=False)
        return fitted(stacked, (flow,), batch_size=None, validation_data=held, feature_cache=feature_cache)

    slow = run(False)
    assert not features.STORE._kept
    fast = run(True)
    assert features.STORE._kept
    assert_same(fast, slow)


def test_more_steps_than_a_pass_has():
    def run(feature_cache):
        flow = ImageDataGenerator().flow(X, Y, batch_size=16, seed=1)
        return fitted(stacked, (flow,), batch_size=None, steps_per_epoch=7, feature_cache=feature_cache)

    assert_same(run(True), run(False))


@pytest.mark.parametrize(
    "generator",
    [
        ImageDataGenerator(horizontal_flip=True),
        ImageDataGenerator(preprocessing_function=lambda x: x + np.random.rand()),
    ],
    ids=["random changes", "a function that nobody knows"],
)
def test_images_that_change_are_never_featured(generator):
    fitted(stacked, (generator.flow(X, Y, batch_size=16),), batch_size=None, epochs=1)
    assert not features.STORE._kept


def test_what_is_not_settled_is_not_cut_off():
    def cut(*stack):
        model = models.Sequential([layers.Input((12, 12, 3)), *stack, layers.Flatten(), layers.Dense(2)])
        found = settled.settled(model)
        return found and [tuple(tensor.shape) for tensor in found.prefix.graph.output_list]

    def frozen(layer):
        layer.trainable = False
        return layer

    conv = layers.Conv2D
    assert cut(frozen(conv(2, 3))) == [(None, 200)]
    assert cut(conv(2, 3)) is None  # trained
    assert cut(layers.Rescaling(2.0)) is None  # nothing that costs anything
    assert cut(layers.RandomFlip(), frozen(conv(2, 3))) is None  # changed at random before
    assert cut(frozen(conv(2, 3)), layers.Dropout(0.1)) == [(None, 10, 10, 2)]
    assert cut(frozen(conv(2, 3)), layers.BatchNormalization(center=False, scale=False)) == [(None, 10, 10, 2)]
    assert cut(frozen(conv(2, 3)), layers.Lambda(lambda x: x * torch.rand(()))) == [(None, 10, 10, 2)]
    assert cut(frozen(conv(2, 3, activity_regularizer="l2"))) is None


def test_unfreezing_while_it_runs_is_refused_in_words():
    model = stacked()
    model.compile("adam", "sparse_categorical_crossentropy")

    def unfreeze(epoch, logs):
        model.layers[0].trainable = True

    with pytest.raises(TrainingError, match="feature_cache=False"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[LambdaCallback(on_epoch_end=unfreeze)])


def test_the_store_keeps_within_its_budget():
    store = features.FeatureStore(budget=1000)
    for key in "abc":
        store.add(key, {i: (torch.zeros(10),) for i in range(10)})  # 400 bytes
    assert list(store._kept) == ["b", "c"]
    store.of("b")
    store.add("d", {0: (torch.zeros(10),)})
    assert list(store._kept) == ["c", "b", "d"]
    store.add("e", {i: (torch.zeros(10),) for i in range(10)})
    assert list(store._kept) == ["b", "d", "e"]


def test_features_too_large_to_keep_are_not_computed(monkeypatch):
    monkeypatch.setattr(features, "BUDGET", 1000)
    fitted(stacked, epochs=1)
    assert not features.STORE._kept
