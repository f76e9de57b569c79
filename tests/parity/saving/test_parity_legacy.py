"""The older .h5 files, whole models and weights, both ways between anmok and Keras 3."""

import keras
import numpy as np
import pytest
from houses import ANMOK
from networks import NETWORKS, arithmetic, assert_same_outputs, common_layer, data_for, outputs_of, randomize

from anmok import models

by_name = pytest.mark.parametrize("network", NETWORKS, ids=lambda function: function.__name__)
# Keras 3 cannot read back what it writes of these.
NOT_BY_KERAS = {arithmetic, common_layer}


@by_name
def test_keras_reads_what_anmok_wrote(network, tmp_path):
    ours = network(ANMOK)
    randomize(ours)
    ours.save(tmp_path / "model.h5")
    assert_same_outputs(models.load_model(tmp_path / "model.h5"), ours, rtol=0, atol=0)
    if network not in NOT_BY_KERAS:
        assert_same_outputs(ours, keras.models.load_model(tmp_path / "model.h5"))


@by_name
def test_anmok_reads_what_keras_wrote(network, tmp_path):
    theirs = network(keras)
    randomize(theirs)
    theirs.save(tmp_path / "model.h5")
    if network is not common_layer:
        assert_same_outputs(models.load_model(tmp_path / "model.h5"), theirs)


@by_name
def test_weights_both_ways(network, tmp_path):
    ours, theirs = network(ANMOK), network(keras)
    randomize(ours)
    ours.save_weights(tmp_path / "ours.h5")
    theirs.load_weights(tmp_path / "ours.h5")
    assert_same_outputs(ours, theirs)
    randomize(theirs, seed=9)
    theirs.save(tmp_path / "theirs.h5")
    ours.load_weights(tmp_path / "theirs.h5")
    assert_same_outputs(ours, theirs)


OPTIMIZERS = {
    "adam": lambda K: K.optimizers.Adam(0.01, beta_1=0.8),
    "sgd": lambda K: K.optimizers.SGD(0.05, momentum=0.9),
    "rmsprop": lambda K: K.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adamw": lambda K: K.optimizers.AdamW(0.01, weight_decay=0.1),
}


def _dense(K, optimizer="adam"):
    L = K.layers
    start = L.Input((6,))
    inner = K.models.Sequential([L.Input((6,)), L.Dense(5, activation="tanh"), L.BatchNormalization()])
    model = K.models.Model(start, L.Dense(3, activation="softmax")(L.Dense(4, trainable=False)(inner(start))))
    loss = K.losses.SparseCategoricalCrossentropy()
    model.compile(OPTIMIZERS[optimizer](K), loss=loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_that_keras_began_goes_on(optimizer, tmp_path):
    theirs = _dense(keras, optimizer)
    randomize(theirs)
    x, y = data_for(theirs, 16), np.arange(16) % 3
    theirs.fit(x, y, batch_size=16, epochs=2, verbose=0)
    theirs.save(tmp_path / "model.h5")
    ours = models.load_model(tmp_path / "model.h5")
    assert ours.optimizer.iterations == 2
    assert optimizer != "adam" or ours.optimizer.beta_1 == 0.8
    for model in (ours, theirs):
        model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_compile_arguments_go_to_keras(tmp_path):
    ours = _dense(ANMOK)
    x, y = data_for(ours, 16), np.arange(16) % 3
    ours.fit(x, y, batch_size=16, epochs=2, verbose=0)
    ours.save(tmp_path / "model.h5")
    theirs = keras.models.load_model(tmp_path / "model.h5")
    assert theirs.optimizer.beta_1 == 0.8
    one, other = (model.evaluate(x, y, verbose=0, return_dict=True) for model in (ours, theirs))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4)
    again = models.load_model(tmp_path / "model.h5")
    assert again.optimizer.iterations == 2 and again.get_compile_config() == ours.get_compile_config()
    ours.save(tmp_path / "bare.h5", include_optimizer=False)
    assert not models.load_model(tmp_path / "bare.h5").compiled


def test_by_name_as_keras_does_it(tmp_path):
    def network(K, last):
        L = K.layers
        layers = [L.Input((5,)), L.Dense(4, name="one"), L.Dense(4, name="two"), L.Dense(3, name=last)]
        return K.models.Sequential(layers)

    source = network(keras, "three")
    randomize(source)
    source.save(tmp_path / "weights.h5")
    ours, theirs = network(ANMOK, "other"), network(keras, "other")
    randomize(ours, seed=5)
    theirs.set_weights(ours.get_weights())
    for model in (ours, theirs):
        model.load_weights(tmp_path / "weights.h5", by_name=True)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(outputs_of(ours, data_for(ours))[0], outputs_of(source, data_for(ours))[0])


def test_frozen_parts_of_nested_models(tmp_path):
    def network(K):
        L = K.layers
        base = K.models.Sequential(
            [
                L.Input((4,)),
                L.Dense(4, trainable=False),
                L.BatchNormalization(),
                L.Dense(4),
                L.Dense(4, trainable=False),
            ]
        )
        start = L.Input((4,))
        return K.models.Model(start, L.Dense(2)(base(start)))

    for first, second in ((ANMOK, keras), (keras, ANMOK)):
        model = network(first)
        randomize(model)
        model.save(tmp_path / "model.h5")
        assert_same_outputs(second.models.load_model(tmp_path / "model.h5"), model)
