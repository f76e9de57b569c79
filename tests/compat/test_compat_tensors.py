"""Tensors print, compute and are compared as TensorFlow's; the texts here are what TensorFlow 2 prints."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from anmok import compat
from anmok.compat.making import constant, convert_to_tensor
from anmok.compat.tensors import Tensor, TensorShape, as_dtype, as_tensor
from anmok.compat.variables import Module, Variable

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "value, text, representation",
    [
        (
            [1.0, 2.0],
            "tf.Tensor([1. 2.], shape=(2,), dtype=float32)",
            "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>",
        ),
        (3.0, "tf.Tensor(3.0, shape=(), dtype=float32)", "<tf.Tensor: shape=(), dtype=float32, numpy=3.0>"),
        (True, "tf.Tensor(True, shape=(), dtype=bool)", "<tf.Tensor: shape=(), dtype=bool, numpy=True>"),
        (
            [[1, 2], [3, 4]],
            "tf.Tensor(\n[[1 2]\n [3 4]], shape=(2, 2), dtype=int32)",
            "<tf.Tensor: shape=(2, 2), dtype=int32, numpy=\narray([[1, 2],\n       [3, 4]], dtype=int32)>",
        ),
        ("a", "tf.Tensor(b'a', shape=(), dtype=string)", "<tf.Tensor: shape=(), dtype=string, numpy=b'a'>"),
        (
            ["a", "b"],
            "tf.Tensor([b'a' b'b'], shape=(2,), dtype=string)",
            "<tf.Tensor: shape=(2,), dtype=string, numpy=array([b'a', b'b'], dtype=object)>",
        ),
    ],
)
def test_printing(value, text, representation):
    made = constant(value)
    assert str(made) == text and repr(made) == representation


def test_printing_of_variables():
    assert repr(Variable([1.0, 2.0])) == (
        "<tf.Variable 'Variable:0' shape=(2,) dtype=float32, numpy=array([1., 2.], dtype=float32)>"
    )
    assert str(Variable(3.0, name="w")) == "<tf.Variable 'w:0' shape=() dtype=float32, numpy=3.0>"


@pytest.mark.parametrize(
    "value, dtype",
    [
        (1, "int32"), (2**40, "int64"), (1.5, "float32"), (True, "bool"), (1 + 2j, "complex128"),
        ([1, 2], "int32"), ([1, 2.5], "float32"), (np.arange(3), "int64"), (np.zeros(2), "float64"),
        (np.float32(1), "float32"), ([np.float32(1)], "float32"), (torch.zeros(2, dtype=torch.uint8), "uint8"),
    ],
)  # fmt: skip
def test_formats_of_values(value, dtype):
    made = as_tensor(value)
    assert made.dtype.name == dtype and made.numpy().dtype == dtype
    np.testing.assert_array_equal(made.numpy(), np.asarray(value))


@pytest.mark.parametrize("left", ["int32", "int64", "uint8", "float32", "float64"])
@pytest.mark.parametrize("operation", ["+", "-", "*", "/", "//", "%", "<", "==", "**"])
def test_arithmetic_is_numpys(left, operation):
    a, b = RNG.integers(1, 7, (2, 3)).astype(left), RNG.integers(1, 4, 3).astype(left)
    expected = eval(f"a {operation} b")
    for first, second in ((as_tensor(a), as_tensor(b)), (as_tensor(a), b), (a, as_tensor(b))):
        found = eval(f"a {operation} b", {}, {"a": first, "b": second})
        assert type(found) is Tensor
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
        # As in TensorFlow: whole numbers of 32 bits and more are divided in float64.
        if operation == "/":
            assert found.dtype.name == {"int32": "float64", "int64": "float64", "uint8": "float32"}.get(left, left)
        elif operation not in "<==":
            assert found.dtype.name == left


def test_numbers_on_either_side():
    x = constant([1.0, 2.0])
    np.testing.assert_allclose((2 - x).numpy(), [1, 0])
    np.testing.assert_allclose((2 / x).numpy(), [2, 1])
    np.testing.assert_allclose((2**x).numpy(), [2, 4])
    np.testing.assert_allclose((-x + abs(-x)).numpy(), [0, 0])
    np.testing.assert_allclose((np.float64(2) * x).numpy(), [2, 4])
    assert (constant([[1.0, 2.0]]) @ constant([[3.0], [4.0]])).numpy() == [[11.0]]
    assert (x == None) is False and (x != None) is True  # noqa: E711
    assert not bool(constant([1.0, 2.0]) == constant([1.0, 2.0, 3.0]))


@pytest.mark.parametrize(
    "key",
    [0, -1, slice(None, None, -1), (slice(1, None), 0), (..., 1), (None, 0), (slice(3, 0, -2), slice(None, None, 2))],
)
def test_items_are_numpys(key):
    values = RNG.normal(size=(4, 5, 2)).astype("float32")
    np.testing.assert_array_equal(constant(values)[key].numpy(), values[key])


def test_a_tensor_never_changes():
    x = y = constant([1.0, 2.0])
    x += 1
    assert y.numpy().tolist() == [1, 2] and x.numpy().tolist() == [2, 3]
    with pytest.raises(TypeError, match="does not support item assignment"):
        y[0] = 5.0
    array = np.zeros(2, "float32")
    made = constant(array)
    array[0] = 7
    made.numpy()[1] = 7
    assert made.numpy().tolist() == [0, 0]


def test_shapes_and_formats():
    x = constant(np.zeros((2, 3), "float32"))
    assert (
        x.shape == (2, 3) == TensorShape([2, 3]) and repr(x.shape) == "TensorShape([2, 3])" and str(x.shape) == "(2, 3)"
    )
    assert (
        x.shape.as_list() == [2, 3] and x.shape.rank == 2 and x.shape.num_elements() == 6 and x.get_shape()[1:] == [3]
    )
    assert str(TensorShape([None, 3])) == "(None, 3)" and not TensorShape([None, 3]).is_fully_defined()
    assert x.dtype == "float32" == as_dtype(np.float32).name and x.dtype == torch.float32 and x.dtype == np.float32
    assert (
        str(x.dtype) == "<dtype: 'float32'>" and repr(x.dtype) == "tf.float32" and x.dtype.as_numpy_dtype is np.float32
    )
    assert f"{constant(3.14159):.3f}" == "3.142" and f"{constant(2.0)}" == "2.0" and float(constant(2.0)) == 2
    assert len(x) == 2 and [row.shape for row in x] == [(3,), (3,)]
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)


def test_making():
    np.testing.assert_array_equal(constant(5, shape=(2, 2)).numpy(), np.full((2, 2), 5, "int32"))
    np.testing.assert_array_equal(constant([1, 2, 3, 4], shape=(2, 2)).numpy(), [[1, 2], [3, 4]])
    assert convert_to_tensor([1, 2], dtype_hint="float32").dtype.name == "float32"
    with pytest.raises(ValueError, match="Tensor conversion requested dtype int32"):
        convert_to_tensor(constant(1.0), dtype="int32")
    np.testing.assert_array_equal(as_tensor([constant(1.0), 2]).numpy(), np.array([1, 2], "float32"))


def test_variables_change():
    v = Variable(np.arange(6.0).reshape(2, 3).astype("float32"))
    v.assign_add(np.ones((2, 3)))
    v.assign_sub(constant([[1.0, 1, 1], [2, 2, 2]]))
    np.testing.assert_array_equal(v.numpy(), [[0, 1, 2], [2, 3, 4]])
    v[1, 0].assign(9)
    v[:, 1].assign([7.0, 8.0])
    np.testing.assert_array_equal((v * 1).numpy(), [[0, 7, 2], [9, 8, 4]])
    assert v.shape == (2, 3) and v.read_value().numpy().tolist() == v.value().numpy().tolist()
    with pytest.raises(ValueError, match="expected shape"):
        v.assign([1.0])
    with pytest.raises(RuntimeError, match="assign_add"):
        v += 1


def test_modules_find_their_variables():
    class Inner(Module):
        def __init__(self):
            super().__init__()
            self.b = Variable(1.0, trainable=False)

    class Outer(Module):
        def __init__(self):
            super().__init__(name="outer")
            self.parts, self.w = [Inner(), Inner()], Variable(2.0)

    outer = Outer()
    assert outer.name == "outer" and len(outer.submodules) == 2
    assert outer.trainable_variables == (outer.w,) and len(outer.variables) == 3


def test_activation_leaves_nothing_behind():
    from anmok.layers.weight import Weight

    before = dict(vars(Weight))
    with compat.active():
        assert dict(vars(Weight)) != before
    assert dict(vars(Weight)) == before


def test_the_first_line_of_many_notebooks():
    program = "import anmok.compat.activate, tensorflow as tf; print(tf.constant([1., 2.]) * 2)"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed == "tf.Tensor([2. 4.], shape=(2,), dtype=float32)\n"
