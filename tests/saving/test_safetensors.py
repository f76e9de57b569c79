"""Weights in .safetensors files: read back by safetensors itself, by models built again, by name; damage refused."""

import json
import random
import struct

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from anmok import callbacks, layers, models, notices
from anmok.errors import AnmokError, ArgumentError, FileFormatError, NotBuiltError, ShapeError


def network(classes=3, first="first"):
    """With a model inside, layers of automatic names, kernels that are stored in another layout than Keras'."""
    base = models.Sequential(
        [layers.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.DepthwiseConv2D(3)],
        name="base",
    )
    start = layers.Input((8, 8, 3))
    x = layers.Flatten()(base(start))
    x = layers.Dense(5, name=first)(x)
    return models.Model(start, layers.Dense(classes, name="last")(layers.Dense(5)(x)))


def randomized(model, seed=0):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 1, array.shape) for array in model.get_weights()])
    return model


def assert_same_weights(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_there_and_back(tmp_path):
    one, other = randomized(network()), network()
    one.save_weights(tmp_path / "w.safetensors")
    other.load_weights(tmp_path / "w.safetensors")
    assert_same_weights(one, other)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_names_and_layouts_are_those_of_keras(tmp_path):
    model = randomized(network())
    model.save_weights(tmp_path / "w.safetensors")
    tensors = load_file(tmp_path / "w.safetensors")
    # The places are those of Keras' .weights.h5; the metadata know what the layers are called.
    expected = {
        "layers/sequential/layers/conv2d/kernel": (3, 3, 3, 4),
        "layers/sequential/layers/conv2d/bias": (4,),
        **{f"layers/sequential/layers/batch_normalization/{name}": (4,) for name in ("gamma", "beta")},
        **{f"layers/sequential/layers/batch_normalization/moving_{name}": (4,) for name in ("mean", "variance")},
        "layers/sequential/layers/depthwise_conv2d/kernel": (3, 3, 4, 1),
        "layers/sequential/layers/depthwise_conv2d/bias": (4,),
        "layers/dense/kernel": (64, 5), "layers/dense/bias": (5,), "layers/dense_1/kernel": (5, 5),
        "layers/dense_1/bias": (5,), "layers/dense_2/kernel": (5, 3), "layers/dense_2/bias": (3,),
    }  # fmt: skip
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == expected
    kernel = model.get_layer("base").layers[0].get_weights()[0]
    np.testing.assert_array_equal(tensors["layers/sequential/layers/conv2d/kernel"].numpy(), kernel)
    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        metadata = file.metadata()
    assert metadata["layout"] == "keras"
    assert json.loads(metadata["layers"])["layers/dense_2"] == "last"
    assert json.loads(metadata["layers"])["layers/sequential/layers/conv2d"].startswith("base/conv2d")


def test_by_name(tmp_path):
    source = randomized(network(first="other"))
    source.save_weights(tmp_path / "w.safetensors")
    model = network()
    before = model.get_layer("first").get_weights()
    model.load_weights(tmp_path / "w.safetensors", by_name=True)
    for name in ("last",):
        np.testing.assert_array_equal(model.get_layer(name).get_weights()[0], source.get_layer(name).get_weights()[0])
    np.testing.assert_array_equal(model.get_layer("first").get_weights()[0], before[0])
    # Wherever they stand.
    start = layers.Input((5,))
    short = models.Model(start, layers.Dense(3, name="last")(start))
    short.load_weights(tmp_path / "w.safetensors", by_name=True)
    np.testing.assert_array_equal(short.get_weights()[0], source.get_layer("last").get_weights()[0])
    wide = models.Model(start, layers.Dense(4, name="last")(start))
    with pytest.raises(ShapeError, match=r"Dense 'last' .*weight 'kernel' has shape \(5, 4\), the file's has \(5, 3\)"):
        wide.load_weights(tmp_path / "w.safetensors", by_name=True)


def test_a_mismatch_changes_nothing_and_says_where(tmp_path):
    source = randomized(network(classes=5))
    source.save_weights(tmp_path / "w.safetensors")
    model = network()
    before = model.get_weights()
    words = r"w\.safetensors are not .*Dense 'last' \(layers/dense_2\).*'kernel' has shape \(5, 3\), .* has \(5, 5\)"
    with pytest.raises(ShapeError, match=words):
        model.load_weights(tmp_path / "w.safetensors")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="left as it was: Dense 'last'"):
        model.load_weights(tmp_path / "w.safetensors", skip_mismatch=True)
    np.testing.assert_array_equal(model.get_layer("first").get_weights()[0], source.get_layer("first").get_weights()[0])
    np.testing.assert_array_equal(model.get_layer("last").get_weights()[0], before[-2])


def test_layers_too_few_and_too_many(tmp_path):
    start = layers.Input((5,))
    one = models.Model(start, layers.Dense(5)(start))
    two = models.Model(start, layers.Dense(5)(layers.Dense(5)(start)))
    one.save_weights(tmp_path / "one.safetensors")
    two.save_weights(tmp_path / "two.safetensors")
    with pytest.raises(ShapeError, match=r"'kernel' is not in the file, which should have 'layers/dense_1/kernel'"):
        two.load_weights(tmp_path / "one.safetensors")
    with pytest.raises(
        ShapeError, match=r"the file also holds 'layers/dense_1/bias', 'layers/dense_1/kernel', for whi"
    ):
        one.load_weights(tmp_path / "two.safetensors")
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="left as it was: the file also holds"):
        one.load_weights(tmp_path / "two.safetensors", skip_mismatch=True)
    np.testing.assert_array_equal(one.get_weights()[0], two.get_weights()[0])


def test_objects_to_skip(tmp_path):
    source, model = randomized(network()), network()
    source.save_weights(tmp_path / "w.safetensors")
    kept = model.get_layer("first").get_weights()[0]
    model.load_weights(tmp_path / "w.safetensors", objects_to_skip=[model.get_layer("first")])
    np.testing.assert_array_equal(model.get_layer("first").get_weights()[0], kept)
    np.testing.assert_array_equal(model.get_layer("last").get_weights()[0], source.get_layer("last").get_weights()[0])


def test_checkpoints(tmp_path):
    model = models.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    path = str(tmp_path / "{epoch}.safetensors")
    keeping = callbacks.ModelCheckpoint(path, save_weights_only=True)
    model.fit(np.ones((4, 3)), np.ones(4), epochs=2, verbose=0, callbacks=[keeping])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.safetensors", "2.safetensors"]
    np.testing.assert_array_equal(load_file(tmp_path / "2.safetensors")["layers/dense/kernel"], model.get_weights()[0])


def test_formats_of_numbers(tmp_path):
    class Counted(layers.Layer):
        def build(self, input_shape):
            self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="count")
            self.scale = self.add_weight(shape=(3,), dtype="bfloat16", initializer="ones", name="scale")

        def call(self, inputs):
            return inputs * self.scale.float()

    one, other = (models.Sequential([layers.Input((3,)), Counted()]) for _ in range(2))
    one.layers[0].count.assign(7)
    one.layers[0].scale.assign([0.1, 0.2, 0.3])
    one.save_weights(tmp_path / "w.safetensors")
    other.load_weights(tmp_path / "w.safetensors")
    assert int(other.layers[0].count) == 7
    assert torch.equal(other.layers[0].scale, one.layers[0].scale)
    assert load_file(tmp_path / "w.safetensors")["layers/counted/scale"].dtype is torch.bfloat16


def test_layers_with_a_store_of_their_own_and_torch_modules_inside(tmp_path):
    class Halved(layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(4)

        def build(self, input_shape):
            self.table = self.add_weight(shape=(4,), initializer="ones", name="table")

        def save_own_variables(self, store):
            store["half"] = self.table.numpy() / 2

        def load_own_variables(self, store):
            self.table.assign(store["half"] * 2)

        def call(self, inputs):
            return self.norm(inputs) * self.table

    one, other = (models.Sequential([layers.Input((4,)), Halved()]) for _ in range(2))
    one.set_weights([np.arange(4.0)])
    with torch.no_grad():
        one.layers[0].norm.running_mean.uniform_()
    one.save_weights(tmp_path / "w.safetensors")
    assert "layers/halved/half" in load_file(tmp_path / "w.safetensors")
    other.load_weights(tmp_path / "w.safetensors")
    for found, tensor in zip(other.state_dict().values(), one.state_dict().values(), strict=True):
        torch.testing.assert_close(found, tensor, rtol=0, atol=0)


def test_a_state_dict_saved_with_safetensors_itself(tmp_path):
    one, other = randomized(network()), randomized(network(), seed=1)
    state = {name: tensor.contiguous() for name, tensor in other.state_dict().items()}
    save_file(state, tmp_path / "state.safetensors")
    names = dict(zip(one.state_dict(), other.state_dict(), strict=True))  # automatic names differ
    save_file({mine: state[theirs] for mine, theirs in names.items()}, tmp_path / "state.safetensors")
    one.load_weights(tmp_path / "state.safetensors")
    assert_same_weights(one, other)


def test_files_of_torch_modules_are_refused_in_words(tmp_path):
    save_file(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3)).state_dict(), tmp_path / "t.safetensors")
    with pytest.raises(
        FileFormatError, match=r"t\.safetensors was not written by .* holds '0\.bias', '0\.weight'.*from_hub\(module\)"
    ):
        network().load_weights(tmp_path / "t.safetensors")


def test_what_is_refused(tmp_path):
    model = network()
    with pytest.raises(ArgumentError, match=r"ends in \.weights\.h5 or \.safetensors"):
        model.save_weights(tmp_path / "w.pt")
    model.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(ArgumentError, match="overwrite=False"):
        model.save_weights(tmp_path / "w.safetensors", overwrite=False)
    unbuilt = models.Sequential([layers.Dense(2)])
    with pytest.raises(NotBuiltError, match=r"model\.build\(input_shape\)"):
        unbuilt.load_weights(tmp_path / "w.safetensors")
    save_file(load_file(tmp_path / "w.safetensors"), tmp_path / "bare.safetensors")
    model.load_weights(tmp_path / "bare.safetensors")  # the names alone will do
    with pytest.raises(ArgumentError, match="by_name=True needs the names of layers"):
        model.load_weights(tmp_path / "bare.safetensors", by_name=True)


# Damage -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def loads_or_says_why(soon_and_small):
    def load(model, path):
        with soon_and_small():
            try:
                model.load_weights(path)
            except AnmokError as error:
                assert path.name in str(error)

    return load


def test_cut_off_at_every_kilobyte(tmp_path):
    model = network()
    model.save_weights(tmp_path / "w.safetensors")
    contents = (tmp_path / "w.safetensors").read_bytes()
    path = tmp_path / "cut.safetensors"
    lengths = [*range(32), *range(32, len(contents), 1024), len(contents) - 1]
    for length in lengths:
        path.write_bytes(contents[:length])
        with pytest.raises(FileFormatError, match=r"cut\.safetensors"):
            model.load_weights(path)


def test_bytes_changed_anywhere(tmp_path, loads_or_says_why):
    model = network()
    model.save_weights(tmp_path / "w.safetensors")
    contents = (tmp_path / "w.safetensors").read_bytes()
    header = 8 + struct.unpack("<Q", contents[:8])[0]
    draw = random.Random(0)
    for trial in range(200):
        changed = bytearray(contents)
        for _ in range(draw.choice([1, 3, 20])):
            changed[draw.randrange(len(changed) if trial % 4 == 0 else header)] = draw.randrange(256)
        path = tmp_path / "changed.safetensors"
        path.write_bytes(changed)
        loads_or_says_why(model, path)


def _file(header, data=b"\0" * 64, claimed=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if claimed is None else claimed) + text + data


def _tensor(shape, offsets, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


CRAFTED = {
    "huge header": _file({}, claimed=1 << 62),
    "large header": _file({}, claimed=1 << 26),
    "huge shape": _file({"layers/dense/kernel": _tensor([1 << 40, 1 << 40], [0, 64])}),
    "overflowing shape": _file({"layers/dense/kernel": _tensor([1 << 63, 2], [0, 64])}),
    "outside": _file({"layers/dense/kernel": _tensor([1 << 30], [0, 1 << 32])}),
    "backwards": _file({"layers/dense/kernel": _tensor([16], [64, 0])}),
    "overlapping": _file({"a": _tensor([16], [0, 64]), "b": _tensor([16], [0, 64])}),
    "hole": _file({"a": _tensor([8], [32, 64])}),
    "negative": _file({"a": _tensor([-1], [0, 64])}),
    "text": _file({"a": _tensor("many", [0, 64])}),
    "dtype": _file({"a": _tensor([64], [0, 64], "F8_E4M3")}),
    "unknown dtype": _file({"a": _tensor([64], [0, 64], "object")}),
    "no json": _file(b"{" * 1000),
    "deep json": _file(b'{"a":' + b"[" * 100_000),
    "list": _file([]),
    "metadata": _file({"__metadata__": {"layers": 5}, "a": _tensor([16], [0, 64])}),
    "pickle": b"\x80\x04\x95" + b"\0" * 100,
}


@pytest.mark.parametrize("contents", CRAFTED.values(), ids=CRAFTED)
def test_crafted_files(contents, tmp_path, loads_or_says_why):
    path = tmp_path / "crafted.safetensors"
    path.write_bytes(contents)
    model = network()
    with pytest.raises(FileFormatError, match=r"crafted\.safetensors"):
        model.load_weights(path)
    loads_or_says_why(model, path)


def test_names_in_the_metadata_that_are_none(tmp_path):
    model = network()
    model.save_weights(tmp_path / "w.safetensors")
    tensors = load_file(tmp_path / "w.safetensors")
    for text in ("", "[]", "5", "{" * 1000, "[" * 100_000):
        save_file(tensors, tmp_path / "names.safetensors", {"layout": "keras", "layers": text})
        with pytest.raises(ArgumentError, match="this one has none"):
            model.load_weights(tmp_path / "names.safetensors", by_name=True)
