"""Sequential: ways to say the input's shape, adding, taking away, and what depends on being built."""

import numpy as np
import pytest
import torch

from anmok import layers
from anmok.errors import ArgumentError, NotBuiltError, ShapeError
from anmok.models import Sequential

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
WAYS = {
    "Input": lambda: Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)]),
    "InputLayer": lambda: Sequential([layers.InputLayer(shape=(4,)), layers.Dense(3), layers.Dense(2)]),
    "input_shape": lambda: Sequential([layers.Dense(3, input_shape=(4,)), layers.Dense(2)]),
    "input_dim": lambda: Sequential([layers.Dense(3, input_dim=4), layers.Dense(2)]),
    "batch_input_shape": lambda: Sequential([layers.Dense(3, batch_input_shape=(None, 4)), layers.Dense(2)]),
    "add": lambda: added(layers.Input((4,)), layers.Dense(3), layers.Dense(2)),
    "a model first": lambda: Sequential([Sequential([layers.Input((4,)), layers.Dense(3)]), layers.Dense(2)]),
    "build": lambda: built(Sequential([layers.Dense(3), layers.Dense(2)])),
    "called": lambda: called(Sequential([layers.Dense(3), layers.Dense(2)])),
}


def added(*stack):
    model = Sequential()
    for layer in stack:
        model.add(layer)
    return model


def built(model):
    model.build((None, 4))
    return model


def called(model):
    model(X)
    return model


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_say_the_shape(way):
    model = WAYS[way]()
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 2))
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2
    values = model.get_weights()
    expected = (X @ values[0] + values[1]) @ values[2] + values[3]
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(model(torch.from_numpy(X)).detach().numpy(), expected, atol=1e-6)


def test_the_shape_may_come_with_the_data():
    model = Sequential([layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(X, np.arange(5) % 3, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    assert model.get_weights()[0].shape == (4, 3)
    model = Sequential([layers.Dense(3)])
    assert model.predict(X, verbose=0).shape == (5, 3)


def test_weights_trained_though_they_came_with_the_first_batch():
    model = Sequential([layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model(X)
    before = model.get_weights()[0]
    model.train_on_batch(X, np.arange(5) % 3)
    assert not np.array_equal(before, model.get_weights()[0])
    fresh = Sequential([layers.Dense(4, activation="relu"), layers.Dense(3, activation="softmax")])
    fresh.compile("sgd", "sparse_categorical_crossentropy")
    first = fresh.train_on_batch(X, np.arange(5) % 3)
    for _ in range(50):
        last = fresh.train_on_batch(X, np.arange(5) % 3)
    assert last < first


def test_add_and_pop():
    model = added(layers.Input((4,)), layers.Dense(3, name="a"))
    first = model.predict(X, verbose=0)
    model.add(layers.Dense(2, name="b"))
    assert model.predict(X, verbose=0).shape == (5, 2)
    assert model.pop().name == "b"
    np.testing.assert_array_equal(model.predict(X, verbose=0), first)
    assert [layer.name for layer in model.layers] == ["a"]
    assert len(model.weights) == 2
    assert set(model.state_dict()) == {"a.kernel", "a.bias"}
    model.add(layers.Dense(7, name="b"))
    assert model.output_shape == (None, 7)
    model.pop(), model.pop()
    with pytest.raises(ArgumentError, match="no layer to pop"):
        model.pop()


def test_a_layer_that_does_not_fit_is_not_added():
    model = added(layers.Input((8, 8, 1)), layers.Conv2D(2, 3, name="first"))
    with pytest.raises(ShapeError, match="'second'"):
        model.add(layers.Conv2D(2, 9, name="second"))
    assert [layer.name for layer in model.layers] == ["first"]
    assert model.predict(np.zeros((1, 8, 8, 1)), verbose=0).shape == (1, 6, 6, 2)
    model.add(layers.Flatten())
    assert model.output_shape == (None, 72)


def test_what_cannot_be_added_is_said():
    dense = layers.Dense(3, name="same")
    model = Sequential([dense])
    with pytest.raises(ArgumentError, match="is in this Sequential already"):
        model.add(dense)
    with pytest.raises(ArgumentError, match="need different names; 'same' is there already"):
        model.add(layers.Dense(2, name="same"))
    with pytest.raises(ArgumentError, match="Input must be the first layer"):
        model.add(layers.Input((4,)))
    with pytest.raises(ArgumentError, match=r"expects a layer, such as Dense\(10\)"):
        model.add("dense")


def test_what_is_not_known_before_the_shape():
    model = Sequential([layers.Dense(3)], name="net")
    assert not model.built
    assert model.weights == []
    assert model.inputs is None
    for what in ("input", "output"):
        with pytest.raises(NotBuiltError, match=f"'net' does not know its input shape yet, so it has no {what}"):
            getattr(model, what)
    with pytest.raises(ArgumentError, match="needs the input shape"):
        model.build()
    with pytest.raises(ArgumentError, match="no layers to build"):
        Sequential().build((None, 3))


def test_a_frozen_layer_stays_frozen_when_it_is_added():
    inner = Sequential([layers.Input((4,)), layers.Dense(3)])
    inner.trainable = False
    model = Sequential([layers.Input((4,)), inner, layers.Dense(2)])
    assert len(model.trainable_weights) == 2
    assert [weight.requires_grad for weight in model.weights] == [False, False, True, True]
    assert len(Sequential([layers.Input((4,)), layers.Dense(2)], trainable=False).trainable_weights) == 0


def test_the_shape_of_an_output():
    model = Sequential([layers.Conv2D(2, 3, strides=2), layers.Flatten()])
    assert model.compute_output_shape((None, 9, 9, 1)) == (None, 32)


def test_slices_of_the_layers_make_another_model():
    model = WAYS["Input"]()
    first = Sequential([layers.Input((4,)), *model.layers[:1]])
    values = model.get_weights()
    np.testing.assert_allclose(first.predict(X, verbose=0), X @ values[0] + values[1], atol=1e-6)


def test_a_stack_for_images_takes_any_size():
    stack = Sequential([layers.RandomFlip("horizontal"), layers.Rescaling(0.5)])
    assert stack(np.ones((1, 4, 4, 3), np.float32)).shape == (1, 4, 4, 3)
    larger = stack(np.full((2, 6, 5, 3), 3.0, np.float32))
    np.testing.assert_array_equal(np.asarray(larger), np.full((2, 6, 5, 3), 1.5))
    stack.add(layers.Conv2D(1, 3))
    with pytest.raises(ShapeError, match=r"expected shape \(None, 4, 4, 3\), got \(2, 6, 5, 3\)"):
        stack(np.ones((2, 6, 5, 3), np.float32))


def test_one_layer_may_come_without_its_list():
    model = Sequential(layers.Dense(3, input_shape=(4,)))
    assert [layer.units for layer in model.layers] == [3]
