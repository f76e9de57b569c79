"""Arrays to batches: values against plain NumPy slicing, order, formats, checks in words."""

import time

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import random
from anmok.errors import ArgumentError, DataError
from anmok.notices import AnmokWarning
from anmok.training.adapters import adapt, train_validation_split


def gathered(source, epoch=0, start=0):
    return list(source.batches(epoch, start))


@given(n=st.integers(1, 40), size=st.integers(1, 12), shuffle=st.sampled_from([False, True, "batch"]))
@settings(max_examples=25, deadline=None)
def test_each_sample_comes_once_with_its_own_label(n, size, shuffle):
    x = np.arange(n * 2, dtype=np.float32).reshape(n, 2)
    source = adapt(x, np.arange(n), np.arange(n) / 2, batch_size=size, shuffle=shuffle)
    batches = gathered(source)
    assert len(batches) == source.num_batches == -(-n // size)
    assert [len(b[0]) for b in batches] == [size] * (n // size) + [n % size] * (n % size > 0)
    xs, ys, ws = (torch.cat(part) for part in zip(*batches, strict=True))
    assert sorted(ys.tolist()) == list(range(n))
    np.testing.assert_array_equal(xs.numpy(), x[ys.numpy()])
    np.testing.assert_array_equal(ws.numpy(), ys.numpy() / 2)
    if shuffle is False:
        assert ys.tolist() == list(range(n))
    if shuffle == "batch":
        for k, (_, y, _) in enumerate(batches):
            assert sorted(y.tolist()) == list(range(k * size, min(n, k * size + size)))


def test_the_order_is_a_function_of_seed_and_epoch_alone():
    random.set_seed(3)
    y = np.arange(50)

    def order(epoch, start=0):
        return torch.cat(
            [b[1] for b in adapt(y[:, None], y, batch_size=7, shuffle=True).batches(epoch, start)]
        ).tolist()

    first, second = order(0), order(1)
    assert first != second
    random.seed_for("anything")
    assert (order(1), order(0)) == (second, first)
    assert order(1, start=3) == second[21:]
    assert first == random.generator("shuffle", 0).permutation(50).tolist()
    random.set_seed(4)
    assert order(0) != first


@pytest.mark.parametrize(
    "x, y, formats",
    [
        (np.zeros((4, 2)), np.zeros(4), (torch.float32, torch.float32)),
        (np.zeros((4, 2), np.uint8), np.zeros(4, np.uint8), (torch.float32, torch.int64)),
        (np.zeros((4, 2), bool), np.zeros(4, bool), (torch.float32, torch.int64)),
        (np.zeros((4, 2), np.int64), np.zeros((4, 3), np.int32), (torch.float32, torch.int64)),
        (np.zeros((4, 2), np.float16), np.zeros(4, np.uint16), (torch.float32, torch.int64)),
        (np.zeros((4, 2), ">f4"), np.zeros(4, ">i2"), (torch.float32, torch.int64)),
        (torch.zeros(4, 2, dtype=torch.bfloat16), torch.zeros(4, dtype=torch.int8), (torch.float32, torch.int64)),
        (torch.zeros(4, 2, requires_grad=True), [0, 1, 0, 1], (torch.float32, torch.int64)),
        ([[1, 2]] * 4, [0.5] * 4, (torch.float32, torch.float32)),
        (pd.DataFrame({"a": [1] * 4, "b": [0.5] * 4}), pd.Series([1, 0, 1, 0]), (torch.float32, torch.int64)),
        (pd.DataFrame({"a": pd.array([1] * 4, "Int64")}), pd.Series([True] * 4), (torch.float32, torch.int64)),
    ],
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_formats(x, y, formats, shuffle):
    ((got_x, got_y, weight),) = gathered(adapt(x, y, shuffle=shuffle))
    assert (got_x.dtype, got_y.dtype, weight) == (*formats, None)
    assert not got_x.requires_grad
    assert len(got_x) == len(got_y) == 4


def test_values_survive_every_kind_of_memory():
    x = np.arange(24.0).reshape(6, 4)
    frozen = x.copy()
    frozen.flags.writeable = False
    for variant in (
        x[::-1][::-1],
        np.asfortranarray(x),
        x.astype(">f8"),
        frozen,
        x.tolist(),
        torch.from_numpy(x),
        pd.DataFrame(x),
    ):
        np.testing.assert_array_equal(gathered(adapt(variant))[0][0].numpy(), x)
    np.testing.assert_array_equal(gathered(adapt(x[::-1]))[0][0].numpy(), x[::-1])
    objects = np.empty(6, object)
    for i in range(6):
        objects[i] = x[i]
    np.testing.assert_array_equal(gathered(adapt(objects))[0][0].numpy(), x)


def test_large_arrays_are_not_copied():
    x = np.zeros((1000, 50), np.float32)
    batch = next(adapt(x, batch_size=10).batches(0))[0]
    assert batch.data_ptr() == x.ctypes.data


def test_several_inputs_and_outputs_keep_their_structure():
    a, b = np.arange(6.0), np.arange(12).reshape(6, 2)
    source = adapt({"left": a, "right": [a, b]}, (a, {"k": b}), batch_size=4, shuffle=True)
    for x, y, _ in source.batches(0):
        assert list(x) == ["left", "right"] and isinstance(x["right"], list) and isinstance(y, tuple)
        for other in (x["right"][0], x["right"][1][:, 0] / 2, y[0], y[1]["k"][:, 1] // 2):
            torch.testing.assert_close(x["left"], other.float())
        assert y[1]["k"].dtype == torch.int64
    _, y, weights = gathered(adapt(a, [b, a], np.arange(6)))[0]
    assert len(weights) == len(y) == 2 and weights[0].tolist() == weights[1].tolist() == list(range(6))


# ---- steps


@pytest.mark.parametrize("shuffle", [False, True])
def test_steps_go_on_where_the_last_epoch_ended(shuffle):
    y = np.arange(20)
    source = adapt(y[:, None], y, batch_size=2, steps=5, shuffle=shuffle)
    assert source.num_batches == 5
    epochs = [torch.cat([b[1] for b in source.batches(e)]).tolist() for e in range(4)]
    assert sorted(epochs[0] + epochs[1]) == sorted(epochs[2] + epochs[3]) == y.tolist()
    assert (epochs[0] == epochs[2]) is not shuffle


def test_an_epoch_that_the_data_cannot_fill_says_so():
    source = adapt(np.zeros((20, 1)), batch_size=2, steps=4)
    assert [len(gathered(source, e)) for e in (0, 1)] == [4, 4]
    with pytest.warns(AnmokWarning, match="ran out of data: 2 of the 4 batches"):
        assert len(gathered(source, 2)) == 2
    assert len(gathered(source, 3)) == 4
    with pytest.warns(AnmokWarning, match="10 of the 40"):
        gathered(adapt(np.zeros((20, 1)), batch_size=2, steps=40))


def test_steps_alone_set_the_batch_size():
    source = adapt(np.zeros((100, 1)), steps=8)
    assert (source.batch_size, source.num_batches, source.num_samples) == (13, 8, 100)
    assert adapt(np.zeros((100, 1))).batch_size == 32


# ---- weights


def test_class_weights_multiply_into_sample_weights():
    y, table = np.array([0, 2, 1, 2]), {0: 1.0, 1: 5, 2: 0.5}
    expected = np.array([1, 0.5, 5, 0.5], np.float32)
    for labels in (y, y[:, None], y.astype(float), np.eye(3)[y], np.eye(3, dtype=np.uint8)[y], y.tolist()):
        ((_, _, weight),) = gathered(adapt(np.zeros((4, 1)), labels, class_weight=table))
        np.testing.assert_array_equal(weight.numpy(), expected)
        assert weight.dtype == torch.float32
    ((_, _, weight),) = gathered(adapt(np.zeros((4, 1)), y, [1, 2, 3, 4], class_weight=table))
    np.testing.assert_array_equal(weight.numpy(), expected * [1, 2, 3, 4])


@pytest.mark.parametrize(
    "table, y, error, words",
    [
        ({0: 1.0}, [0, 1, 2, 2], DataError, "no weight for class 1, 2"),
        ({0: 1.0, 2: 1.0}, [0, 1, 2, 2], DataError, "no weight for class 1,"),
        ({0: 1.0}, [0, -1, 0, 0], DataError, "no weight for class -1"),
        ({}, [0, 1, 2, 2], ArgumentError, "dict of class index to weight"),
        ("balanced", [0, 1, 2, 2], ArgumentError, "got 'balanced'"),
        ({"cat": 1.0}, [0, 1, 2, 2], ArgumentError, "class indices"),
        ({0: 1.0}, None, ArgumentError, "there are none"),
        ({0: 1.0}, [np.zeros(4), np.zeros(4)], ArgumentError, "this has several"),
        ({0: 1.0}, np.zeros((4, 2, 2)), ArgumentError, "one label a sample"),
    ],
)
def test_class_weights_that_cannot_be_honoured(table, y, error, words):
    with pytest.raises(error, match=words):
        adapt(np.zeros((4, 1)), y, class_weight=table)


# ---- the split


def test_the_last_part_is_for_validation():
    x = np.arange(10.0)
    part, rest = train_validation_split((x, list(range(10)), None), 0.3)
    assert part[0].tolist() == x[:7].tolist() and rest[1].tolist() == [7, 8, 9] and part[2] is rest[2] is None
    part, rest = train_validation_split(({"a": pd.DataFrame({"c": x}), "b": x}, x), 0.2)
    assert part[0]["a"].shape == (8, 1) and rest[1].tolist() == [8, 9]


@pytest.mark.parametrize(
    "fraction, words", [(0.95, "10 samples cannot be split"), (1.0, "between 0 and 1"), (-1, "between")]
)
def test_a_split_that_leaves_nothing(fraction, words):
    with pytest.raises(ValueError, match=words):
        train_validation_split((np.zeros(10), None, None), fraction)


def test_generators_are_not_split():
    with pytest.raises(ArgumentError, match=r"x is a generator.*validation_data"):
        train_validation_split(((b for b in ()), None, None), 0.5)


# ---- words


NAN = np.zeros((100, 3))
NAN[70, 2] = np.nan
INFINITE = torch.zeros(2_000_000, 3)
INFINITE[1_900_000, 1] = -torch.inf


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((np.zeros((100, 2)), np.zeros(99)), "x has 100 samples, y has 99."),
        (([np.zeros(5), np.zeros(4)], np.zeros(5)), r"x\[0\] has 5 samples, x\[1\] has 4"),
        (({"a": np.zeros(5)}, {"b": np.zeros(4)}), r"x\['a'\] has 5 samples, y\['b'\] has 4"),
        ((np.zeros(5), np.zeros(5), np.zeros(3)), "x has 5 samples, sample_weight has 3"),
        (([np.zeros((28, 28))] * 3, [0, 1, 2]), r"np.stack\(x\)"),
        ((np.zeros((0, 2)),), r"x is empty \(shape \(0, 2\)\)"),
        (([], []), "x is empty"),
        ((None,), "x is None"),
        ((NAN,), r"x\[70, 2\] is nan"),
        ((INFINITE,), r"x\[1900000, 1\] is -inf"),
        (([np.zeros(100), NAN],), r"x\[1\]\[70, 2\] is nan"),
        ((np.zeros(100), NAN[:, 2]), r"y\[70\] is nan"),
        ((np.zeros(2), ["cat", "dog"]), "y holds text, such as 'cat'.*LabelEncoder.*pandas.factorize"),
        ((np.zeros(2), np.array(["cat", "dog"], object)), "y holds text"),
        ((np.zeros(2), pd.Series(["cat", "dog"])), "y holds .* values.*factorize"),
        ((pd.DataFrame({"n": [1, 2], "colour": ["r", "g"]}),), r"x\['colour'\] holds"),
        ((pd.DataFrame({"n": pd.array([1, None], "Int64")}),), "missing values|is nan"),
        (([[1, 2], [3]],), r"unequal shapes: x\[0\] is \(2,\), x\[1\] is \(1,\)"),
        ((np.array([np.zeros((2, 2)), np.zeros((3, 2))], object),), r"x\[1\] is \(3, 2\)"),
        ((np.zeros(2, complex),), "complex"),
        ((np.zeros(2, "datetime64[s]"),), "datetime64"),
        ((torch.eye(3).to_sparse(),), "sparse"),
        ((5,), "single number"),
        (({1, 2},), "kind that is not understood, set. Accepted"),
        ((object(),), "kind that is not understood, object"),
        (("images/",), "flow_from_directory"),
        ((np.array([{}, {}]),), "x holds dict objects"),
    ],
)
def test_bad_data_gets_words(arguments, words):
    with pytest.raises(DataError, match=words):
        adapt(*arguments)


def test_the_words_name_the_validation_data():
    with pytest.raises(DataError, match="validation x has 3 samples, validation y has 2"):
        adapt(np.zeros(3), np.zeros(2), name="validation x")


@pytest.mark.parametrize(
    "settings", [{"batch_size": 0}, {"batch_size": -3}, {"batch_size": 2.5}, {"steps": 0}, {"shuffle": "epoch"}]
)
def test_arguments_that_cannot_be_honoured(settings):
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        adapt(np.zeros((4, 1)), **settings)


def test_a_sum_that_overflows_is_not_an_infinite_input():
    adapt(np.full(10, 3e38, np.float32))
    adapt(np.full(10, 60000, np.float16))


@pytest.mark.slow
def test_a_batch_of_128_takes_less_than_60_microseconds():
    for x in (np.ones((60000, 784), np.float32), np.ones((60000, 784), np.uint8)):
        times = []
        for _ in adapt(x, np.zeros(60000), batch_size=128, shuffle=True).batches(0):
            times.append(time.perf_counter())
        assert np.median(np.diff(times)) < 60e-6
