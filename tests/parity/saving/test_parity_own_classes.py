"""Classes of one's own, written alike for anmok and for Keras 3: where their weights stand in files."""

import h5py
import keras
import numpy as np
import pytest
from houses import ANMOK

from anmok import models


def tower(K):
    """A subclassed model with layers in attributes, lists, dicts and in a layer of its own."""
    L = K.layers

    class Block(L.Layer):
        def __init__(self, width, **kwargs):
            super().__init__(**kwargs)
            self.width = width
            self.second = L.Dense(width)
            self.first = L.Dense(width, activation="tanh")
            self.stages = [L.Dense(width), L.BatchNormalization(), L.Dense(width)]

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(self.width,), initializer="ones", name="scale")
            shape = tuple(input_shape)
            for layer in (self.first, self.second, *self.stages):
                layer.build(shape)
                shape = (*shape[:-1], self.width)

        def call(self, inputs):
            x = self.second(self.first(inputs))
            for stage in self.stages:
                x = stage(x)
            return x * self.scale

        def get_config(self):
            return {**super().get_config(), "width": self.width}

    class Tower(K.models.Model):
        def __init__(self, width=4, **kwargs):
            super().__init__(**kwargs)
            self.width = width
            self.zeroth = L.Dense(width)
            self.blocks = [Block(width), Block(width)]
            self.heads = {"b": L.Dense(3), "a": L.Dense(2)}
            self._hidden = L.Dense(width)
            self.early = L.Dense(width)

        def call(self, inputs):
            x = self.early(self._hidden(self.zeroth(inputs)))
            for block in self.blocks:
                x = block(x)
            return self.heads["a"](x) + self.heads["b"](x)[:, :2]

        def get_config(self):
            return {**super().get_config(), "width": self.width}

    return Tower, {"Tower": Tower, "Block": Block}


def built(K):
    Tower, _ = tower(K)
    model = Tower(5)
    model.predict(X, verbose=0)
    return model


X = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")


def places(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, thing: found.update({name: thing.shape} if isinstance(thing, h5py.Dataset) else {})
        )
    return found


def test_weights_stand_where_keras_puts_them(tmp_path):
    ours, theirs = built(ANMOK), built(keras)
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    assert places(tmp_path / "ours.weights.h5") == places(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    np.testing.assert_allclose(ours.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("writer", ["anmok", "keras"])
def test_a_subclassed_model_travels(writer, tmp_path):
    first, second = (ANMOK, keras) if writer == "anmok" else (keras, ANMOK)
    model = built(first)
    model.save(tmp_path / "model.keras")
    custom = tower(second)[1]
    if second is keras:
        # Keras makes the weights of a model of this kind when it is called, so there they are loaded afterwards.
        other = built(keras)
        other.load_weights(tmp_path / "model.keras")
    else:
        other = models.load_model(tmp_path / "model.keras", custom_objects=custom, compile=False)
    np.testing.assert_allclose(other.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("writer", ["anmok", "keras"])
def test_classes_of_ones_own_in_a_graph(writer, ending, tmp_path):
    def make(K):
        Block = tower(K)[1]["Block"]
        start = K.layers.Input((3,))
        return K.models.Model(start, K.layers.Dense(2)(Block(4, name="block")(start))), {"Block": Block}

    first, second = (ANMOK, keras) if writer == "anmok" else (keras, ANMOK)
    model, _ = make(first)
    model.save(tmp_path / f"model{ending}")
    other = second.models.load_model(tmp_path / f"model{ending}", custom_objects=make(second)[1])
    np.testing.assert_allclose(other.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-4, atol=1e-5)
