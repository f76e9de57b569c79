"""Layers as people write them for Keras: in tutorials, course material and papers' code."""

import copy

import numpy as np
import pytest
import torch

from anmok import layers, metrics, models, notices
from anmok.errors import ArgumentError, NotBuiltError, ShapeError, UnknownNameError
from anmok.registry import custom_object_scope


class Linear(layers.Layer):
    """From Keras' guide on making layers."""

    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return torch.matmul(inputs, self.w) + self.b

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config


class OldLinear(layers.Layer):
    """As written for TensorFlow 1 and 2."""

    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super(OldLinear, self).__init__(**kwargs)  # noqa: UP008

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer="uniform", trainable=True
        )
        super(OldLinear, self).build(input_shape)  # noqa: UP008

    def call(self, x):
        return x @ self.kernel

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)


class Block(layers.Layer):
    """Layers inside a layer, without build and without get_config."""

    def __init__(self, units, rate=0.5):
        super().__init__()
        self.units, self.rate = units, rate
        self.first = layers.Dense(units, activation="relu")
        self.drop = layers.Dropout(rate)
        self.second = layers.Dense(3)

    def call(self, x, training=None):
        return self.second(self.drop(self.first(x), training=training))


class Stack(layers.Layer):
    def __init__(self, widths, **kwargs):
        super().__init__(**kwargs)
        self.widths = widths
        self.blocks = []
        for width in widths:
            self.blocks.append(Linear(width))
        self.named = {"norm": layers.BatchNormalization(), "out": layers.Dense(1)}

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.named["out"](self.named["norm"](x))


class Penalty(layers.Layer):
    def __init__(self, rate=0.1):
        super().__init__()
        self.rate = rate

    def call(self, inputs):
        self.add_loss(self.rate * inputs.square().mean())
        return inputs


class Counter(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.total = self.add_weight(shape=(), initializer="zeros", trainable=False, name="total")

    def call(self, inputs, training=False):
        if training:
            self.total.assign_add(1.0)
            self.total.assign(self.total + 1)
        return inputs


class Attend(layers.Layer):
    """Two inputs, each with a shape of its own to build for."""

    def build(self, query_shape, value_shape):
        self.mix = self.add_weight(shape=(query_shape[-1], value_shape[-1]), name="mix")

    def call(self, query, value):
        return torch.einsum("bq,qv,bv->b", query, self.mix, value)[:, None]


def test_the_guide_s_linear_layer():
    layer = Linear(4)
    x = torch.ones(2, 3)
    assert not layer.built and layer.weights == []
    np.testing.assert_allclose(layer(x).detach(), np.ones((2, 3)) @ layer.get_weights()[0], rtol=1e-6)
    assert [weight.shape for weight in layer.get_weights()] == [(3, 4), (4,)]
    layer(x).sum().backward()
    np.testing.assert_allclose(layer.w.grad, np.full((3, 4), 2.0))
    assert layer.count_params() == 16


def test_its_config_makes_it_again():
    config = Linear(5, name="mine").get_config()
    assert config["units"] == 5 and config["name"] == "mine"
    assert Linear.from_config(config).units == 5
    with custom_object_scope({"Linear": Linear}):
        assert layers.deserialize(layers.serialize(Linear(6))).units == 6
    with pytest.raises(UnknownNameError, match="Linear"):
        layers.deserialize(layers.serialize(Linear(6)))


def test_a_layer_of_the_old_kind():
    layer = OldLinear(4)
    assert layer(layers.Input((3,))).shape == (None, 4)
    assert layer.kernel.name == "kernel"
    values = layer.get_weights()[0]
    assert (abs(values) <= 0.05).all() and abs(values).max() > 0.01
    assert layer.get_config()["output_dim"] == 4


def test_weights_by_name_first():
    class Older(layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight("scale", (input_shape[-1],), None, "ones")
            self.shift = self.add_weight("shift", shape=[input_shape[-1]], initializer="ones")

        def call(self, x):
            return x * self.scale + self.shift

    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="add_weight"):
        assert Older()(torch.tensor([[2.0, 3.0]])).tolist() == [[3, 4]]


def test_inner_layers_are_built_by_the_first_call():
    block = Block(8)
    assert block(layers.Input((5,))).shape == (None, 3)
    assert [weight.shape for weight in block.get_weights()] == [(5, 8), (8,), (8, 3), (3,)]
    assert block.first.weights[0] is block.weights[0]
    fresh = Block(8)
    fresh(torch.ones(2, 5))
    assert [weight.shape for weight in fresh.get_weights()] == [(5, 8), (8,), (8, 3), (3,)]


def test_the_phase_reaches_inner_layers():
    block = Block(64)
    x = torch.ones(2, 5)
    torch.testing.assert_close(block(x), block(x))
    assert not torch.equal(block(x, training=True), block(x, training=True))

    class Silent(layers.Layer):
        def __init__(self):
            super().__init__()
            self.drop = layers.Dropout(0.5)

        def call(self, x):
            return self.drop(x)

    x = torch.ones(50)[None]
    assert 0 in Silent()(x, training=True) and torch.equal(Silent()(x), x)


def test_a_config_written_by_nobody():
    config = Block(8, rate=0.25).get_config()
    assert (config["units"], config["rate"]) == (8, 0.25)


def test_lists_and_dicts_of_layers():
    stack = Stack([4, 2])
    stack(torch.ones(3, 5))
    shapes = [weight.shape for weight in stack.get_weights()]
    assert shapes == [(5, 4), (4,), (4, 2), (2,), (2,), (2,), (2,), (2,), (2, 1), (1,)]
    assert len(stack.trainable_weights) == 8 and len(stack.non_trainable_weights) == 2
    assert len(list(stack.parameters())) == 8
    stack.trainable = False
    assert stack.trainable_weights == [] and not any(weight.requires_grad for weight in stack.weights)


def test_losses_of_a_call():
    layer = Penalty(0.5)
    assert layer(layers.Input((2,))).shape == (None, 2)
    assert layer.losses == []
    layer(torch.tensor([[1.0, 3.0]]))
    assert [float(term) for term in layer.losses] == [2.5]


def test_a_loss_in_an_inner_layer_is_the_outer_one_s():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Penalty(1.0)
            self.dense = layers.Dense(1, kernel_regularizer="l2")

        def call(self, x):
            return self.dense(self.inner(x))

    layer = Outer()
    layer(torch.ones(1, 2))
    layer._clear_losses()
    layer(torch.ones(1, 2))
    kernel = layer.dense.get_weights()[0]
    assert [float(term.detach()) for term in layer.losses] == pytest.approx([1.0, 0.01 * float((kernel**2).sum())])


def test_a_counter_is_no_trained_weight():
    layer = Counter()
    layer(torch.ones(1, 1), training=True)
    layer(torch.ones(1, 1))
    assert float(layer.total) == 2 and layer.total.numpy() == 2
    assert layer.trainable_weights == [] and [weight.name for weight in layer.non_trainable_weights] == ["total"]
    assert "total" in layer.state_dict()


def test_two_inputs_with_a_build_for_both():
    layer = Attend()
    assert layer(layers.Input((3,)), layers.Input((4,))).shape == (None, 1)
    assert layer.mix.keras_shape == (3, 4)
    np.testing.assert_allclose(
        layer(torch.ones(2, 3), torch.ones(2, 4)).detach(), np.full((2, 1), layer.mix.numpy().sum()), rtol=1e-5
    )


def test_a_list_of_inputs():
    class Distance(layers.Layer):
        def call(self, inputs):
            a, b = inputs
            return (a - b).abs()

    assert Distance()([layers.Input((3,)), layers.Input((3,))]).shape == (None, 3)
    assert Distance()([torch.tensor([[1.0]]), torch.tensor([[3.0]])]).tolist() == [[2.0]]


def test_several_outputs():
    class Split(layers.Layer):
        def call(self, x):
            return {"left": x[:, :2], "right": x[:, 2:]}

    outputs = Split()(layers.Input((5,)))
    assert (outputs["left"].shape, outputs["right"].shape) == ((None, 2), (None, 3))


def test_copies_are_their_own():
    block = Block(4)
    block(torch.ones(1, 2))
    twin = copy.deepcopy(block)
    twin.set_weights([value + 1 for value in block.get_weights()])
    assert all(not np.allclose(a, b) for a, b in zip(block.get_weights(), twin.get_weights(), strict=True))
    moved = twin.to(torch.float64)
    assert moved.weights[0].dtype is torch.float64 and moved.weights[0] is moved.first.kernel


def test_weights_given_to_the_constructor():
    kernel, bias = np.full((2, 3), 0.5, "float32"), np.arange(3, dtype="float32")
    layer = layers.Dense(3, weights=[kernel, bias], input_shape=(2,))
    assert layer(torch.ones(1, 2)).tolist() == [[1, 2, 3]]


def test_what_goes_wrong_is_said():
    with pytest.raises(UnknownNameError, match=r"Unknown argument of Linear 'unit'. Did you mean 'units'"):
        Linear(unit=3)
    with pytest.raises(NotBuiltError, match="has no weights yet"):
        Linear(3).count_params()
    with pytest.raises(ShapeError, match=r"Linear .* cannot take an input of shape \(None, 4\)"):
        layer = Linear(3)
        layer(torch.ones(2, 5))
        layer(layers.Input((4,)))
    with pytest.raises(ShapeError, match=r"weight 'lin/.*' has shape \(5, 3\), got an array of shape \(4, 3\)"):
        layer = Linear(3, name="lin")
        layer(torch.ones(2, 5))
        layer.set_weights([np.ones((4, 3)), np.ones(3)])
    with pytest.raises(ArgumentError, match=r"needs a method call\(self, inputs\)"):
        layers.Layer()(torch.ones(1))


def test_add_metric_without_a_name_reports_the_metric_that_gave_the_value():
    class Watching(models.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.size = metrics.Mean(name="size")

        def call(self, inputs, training=None):
            if training:
                self.add_metric(self.size(torch.mean(inputs)))
            return self.dense(inputs)

    model = Watching()
    model.compile("sgd", "mse")
    x = np.arange(8, dtype="float32").reshape(4, 2) / 8
    history = model.fit(x, np.zeros((4, 1)), epochs=2, batch_size=2, verbose=0).history
    assert history["size"] == pytest.approx([x.mean(), x.mean()])

    class Nameless(layers.Layer):
        def call(self, inputs):
            self.add_metric(torch.mean(inputs))
            return inputs

    with pytest.raises(ArgumentError, match="needs a name"):
        Nameless()(torch.ones(2, 2))
