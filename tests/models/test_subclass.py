"""Models written as a class with `call`: building, training, what is found within them, and what they cannot do."""

import numpy as np
import pytest
import torch

from anmok import layers, optimizers, utils
from anmok.errors import ArgumentError, NotBuiltError
from anmok.models import Model, Sequential

X = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
Y = (X.sum(1) > 0).astype("int64")


class Block(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(units, activation="relu")
        self.drop = layers.Dropout(0.2)

    def call(self, x, training=None):
        return self.drop(self.dense(x), training=training)


class Net(Model):
    def __init__(self, units=8, name=None):
        super().__init__(name=name)
        self.blocks = [Block(units), Block(units)]
        self.heads = {"scores": layers.Dense(2, activation="softmax")}
        self.seen = []

    def call(self, x, training=None):
        self.seen.append(training)
        for block in self.blocks:
            x = block(x, training=training)
        return self.heads["scores"](x)


@pytest.mark.parametrize("eager", [False, True])
def test_training(eager):
    utils.set_random_seed(0)
    model = Net()
    model.compile(optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["acc"], run_eagerly=eager)
    assert model.weights == []
    history = model.fit(X, Y, epochs=20, verbose=0, batch_size=10, validation_data=(X, Y)).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["val_acc"][-1] > 0.8
    assert set(model.seen) == {True, False}
    assert len(model.weights) == len(model.trainable_weights) == 6
    assert model.predict(X, verbose=0).shape == (30, 2)


def test_all_weights_are_trained_though_none_were_there():
    model = Net()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.train_on_batch(X, Y)
    before = model.get_weights()
    model.train_on_batch(X, Y)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_weights_that_come_later_than_others_are_trained():
    model = Net()
    model.blocks[0](X)  # one part is built, the others are not
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.train_on_batch(X, Y)
    before = model.get_weights()
    model.train_on_batch(X, Y)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_layers_in_lists_and_dicts_belong_to_the_model():
    model = Net()
    model.build((None, 4))
    assert [layer.name.rstrip("_0123456789") for layer in model.layers] == ["block", "block", "dense"]
    assert model.count_params() == 4 * 8 + 8 + 8 * 8 + 8 + 8 * 2 + 2
    model.blocks[0].trainable = False
    assert len(model.trainable_weights) == 4
    model.trainable = False
    assert model.trainable_weights == []


def test_build_makes_the_weights_that_a_call_would():
    model, other = Net(), Net()
    model.build((None, 4))
    other(X)
    assert [w.shape for w in model.get_weights()] == [w.shape for w in other.get_weights()]
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))


def test_dicts_in_and_out():
    class Pair(Model):
        def __init__(self):
            super().__init__()
            self.left, self.right = layers.Dense(1), layers.Dense(2, activation="softmax")

        def call(self, inputs):
            return {"size": self.left(inputs["a"]), "kind": self.right(inputs["b"])}

    model = Pair()
    model.compile("sgd", {"size": "mse", "kind": "sparse_categorical_crossentropy"}, metrics={"kind": "acc"})
    data = {"a": X, "b": X[:, :2]}
    history = model.fit(data, {"size": X[:, :1], "kind": Y}, verbose=0).history
    assert list(history) == ["kind_acc", "kind_loss", "loss", "size_loss"]
    found = model.predict(data, verbose=0)
    assert {name: part.shape for name, part in found.items()} == {"size": (30, 1), "kind": (30, 2)}


def test_within_other_models():
    net = Net()
    model = Sequential([layers.Input((4,)), net, layers.Dense(1)])
    assert model.output_shape == (None, 1)
    assert len(model.weights) == 8
    x = layers.Input((4,))
    np.testing.assert_allclose(Model(x, net(x)).predict(X, verbose=0), net.predict(X, verbose=0), atol=1e-6)


def test_losses_added_by_the_model_itself():
    class Sparse(Model):
        def __init__(self):
            super().__init__()
            self.out = layers.Dense(2, activation="softmax")

        def call(self, x):
            self.add_loss(3.0)
            return self.out(x)

    model = Sparse()
    model.compile("sgd", "sparse_categorical_crossentropy")
    plain = Sequential([model.out])
    model(X)
    plain.compile("sgd", "sparse_categorical_crossentropy")
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(plain.evaluate(X, Y, verbose=0) + 3.0, abs=1e-5)


def test_a_train_step_of_ones_own_loop():
    model = Net()
    model(X)
    before = model.get_weights()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    loss = torch.nn.functional.nll_loss(model(torch.from_numpy(X), training=True).log(), torch.from_numpy(Y))
    loss.backward()
    optimizer.step()
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_what_such_a_model_cannot_do_is_said():
    model = Net(name="net")
    with pytest.raises(NotBuiltError, match="'net' is written as a call\\(\\) method, so it has no symbolic input"):
        model.input  # noqa: B018
    with pytest.raises(ArgumentError, match="Empty needs a method call"):
        type("Empty", (Model,), {})()(X)
    with pytest.raises(NotBuiltError, match="no weights yet"):
        model.count_params()
