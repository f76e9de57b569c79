"""Model(inputs, outputs): what may be passed in, in which form, and as plain data."""

import json

import numpy as np
import pytest
import torch

from anmok import layers, notices
from anmok.errors import ArgumentError, FileFormatError, ShapeError
from anmok.models import Functional, Model, Sequential

A = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
B = np.random.default_rng(1).normal(size=(6, 2)).astype("float32")


def pair(inputs=list):
    a, b = layers.Input((3,), name="a"), layers.Input((2,), name="b")
    y = layers.Concatenate(name="both")([a, b])
    return Model({"a": a, "b": b} if inputs is dict else inputs([a, b]), layers.Dense(1, name="y")(y), name="pair")


@pytest.mark.parametrize("inputs", [list, tuple, dict])
def test_inputs_in_every_form(inputs):
    model = pair(inputs)
    kernel, bias = model.get_weights()
    expected = np.concatenate([A, B], 1) @ kernel + bias
    for given in ([A, B], (A, B), {"a": A, "b": B}, {"b": torch.from_numpy(B), "a": torch.from_numpy(A)}):
        np.testing.assert_allclose(model.predict(given, verbose=0, batch_size=4), expected, atol=1e-5)
        np.testing.assert_allclose(model(given).detach().numpy(), expected, atol=1e-5)


def test_inputs_that_do_not_fit_are_said():
    model = pair()
    with pytest.raises(ShapeError, match=r"'pair' has 2 inputs \(a, b\), got 1"):
        model(A)
    with pytest.raises(ShapeError, match="needs an input named 'b'; got a, c"):
        model({"a": A, "c": B})
    with pytest.raises(ShapeError, match=r"input 'b': expected shape \(None, 2\), got \(6, 3\)"):
        model([A, A])


def test_superfluous_or_missing_last_axes_as_in_keras():
    model = Model(x := layers.Input((3,)), x * 2.0)
    assert model(A[:, :, None]).shape == (6, 3)
    grey = Model(x := layers.Input((4, 4, 1)), x * 2.0)
    with pytest.warns(notices.AnmokWarning, match="a last axis of length 1 was added"):
        assert grey(np.ones((2, 4, 4), "float32")).shape == (2, 4, 4, 1)


def test_number_formats_become_the_inputs():
    model = Model(x := layers.Input((3,)), x / 2)
    for dtype in ("uint8", "int64", "float64", "bool"):
        found = model(np.ones((2, 3), dtype))
        assert found.dtype is torch.float32
        assert found.tolist() == [[0.5] * 3] * 2
    whole = Model(x := layers.Input((3,), dtype="int32"), x + 1)
    assert whole(np.ones((2, 3))).dtype is torch.int32


@pytest.mark.parametrize("old", [{"input": 0, "output": 1}, {"inputs": 0, "outputs": 1}])
def test_names_of_arguments(old):
    x = layers.Input((3,))
    both = x, layers.Dense(2)(x)
    model = Model(**{name: both[i] for name, i in old.items()}, name="mine")
    assert (model.name, type(model)) == ("mine", Functional)
    assert Model(*both, "third").name == "third"


def test_a_subclass_may_be_functional():
    class Mine(Model):
        def describe(self):
            return f"{len(self.layers)} layers"

    x = layers.Input((3,))
    model = Mine(inputs=x, outputs=layers.Dense(2)(x))
    assert model.describe() == "2 layers"
    assert model.predict(A, verbose=0).shape == (6, 2)


def test_a_subclass_that_makes_its_own_graph():
    class Mine(Model):
        def __init__(self, units):
            x = layers.Input((3,))
            super().__init__(inputs=x, outputs=layers.Dense(units)(x))
            self.units = units

    assert Mine(4).predict(A, verbose=0).shape == (6, 4)
    assert Mine(4).units == 4


def test_arguments_that_are_no_graph_are_said():
    with pytest.raises(ArgumentError, match="expected Model\\(inputs, outputs\\) with symbolic tensors, got 1"):
        Model(layers.Input((3,)))
    with pytest.raises(ArgumentError, match="Unknown argument of Model 'naem'"):
        Model(naem="x")


def test_the_config_is_plain_data():
    model = pair()
    again = Functional.from_config(json.loads(json.dumps(model.get_config())))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([A, B], verbose=0), model.predict([A, B], verbose=0))
    assert again.name == "pair"
    assert again.get_layer("y").name == "y"


def test_a_config_that_cannot_be_connected_is_said():
    config = pair().get_config()
    broken = json.loads(json.dumps(config))
    broken["layers"] = [entry for entry in broken["layers"] if entry["name"] != "a"]
    with pytest.raises(FileFormatError, match="names a layer 'a' that it does not contain"):
        Functional.from_config(broken)


def test_shapes_with_unknown_sizes():
    x = layers.Input((None, None, 3))
    model = Model(x, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(x)))
    assert model.output_shape == (None, 4)
    for size in (5, 9):
        assert model.predict(np.zeros((2, size, size + 1, 3)), verbose=0).shape == (2, 4)
    maps = layers.Conv2D(4, 3, strides=2)(x)
    assert maps.shape == (None, None, None, 4)


def test_a_model_called_on_a_symbolic_tensor_shares_its_weights():
    base = Sequential([layers.Input((3,)), layers.Dense(2)])
    twice = Model(x := layers.Input((3,)), base(x) * 2.0)
    np.testing.assert_allclose(twice.predict(A, verbose=0), 2 * base.predict(A, verbose=0), rtol=1e-6)
    assert len(twice.weights) == 2
