"""The Graph: order, release of values, cutting and the errors of wiring, on networks small enough to follow by eye."""

import numpy as np
import pytest
import torch

from anmok import layers
from anmok.errors import ArgumentError
from anmok.models import Model, Sequential
from anmok.models.graph import Graph, in_key_order


def scale(factor, name=None):
    return layers.Rescaling(factor, name=name)


def names(model):
    return [layer.name for layer in model.layers]


def test_layers_stand_by_depth_and_then_as_met_from_the_outputs():
    x = layers.Input((1,), name="x")
    short = scale(2.0, "short")(x)
    long = scale(5.0, "long_2")(scale(3.0, "long_1")(x))
    graph = Graph(x, layers.Add(name="sum")([short, long]))
    # From the output: depth 3 is long_1's input, depth 1 holds short before long_2, as the sum reads them.
    assert [layer.name for layer in graph.layers] == ["x", "long_1", "short", "long_2", "sum"]
    assert graph.run([torch.ones(2, 1)], False).tolist() == [[17.0], [17.0]]


def test_values_are_let_go_after_their_last_use():
    x = y = layers.Input((1,))
    for _ in range(3):
        y = scale(2.0)(y)
    graph = Graph(x, [y, layers.Add()([y, x])])
    released = [len(step.last_read) for step in graph.steps]
    # The input is read by the sum as well, and y is an output.
    assert released == [0, 1, 1, 1]


def test_a_tensor_that_is_both_inner_and_output_is_kept():
    x = layers.Input((1,))
    middle = scale(2.0)(x)
    model = Model(x, [middle, scale(3.0)(middle), middle])
    first, second, third = model(torch.ones(1, 1))
    assert (first.item(), second.item(), third.item()) == (2.0, 6.0, 2.0)


def test_an_input_may_be_an_output():
    x = layers.Input((2,))
    model = Model(x, [x, scale(2.0)(x)])
    found = model.predict(np.ones((3, 2)), verbose=0)
    assert found[0].tolist() == [[1, 1]] * 3
    assert found[1].tolist() == [[2, 2]] * 3


def test_a_shared_layer_is_one_layer_called_twice():
    x = layers.Input((1,))
    double = scale(2.0, "double")
    model = Model(x, double(double(x)))
    assert names(model).count("double") == 1
    assert model(torch.ones(1, 1)).item() == 4.0


def test_a_layer_may_serve_two_models():
    x, shared = layers.Input((1,)), layers.Dense(1, name="shared")
    y = shared(x)
    one, other = Model(x, y), Model(x, scale(2.0)(shared(y)))
    shared.set_weights([np.array([[3.0]]), np.array([1.0])])
    assert one(torch.ones(1, 1)).item() == 4.0
    assert other(torch.ones(1, 1)).item() == 26.0


def test_layers_with_several_outputs():
    class Split(layers.Layer):
        def call(self, x):
            return {"low": x[:, :1], "high": [x[:, 1:], x * 0]}

    x = layers.Input((3,))
    parts = Split()(x)
    model = Model(x, layers.Concatenate()([parts["high"][0], parts["low"]]))
    assert model(torch.tensor([[1.0, 2.0, 3.0]])).tolist() == [[2.0, 3.0, 1.0]]


def test_layers_of_several_arguments():
    class Weigh(layers.Layer):
        def call(self, x, weight, bias=None, training=None):
            return x * weight + (0 if bias is None else bias)

    x, w, b = (layers.Input((1,), name=name) for name in "xwb")
    model = Model([x, w, b], Weigh()(x, w, bias=b))
    assert model([torch.full((1, 1), 2.0), torch.full((1, 1), 5.0), torch.full((1, 1), 1.0)]).item() == 11.0
    assert Model([x, w], Weigh()(x, weight=w))([torch.full((1, 1), 2.0), torch.full((1, 1), 5.0)]).item() == 10.0


def test_cutting_a_model_in_the_middle():
    x = layers.Input((1,), name="x")
    y = scale(2.0, "a")(x)
    z = scale(3.0, "b")(y) + y
    tail = Model(y, z)
    assert tail(torch.ones(1, 1)).item() == 4.0
    assert tail.input_shape == (None, 1)
    assert "a" not in names(tail)


def test_very_deep_networks():
    x = y = layers.Input((1,))
    for _ in range(1500):
        y = scale(1.0)(y)
    model = Model(x, y)
    assert len(model.layers) == 1501
    assert model(torch.ones(1, 1)).item() == 1.0


def test_dicts_stand_in_the_order_of_their_keys():
    assert list(in_key_order({"b": 1, "a": [{"d": 2, "c": 3}]})) == ["a", "b"]
    assert list(in_key_order([{"d": 2, "c": 3}])[0]) == ["c", "d"]
    x = layers.Input((1,))
    model = Model(x, {"z": scale(1.0)(x), "a": scale(2.0)(x)})
    assert list(model(torch.ones(1, 1))) == ["a", "z"] == model.output_names


def test_names_must_differ():
    x = layers.Input((1,))
    with pytest.raises(ArgumentError, match="'same' is used by 2 layers"):
        Model(x, scale(1.0, "same")(scale(2.0, "same")(x)))


def test_wiring_that_cannot_work_is_said():
    x, other = layers.Input((1,), name="x"), layers.Input((1,), name="other")
    y = layers.Add()([x, other])
    with pytest.raises(ArgumentError, match="need the input 'other', which is not among the model's inputs"):
        Model(x, y)
    with pytest.raises(ArgumentError, match=r"outputs must be made by Input\(...\) and layers.*got Dense"):
        Model(x, layers.Dense(2))
    with pytest.raises(ArgumentError, match="outputs are empty"):
        Model(x, [])


def test_nested_models_run_as_one():
    inner = Sequential([layers.Input((2,)), scale(2.0), layers.Dense(2, name="d")], name="inner")
    x = layers.Input((2,))
    model = Model(x, inner(inner(x)))
    inner.get_layer("d").set_weights([np.eye(2), np.ones(2)])
    assert model(torch.ones(1, 2)).tolist() == [[7.0, 7.0]]
    assert [weight.path for weight in model.weights] == ["d/kernel", "d/bias"]
