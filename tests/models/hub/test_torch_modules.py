"""A torch module as a layer: its outputs, its weights and its training are torch's own."""

import copy
import warnings

import numpy as np
import pytest
import torch

from anmok import hub, layers, models, optimizers, random
from anmok.errors import ArgumentError, ShapeError
from anmok.models import settled


class Net(torch.nn.Module):
    """Images (B, C, H, W) to five scores."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = torch.nn.BatchNorm2d(8)
        self.last = torch.nn.Linear(8, 5)

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(torch.relu(self.norm(self.first(x))), 2)
        return self.last(x.mean((2, 3)))


class Features(torch.nn.Sequential):
    def __init__(self):
        super().__init__(torch.nn.Conv2d(3, 6, 3), torch.nn.ReLU(), torch.nn.Conv2d(6, 4, 1))


def net(kind=Net):
    torch.manual_seed(0)
    module = kind()
    for buffer in module.buffers():
        if buffer.is_floating_point():
            torch.nn.init.uniform_(buffer, 0.5, 1)
    return module


def images(count=6, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 8, 10, 3)).astype("float32")


def torchs(module, x):
    with torch.no_grad():
        return module.eval()(torch.from_numpy(np.moveaxis(x, -1, 1).copy())).numpy()


def network(layer):
    return models.Sequential([layers.Input((8, 10, 3)), layer, layers.Dense(2)])


def test_outputs_are_the_modules_own():
    module = net()
    reference = copy.deepcopy(module)
    layer = models.from_hub(module, data_format="channels_first", name="net")
    model = models.Sequential([layers.Input((8, 10, 3)), layer])
    assert layer.name == "net" and model.output_shape == (None, 5)
    np.testing.assert_allclose(model.predict(images(), verbose=0), torchs(reference, images()), rtol=1e-5, atol=1e-6)


def test_maps_come_back_channels_last():
    module = net(Features)
    start = layers.Input((None, None, 3))
    y = hub.KerasLayer(module, data_format="channels_first")(start)
    assert y.shape == (None, None, None, 4)
    model = models.Model(start, layers.GlobalMaxPooling2D()(y))
    expected = torchs(module, images()).max((2, 3))
    np.testing.assert_allclose(model.predict(images(), verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_its_parameters_are_the_layers_weights():
    module = net()
    layer = hub.KerasLayer(module, trainable=True, data_format="channels_first")
    model = network(layer)
    names = ["first.weight", "norm.weight", "norm.bias", "last.weight", "last.bias"]
    statistics = ["norm.running_mean", "norm.running_var"]
    assert [weight.name for weight in layer.weights] == names + statistics
    assert [weight.name for weight in layer.trainable_weights] == names
    parameters = sum(parameter.numel() for parameter in module.parameters())
    assert layer.count_params() == parameters + 16 == 3 * 8 * 9 + 16 + 45 + 16
    layer.trainable = False
    assert [weight.name for weight in model.trainable_weights] == ["kernel", "bias"]
    assert not any(parameter.requires_grad for parameter in module.parameters())
    # In torch's layouts, on the module's own memory.
    layer.set_weights([array * 2 for array in layer.get_weights()])
    np.testing.assert_array_equal(layer.get_weights()[0], module.first.weight.detach())
    assert layer.get_weights()[0].shape == (8, 3, 3, 3)


def test_training_is_torchs_own(float32):
    module = net()
    reference = copy.deepcopy(module)
    layer = hub.KerasLayer(module, trainable=True, data_format="channels_first")
    model = models.Sequential([layers.Input((8, 10, 3)), layer])
    model.compile(optimizers.SGD(0.1, momentum=0.9), "mse", run_eagerly=True)
    x, y = images(), np.random.default_rng(1).normal(size=(6, 5)).astype("float32")
    torch_optimizer = torch.optim.SGD(reference.parameters(), 0.1, momentum=0.9)
    reference.train()
    model.fit(x, y, batch_size=6, epochs=3, shuffle=False, verbose=0)
    for _ in range(3):
        torch_optimizer.zero_grad()
        prediction = reference(torch.from_numpy(np.moveaxis(x, -1, 1).copy()))
        torch.nn.functional.mse_loss(prediction, torch.from_numpy(y)).backward()
        torch_optimizer.step()
    for found, expected in zip(module.state_dict().values(), reference.state_dict().values(), strict=True):
        torch.testing.assert_close(found.detach(), expected, rtol=1e-5, atol=1e-6)
    assert int(module.norm.num_batches_tracked) == 3


def test_frozen_nothing_in_it_changes():
    module = net()
    before = copy.deepcopy(module.state_dict())
    model = network(hub.KerasLayer(module, data_format="channels_first"))
    model.compile("adam", "mse")
    model.fit(images(), np.ones((6, 2)), epochs=2, verbose=0)
    for name, tensor in module.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)
    dropping = models.Sequential([layers.Input((4,)), hub.KerasLayer(torch.nn.Dropout(0.9))])
    assert torch.equal(dropping(torch.ones(2, 4), training=True), torch.ones(2, 4))
    dropping.layers[0].trainable = True
    assert (dropping(torch.ones(2, 400)[:, :4], training=True) == 0).any()


def test_frozen_it_is_computed_once(float32):
    def trained(trainable, **arguments):
        random.set_seed(3)
        model = models.Sequential(
            [
                layers.Input((8, 10, 3)),
                hub.KerasLayer(net(), data_format="channels_first"),
                hub.KerasLayer(torch.nn.Identity(), trainable=trainable),
                layers.Dense(2),
            ]
        )
        model.compile(optimizers.SGD(0.1), "mse")
        model.fit(images(), np.ones((6, 2)), batch_size=3, epochs=2, verbose=0, **arguments)
        return model, model.get_weights()

    (cached, fast), (_, slow) = trained(False), trained(False, feature_cache=False)
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    # A trainable module may drop values, so it is not taken for settled, however few weights it has.
    assert len(settled.settled(cached).prefix.layers) == 3
    assert len(settled.settled(trained(True)[0]).prefix.layers) == 2


def test_parameters_that_the_module_itself_has_frozen_or_tied():
    module = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 4), torch.nn.Linear(4, 4))
    module[1].weight = module[0].weight
    module[2].weight.requires_grad_(False)
    layer = hub.KerasLayer(module, trainable=True)
    assert [weight.name for weight in layer.weights] == ["0.weight", "0.bias", "1.bias", "2.bias", "2.weight"]
    assert [weight.name for weight in layer.trainable_weights] == ["0.weight", "0.bias", "1.bias", "2.bias"]
    assert module[1].weight is module[0].weight
    x = torch.ones(1, 4)
    torch.testing.assert_close(layer(x), module(x))


def test_statistics_stay_weights_when_the_model_moves():
    module = net()
    layer = hub.KerasLayer(module, trainable=True, data_format="channels_first")
    model = network(layer)
    model.to(torch.float64)
    model.to(torch.float32)
    assert module.norm.running_mean is layer.weights[-2]
    model.compile("sgd", "mse")
    before = layer.get_weights()[-2]
    model.fit(images(), np.ones((6, 2)), verbose=0)
    assert not np.array_equal(layer.get_weights()[-2], before)


@pytest.mark.parametrize("ending", ["w.weights.h5", "w.h5", "w.safetensors"])
def test_weights_in_files(ending, tmp_path):
    one, other = network(hub.KerasLayer(net(), data_format="channels_first")), None
    one.save_weights(tmp_path / ending)
    torch.manual_seed(5)
    other = network(hub.KerasLayer(Net(), data_format="channels_first"))
    other.load_weights(tmp_path / ending)
    np.testing.assert_array_equal(other.predict(images(), verbose=0), one.predict(images(), verbose=0))


def test_the_whole_model_cannot_be_written_and_words_say_why(tmp_path):
    model = network(hub.KerasLayer(net(), data_format="channels_first", name="base"))
    for path in ("model.keras", "model.h5"):
        with pytest.raises(ArgumentError, match=r"'base' holds the torch module Net, which cannot be .*save_weights"):
            model.save(tmp_path / path)
    assert list(tmp_path.iterdir()) == []


def test_several_inputs_and_outputs():
    class Two(torch.nn.Module):
        def forward(self, a, b):
            return a + b, {"product": a * b}

    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    total, rest = hub.KerasLayer(Two())([a, b])
    model = models.Model([a, b], [total, rest["product"]])
    x, y = images()[:, 0, 0], images(seed=1)[:, 0, 0]
    found = model.predict([x, y], verbose=0)
    np.testing.assert_array_equal(found[0], x + y)
    np.testing.assert_array_equal(found[1], x * y)


def test_output_shape_where_it_cannot_be_found():
    class Counts(torch.nn.Module):
        def forward(self, x):
            return torch.tensor(x.numpy().sum(1, keepdims=True))

    start = layers.Input((3,))
    with pytest.raises(ShapeError, match=r"output_shape=\(\.\.\.\)"):
        hub.KerasLayer(Counts())(start)
    model = models.Model(start, hub.KerasLayer(Counts(), output_shape=(1,))(start))
    assert model.output_shape == (None, 1)
    np.testing.assert_array_equal(model.predict(np.ones((2, 3), "float32"), verbose=0), [[3], [3]])
    with pytest.raises(ArgumentError, match="whole numbers above 0 or None"):
        hub.KerasLayer(Counts(), output_shape=(0,))


def test_what_is_refused_in_words():
    with pytest.raises(ShapeError, match=r"pass data_format='channels_first'"):
        network(hub.KerasLayer(net()))
    with pytest.raises(ArgumentError, match="data_format: expected 'channels_last' or 'channels_first', got 'NCHW'"):
        hub.KerasLayer(net(), data_format="NCHW")
    with pytest.raises(ArgumentError, match="run the module once on data"):
        hub.KerasLayer(torch.nn.LazyLinear(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.trace(net().eval(), torch.ones(1, 3, 8, 10))
    with pytest.raises(ArgumentError, match="scripted module cannot be taken apart"):
        hub.KerasLayer(scripted)
    with pytest.raises(ArgumentError, match="sha256 is for files"):
        hub.KerasLayer(net(), sha256="0" * 64)
    with pytest.raises(ArgumentError, match=r"Expected a path or URL .*, got 5"):
        hub.KerasLayer(5)
