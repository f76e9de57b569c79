"""clone_model gives the same network with weights of its own, as Keras' does."""

import numpy as np
import pytest

from anmok import layers, models
from anmok.errors import ArgumentError

X = np.random.default_rng(0).random((3, 8, 8, 3), dtype="float32")


def branched():
    entry = layers.Input((8, 8, 3), name="picture")
    shared = layers.Conv2D(3, 3, padding="same", activation="relu")
    x = layers.add([shared(entry), shared(shared(entry))]) * 2
    x = layers.Lambda(lambda t: t - 1)(x)
    inner = models.Sequential([layers.Input((8, 8, 3)), layers.BatchNormalization(), layers.Flatten()])
    return models.Model(entry, {"a": layers.Dense(2)(inner(x)), "b": layers.GlobalMaxPooling2D()(x)}, name="branched")


def test_a_clone_computes_the_same_with_the_same_weights():
    model = branched()
    clone = models.clone_model(model)
    assert clone.name == model.name and [x.name for x in clone.layers] == [x.name for x in model.layers]
    assert not any(a is b for a in clone.weights for b in model.weights)
    clone.set_weights(model.get_weights())
    ours, theirs = clone.predict(X, verbose=0), model.predict(X, verbose=0)
    for name in ("a", "b"):
        np.testing.assert_array_equal(ours[name], theirs[name])


def test_a_sequential_stays_one_with_fresh_weights():
    model = models.Sequential([layers.Conv2D(2, 3, input_shape=(8, 8, 3)), layers.Flatten(), layers.Dense(2)])
    clone = models.clone_model(model)
    assert type(clone) is models.Sequential and clone.input_shape == (None, 8, 8, 3)
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(X, verbose=0), model.predict(X, verbose=0))
    unbuilt = models.clone_model(models.Sequential([layers.Dense(2)]))
    assert not unbuilt.built and unbuilt.layers[0].units == 2


def test_layers_are_replaced_and_inputs_given():
    def wider(layer):
        config = layer.get_config()
        if isinstance(layer, layers.Dense):
            config["units"] = 5
        return type(layer).from_config(config)

    model = models.Sequential([layers.Flatten(input_shape=(8, 8, 3)), layers.Dense(2)])
    assert models.clone_model(model, clone_function=wider).output_shape == (None, 5)
    entry = layers.Input((8, 8, 3))
    assert models.clone_model(model, input_tensors=entry).inputs[0] is entry


def test_what_has_no_graph_is_refused():
    class Own(models.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ArgumentError, match="Own is a class of its own"):
        models.clone_model(Own())
