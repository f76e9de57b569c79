import numpy as np
import pytest
import torch

from anmok import notices, regularizers
from anmok.errors import ArgumentError, ShapeError, UnknownNameError

W = np.array([[3.0, -4.0], [0.0, 1.0]], np.float32)


@pytest.mark.parametrize(
    "regularizer, expected",
    [
        (regularizers.L1(0.5), 4.0),
        (regularizers.L2(0.5), 13.0),
        (regularizers.L1L2(0.5, 0.25), 10.5),
        (regularizers.L1L2(l1=0.5), 4.0),
        (regularizers.L1L2(l2=0.5), 13.0),
        (regularizers.L1L2(), 0.0),
        (regularizers.l1(), 0.08),
        (regularizers.l2(), 0.26),
        (regularizers.l1_l2(), 0.34),
        # cosine of rows (3, -4) and (0, 1) is -0.8, of columns (3, 0) and (-4, 1) it is -12 / (3 sqrt(17))
        (regularizers.OrthogonalRegularizer(0.5), 0.4),
        (regularizers.OrthogonalRegularizer(0.5, mode="columns"), 0.5 * 4 / np.sqrt(17)),
    ],
)
def test_penalties_by_hand(regularizer, expected):
    for weight in (W, W.tolist(), torch.tensor(W), torch.nn.Parameter(torch.tensor(W))):
        penalty = regularizer(weight)
        assert penalty.shape == () and penalty.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["l1", "l2", "l1_l2", "orthogonal_regularizer"])
def test_zeros_have_a_finite_gradient(name):
    w = torch.zeros(3, 4, requires_grad=True)
    penalty = regularizers.get(name)(w)
    penalty.backward()
    assert penalty == 0 and w.grad.isfinite().all()


def test_one_row_has_nothing_to_be_orthogonal_to():
    assert regularizers.OrthogonalRegularizer()(torch.ones(1, 4)) == 0


def test_penalties_of_many_weights_keep_their_digits():
    w = torch.rand(2000, 2000, generator=torch.Generator().manual_seed(0))
    assert regularizers.L1(1.0)(w).item() == pytest.approx(w.double().sum().item(), rel=1e-6)
    assert regularizers.L2(1.0)(w).item() == pytest.approx(w.double().square().sum().item(), rel=1e-6)


def test_a_penalty_of_a_channels_last_kernel_is_that_of_its_values():
    w = torch.randn(8, 3, 5, 5, generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)
    assert regularizers.L2(1.0)(w).item() == pytest.approx((w.double() ** 2).sum().item(), rel=1e-6)
    assert regularizers.L1(1.0)(w).item() == pytest.approx(w.double().abs().sum().item(), rel=1e-6)


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf"), "0.1", True, [0.1]])
@pytest.mark.parametrize(
    "name, make",
    [
        ("l1", regularizers.L1),
        ("l2", regularizers.L2),
        ("l1", regularizers.L1L2),
        ("factor", regularizers.OrthogonalRegularizer),
    ],
)
def test_factors_are_finite_numbers_from_zero_on(name, make, wrong):
    with pytest.raises(ArgumentError, match=f"{name} must be a finite number >= 0, got "):
        make(wrong)


def test_orthogonality_says_what_it_wants():
    with pytest.raises(ArgumentError, match="mode must be 'rows' or 'columns', got 'row'"):
        regularizers.OrthogonalRegularizer(mode="row")
    with pytest.raises(ShapeError, match=r"expects a matrix \(rows, columns\), got shape \(3, 3, 1, 8\)"):
        regularizers.OrthogonalRegularizer()(torch.ones(3, 3, 1, 8))


def test_the_old_name_of_the_factor():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"l2\(l=\.\.\.\) is an old spelling") as said:
        assert regularizers.l2(l=0.3).l2 == 0.3
    assert said[0].filename == __file__
    with pytest.warns(notices.AnmokWarning, match="L1"):
        assert regularizers.l1(l=0.3).l1 == 0.3


def test_get():
    assert regularizers.get(None) is None
    for name, kind in [("l1", "L1"), ("L2", "L2"), ("l1_l2", "L1L2"), ("orthogonal", "OrthogonalRegularizer")]:
        assert type(regularizers.get(name)).__name__ == kind
    assert regularizers.get(regularizers.l2).get_config() == {"l2": 0.01}
    for both in ("l1_l2", regularizers.l1_l2):
        assert regularizers.get(both).get_config() == {"l1": 0.01, "l2": 0.01}
    mine = regularizers.L2(3)
    assert regularizers.get(mine) is mine
    assert regularizers.get(torch.sum) is torch.sum
    with pytest.raises(UnknownNameError, match=r"Unknown regularizer 'l1_12'\. Did you mean 'l1_l2'\?"):
        regularizers.get("l1_12")


def test_a_class_of_ones_own():
    class Cubes(regularizers.Regularizer):
        def __call__(self, x):
            return x.abs().pow(3).sum()

    assert regularizers.get(Cubes)(torch.tensor([-2.0])) == 8
    with pytest.raises(NotImplementedError, match="Cubes cannot be saved"):
        regularizers.serialize(Cubes())
    assert regularizers.Regularizer()(W) == 0
    Cubes.get_config = lambda self: {}
    config = regularizers.serialize(Cubes())
    assert isinstance(regularizers.deserialize(config, custom_objects={"Cubes": Cubes}), Cubes)
