import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from anmok import activations, notices
from anmok.errors import ArgumentError, ShapeError, UnknownNameError
from anmok.registry import custom_object_scope, register_keras_serializable

GRID = np.concatenate([np.linspace(-8, 8, 161), [-80.0, 80.0]])

# By name: the same function in float64 by SciPy and NumPy.
ORACLES = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: x * special.ndtr(x),
    "silu": lambda x: x * special.expit(x),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "sigmoid": special.expit,
    "log_sigmoid": lambda x: -np.logaddexp(0, -x),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "sparse_sigmoid": lambda x: np.clip(x / 2 + 0.5, 0, 1),
    "tanh": np.tanh,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "softplus": lambda x: np.logaddexp(0, x),
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
    "squareplus": lambda x: (x + np.sqrt(x**2 + 4)) / 2,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "exponential": np.exp,
    "linear": lambda x: x,
    "softmax": special.softmax,
    "log_softmax": special.log_softmax,
}


@pytest.fixture(autouse=True)
def same_draws():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", ORACLES)
def test_equals_scipy_in_float64(name):
    # PyTorch's softplus is x beyond 20, where the exact one is exp(-20) = 2e-9 more.
    np.testing.assert_allclose(activations.get(name)(GRID).numpy(), ORACLES[name](GRID), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", [n for n in ORACLES if n not in ("linear", "exponential")])
def test_extreme_values_stay_finite_and_so_do_their_gradients(name):
    x = torch.tensor([-1e4, -100.0, -0.0, 0.0, 100.0, 1e4], requires_grad=True)
    y = activations.get(name)(x)
    y.sum().backward()
    assert y.isfinite().all() and x.grad.isfinite().all()


def test_gelu_by_tanh_is_near_the_exact_one_but_not_it():
    exact, near = activations.gelu(GRID), activations.gelu(GRID, approximate=True)
    assert 1e-4 < (exact - near).abs().max() < 1e-3


@given(st.floats(0, 1), st.floats(0.5, 8), st.floats(-2, 2))
@settings(max_examples=20, deadline=None)
def test_relu_follows_its_definition_value_by_value(slope, top, threshold):
    def slow(x):
        kept = x if x > threshold else 0.0
        return min(max(kept, 0.0), top) - slope * max(threshold - x, 0.0)

    ours = activations.relu(GRID, negative_slope=slope, max_value=top, threshold=threshold)
    np.testing.assert_allclose(ours.numpy(), [slow(x) for x in GRID], atol=1e-9)


def test_relu_understands_alpha_and_says_so_once():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"relu\(alpha=\.\.\.\) is an old spelling") as said:
        for _ in range(2):
            assert activations.relu([-1.0, 2.0], alpha=0.1).tolist() == pytest.approx([-0.1, 2.0])
    assert len(said) == 1 and said[0].filename == __file__
    with pytest.warns(notices.AnmokWarning, match="negative_slope"):
        assert activations.leaky_relu([-1.0], alpha=0.5).tolist() == [-0.5]


@pytest.mark.parametrize("given", [[[1, -2]], ((1.0, -2.0),), np.array([[1, -2]]), np.array([[-2.0, 1.0]])[:, ::-1]])
def test_lists_and_arrays_become_tensors(given):
    y = activations.relu(given)
    assert isinstance(y, torch.Tensor) and y.is_floating_point() and y.tolist() == [[1.0, 0.0]]


def test_an_array_that_may_not_be_written_to_is_taken_in_silence(recwarn):
    x = np.ones(3, np.float32)
    x.flags.writeable = False
    activations.relu(x)
    assert not recwarn.list


@pytest.mark.parametrize("wrong", [None, "cat", object(), [[1.0], [1.0, 2.0]]])
def test_what_is_not_numbers_is_refused(wrong):
    with pytest.raises(ArgumentError, match="expects a tensor, a NumPy array or a list of numbers"):
        activations.tanh(wrong)


def test_softmax_and_sigmoid_carry_their_logits():
    x = torch.randn(3, 4, requires_grad=True)
    assert activations.softmax(x).logits is x
    assert activations.softmax(x, axis=1).logits is x
    assert activations.sigmoid(x).logits is x
    for other in (activations.softmax(x, axis=0), activations.softmax(x, axis=None), activations.log_softmax(x)):
        assert not hasattr(other, "logits")


def test_softmax_over_several_axes_equals_scipy():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    for axis in (None, (1, 2), (-1, 0), [3], 2):
        oracle_axis = tuple(axis) if isinstance(axis, list) else axis
        np.testing.assert_allclose(activations.softmax(x, axis), special.softmax(x, axis=oracle_axis), atol=1e-12)
        np.testing.assert_allclose(
            activations.log_softmax(x, axis), special.log_softmax(x, axis=oracle_axis), atol=1e-12
        )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_softmax_of_half_precision_is_computed_in_float32(dtype):
    x = torch.randn(4, 10).to(dtype)
    y = activations.softmax(x)
    assert y.dtype == torch.float32 and y.logits is x
    np.testing.assert_allclose(y.numpy(), special.softmax(x.double().numpy(), axis=-1), rtol=2e-6)
    assert activations.log_softmax(x).dtype == torch.float32
    assert activations.sigmoid(x).dtype == dtype


def test_softmax_over_one_value_is_called_a_mistake():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"always 1\. For two classes on one unit use sigmoid"):
        assert activations.softmax(torch.randn(5, 1)).tolist() == [[1.0]] * 5


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_sparsemax_is_the_nearest_point_of_the_simplex(scores):
    scores = np.array(scores)
    tau = optimize.brentq(lambda t: np.maximum(scores - t, 0).sum() - 1, scores.min() - 1, scores.max())
    np.testing.assert_allclose(activations.sparsemax(scores), np.maximum(scores - tau, 0), atol=1e-9)


def test_sparsemax_by_hand_and_along_another_axis():
    assert activations.sparsemax([[1.0, 0.5]]).tolist() == [[0.75, 0.25]]
    x = torch.randn(3, 4, 5, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(activations.sparsemax(x, axis=1).sum(1), torch.ones(3, 5, dtype=torch.float64))
    assert torch.autograd.gradcheck(lambda x: activations.sparsemax(x, axis=1), x)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: activations.relu([1.0], max_value=-1.0), "relu's max_value must be a number >= 0, got -1.0"),
        (lambda: activations.celu([1.0], alpha=0), "celu divides by alpha"),
        (lambda: activations.gelu([1.0], approximate="tanh"), "approximate must be True or False, got 'tanh'"),
        (lambda: activations.soft_shrink([1.0], threshold=-1), "soft_shrink's threshold must be a number >= 0, got -1"),
        (lambda: activations.hard_shrink([1.0], float("nan")), "hard_shrink's threshold must be a number >= 0"),
    ],
)
def test_arguments_that_cannot_be_honoured_are_refused(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


def test_glu_of_an_odd_axis_is_refused():
    with pytest.raises(ShapeError, match=r"glu halves axis -1: expected an even length there, got shape \(2, 3\)"):
        activations.glu(torch.ones(2, 3))


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.swish is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(torch.erf) is torch.erf
    with pytest.raises(UnknownNameError, match=r"Unknown activation 'rellu'\. Did you mean 'relu'\?"):
        activations.get("rellu")
    with pytest.raises(ArgumentError, match=r"activation \(a name, an object or None\), got 3"):
        activations.get(3)


def test_serialize_and_back():
    for name in ORACLES:
        assert activations.serialize(activations.get(name)) == name
        assert activations.deserialize(name) is activations.get(name)
    assert activations.serialize(activations.swish) == "silu"


def test_functions_of_ones_own_are_saved_by_name():
    def cube(x):
        return x**3

    config = activations.serialize(cube)
    assert config == {"module": "builtins", "class_name": "function", "config": "cube", "registered_name": "function"}
    assert activations.deserialize(config, custom_objects={"cube": cube}) is cube
    with custom_object_scope({"cube": cube}):
        assert activations.get("cube") is cube
    register_keras_serializable("mine")(cube)
    assert activations.deserialize(activations.serialize(cube)) is cube


def test_what_cannot_be_saved_says_so():
    with pytest.raises(ArgumentError, match="A lambda cannot be saved: it has no name"):
        activations.serialize(lambda x: x)
    with pytest.raises(ArgumentError, match="GELU has no get_config"):
        activations.serialize(torch.nn.GELU())


def test_softmax_and_sigmoid_say_whose_logits_they_carry():
    x = torch.zeros(2, 3)
    assert activations.softmax(x).logits_of == "softmax"
    assert activations.sigmoid(x).logits_of == "sigmoid"
