"""Each operator of ONNX as onnxruntime computes it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from anmok.errors import FileFormatError, ShapeError  # noqa: E402
from anmok.models.onnx_graph.operators import KNOWN  # noqa: E402
from anmok.models.onnx_graph.reading import read  # noqa: E402


def draw(*shape, low=-2.0, high=2.0, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(low, high, shape).astype("float32")


def numbers(*values):
    return np.array(values, np.int64)


IMAGE, VECTOR = draw(2, 4, 7, 9), draw(3, 6)
POSITIVE = draw(2, 5, low=0.1)
# (operator, inputs of which the first is the graph's and the others are stored, attributes, operator set, outputs)
CASES = [
    *[
        (name, [VECTOR], {})
        for name in (
            "Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu",
            "Neg", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Tanh",
            "ThresholdedRelu", "Reciprocal", "Celu", "Softmax", "LogSoftmax",
        )
    ],
    ("Log", [POSITIVE], {}),
    ("Sqrt", [POSITIVE], {}),
    ("Celu", [VECTOR], {"alpha": 0.5}),
    ("Elu", [VECTOR], {"alpha": 0.5}),
    ("Mish", [VECTOR], {}, 18),
    ("Gelu", [VECTOR], {}, 20),
    ("Gelu", [VECTOR], {"approximate": "tanh"}, 20),
    ("HardSigmoid", [VECTOR], {"alpha": 0.1, "beta": 0.4}),
    ("LeakyRelu", [VECTOR], {"alpha": 0.3}),
    ("Selu", [VECTOR], {"alpha": 1.5, "gamma": 2.0}),
    ("Softplus", [VECTOR * 20], {}),
    ("ThresholdedRelu", [VECTOR], {"alpha": 0.3}),
    ("PRelu", [IMAGE, draw(4, 1, 1)], {}),
    ("Clip", [VECTOR, np.float32(-0.5), np.float32(1.0)], {}),
    ("Clip", [VECTOR, None, np.float32(1.0)], {}),
    ("Clip", [VECTOR], {"min": 0.0, "max": 1.0}, 6),
    ("Softmax", [IMAGE], {"axis": 1}),
    ("Softmax", [IMAGE], {"axis": 2}, 11),
    ("Softmax", [IMAGE], {}, 11),
    ("LogSoftmax", [IMAGE], {"axis": -2}),
    *[(name, [IMAGE, draw(4, 1, 9, low=0.5)], {}) for name in ("Add", "Sub", "Mul", "Div", "Max", "Min")],
    ("Pow", [POSITIVE, draw(5, low=0)], {}),
    ("Pow", [VECTOR, np.float32(2)], {}),
    ("Sum", [VECTOR, draw(6), draw(3, 1)], {}),
    ("Mean", [VECTOR, draw(6), draw(3, 1)], {}),
    *[(name, [VECTOR, np.full((3, 6), 0.5, "float32")], {}) for name in ("Equal", "Greater", "Less")],
    *[(name, [VECTOR, VECTOR + 0 * VECTOR], {}) for name in ("GreaterOrEqual", "LessOrEqual", "Equal")],
    *[(name, [VECTOR > 0, VECTOR > 1], {}) for name in ("And", "Or")],
    ("Not", [VECTOR > 0], {}),
    ("Where", [VECTOR > 0, draw(3, 6), draw(6)], {}),
    ("MatMul", [draw(2, 3, 4), draw(4, 5)], {}),
    ("Gemm", [VECTOR, draw(6, 4), draw(4)], {}),
    ("Gemm", [VECTOR, draw(4, 6), draw(4)], {"transB": 1}),
    ("Gemm", [draw(6, 3), draw(4, 6), draw(3, 1)], {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0}),
    ("Gemm", [VECTOR, draw(6, 4)], {"alpha": 0.5}),
    ("BatchNormalization", [IMAGE, draw(4), draw(4, seed=1), draw(4, seed=2), draw(4, low=0.1)], {"epsilon": 0.01}),
    ("InstanceNormalization", [IMAGE, draw(4), draw(4, seed=1)], {"epsilon": 0.01}),
    ("LayerNormalization", [IMAGE, draw(7, 9), draw(7, 9, seed=1)], {"axis": 2}),
    ("LayerNormalization", [IMAGE, draw(9)], {"epsilon": 0.1}),
    ("LRN", [draw(2, 9, 3, 3)], {"size": 5, "alpha": 0.3, "beta": 0.6, "bias": 2.0}),
    ("LRN", [draw(2, 9, 3, 3)], {"size": 3}),
    ("GlobalAveragePool", [IMAGE], {}),
    ("GlobalMaxPool", [IMAGE], {}),
    ("Conv", [draw(2, 4, 9), draw(6, 2, 3), draw(6)], {"group": 2, "pads": [1, 0]}),
    ("Conv", [draw(1, 2, 5, 5, 5), draw(3, 2, 2, 3, 1)], {"strides": [1, 2, 1]}),
    ("ConvTranspose", [IMAGE, draw(4, 3, 3, 3), draw(3)], {"strides": [2, 1], "pads": [1, 0, 0, 1]}),
    ("ConvTranspose", [IMAGE, draw(4, 1, 3, 2)], {"group": 2, "strides": [2, 2], "output_padding": [1, 0]}),
    ("ConvTranspose", [IMAGE, draw(4, 3, 3, 3)], {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ("ConvTranspose", [IMAGE, draw(4, 3, 3, 3)], {"strides": [2, 2], "output_shape": [15, 18]}),
    ("AveragePool", [draw(2, 3, 9)], {"kernel_shape": [3]}),
    ("Flatten", [IMAGE], {}),
    ("Flatten", [IMAGE], {"axis": -1}),
    ("Flatten", [IMAGE], {"axis": 0}),
    ("Reshape", [IMAGE, numbers(0, -1, 9)], {}),
    ("Reshape", [IMAGE, numbers(4, 9, 14)], {"allowzero": 1}, 14),
    ("Transpose", [IMAGE], {"perm": [0, 2, 3, 1]}),
    ("Transpose", [IMAGE], {}),
    ("Squeeze", [draw(2, 1, 3, 1), numbers(1, -1)], {}),
    ("Squeeze", [draw(2, 1, 3, 1)], {}),
    ("Squeeze", [draw(2, 1, 3, 1)], {"axes": [1]}, 11),
    ("Unsqueeze", [VECTOR, numbers(0, -1)], {}),
    ("Unsqueeze", [VECTOR], {"axes": [1, 3]}, 11),
    ("Concat", [IMAGE, draw(2, 3, 7, 9), draw(2, 1, 7, 9)], {"axis": -3}),
    ("Pad", [IMAGE, numbers(0, 1, 2, 0, 0, 0, 1, 3), np.float32(0.5)], {}),
    ("Pad", [IMAGE, numbers(0, 0, 2, 0, 0, 0, 1, 3)], {"mode": "reflect"}),
    ("Pad", [IMAGE, numbers(0, 0, 2, 0, 0, 0, 1, 3)], {"mode": "edge"}),
    ("Pad", [IMAGE, numbers(0, 0, 2, 0, 0, 0, 1, 3)], {"mode": "wrap"}, 19),
    ("Pad", [IMAGE, numbers(1, 2, 0, -1), None, numbers(-1, 2)], {}, 18),
    ("Pad", [IMAGE], {"pads": [0, 1, 2, 0, 0, 0, 1, 3], "value": 1.5}, 10),
    ("Shape", [IMAGE], {}),
    ("Shape", [IMAGE], {"start": 1, "end": -1}, 15),
    ("Size", [IMAGE], {}),
    ("Gather", [IMAGE, np.array([[0, -1], [2, 1]])], {"axis": 1}),
    ("Gather", [VECTOR, np.array(-1)], {}),
    ("Slice", [IMAGE, numbers(1, -1), numbers(6, -6), numbers(2, -1), numbers(2, -2)], {}),
    ("Slice", [IMAGE, numbers(-100, 2), numbers(100, 2**62)], {}),
    ("Slice", [IMAGE], {"starts": [1], "ends": [-1], "axes": [3]}, 9),
    ("Split", [VECTOR, numbers(1, 2, 3)], {"axis": 1}, 13, 3),
    ("Split", [VECTOR], {"axis": -1}, 13, 2),
    ("Split", [draw(2, 7)], {"axis": 1, "num_outputs": 4}, 18, 4),
    ("Split", [VECTOR], {"axis": 1, "split": [2, 4]}, 11, 2),
    ("Expand", [draw(3, 1), numbers(2, 1, 6)], {}),
    ("Tile", [VECTOR, numbers(2, 3)], {}),
    ("ConstantOfShape", [numbers(2, 3)], {"value": numpy_helper.from_array(np.array([7], np.int64))}),
    ("ConstantOfShape", [numbers(2, 3)], {}),
    ("Range", [np.array(1), np.array(10), np.array(4)], {}),
    ("Cast", [VECTOR], {"to": TensorProto.INT32}),
    ("Cast", [numbers(3, 0, -2)], {"to": TensorProto.FLOAT}),
    ("Cast", [VECTOR > 0], {"to": TensorProto.INT64}),
    ("CastLike", [VECTOR, numbers(1)], {}, 15),
    ("Dropout", [VECTOR], {}),
    *[(f"Reduce{name}", [IMAGE], {"axes": [1, -1]}, 11) for name in ("Mean", "Sum", "Max", "Min", "Prod", "L2")],
    *[(f"Reduce{name}", [IMAGE, numbers(2, 3)], {"keepdims": 0}, 18) for name in ("Mean", "Sum", "Max", "Prod", "L2")],
    ("ReduceMean", [IMAGE], {}),
    ("ReduceSum", [IMAGE], {"noop_with_empty_axes": 1}),
    ("ArgMax", [IMAGE], {"axis": 1, "keepdims": 0}),
    ("ArgMax", [np.floor(IMAGE)], {"axis": -1, "select_last_index": 1}),
    ("DepthToSpace", [draw(2, 8, 3, 2)], {"blocksize": 2}),
    ("DepthToSpace", [draw(2, 8, 3, 2)], {"blocksize": 2, "mode": "CRD"}),
    ("SpaceToDepth", [draw(2, 3, 6, 4)], {"blocksize": 2}),
]  # fmt: skip
RANDOM = {"Conv", "MaxPool", "AveragePool"}  # tested with drawn settings below


def written(path, op, inputs, attributes, opset=17, outputs=1):
    """A file with this one operator: its first input is the graph's, the others stand in the file.

    Shapes that are made of numbers alone stand there too, beside an input that nothing reads. Returns the input.
    """
    is_read = op not in ("ConstantOfShape", "Range")
    first = np.asarray(inputs[0]) if is_read else VECTOR
    names = ["" if array is None else f"in_{i}" for i, array in enumerate(inputs)]
    stored = {name: np.asarray(array) for name, array in zip(names, inputs, strict=True) if name}
    given = "in_0" if is_read else "unread"
    stored.pop(given, None)
    graph = helper.make_graph(
        [helper.make_node(op, names, [f"out_{i}" for i in range(outputs)], **attributes)],
        "graph",
        [helper.make_tensor_value_info(given, helper.np_dtype_to_tensor_dtype(first.dtype), first.shape)],
        [helper.make_empty_tensor_value_info(f"out_{i}") for i in range(outputs)],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return first


def compare(path, first, **tolerance):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    expected = session.run(None, {session.get_inputs()[0].name: first})
    graph = read(path).eval()
    with torch.no_grad():
        found = graph(torch.from_numpy(np.array(first)))
    for mine, theirs in zip(found if isinstance(found, list) else [found], expected, strict=True):
        assert tuple(mine.shape) == theirs.shape
        assert mine.is_floating_point() == (theirs.dtype.kind == "f")
        np.testing.assert_allclose(mine.numpy(), theirs, **({"rtol": 1e-5, "atol": 1e-5} | tolerance))


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)])
def test_as_onnxruntime_does_it(case, tmp_path):
    path = tmp_path / "one.onnx"
    compare(path, written(path, *case))


def test_every_operator_is_tested():
    assert {case[0] for case in CASES} | RANDOM == set(KNOWN)


@st.composite
def windows(draw_):
    kernel, dilations = draw_(st.tuples(*[st.integers(1, 3)] * 2)), draw_(st.tuples(*[st.integers(1, 2)] * 2))
    settings_ = {"strides": list(draw_(st.tuples(*[st.integers(1, 3)] * 2))), "dilations": list(dilations)}
    way = draw_(st.sampled_from(["pads", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if way == "pads":
        # Padding is smaller than the window, as every library demands of pooling.
        settings_["pads"] = [draw_(st.integers(0, kernel[i % 2] - 1)) for i in range(4)]
    else:
        settings_["auto_pad"] = way
        # onnxruntime refuses this for dilated windows, and for those that leave gaps between them.
        settings_["dilations"] = [1, 1]
        settings_["strides"] = [min(stride, size) for stride, size in zip(settings_["strides"], kernel, strict=True)]
    return list(kernel), settings_, draw_(st.tuples(*[st.integers(6, 9)] * 2))


@settings(max_examples=40, deadline=None)
@given(windows(), st.sampled_from([1, 2]), st.booleans())
def test_convolutions(tmp_path_factory, window, groups, has_bias):
    kernel, attributes, size = window
    path = tmp_path_factory.mktemp("conv") / "one.onnx"
    inputs = [draw(2, 4, *size), draw(6, 4 // groups, *kernel), *([draw(6)] if has_bias else [])]
    compare(path, written(path, "Conv", inputs, {"group": groups, **attributes}))


@settings(max_examples=60, deadline=None)
@given(windows(), st.sampled_from(["MaxPool", "AveragePool"]), st.booleans(), st.booleans())
def test_pooling(tmp_path_factory, window, op, ceil, counts_padding):
    kernel, attributes, size = window
    attributes = {"kernel_shape": kernel, **attributes}
    if op == "AveragePool":
        attributes = {**attributes, "dilations": [1, 1], "count_include_pad": int(counts_padding)}
    if "auto_pad" not in attributes:
        attributes["ceil_mode"] = int(ceil)
    path = tmp_path_factory.mktemp("pool") / "one.onnx"
    compare(path, written(path, op, [draw(2, 3, *size)], attributes, 19))


def test_arithmetic_along_an_axis_as_before_set_7(tmp_path):
    image, channel = draw(2, 4, 3, 3), draw(4)
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "w"], ["y"], axis=1, broadcast=1)],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, image.shape)],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(channel, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 6)], ir_version=3)
    (tmp_path / "old.onnx").write_bytes(model.SerializeToString())
    found = read(tmp_path / "old.onnx")(torch.from_numpy(image)).detach()
    np.testing.assert_allclose(found, image * channel[:, None, None], rtol=1e-6)


def test_what_an_operator_cannot_take_is_told(tmp_path):
    first = written(tmp_path / "one.onnx", "Conv", [IMAGE, draw(6, 3, 3, 3)], {})
    with pytest.raises(ShapeError, match=r"ONNX operator Conv \(out_0\) cannot take inputs of shapes \(2, 4, 7, 9\), "):
        read(tmp_path / "one.onnx")(torch.from_numpy(first))
    written(tmp_path / "one.onnx", "MaxPool", [IMAGE], {"kernel_shape": [2, 2]}, 17, 2)
    with pytest.raises(FileFormatError, match="gives indices, which are not known here"):
        read(tmp_path / "one.onnx")(torch.from_numpy(IMAGE))
