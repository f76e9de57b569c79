"""ONNX files from anywhere, and ONNX graphs in model files: damage is an error of ours, soon and small."""

import copy
import json
import random
import zipfile

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from anmok import layers, models  # noqa: E402
from anmok.errors import AnmokError, FileFormatError  # noqa: E402


def _node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, **attributes)


def model_of(nodes, tensors, shape=("n", 3, 8, 8)):
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def small():
    draw = np.random.default_rng(0)
    return model_of(
        [
            _node("Conv", ["x", "kernel", "bias"], ["c"], pads=[1, 1, 1, 1]),
            _node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["n"]),
            _node("Clip", ["n", "low", "high"], ["r"]),
            _node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
            _node("Shape", ["p"], ["s"]),
            _node("Gather", ["s", "zero"], ["b"]),
            _node("Concat", ["b", "rest"], ["t"], axis=0),
            _node("Reshape", ["p", "t"], ["f"]),
            _node("Gemm", ["f", "matrix"], ["y"]),
        ],
        {
            "kernel": draw.normal(size=(8, 3, 3, 3)).astype("float32"),
            **{name: draw.uniform(0.5, 1, 8).astype("float32") for name in ("bias", "scale", "shift", "mean")},
            "variance": np.ones(8, "float32"),
            "low": np.float32(0),
            "high": np.float32(6),
            "zero": np.array([0]),
            "rest": np.array([128]),
            "matrix": draw.normal(size=(128, 3)).astype("float32"),
        },
    )


@pytest.fixture(scope="module")
def contents():
    return small().SerializeToString()


@pytest.fixture
def ends_well(soon_and_small):
    """Whether some work ends well; if not, then with an error of ours that names the file. Soon and small."""

    def measure(work, name=None):
        with soon_and_small():
            try:
                work()
            except AnmokError as error:
                assert name is None or name in str(error)
                return False
        return True

    return measure


def _built(path):
    return models.Sequential([layers.Input((8, 8, 3)), models.from_hub(path, data_format="channels_first")])


def test_the_whole_one_is_read(contents, tmp_path):
    (tmp_path / "whole.onnx").write_bytes(contents)
    assert _built(tmp_path / "whole.onnx").output_shape == (None, 3)


def test_cut_off_at_every_kilobyte(contents, tmp_path):
    path = tmp_path / "cut.onnx"
    for length in [*range(64), *range(64, len(contents), 1024), len(contents) - 1]:
        path.write_bytes(contents[:length])
        with pytest.raises(FileFormatError, match=r"cut\.onnx"):
            models.from_hub(path)


def test_bytes_changed_anywhere(contents, tmp_path, ends_well):
    draw = random.Random(0)
    path = tmp_path / "changed.onnx"
    texts = [i for i in range(len(contents)) if i < 600 or i > len(contents) - 200]
    ended = []
    for trial in range(250):
        changed = bytearray(contents)
        for _ in range(draw.choice([1, 2, 5])):
            place = draw.choice(texts) if trial % 3 else draw.randrange(len(changed))
            changed[place] = draw.randrange(256)
        path.write_bytes(changed)
        # The graph may be sound and still fit no images of this size: then the layer, not the file, is named.
        if ends_well(lambda: models.from_hub(path, data_format="channels_first"), path.name):
            ended.append(ends_well(lambda: _built(path)))
    assert True in ended


def _tensor(dims, raw=b"\0" * 16, kind=TensorProto.FLOAT):
    return TensorProto(name="w", dims=dims, data_type=kind, raw_data=raw)


def _with_tensor(tensor):
    model = model_of([_node("Add", ["x", "w"], ["y"])], {})
    model.graph.initializer.append(tensor)
    return model


def _ending_in(*nodes, **tensors):
    return model_of(list(nodes), {name: np.asarray(value) for name, value in tensors.items()})


HUGE = np.array([1 << 40, 1 << 20])
CRAFTED = {
    "huge tensor": _with_tensor(_tensor([1 << 40, 1 << 20])),
    "negative tensor": _with_tensor(_tensor([-1])),
    "overflow": _with_tensor(_tensor([1 << 62, 4])),
    "too few numbers": _with_tensor(_tensor([5])),
    "strings": _with_tensor(TensorProto(name="w", dims=[1], data_type=TensorProto.STRING, string_data=[b"x"])),
    "unknown kind": _with_tensor(_tensor([4], kind=99)),
    "nothing makes it": _ending_in(_node("Add", ["x", "nowhere"], ["y"])),
    "no output": _ending_in(_node("Relu", ["x"], ["z"])),
    "circle": _ending_in(_node("Add", ["x", "y"], ["z"]), _node("Relu", ["z"], ["y"])),
    "a graph inside": _ending_in(helper.make_node("Relu", ["x"], ["y"], body=small().graph)),
    "a huge constant": _ending_in(_node("ConstantOfShape", ["s"], ["z"]), _node("Add", ["x", "z"], ["y"]), s=HUGE),
    "a huge expansion": _ending_in(
        _node("Shape", ["x"], ["z"]), _node("Expand", ["z", "s"], ["e"]), _node("Add", ["x", "e"], ["y"]),
        s=np.array([1 << 30, 4]),
    ),
    "a huge tile": _ending_in(
        _node("Shape", ["x"], ["z"]), _node("Tile", ["z", "s"], ["e"]), _node("Add", ["x", "e"], ["y"]),
        s=np.array([1 << 30]),
    ),
    "a huge padding": _ending_in(
        _node("Shape", ["x"], ["z"]), _node("Pad", ["z", "s"], ["e"]), _node("Add", ["x", "e"], ["y"]),
        s=np.array([1 << 33, 0]),
    ),
    "a huge count": _ending_in(
        _node("Range", ["a", "b", "c"], ["z"]), _node("Add", ["x", "z"], ["y"]), a=0, b=1 << 60, c=1
    ),
    "much growth": _ending_in(
        _node("Shape", ["x"], ["g0"]),
        *[_node("Concat", [f"g{i}", f"g{i}"], [f"g{i + 1}"], axis=0) for i in range(40)],
        _node("Add", ["x", "g40"], ["y"]),
    ),
    "a shape out of the images": _ending_in(
        _node("Cast", ["x"], ["i"], to=TensorProto.INT64), _node("Reshape", ["x", "i"], ["y"])
    ),
    "an attribute of another type": _ending_in(helper.make_node("Conv", ["x", "x"], ["y"], strides="many")),
}  # fmt: skip


@pytest.mark.parametrize("model", CRAFTED.values(), ids=CRAFTED)
def test_crafted_files(model, tmp_path, ends_well):
    path = tmp_path / "crafted.onnx"
    path.write_bytes(model.SerializeToString())
    assert not ends_well(lambda: _built(path))


def test_no_onnx_at_all(tmp_path):
    for name, text in {"empty.onnx": b"", "text.onnx": b"hello", "zeros.onnx": b"\0" * 999}.items():
        (tmp_path / name).write_bytes(text)
        with pytest.raises(FileFormatError, match=name):
            models.from_hub(tmp_path / name)


# In files of ours ---------------------------------------------------------------------------------------------------

VALUES = [
    None, True, -1, 0, 10**6, 10**15, -(10**30), 1e308, float("nan"), "", "Conv", "é" * 50, [], {}, [[[]]], ["x"],
    {"dtype": "object", "shape": [1], "values": ["x"]}, {"dtype": "int64", "shape": [10**12], "values": [1]},
    [10**9] * 4,
]  # fmt: skip


def _leaves(value, place=()):
    for key, entry in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*place, key)
        yield from _leaves(entry, (*place, key))


def test_graphs_changed_in_a_model_file(contents, tmp_path, ends_well):
    (tmp_path / "whole.onnx").write_bytes(contents)
    source, path = tmp_path / "whole.keras", tmp_path / "changed.keras"
    _built(tmp_path / "whole.onnx").save(source)
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    whole = json.loads(members["config.json"])
    recipe = whole["config"]["layers"][1]["config"]["onnx"]
    places, draw = list(_leaves(recipe)), random.Random(1)
    ended = []
    for _ in range(200):
        config = copy.deepcopy(whole)
        holder = config["config"]["layers"][1]["config"]["onnx"]
        *inner, last = draw.choice(places)
        for key in inner:
            holder = holder[key]
        if draw.random() < 0.2:
            del holder[last]
        else:
            holder[last] = draw.choice(VALUES)
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, json.dumps(config) if name == "config.json" else text)
        ended.append(ends_well(lambda: models.load_model(path), path.name))
    assert True in ended and False in ended
