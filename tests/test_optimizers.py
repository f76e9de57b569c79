"""Optimizers: the two ways of computing agree, state goes out and in, and bad input gets words."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch

from anmok import notices, optimizers, schedules
from anmok.errors import ArgumentError, ShapeError, UnknownNameError
from anmok.layers.weight import Weight

CLASSES = ["SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Adagrad", "Adadelta", "Nadam", "Lion", "Muon"]


def parameters(seed=0):
    rng = np.random.default_rng(seed)
    kernel = torch.tensor(rng.normal(size=(3, 3, 2, 4)), dtype=torch.float32)
    dense = torch.tensor(rng.normal(size=(6, 5)), dtype=torch.float32)
    return [
        Weight(kernel, name="conv/kernel", axes=(3, 2, 0, 1)),
        Weight(dense, name="dense/kernel", axes=(1, 0)),
        Weight(dense[0].clone(), name="dense/bias"),
    ]


def gradients(weights, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(w.shape, generator=generator) for w in weights]


def train(optimizer, weights, *, start=0, steps=5):
    for step in range(start, start + steps):
        optimizer.apply_gradients(zip(gradients(weights, step), weights, strict=True))
    return weights


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("arguments", [{}, {"weight_decay": 0.1}, {"use_ema": True, "clipnorm": 1.0}], ids=str)
def test_fused_kernels_and_formula_agree(name, arguments):
    fused, plain = (getattr(optimizers, name)(learning_rate=0.05, **arguments) for _ in range(2))
    plain.may_fuse = False
    for a, b in zip(train(fused, parameters()), train(plain, parameters()), strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-5, atol=1e-6)
    for (name, _, a), (_, _, b) in zip(fused.slots(), plain.slots(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6, msg=name)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "Adagrad"])
def test_memory_order_of_gradients_does_not_matter(name):
    optimizer, other = (getattr(optimizers, name)(learning_rate=0.05) for _ in range(2))
    weights, same = parameters(), parameters()
    grads = gradients(weights)
    assert not weights[0].is_contiguous()
    assert grads[0].is_contiguous()
    optimizer.apply(grads, weights)
    other.apply([torch.empty_like(w).copy_(g) for g, w in zip(grads, same, strict=True)], same)
    for a, b in zip(weights, same, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", ["RMSprop", "Adam", "SGD"])
def test_gradients_are_not_changed(name):
    weights = parameters()
    grads = [torch.empty_like(w).copy_(g) for w, g in zip(weights, gradients(weights), strict=True)]
    kept = [g.clone() for g in grads]
    getattr(optimizers, name)(global_clipnorm=0.1).apply(grads, weights)
    getattr(optimizers, name)(weight_decay=0.1).apply(grads, weights)
    assert all(map(torch.equal, grads, kept))


@pytest.mark.parametrize("name", CLASSES)
def test_state_dict_continues_bit_for_bit(name):
    arguments = {"learning_rate": 0.01, "use_ema": True, "gradient_accumulation_steps": 2}
    one = getattr(optimizers, name)(**arguments)
    weights = train(one, parameters(), steps=5)
    other = getattr(optimizers, name)(**{**arguments, "learning_rate": 0.7})
    twins = [copy.deepcopy(w) for w in weights]
    other.build(twins)
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    train(one, weights, start=5)
    train(other, twins, start=5)
    assert all(map(torch.equal, weights, twins))


@pytest.mark.parametrize("name", CLASSES)
def test_state_arrays_are_in_the_layout_of_keras(name):
    one = getattr(optimizers, name)(learning_rate=0.01)
    weights = train(one, parameters())
    arrays = one.state_arrays()
    assert [label for label, _ in arrays[:2]] == ["iteration", "learning_rate"]
    for (label, array), (slot, index, _) in zip(arrays[2:], one.slots(), strict=True):
        if index is not None:
            assert label == f"{weights[index].path.replace('/', '_')}_{slot}"
            assert array.shape == weights[index].keras_shape
    other = getattr(optimizers, name)(learning_rate=0.7)
    twins = [copy.deepcopy(w) for w in weights]
    other.build(twins)
    other.load_state_arrays(arrays)
    for a, b in zip(train(one, weights), train(other, twins), strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-6, atol=1e-7)


def test_learning_rate_reads_as_a_number_and_is_assigned():
    notices.forget()
    optimizer = optimizers.Adam(0.25)
    assert optimizer.learning_rate == 0.25
    assert optimizer.learning_rate.numpy() == np.float32(0.25)
    optimizer.learning_rate.assign(0.5)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate = np.float32(0.125)
    with pytest.warns(notices.AnmokWarning, match="old spelling"):
        assert optimizer.lr * 2 == 0.25
    optimizer.learning_rate = lambda: 0.75
    assert optimizer.learning_rate == 0.75
    assert copy.deepcopy(optimizers.Adam(0.25).learning_rate) == 0.25


def test_schedule_moves_with_the_steps_and_cannot_be_set():
    optimizer = optimizers.SGD(schedules.PiecewiseConstantDecay([1], [1.0, 0.5]))
    weight = torch.nn.Parameter(torch.zeros(1))
    for expected in (-1.0, -2.0, -2.5):
        optimizer.apply([torch.ones(1)], [weight])
        assert weight.item() == expected
    with pytest.raises(ArgumentError, match="is a schedule"):
        optimizer.learning_rate = 0.1


def test_old_spellings_are_honoured_and_said_once():
    notices.forget()
    with pytest.warns(notices.AnmokWarning) as heard:
        optimizer = optimizers.SGD(lr=1.0, decay=0.5)
        optimizers.SGD(lr=1.0)
    assert [str(w.message).split(" is ")[0] for w in heard] == ["lr", "decay"]
    weight, expected = torch.nn.Parameter(torch.zeros(1)), 0.0
    for step in range(4):
        optimizer.apply([torch.ones(1)], [weight])
        expected -= 1.0 / (1 + 0.5 * step)
        assert weight.item() == pytest.approx(expected)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.decay == 0.5
    assert float(again.learning_rate) == 1.0
    assert optimizer.get_config()["learning_rate"]["class_name"] == "InverseTimeDecay"


def test_nadam_of_keras_2():
    assert optimizers.Nadam(lr=0.002, epsilon=None, schedule_decay=0.004).get_config()["epsilon"] == 1e-7
    with pytest.raises(ArgumentError, match=r"schedule_decay is 0\.004"):
        optimizers.Nadam(schedule_decay=0.1)


def test_the_slow_rate_of_adadelta_is_said():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match=r"Adadelta\(learning_rate=1\.0\)"):
        optimizers.get("adadelta")
    notices.forget()
    with warnings.catch_warnings():
        warnings.simplefilter("error", notices.AnmokWarning)
        optimizers.Adadelta(learning_rate=1.0)


def test_config_of_keras_2_is_read():
    config = {"name": "Adam", "learning_rate": 0.01, "decay": 0.0, "epsilon": None, "jit_compile": False}
    optimizer = optimizers.deserialize({"class_name": "Adam", "config": {**config, "is_legacy_optimizer": False}})
    assert optimizer.epsilon == 1e-7
    assert optimizer.learning_rate == 0.01


def test_constraint_is_applied_after_the_update():
    weight = Weight(torch.full((2, 3), 0.5), name="kernel", axes=(1, 0))
    weight.constraint = lambda w: w.clamp_min(0)
    optimizers.SGD(1.0).apply([torch.ones(3, 2)], [weight])
    assert weight.numpy().tolist() == [[0.0] * 3] * 2


def test_custom_optimizer_as_keras_documents_it():
    class Heavy(optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.momenta = self.add_optimizer_variables(variables, "momentum")

        def update_step(self, gradient, variable, learning_rate):
            momentum = self.momenta[self._get_variable_index(variable)]
            self.assign(momentum, momentum * 0.9 - gradient * learning_rate)
            self.assign_add(variable, momentum)

    own, known = Heavy(0.1), optimizers.SGD(0.1, momentum=0.9)
    for a, b in zip(train(own, parameters()), train(known, parameters()), strict=True):
        torch.testing.assert_close(a.detach(), b.detach())
    assert len(own.variables) == len(known.variables) == 5


def test_copies_keep_their_own_state():
    weights = parameters()
    optimizer = optimizers.Adam()
    train(optimizer, weights)
    for clone in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        before = weights[0].detach().clone()
        clone.apply(gradients(clone._weights))
        assert torch.equal(weights[0], before)
        assert clone.iterations == optimizer.iterations + 1


@pytest.mark.parametrize(
    "make, kind, words",
    [
        (lambda: optimizers.Adam(betta_1=0.9), UnknownNameError, "Did you mean 'beta_1'"),
        (lambda: optimizers.get("adm"), UnknownNameError, "(?i)Did you mean 'adam'"),
        (lambda: optimizers.get(torch.optim.SGD([torch.zeros(1)])), ArgumentError, "use anmok.optimizers.SGD"),
        (lambda: optimizers.get(3), ArgumentError, "Expected a"),
        (lambda: optimizers.SGD(clipnorm=1, clipvalue=1), ArgumentError, "at most one of clipnorm"),
        (lambda: optimizers.SGD("fast"), ArgumentError, "learning_rate to be a number"),
        (lambda: optimizers.SGD(momentum=2), ArgumentError, "momentum in 0..1"),
        (lambda: optimizers.Adam(beta_2=1.0), ArgumentError, "below 1"),
        (lambda: optimizers.Adam(gradient_accumulation_steps=1), ArgumentError, "from 2"),
        (lambda: optimizers.Adam(use_ema=True, ema_momentum=2), ArgumentError, "ema_momentum in 0..1"),
        (lambda: optimizers.Adam().apply([None], [torch.zeros(1)]), ArgumentError, "nothing to train"),
        (lambda: optimizers.Adam().apply([], []), ArgumentError, "nothing to train"),
        (lambda: optimizers.Adam().apply([torch.zeros(1)]), ArgumentError, "build"),
        (lambda: optimizers.Adam().load_state_arrays([]), ShapeError, "got 0"),
    ],
)
def test_refusals_say_what_was_expected(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


def test_weights_it_was_not_built_for_are_refused():
    optimizer = optimizers.Adam()
    optimizer.build(parameters())
    with pytest.raises(ArgumentError, match=r"conv/kernel.*Make a new optimizer"):
        optimizer.apply([torch.zeros(4, 2, 3, 3)], parameters()[:1])
