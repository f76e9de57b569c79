import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_twins import compare

from anmok import notices

few = settings(max_examples=25, deadline=None)
slopes = st.sampled_from([0.0, 0.1, 0.7])
shapes = st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple)


@given(
    arguments=st.fixed_dictionaries(
        {"max_value": st.sampled_from([None, 1.0, 6.0]), "negative_slope": slopes, "threshold": slopes}
    ),
    shape=shapes,
    seed=st.integers(0, 999),
)
@few
def test_relu(arguments, shape, seed):
    compare("ReLU", arguments, shape, seed=seed)


@given(slope=slopes, shape=shapes, seed=st.integers(0, 999))
@few
def test_leaky_relu(slope, shape, seed):
    compare("LeakyReLU", {"negative_slope": slope}, shape, seed=seed)


def test_leaky_relu_by_default_and_by_its_old_argument():
    compare("LeakyReLU", {}, (3, 4))
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"LeakyReLU\(alpha=...\) is an old spelling.*negative_slope"):
        compare("LeakyReLU", {"alpha": 0.2}, (3, 4))


@pytest.mark.parametrize("alpha", [1.0, 0.4])
def test_elu(alpha):
    compare("ELU", {"alpha": alpha}, (4, 5))


@given(
    arguments=st.fixed_dictionaries(
        {
            "alpha_initializer": st.sampled_from(["zeros", "random_normal"]),
            "alpha_regularizer": st.sampled_from([None, "l2"]),
            "alpha_constraint": st.sampled_from([None, "non_neg"]),
        }
    ),
    shape=shapes,
    data=st.data(),
    seed=st.integers(0, 999),
)
@few
def test_prelu(arguments, shape, data, seed):
    axes = st.lists(st.integers(1, len(shape) - 1), unique=True, min_size=1)
    shared = data.draw(st.one_of(st.none(), axes))
    compare("PReLU", {**arguments, "shared_axes": shared}, shape, seed=seed)


@given(shape=shapes, data=st.data(), seed=st.integers(0, 999))
@few
def test_softmax(shape, data, seed):
    axes = st.lists(st.integers(1, len(shape) - 1), unique=True, min_size=1)
    axis = data.draw(st.one_of(st.just(-1), st.integers(1, len(shape) - 1), axes))
    compare("Softmax", {"axis": axis}, shape, seed=seed)


def test_softmax_with_a_mask():
    import torch

    mask = torch.tensor([[True, False, True, True], [False, False, False, False], [True, True, True, True]])
    compare("Softmax", {}, (3, 4), mask=mask)
