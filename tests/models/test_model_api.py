"""Models as torch Modules, their metrics and losses in all forms, and torch's functions on symbolic tensors."""

import copy
import inspect
import itertools
import pickle
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from anmok import activations, layers, losses, metrics, mixed_precision, optimizers, utils
from anmok.errors import ArgumentError, UnknownNameError
from anmok.models import Model, Sequential

X = np.random.default_rng(0).normal(size=(24, 10, 10, 1)).astype("float32")
Y = np.arange(24) % 3
V = X.reshape(24, -1)[:, :4].copy()


def convnet():
    L = layers
    return Sequential(
        [
            L.Input((10, 10, 1)), L.Conv2D(4, 3, activation="relu", name="conv"), L.BatchNormalization(name="norm"),
            L.MaxPooling2D(), L.Flatten(), L.Dropout(0.3), L.Dense(3, activation="softmax", name="scores"),
        ]
    )  # fmt: skip


def branched(depth=2):
    x = y = layers.Input((4,), name="x")
    for i in range(depth):
        y = layers.Add()([y, layers.Dense(4, activation="relu", name=f"dense_{i}")(y)])
    return Model(x, layers.Dense(3, activation="softmax", name="scores")(y))


@pytest.fixture
def model():
    utils.set_random_seed(0)
    model = convnet()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, verbose=0)
    return model


# As a torch Module --------------------------------------------------------------------------------------------------


def test_state_dict_has_everything(model):
    state = model.state_dict()
    assert set(state) == {
        "conv.kernel", "conv.bias", "norm.gamma", "norm.beta", "norm.moving_mean", "norm.moving_variance",
        "scores.kernel", "scores.bias",
    }  # fmt: skip
    assert state["conv.kernel"].shape == (4, 1, 3, 3)
    other = convnet()
    other.load_state_dict(state)
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda model: pickle.loads(pickle.dumps(model))}


@pytest.mark.parametrize("how", COPIES)
def test_copies_are_whole_and_of_their_own(model, how):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twin = COPIES[how](model)
    before = model.predict(X, verbose=0)
    np.testing.assert_array_equal(twin.predict(X, verbose=0), before)
    twin.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    assert np.abs(twin.predict(X, verbose=0) - before).max() > 1e-4
    assert twin.input_shape == model.input_shape
    maps = Model(twin.input, [layer.output for layer in twin.layers]).predict(X, verbose=0)
    np.testing.assert_allclose(maps[-1], twin.predict(X, verbose=0), atol=1e-6)
    assert twin.pop().name == "scores"


@pytest.mark.parametrize("how", COPIES)
def test_copies_go_on_training_alike(model, how):
    utils.set_random_seed(1)
    twin = COPIES[how](model)
    model.fit(X, Y, verbose=0)
    twin.fit(X, Y, verbose=0)
    for mine, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("how", COPIES)
def test_copies_of_deep_and_branched_models(how):
    model = branched(150)
    shared = layers.Dense(4, name="shared")
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    pair = Model({"b": b, "a": a}, {"sum": model(shared(a) + shared(b)), "a": shared(a)})
    for each, x in ((model, V), (pair, {"a": V, "b": V + 1})):
        twin = COPIES[how](each)
        found, expected = twin.predict(x, verbose=0), each.predict(x, verbose=0)
        if isinstance(expected, np.ndarray):
            found, expected = {"": found}, {"": expected}
        assert list(found) == list(expected)
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])
        assert [layer.name for layer in twin.layers] == [layer.name for layer in each.layers]


def test_a_copied_layer_belongs_to_no_graph():
    model = branched()
    layer = copy.deepcopy(model.get_layer("dense_0"))
    assert layer._inbound_nodes == []
    np.testing.assert_array_equal(layer.get_weights()[0], model.get_layer("dense_0").get_weights()[0])


def test_moving_to_a_device_keeps_weights(model):
    before = model.predict(X, verbose=0)
    assert model.to("cpu") is model
    assert model.cpu().float() is model
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    assert [weight.path for weight in model.weights][:2] == ["conv/kernel", "conv/bias"]
    model.fit(X, Y, verbose=0)


def test_a_training_loop_written_in_torch_trains_as_fit_does():
    mixed_precision.set_global_policy("float32")
    by_hand, by_fit = convnet(), convnet()
    by_fit.set_weights(by_hand.get_weights())
    for model in (by_hand, by_fit):
        model.layers[4].rate = 0.0
    by_fit.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    optimizer = torch.optim.SGD(by_hand.parameters(), 0.1)
    by_hand.train()
    for _ in range(3):
        optimizer.zero_grad()
        F.nll_loss(by_hand(torch.from_numpy(X)).log(), torch.from_numpy(Y)).backward()
        optimizer.step()
        by_fit.train_on_batch(X, Y)
    by_hand.eval()
    for mine, reference in zip(by_fit.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_allclose(mine, reference, atol=1e-5)
    np.testing.assert_allclose(by_fit.predict(X, verbose=0), by_hand.predict(X, verbose=0), atol=1e-5)


def test_train_and_eval_switch_the_layers(model):
    x = torch.from_numpy(X)
    model.train()
    assert not torch.equal(model(x), model(x))
    assert torch.equal(model(x, training=False), model(x, training=False))
    model.eval()
    assert torch.equal(model(x), model(x))
    assert not torch.equal(model(x, training=True), model(x, training=True))


def test_forward_hooks_hear_training_and_prediction(model):
    heard = []
    layer = model.get_layer("norm")
    handle = layer.register_forward_hook(lambda module, inputs, output: heard.append((module.name, len(output))))
    model.fit(X, Y, batch_size=12, verbose=0)
    model.predict(X, batch_size=24, verbose=0)
    handle.remove()
    model.fit(X, Y, verbose=0)
    assert heard == [("norm", 12), ("norm", 12), ("norm", 24)]


def test_gradients_by_hooks_as_in_grad_cam(model):
    kept = {}
    layer = model.get_layer("conv")
    layer.register_forward_hook(lambda module, inputs, output: kept.update(maps=output))
    layer.register_full_backward_hook(lambda module, into, out: kept.update(gradient=out[0]))
    model(torch.from_numpy(X[:2]))[:, 1].sum().backward()
    assert kept["maps"].shape == kept["gradient"].shape == (2, 8, 8, 4)
    assert kept["gradient"].abs().max() > 0


def test_export(model):
    model.eval()
    program = torch.export.export(model, (torch.from_numpy(X[:2]),))
    found = program.module()(torch.from_numpy(X[2:4]))
    np.testing.assert_allclose(found.detach().numpy(), model.predict(X[2:4], verbose=0), atol=1e-5)


def test_functional_call_with_other_weights(model):
    state = {name: torch.zeros_like(tensor) for name, tensor in model.state_dict().items()}
    scores = torch.func.functional_call(model, state, (torch.from_numpy(X[:2]),))
    np.testing.assert_allclose(scores.detach().numpy(), 1 / 3, atol=1e-6)


def test_within_a_module_of_torch():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.front = Sequential([layers.Dense(5, activation="relu", name="a"), layers.Dense(3, name="b")])
            self.back = torch.nn.Linear(3, 2)

        def forward(self, x):
            return self.back(self.front(x))

    net = Net()
    net(torch.from_numpy(V))
    assert set(net.state_dict()) == {
        "front.a.kernel", "front.a.bias", "front.b.kernel", "front.b.bias", "back.weight", "back.bias",
    }  # fmt: skip
    assert len(list(net.parameters())) == 6


class WithTorch(Model):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 8)
        self.drop = torch.nn.Dropout(0.5)
        self.scores = layers.Dense(3, activation="softmax")

    def call(self, x):
        return self.scores(self.drop(torch.relu(self.linear(x))))


def test_modules_of_torch_within_a_model_are_trained_and_switched():
    model = WithTorch()
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.linear.weight.detach().clone()
    assert not model.drop.training
    modes = []
    model.drop.register_forward_hook(lambda module, inputs, output: modes.append(module.training))
    model.fit(V, Y, batch_size=24, verbose=0, validation_data=(V, Y))
    assert (model.linear.weight != before).any()
    assert modes == [True, False]
    assert not model.drop.training
    np.testing.assert_array_equal(model.predict(V, verbose=0), model.predict(V, verbose=0))


# Losses and metrics in all forms ------------------------------------------------------------------------------------


def compiled(model, loss="sparse_categorical_crossentropy", **more):
    model.compile("sgd", loss, **more)
    return model


def test_crossentropy_is_chosen_by_the_shapes():
    one_hot = np.eye(3, dtype="float32")[Y]
    for y, like in ((Y, "sparse_categorical_crossentropy"), (one_hot, "categorical_crossentropy")):
        model = branched()
        expected = compiled(model, like).evaluate(V, y, verbose=0)
        assert compiled(model, "crossentropy").evaluate(V, y, verbose=0) == pytest.approx(expected)
        model.fit(((V, y) for _ in range(2)), steps_per_epoch=2, verbose=0)


def test_a_metric_of_many_values_in_the_progress_and_the_history(capsys):
    one_hot = np.eye(3, dtype="float32")[Y]
    model = compiled(branched(), "categorical_crossentropy", metrics=[metrics.F1Score(average=None, name="f1")])
    history = model.fit(V, one_hot, epochs=2, verbose=2, validation_split=0.25).history
    assert np.shape(history["f1"]) == np.shape(history["val_f1"]) == (2, 3)
    assert "f1" in capsys.readouterr().out
    assert model.evaluate(V, one_hot, verbose=0, return_dict=True)["f1"].shape == (3,)


def test_metrics_of_several_outputs_in_lists_and_dicts():
    def pair():
        x = layers.Input((4,))
        return Model(x, [layers.Dense(1, name="a")(x), layers.Dense(3, activation="softmax", name="b")(x)])

    y = [V[:, :1], Y]
    both = ["mse", "sparse_categorical_crossentropy"]
    named = {"a": "mse", "b": "sparse_categorical_crossentropy"}
    for given in ([["mae", "mse"], ["acc"]], {"a": ["mae", "mse"], "b": "acc"}, (("mae", "mse"), "acc")):
        for loss in (both, named):
            logs = compiled(pair(), loss, metrics=given).evaluate(V, y, verbose=0, return_dict=True)
            assert list(logs) == ["a_loss", "a_mae", "a_mse", "b_acc", "b_loss", "loss"]
            assert logs["a_loss"] == pytest.approx(logs["a_mse"])
            assert logs["loss"] == pytest.approx(logs["a_loss"] + logs["b_loss"])
    logs = compiled(pair(), {"a": "mse"}).evaluate(V, {"a": y[0]}, verbose=0, return_dict=True)
    assert list(logs) == ["loss"]


def test_a_function_of_ones_own_as_loss_and_metric():
    def distance(y_true, y_pred):
        return (y_true - y_pred).abs().mean(-1)

    model = compiled(branched(), distance, metrics=[distance, "mae"])
    one_hot = np.eye(3, dtype="float32")[Y]
    logs = model.evaluate(V, one_hot, verbose=0, return_dict=True)
    assert logs["distance"] == pytest.approx(logs["mae"]) == pytest.approx(logs["loss"])


def test_metrics_belong_to_each_phase_alone():
    model = compiled(branched(), metrics=["accuracy"])
    history = model.fit(V[:18], Y[:18], verbose=0, epochs=2, validation_data=(V[18:], Y[18:])).history
    predicted = model.predict(V[18:], verbose=0).argmax(-1)
    assert history["val_accuracy"][-1] == pytest.approx((predicted == Y[18:]).mean())


def test_another_compile_starts_anew():
    model = compiled(branched(), metrics=["acc"])
    model.fit(V, Y, verbose=0)
    one_hot = np.eye(3, dtype="float32")[Y]
    compiled(model, losses.CategoricalCrossentropy(), metrics=["mae"])
    assert list(model.fit(V, one_hot, verbose=0).history) == ["loss", "mae"]


# torch's functions on symbolic tensors -------------------------------------------------------------------------------


def _plain_activations():
    names = set(dir(activations)) - {"get", "serialize", "deserialize", "threshold", "sparsemax"}
    return sorted(n for n in names if not n.startswith("_") and inspect.isfunction(getattr(activations, n)))


@pytest.mark.parametrize("name", _plain_activations())
def test_activations_of_symbolic_tensors(name):
    function = getattr(activations, name)
    x = layers.Input((4,))
    np.testing.assert_allclose(
        Model(x, function(x)).predict(V, verbose=0), function(torch.from_numpy(V)).numpy(), atol=1e-6
    )


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax", "gelu", "elu", "leaky_relu", "log_softmax"])
def test_activations_become_layers_that_can_be_saved(name):
    x = layers.Input((4,))
    model = Model(x, getattr(activations, name)(layers.Dense(3)(x)))
    again = type(model).from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(V, verbose=0), model.predict(V, verbose=0))


FUNCTIONS = {
    "cat": lambda x: torch.cat([x, 2 * x], -1),
    "stack": lambda x: torch.stack([x, x], 1),
    "reshape": lambda x: torch.reshape(x, (-1, 2, 2)),
    "sum": lambda x: torch.sum(x, dim=1, keepdim=True),
    "where": lambda x: torch.where(x > 0, x, 0.0),
    "normalize": lambda x: F.normalize(x, dim=-1),
    "softmax": lambda x: F.softmax(x, dim=1),
    "einsum": lambda x: torch.einsum("bi,bj->bij", x, x),
    "split": lambda x: torch.split(x, 2, dim=1)[1],
    "array": lambda x: x @ np.eye(4, 2, dtype="float32"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_torch(name):
    function = FUNCTIONS[name]
    x = layers.Input((4,))
    y = function(x)
    expected = function(torch.from_numpy(V))
    assert y.shape == (None, *expected.shape[1:])
    np.testing.assert_allclose(Model(x, y).predict(V, verbose=0), expected.numpy(), atol=1e-6)


def test_what_symbolic_tensors_cannot_do_is_said():
    x = layers.Input((4,))
    with pytest.raises(AttributeError, match=r"has no 'clamp'.*torch\.clamp\(x\)"):
        x.clamp(0)
    with pytest.raises(ArgumentError, match=r"neither true nor false"):
        bool(x > 0)
    with pytest.raises(ArgumentError, match=r"cannot become a NumPy array.*Lambda"):
        np.asarray(x)
    with pytest.raises(ArgumentError, match=r"torch's function einsum.*which a file cannot hold"):
        Model(x, torch.einsum("bi->b", x)).get_config()


# Parts of models ----------------------------------------------------------------------------------------------------


def test_get_layer_by_name_and_index():
    model = convnet()
    assert model.get_layer("conv") is model.get_layer(index=0) is model.layers[0]
    assert model.get_layer(index=-1).name == "scores"
    with pytest.raises(UnknownNameError, match="Did you mean 'scores'"):
        model.get_layer("score")
    with pytest.raises(ArgumentError, match="has 6 layers"):
        model.get_layer(index=6)


def test_names_of_weights_are_paths():
    paths = [weight.path for weight in branched().weights]
    assert paths == [f"{a}/{b}" for a, b in itertools.product(["dense_0", "dense_1", "scores"], ["kernel", "bias"])]


def test_losses_by_ones_own_layer():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(0.5 * x.square().mean())
            return x

    x = layers.Input((4,))
    model = compiled(Model(x, layers.Dense(3, activation="softmax")(Penalty()(x))))
    plain = compiled(Sequential([layers.Input((4,)), *model.layers[-1:]]))
    expected = plain.evaluate(V, Y, verbose=0) + 0.5 * np.square(V).mean()
    assert model.evaluate(V, Y, verbose=0) == pytest.approx(expected, abs=1e-5)
    assert model.fit(V, Y, verbose=0, shuffle=False).history["loss"] == [pytest.approx(expected, abs=1e-5)]
    assert model.losses == []


def test_an_activation_taken_away_is_gone_from_predictions_too():
    model = Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 3)),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ]
    )
    x = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype("float32")
    probabilities = model.predict(x, verbose=0)
    model.layers[-1].activation = None
    scores = model.predict(x, verbose=0)
    np.testing.assert_allclose(scores, model(torch.from_numpy(x)).detach().numpy(), atol=1e-5)
    shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    np.testing.assert_allclose(shares, probabilities, atol=1e-5)
    assert np.abs(scores.sum(-1) - 1).min() > 1e-3


@pytest.mark.parametrize("third", [["mae"], "mae", [metrics.MeanAbsoluteError()], {"dense": "mae"}])
def test_metrics_may_stand_third_in_compile_as_before_keras_3(third):
    model = Sequential([layers.Dense(1, input_shape=(4,), name="dense")])
    model.compile("sgd", "mse", third)
    _, error = model.evaluate(V, np.zeros(len(V)), verbose=0)
    np.testing.assert_allclose(error, np.abs(model.predict(V, verbose=0)).mean(), rtol=1e-5)


def test_weights_of_losses_stand_third_in_compile_as_in_keras_3():
    model = Sequential([layers.Dense(1, input_shape=(4,))])
    model.compile("sgd", "mse", [2.0])
    expected = 2 * np.square(model.predict(V, verbose=0)).mean()
    np.testing.assert_allclose(model.evaluate(V, np.zeros(len(V)), verbose=0), expected, rtol=1e-5)
