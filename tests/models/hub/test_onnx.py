"""ONNX files as layers: exported by torch, computed as torch and onnxruntime do, trained, kept in files of ours."""

import copy
import sys
import warnings

import numpy as np
import pytest
import torch

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from anmok import hub, layers, models, optimizers  # noqa: E402
from anmok.errors import ArgumentError, FileFormatError, ShapeError  # noqa: E402


class Block(torch.nn.Module):
    """What the networks for images of the last ten years are made of: separable, gated, shuffled, with shortcuts."""

    def __init__(self, width):
        super().__init__()
        self.wide = torch.nn.Conv2d(width, 2 * width, 1, bias=False)
        self.norm = torch.nn.BatchNorm2d(2 * width)
        self.deep = torch.nn.Conv2d(2 * width, 2 * width, 3, padding=1, groups=2 * width)
        self.gate = torch.nn.Conv2d(2 * width, 2 * width, 1)
        self.thin = torch.nn.Conv2d(2 * width, width, 1)

    def forward(self, x):
        y = F.hardswish(self.deep(F.silu(self.norm(self.wide(x)))))
        y = y * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(y, 1)))
        n, c, h, w = y.shape
        y = y.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return x + self.thin(y)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Sequential(
            torch.nn.ZeroPad2d((0, 1, 0, 1)), torch.nn.Conv2d(3, 8, 3, 2), torch.nn.BatchNorm2d(8), torch.nn.ReLU6()
        )
        self.blocks = torch.nn.Sequential(Block(8), Block(8))
        self.pool = torch.nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.prelu = torch.nn.PReLU(16)
        self.scale = torch.nn.Parameter(torch.full((16, 1, 1), 0.5))
        self.norm = torch.nn.LayerNorm(16)
        self.head = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(16, 5))

    def forward(self, x):
        x = self.blocks(self.stem(x))
        x = torch.cat([self.pool(x), F.avg_pool2d(F.leaky_relu(x, 0.1), 3, 2, 1, True, False)], 1)
        a, b = self.prelu(x).chunk(2, 1)
        x = torch.cat([a.clamp(min=-1) * 2, F.elu(b) - 0.5], 1) * self.scale
        return F.softmax(self.head(self.norm(torch.flatten(x.mean((2, 3)), 1))), -1)


def net():
    torch.manual_seed(0)
    module = Net().eval()
    # All different: the exporter makes one tensor of equal ones.
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1 * torch.rand(parameter.shape)
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer += 0.5 * torch.rand(buffer.shape)
    return module


def export(module, path, *, fixed=False, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axes = None if fixed else {"x": {0: "batch"}}
        options = {"dynamo": False, "dynamic_axes": axes, **options}
        torch.onnx.export(module, (torch.zeros(2, 3, 16, 20),), path, input_names=["x"], **options)
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export(net(), tmp_path_factory.mktemp("onnx") / "net.onnx")


@pytest.fixture(scope="module")
def exported_for_training(tmp_path_factory):
    """With batch normalization and dropout as they are, not folded."""
    path = tmp_path_factory.mktemp("onnx") / "trained.onnx"
    return export(net(), path, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)


def images(count=6, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 16, 20, 3)).astype("float32")


def torchs(module, x):
    with torch.no_grad():
        return module(torch.from_numpy(np.moveaxis(x, -1, 1).copy())).numpy()


@pytest.mark.parametrize("fixed", [False, True], ids=["any batch", "batch of 2"])
def test_outputs_are_those_of_torch_and_onnxruntime(fixed, tmp_path):
    path = export(net(), tmp_path / "net.onnx", fixed=fixed)
    model = models.Sequential([models.from_hub(path)])
    assert model.input_shape == (None, 16, 20, 3) and model.output_shape == (None, 5)
    for count in (2, 5):
        found = model.predict(images(count), verbose=0)
        np.testing.assert_allclose(found, torchs(net(), images(count)), rtol=1e-5, atol=1e-6)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": np.moveaxis(images(2), -1, 1)})[0]
    np.testing.assert_allclose(model.predict(images(2), verbose=0), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_torchs_newer_exporter_with_weights_in_a_second_file(tmp_path):
    pytest.importorskip("onnxscript")
    shapes = {"x": {0: torch.export.Dim("batch")}}
    path = export(net(), tmp_path / "net.onnx", dynamo=True, dynamic_axes=None, dynamic_shapes=shapes)
    assert (tmp_path / "net.onnx.data").exists()
    model = models.Sequential([models.from_hub(path)])
    np.testing.assert_allclose(model.predict(images(), verbose=0), torchs(net(), images()), rtol=1e-5, atol=1e-6)


def test_initialisers_are_the_layers_weights(exported_for_training):
    layer = models.from_hub(exported_for_training, trainable=True)
    module = net()
    expected = {name: tuple(p.shape) for name, p in module.named_parameters()}
    found = {weight.name: weight.keras_shape for weight in layer.trainable_weights}
    # Matrices of Linear may be turned round, and lose their names.
    assert {name for name in expected if not name.endswith(("head.1.weight", "prelu.weight"))} <= set(found)
    assert sum(map(np.prod, found.values())) == sum(p.numel() for p in module.parameters())
    statistics = [weight.name for weight in layer.non_trainable_weights]
    assert statistics == [name for name, b in module.named_buffers() if b.is_floating_point()]
    np.testing.assert_array_equal(
        next(weight for weight in layer.weights if weight.name == "stem.1.weight").numpy(),
        module.stem[1].weight.detach(),
    )
    layer.trainable = False
    assert layer.trainable_weights == []


def test_training_is_torchs_own(exported_for_training, float32):
    """Gradients, batch statistics and all; without dropout, whose draws are ours."""
    module = net()
    module.head[0].p = 0.0
    layer = models.from_hub(exported_for_training, trainable=True)
    for call in layer.module._calls:
        if call.op == "Dropout":
            call.attributes["ratio"], call.inputs = 0.0, call.inputs[:1]
    model = models.Sequential([layer])
    model.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    x, y = images(), np.eye(5, dtype="float32")[np.arange(6) % 5]
    model.fit(x, y, batch_size=6, epochs=3, verbose=0, shuffle=False)
    optimizer = torch.optim.SGD(module.parameters(), 0.1, momentum=0.9)
    module.train()
    for _ in range(3):
        optimizer.zero_grad()
        F.mse_loss(module(torch.from_numpy(np.moveaxis(x, -1, 1).copy())), torch.from_numpy(y)).backward()
        optimizer.step()
    state = module.state_dict()
    for weight in layer.weights:
        if weight.name in state:
            np.testing.assert_allclose(weight.numpy(), state[weight.name], rtol=1e-4, atol=1e-5, err_msg=weight.name)
    assert sum(weight.name in state for weight in layer.weights) > 25


def test_frozen_nothing_changes_and_nothing_is_dropped(exported_for_training):
    layer = models.from_hub(exported_for_training)
    model = models.Sequential([layer, layers.Dense(2)])
    before = layer.get_weights()
    model.compile("adam", "mse")
    model.fit(images(), np.ones((6, 2)), epochs=2, verbose=0)
    for a, b in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    same = layer(torch.from_numpy(images()), training=True)
    np.testing.assert_allclose(same.detach(), torchs(net(), images()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_model_with_it_is_whole_in_its_own_file(ending, exported, tmp_path, monkeypatch):
    model = models.Sequential([models.from_hub(exported, name="net", trainable=True), layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(images(), np.ones((6, 2)), verbose=0)
    expected = model.predict(images(), verbose=0)
    model.save(tmp_path / f"model{ending}")
    # Neither the ONNX file nor the package is needed any more.
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "anmok.models.onnx_graph.reading")
    loaded = models.load_model(tmp_path / f"model{ending}")
    np.testing.assert_array_equal(loaded.predict(images(), verbose=0), expected)
    assert [weight.name for weight in loaded.weights] == [weight.name for weight in model.weights]
    assert loaded.optimizer.iterations == 1 and len(loaded.trainable_weights) == len(model.trainable_weights)
    with pytest.raises(ArgumentError, match=r"pip install 'anmok\[onnx\]'"):
        models.from_hub(exported)
    json = models.model_from_json(model.to_json())
    json.set_weights(model.get_weights())
    np.testing.assert_array_equal(json.predict(images(), verbose=0), expected)


def test_weights_in_safetensors(exported, tmp_path):
    one, other = (models.Sequential([models.from_hub(exported)]) for _ in range(2))
    one.set_weights([array * 0.9 for array in one.get_weights()])
    one.save_weights(tmp_path / "w.safetensors")
    other.load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(other.predict(images(), verbose=0), one.predict(images(), verbose=0))
    clone = copy.deepcopy(one)
    np.testing.assert_array_equal(clone.predict(images(), verbose=0), one.predict(images(), verbose=0))


# Graphs written by hand ---------------------------------------------------------------------------------------------


def written(path, nodes, shape, tensors=(), outputs=("y",), **options):
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in dict(tensors).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path, **options)
    return path


def convolution(path, shape, **options):
    kernel = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype("float32")
    nodes = [helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[1, 1, 1, 1])]
    return written(path, nodes, shape, {"kernel": kernel}, **options), kernel


def test_the_data_format_is_read_or_asked_for(tmp_path):
    first, _ = convolution(tmp_path / "first.onnx", ["n", 3, 16, 20])
    assert models.from_hub(first).data_format == "channels_first"
    # As from TensorFlow: channels last outside, moved within.
    kernel = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype("float32")
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "kernel"], ["maps"], pads=[1, 1, 1, 1]),
        helper.make_node("Transpose", ["maps"], ["y"], perm=[0, 2, 3, 1]),
    ]
    last = written(tmp_path / "last.onnx", nodes, [None, 16, 20, 3], {"kernel": kernel})
    layer = models.from_hub(last)
    assert layer.data_format == "channels_last"
    one, other = (models.Sequential([models.from_hub(path)]).predict(images(), verbose=0) for path in (first, last))
    assert one.shape == (6, 16, 20, 4)
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    unknown, _ = convolution(tmp_path / "unknown.onnx", ["n", "c", "h", "w"])
    with pytest.raises(ArgumentError, match="does not say where the channels are: pass data_format='channels_first'"):
        models.from_hub(unknown)
    told = models.Sequential([layers.Input((16, 20, 3)), models.from_hub(unknown, data_format="channels_first")])
    np.testing.assert_allclose(told.predict(images(), verbose=0), one, rtol=1e-5, atol=1e-5)
    with pytest.raises(ShapeError, match=r"takes 'x' of shape \(None, 3, 16, 20\), got \(2, 3, 8, 8\)"):
        models.Sequential([layers.Input((8, 8, 3)), models.from_hub(first)])


def test_several_outputs(tmp_path):
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Softmax", ["a"], ["b"])]
    start = layers.Input((4,))
    layer = models.from_hub(written(tmp_path / "two.onnx", nodes, ["n", 4], outputs=("a", "b")), data_format=None)
    model = models.Model(start, layer(start))
    x = images()[:, 0, :4, 0]
    a, b = model.predict(x, verbose=0)
    np.testing.assert_array_equal(a, np.maximum(x, 0))
    np.testing.assert_allclose(b.sum(-1), 1, rtol=1e-6)


def test_numbers_beside_the_file(tmp_path):
    options = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    path, kernel = convolution(tmp_path / "net.onnx", ["n", 3, 8, 8], **options)
    np.testing.assert_array_equal(models.from_hub(path).get_weights()[0], kernel)
    contents = (tmp_path / "weights.bin").read_bytes()
    (tmp_path / "weights.bin").write_bytes(contents[:-1])
    with pytest.raises(FileFormatError, match=r"net\.onnx: weights\.bin does not hold the numbers of 'kernel'"):
        models.from_hub(path)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(FileFormatError, match=r"belong in the file .*weights\.bin, which is not there"):
        models.from_hub(path)
    (tmp_path / "secret").write_bytes(contents)
    (tmp_path / "weights.bin").symlink_to(tmp_path / "secret")
    with pytest.raises(FileFormatError, match="which is not there"):
        models.from_hub(path)


@pytest.mark.parametrize("location", ["/etc/passwd", "../weights.bin", "a/../../weights.bin", "..", "", "a\\b"])
def test_numbers_elsewhere_are_not_read(location, tmp_path):
    path, _ = convolution(tmp_path / "net.onnx", ["n", 3, 8, 8])
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    path.write_bytes(model.SerializeToString())
    with pytest.raises(FileFormatError, match="only files beside it are read"):
        models.from_hub(path)


def test_unknown_operators_are_named(tmp_path):
    nodes = [
        helper.make_node("NonZero", ["x"], ["a"]),
        helper.make_node("Attention", ["a"], ["y"], domain="com.microsoft"),
    ]
    path = written(tmp_path / "net.onnx", nodes, ["n", 3, 8, 8])
    with pytest.raises(
        FileFormatError, match=r"net\.onnx: .* operators NonZero, com\.microsoft\.Attention, unknown .*Conv"
    ):
        models.from_hub(path)


def test_half_precision_is_computed_in_float32(tmp_path):
    kernel = np.random.default_rng(0).normal(size=(4, 3, 1, 1)).astype("float16")
    nodes = [
        helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
        helper.make_node("Conv", ["h", "kernel"], ["c"]),
        helper.make_node("Cast", ["c"], ["y"], to=TensorProto.FLOAT),
    ]
    path = written(tmp_path / "half.onnx", nodes, ["n", 3, 16, 20], {"kernel": kernel})
    found = models.Sequential([models.from_hub(path)]).predict(images(), verbose=0)
    np.testing.assert_allclose(found, images() @ kernel[:, :, 0, 0].T.astype("float32"), rtol=1e-5, atol=1e-5)
    assert hub.KerasLayer(path).get_weights()[0].dtype == np.float32
