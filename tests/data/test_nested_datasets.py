import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok.data import faces
from anmok.data.dataset import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from anmok.errors import ArgumentError, DataError


def numbers(dataset):
    return [item.tolist() for item in dataset]


def test_flat_map_puts_one_dataset_after_the_other():
    rows = Dataset.from_tensor_slices(np.arange(6).reshape(3, 2))
    flat = rows.flat_map(lambda row: Dataset.from_tensor_slices(row))
    assert numbers(flat) == list(range(6))
    assert int(flat.cardinality()) == UNKNOWN_CARDINALITY
    assert flat.element_spec.shape == ()
    with pytest.raises(ArgumentError, match="expected the function to return a Dataset, got Tensor"):
        numbers(rows.flat_map(lambda row: row))


def test_interleave_has_the_order_of_tensorflows_own_example():
    repeated = Dataset.range(1, 6).interleave(
        lambda x: Dataset.from_tensors(x).repeat(6), cycle_length=2, block_length=4
    )
    assert numbers(repeated) == [
        1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5,
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(0, 4), max_size=6), cycle=st.integers(1, 4), block=st.integers(1, 3))
def test_interleave_loses_nothing_and_keeps_each_datasets_order(lengths, cycle, block):
    made = Dataset.range(len(lengths)).interleave(
        lambda i: Dataset.range(lengths[int(i)]).map(lambda n: (i, n)), cycle_length=cycle, block_length=block
    )
    pairs = [(int(i), int(n)) for i, n in made]
    assert sorted(pairs) == [(i, n) for i, length in enumerate(lengths) for n in range(length)]
    for i, length in enumerate(lengths):
        assert [n for j, n in pairs if i == j] == list(range(length))
    if cycle == 1:
        assert pairs == sorted(pairs)


@settings(max_examples=100, deadline=None)
@given(
    length=st.integers(0, 12), size=st.integers(1, 4), shift=st.integers(1, 6), stride=st.integers(1, 3),
    drop=st.booleans(),
)  # fmt: skip
def test_windows_are_the_slices_of_a_list(length, size, shift, stride, drop):
    items = list(range(length))
    slices = [items[start : start + (size - 1) * stride + 1 : stride] for start in range(0, length, shift)]
    expected = [part for part in slices if len(part) == size or not drop]
    windows = Dataset.range(length).window(size, shift=shift, stride=stride, drop_remainder=drop)
    assert [numbers(window) for window in windows] == expected
    assert len(windows) == len(expected)
    assert numbers(windows.flat_map(lambda window: window.batch(size))) == expected


def test_a_window_of_pairs_is_a_pair_of_datasets():
    pairs = Dataset.from_tensor_slices((np.arange(4), np.arange(4) * 10))
    zipped = pairs.window(2).flat_map(lambda x, y: Dataset.zip((x.batch(2), y.batch(2))))
    assert [(x.tolist(), y.tolist()) for x, y in zipped] == [([0, 1], [0, 10]), ([2, 3], [20, 30])]


def test_padded_batch_fills_up_to_the_longest_or_to_what_is_said():
    growing = Dataset.range(1, 5).map(lambda n: torch.full((int(n),), int(n)))
    assert numbers(growing.padded_batch(2)) == [[[1, 0], [2, 2]], [[3, 3, 3, 0], [4, 4, 4, 4]]]
    assert numbers(growing.take(2).padded_batch(2, padded_shapes=[3], padding_values=-1)) == [[[1, -1, -1], [2, 2, -1]]]
    with pytest.raises(DataError, match="does not fit into"):
        numbers(growing.padded_batch(4, padded_shapes=[3]))
    pair = growing.map(lambda row: (row, row[0]))
    [(rows, first)] = pair.take(2).padded_batch(2, padded_shapes=([None], []), padding_values=(9, 0))
    assert rows.tolist() == [[1, 9], [2, 2]]
    assert first.tolist() == [1, 2]


def test_choices_follow_the_numbers_and_stop_or_pass_over():
    ones, twos = Dataset.range(1, 2), Dataset.range(20, 25)
    choice = Dataset.from_tensor_slices([0, 1, 0, 1, 1])
    assert numbers(Dataset.choose_from_datasets([ones, twos], choice)) == [1, 20]
    assert numbers(Dataset.choose_from_datasets([ones, twos], choice, False)) == [1, 20, 21, 22]


def test_samples_are_drawn_by_their_weights_the_same_for_a_seed():
    zeros, ones = Dataset.from_tensors(0).repeat(), Dataset.from_tensors(1).repeat()
    mixed = Dataset.sample_from_datasets([zeros, ones], [0.25, 0.75], seed=3)
    assert int(mixed.cardinality()) == INFINITE_CARDINALITY
    drawn = [int(n) for n in itertools.islice(mixed, 4000)]
    assert abs(np.mean(drawn) - 0.75) < 0.03  # 4.4 standard errors
    again = Dataset.sample_from_datasets([zeros, ones], [0.25, 0.75], seed=3)
    assert [int(n) for n in itertools.islice(again, 4000)] == drawn
    finite = Dataset.sample_from_datasets([Dataset.range(3), Dataset.range(10, 15)], seed=1)
    assert sorted(numbers(finite)) == [0, 1, 2, 10, 11, 12, 13, 14]


def test_an_announced_length_is_held_to():
    odd = Dataset.range(6).filter(lambda n: n % 2 == 1)
    assert len(odd.assert_cardinality(3)) == 3
    assert numbers(odd.assert_cardinality(3)) == [1, 3, 5]
    with pytest.raises(DataError, match="4 elements were announced, there are 3"):
        numbers(odd.assert_cardinality(4))
    with pytest.raises(DataError, match="2 elements were announced, there are more"):
        numbers(odd.assert_cardinality(2))


def test_take_while_and_the_single_element():
    assert numbers(Dataset.range(9).take_while(lambda n: n * n < 10)) == [0, 1, 2, 3]
    assert Dataset.range(4).batch(9).get_single_element().tolist() == [0, 1, 2, 3]
    with pytest.raises(DataError, match="there are more"):
        Dataset.range(4).get_single_element()


def test_bytes_keep_zeros_at_their_end(tmp_path):
    items = [b"a\0\0", b"", b"\xff\0"]
    files = Dataset.range(3).map(lambda i: items[int(i)])
    assert [list(batch) for batch in files.batch(2)] == [items[:2], items[2:]]
    kept = files.cache(tmp_path / "kept")
    assert list(kept) == items
    assert list(kept) == items


class Shouting(faces.Face):
    """Shows whole numbers as text, and takes text in capitals for numbers."""

    def shown(self, leaf):
        return f"{int(leaf)}" if torch.is_tensor(leaf) else leaf

    def taken(self, value):
        return torch.tensor(int(value.lower(), 16)) if isinstance(value, str) else value


def test_a_face_is_what_persons_see_and_what_fit_does_not():
    before = faces.use(Shouting())
    try:
        dataset = Dataset.range(9, 12).map(lambda text: text + "F")
        assert list(dataset) == [str(0x9F), str(0x10F), str(0x11F)]
        assert [item.tolist() for item in dataset.plain()] == [0x9F, 0x10F, 0x11F]
        assert list(dataset.filter(lambda text: text == str(0x10F))) == [str(0x10F)]
    finally:
        assert isinstance(faces.use(before), Shouting)
    assert numbers(dataset.take(0)) == []
