"""Files of whole models both ways between anmok and Keras 3."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from houses import ANMOK
from networks import NETWORKS, assert_same_outputs, common_layer, data_for, randomize, stack

from anmok import models, saving

by_name = pytest.mark.parametrize("network", NETWORKS, ids=lambda function: function.__name__)


def _layers(ours):
    """Operators on symbolic tensors are no layers to Keras."""
    return [layer for layer in ours.layers if type(layer).__name__ != "Operation"]


@by_name
def test_keras_reads_what_anmok_wrote(network, tmp_path):
    ours = network(ANMOK)
    randomize(ours)
    ours.save(tmp_path / "model.keras")
    theirs = keras.models.load_model(tmp_path / "model.keras")
    if network is not common_layer:  # of which Keras makes two layers when it reads a file
        assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert_same_outputs(ours, theirs)
    assert [layer.trainable for layer in _layers(ours)] == [layer.trainable for layer in theirs.layers]


@by_name
def test_anmok_reads_what_keras_wrote(network, tmp_path):
    theirs = network(keras)
    randomize(theirs)
    theirs.save(tmp_path / "model.keras")
    ours = models.load_model(tmp_path / "model.keras")
    assert_same_outputs(ours, theirs)
    assert [layer.name for layer in _layers(ours)] == [layer.name for layer in theirs.layers]
    assert len(ours.weights) == len(theirs.weights)
    # And once more there and back.
    ours.save(tmp_path / "again.keras")
    assert_same_outputs(ours, keras.models.load_model(tmp_path / "again.keras"), rtol=1e-6, atol=1e-6)


@by_name
def test_weights_both_ways(network, tmp_path):
    ours, theirs = network(ANMOK), network(keras)
    randomize(ours)
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    randomize(theirs, seed=7)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert_same_outputs(ours, theirs)
    assert _arrays(tmp_path / "ours.weights.h5") == _arrays(tmp_path / "theirs.weights.h5")


def _arrays(path):
    """{place: shape} of the weights, the state of Keras' random generators left out."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, thing: found.update({name: thing.shape} if isinstance(thing, h5py.Dataset) else {})
        )
    return {name: shape for name, shape in found.items() if "seed_generator" not in name}


@by_name
def test_weights_are_read_out_of_a_whole_model(network, tmp_path):
    ours, theirs = network(ANMOK), network(keras)
    randomize(theirs, seed=3)
    theirs.save(tmp_path / "model.keras")
    ours.load_weights(tmp_path / "model.keras")
    assert_same_outputs(ours, theirs)


@pytest.mark.parametrize(
    "network", [n for n in NETWORKS if n is not common_layer], ids=lambda network: network.__name__
)
def test_json_both_ways(network):
    ours = network(ANMOK)
    theirs = keras.models.model_from_json(ours.to_json())
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    again = models.model_from_json(network(keras).to_json())
    again.set_weights(theirs.get_weights())
    assert_same_outputs(again, theirs)


@pytest.mark.parametrize("writer", ["anmok", "keras"])
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda K: K.optimizers.Adam(0.01, beta_1=0.8),
        lambda K: K.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        lambda K: K.optimizers.RMSprop(0.01, centered=True, momentum=0.5),
        lambda K: K.optimizers.AdamW(K.optimizers.schedules.ExponentialDecay(0.01, 3, 0.5), weight_decay=0.01),
        lambda K: K.optimizers.Adagrad(0.02, clipnorm=1.0),
        lambda K: K.optimizers.Nadam(0.01),
    ],
    ids=["adam", "sgd", "rmsprop", "adamw-schedule", "adagrad", "nadam"],
)
def test_training_goes_on_in_the_other_house(writer, optimizer, tmp_path):
    first_house, second_house = (ANMOK, keras) if writer == "anmok" else (keras, ANMOK)

    def network(K):
        L = K.layers
        start = L.Input((6,))
        x = K.models.Sequential([L.Input((6,)), L.Dense(5, activation="tanh"), L.BatchNormalization()])(start)
        return K.models.Model(start, L.Dense(3)(L.Dense(4, trainable=False)(x)))

    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(16, 6)).astype("float32"), rng.normal(size=(16, 3)).astype("float32")
    first = network(first_house)
    randomize(first)
    first.compile(optimizer(first_house), loss="mse", metrics=["mae"])
    first.fit(x, y, batch_size=16, epochs=3, verbose=0)
    first.save(tmp_path / "model.keras")
    second = second_house.models.load_model(tmp_path / "model.keras")
    assert int(second.optimizer.iterations) == 3
    first.fit(x, y, batch_size=16, epochs=3, verbose=0)
    second.fit(x, y, batch_size=16, epochs=3, verbose=0)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(first.evaluate(x, y, verbose=0), second.evaluate(x, y, verbose=0), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("writer", ["anmok", "keras"])
@pytest.mark.parametrize(
    "arguments",
    [
        lambda K: {"loss": "sparse_categorical_crossentropy", "metrics": ["acc", "sparse_top_k_categorical_accuracy"]},
        lambda K: {
            "loss": K.losses.SparseCategoricalCrossentropy(from_logits=False),
            "metrics": [K.metrics.SparseCategoricalAccuracy(name="hits")],
            "weighted_metrics": ["accuracy"],
        },
        lambda K: {
            "loss": K.losses.sparse_categorical_crossentropy,
            "metrics": [K.metrics.sparse_categorical_accuracy],
        },
    ],
    ids=["names", "objects", "functions"],
)
def test_compile_arguments_travel(writer, arguments, tmp_path):
    first_house, second_house = (ANMOK, keras) if writer == "anmok" else (keras, ANMOK)
    first = stack(first_house)
    first.compile("adam", **arguments(first_house))
    x, y = data_for(first, 8), np.arange(8) % 5
    first.save(tmp_path / "model.keras")
    second = second_house.models.load_model(tmp_path / "model.keras")
    one = first.evaluate(x, y, verbose=0, return_dict=True)
    other = second.evaluate(x, y, verbose=0, return_dict=True)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4)


def test_several_outputs_with_losses_by_name(tmp_path):
    def network(K):
        L = K.layers
        start = L.Input((4,))
        model = K.models.Model(start, [L.Dense(2, name="a")(start), L.Dense(1, name="b")(start)])
        model.compile(
            K.optimizers.SGD(0.1),
            loss={"a": "mse", "b": K.losses.MeanAbsoluteError(reduction="sum")},
            loss_weights={"a": 1.0, "b": 0.3},
            metrics={"a": ["mae"], "b": [K.metrics.RootMeanSquaredError()]},
        )
        return model

    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(8, 4)).astype("float32"), [np.ones((8, 2), "float32"), np.ones((8, 1), "float32")]
    ours = network(ANMOK)
    ours.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    again = models.load_model(tmp_path / "theirs.keras")
    results = [model.evaluate(x, y, verbose=0, return_dict=True) for model in (ours, theirs, again)]
    for other in results[1:]:
        assert sorted(other) == sorted(results[0])
        for name, value in other.items():
            np.testing.assert_allclose(value, results[0][name], rtol=1e-4)


@pytest.mark.parametrize("writer", ["anmok", "keras"])
def test_dropout_is_still_dropout_after_loading(writer, tmp_path):
    K = ANMOK if writer == "anmok" else keras
    start = K.layers.Input((1000,))
    K.models.Model(start, K.layers.Dropout(0.5)(start)).save(tmp_path / "model.keras")
    ours = models.load_model(tmp_path / "model.keras")
    dropped = float((ours(np.ones((1, 1000), "float32"), training=True) == 0).float().mean())
    assert 0.4 < dropped < 0.6
    assert float((ours(np.ones((1, 1000), "float32")) == 0).float().mean()) == 0


def test_a_nested_compiled_model_stays_compiled(tmp_path):
    def network(K):
        inner = K.models.Sequential([K.layers.Input((3,)), K.layers.Dense(2)], name="inner")
        inner.compile(K.optimizers.SGD(0.25), loss="mae")
        start = K.layers.Input((3,))
        return K.models.Model(start, inner(start))

    network(ANMOK).save(tmp_path / "ours.keras")
    assert float(keras.models.load_model(tmp_path / "ours.keras").get_layer("inner").optimizer.learning_rate) == 0.25
    network(keras).save(tmp_path / "theirs.keras")
    assert models.load_model(tmp_path / "theirs.keras").get_layer("inner").optimizer.learning_rate == 0.25


def test_a_sequential_built_by_its_first_data(tmp_path):
    def network(K):
        return K.models.Sequential([K.layers.Dense(4, activation="relu"), K.layers.Dense(2)])

    for first, second in ((ANMOK, keras), (keras, ANMOK)):
        model = network(first)
        before = np.asarray(model.predict(np.ones((2, 3), "float32"), verbose=0))
        model.save(tmp_path / "model.keras")
        after = second.models.load_model(tmp_path / "model.keras").predict(np.ones((2, 3), "float32"), verbose=0)
        np.testing.assert_allclose(before, after, rtol=1e-5)


def test_the_archive_is_laid_out_as_keras_does(tmp_path):
    for K, name in ((ANMOK, "ours"), (keras, "theirs")):
        stack(K).save(tmp_path / f"{name}.keras")
    contents = []
    for name in ("ours", "theirs"):
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as archive:
            config, metadata = (json.loads(archive.read(f"{part}.json")) for part in ("config", "metadata"))
            contents.append((sorted(archive.namelist()), sorted(metadata), sorted(config), sorted(config["config"])))
    ours, theirs = contents
    assert ours[:2] == theirs[:2]
    assert set(ours[2]) <= set(theirs[2])
    assert set(ours[3]) | {"dtype"} == set(theirs[3])


def test_the_optimizer_of_a_mixed_precision_model_of_keras(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, dtype="mixed_float16")])
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5, momentum=0.5)), loss="mse")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), verbose=0)
    model.save(tmp_path / "model.keras")
    ours = models.load_model(tmp_path / "model.keras")
    steps = int(model.optimizer.inner_optimizer.iterations)  # 0 where the first step overflowed
    assert type(ours.optimizer).__name__ == "SGD" and ours.optimizer.iterations == steps
    np.testing.assert_allclose(ours.get_weights()[0], model.get_weights()[0])
    velocity = model.optimizer.inner_optimizer.momentums[0]
    np.testing.assert_allclose(ours.optimizer.state_arrays()[2][1], velocity.numpy(), rtol=1e-6)


def test_an_operation_that_is_not_known_is_named(tmp_path):
    start = keras.Input((3, 4))
    keras.Model(start, keras.ops.einsum("bij->bj", start)).save(tmp_path / "model.keras")
    with pytest.raises(saving.whole_models.FileFormatError, match=r"keras\.ops\.Einsum"):
        models.load_model(tmp_path / "model.keras")
