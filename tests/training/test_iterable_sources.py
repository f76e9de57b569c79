"""Generators, PyDatasets, DataLoaders, Datasets and other iterables to batches."""

import itertools
import threading
import time

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, DistributedSampler, IterableDataset, TensorDataset

from anmok import notices, random
from anmok.errors import ArgumentError, DataError
from anmok.notices import AnmokWarning
from anmok.training.adapters import adapt
from anmok.training.iterables import pack_x_y_sample_weight, unpack_x_y_sample_weight
from anmok.training.sequence import PyDataset, Sequence


def numbers(source, epoch=0, start=0):
    """The first input of each batch of an epoch."""
    return [int(x.flatten()[0]) for x, _, _ in source.batches(epoch, start)]


def batch(i, size=2):
    return np.full((size, 3), i, np.float64), np.full(size, i)


def counting(stop=None):
    for i in itertools.count() if stop is None else range(stop):
        yield batch(i)


class Counting(PyDataset):
    def __init__(self, length, **settings):
        super().__init__(**settings)
        self.length, self.log, self.threads = length, [], set()

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        self.threads.add(threading.current_thread().name)
        time.sleep(0.003 * ((index * 7) % 3))
        return batch(index)

    def on_epoch_begin(self):
        self.log.append("begin")

    def on_epoch_end(self):
        self.log.append("end")


# ---- what a batch may be


@pytest.mark.parametrize(
    "given, present",
    [
        (np.zeros((2, 1)), 1),
        ((np.zeros((2, 1)),), 1),
        ((np.zeros((2, 1)), np.zeros(2)), 2),
        ([np.zeros((2, 1)), np.zeros(2)], 2),
        ((np.zeros((2, 1)), [0, 1], np.ones(2)), 3),
        (({"a": np.zeros(2), "b": torch.ones(2)}, np.zeros(2)), 2),
    ],
)
def test_every_form_of_a_batch(given, present):
    ((x, y, weight),) = adapt(iter([given])).batches(0)
    assert [part is not None for part in (x, y, weight)] == [k < present for k in range(3)]
    assert (x["b"] if isinstance(x, dict) else x).dtype == torch.float32
    if present == 3:
        assert (y.dtype, weight.dtype) == (torch.int64, torch.float32)
    assert next(adapt(iter([given]), labelled=False).batches(0))[1:] == (None, None)


def test_batches_that_are_none_of_these_are_named():
    for wrong, words in (
        ((1, 2, 3, 4), "tuple of 4"),
        ((np.zeros(3), np.zeros(2)), "a batch's x has 3 samples, a batch's y has 2"),
        ((np.zeros(2), ["a", "b"]), "a batch's y holds text"),
        ((np.array([0, np.nan]), np.zeros(2)), r"batch 1's x\[1\] is nan"),
    ):
        with pytest.raises(DataError, match=words):
            list(adapt(iter([wrong])).batches(0))


def test_pack_and_unpack_are_inverse():
    for parts in ((1, None, None), (1, 2, None), (1, 2, 3), ((1, 2), None, None)):
        assert unpack_x_y_sample_weight(pack_x_y_sample_weight(*parts)) == parts
    assert pack_x_y_sample_weight(1) == 1


# ---- generators


def test_a_generator_goes_on_from_epoch_to_epoch():
    source = adapt(counting(), steps=3)
    assert source.num_batches == 3 and source.num_samples is None
    assert [numbers(source, e) for e in range(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_a_generator_is_not_read_ahead():
    generator = counting()
    source = adapt(generator, steps=3)
    numbers(source)
    assert int(next(generator)[1][0]) == 3


def test_a_generator_that_ends_early_says_so():
    source = adapt(counting(4), steps=3)
    assert numbers(source) == [0, 1, 2]
    with pytest.warns(AnmokWarning, match="1 of the 3 batches"):
        assert numbers(source, 1) == [3]
    assert source.ran_out
    with pytest.warns(AnmokWarning, match="0 of the 3"):
        assert numbers(source, 2) == []


def test_without_steps_a_generator_runs_until_it_ends():
    source = adapt(counting(4))
    assert source.num_batches is None
    assert numbers(source, start=1) == [1, 2, 3]
    assert source.num_batches == 4
    with pytest.warns(AnmokWarning, match="ran out"):
        assert numbers(source, 1) == []
    with pytest.raises(DataError, match="used up"):
        numbers(source, 0)
    with pytest.raises(DataError, match="is empty"):
        numbers(adapt(iter([])))


def test_what_a_generator_brings_itself_is_not_given_beside_it():
    for arguments, settings, error, words in (
        ((counting(), np.zeros(3)), {}, DataError, "y was given together with a generator"),
        ((Counting(3), None, np.zeros(3)), {}, DataError, "sample_weight was given.*Counting"),
        ((counting(),), {"batch_size": 8}, ArgumentError, "batch_size=8 was given together with a generator"),
        ((counting(),), {"steps": -1}, ArgumentError, "steps"),
    ):
        with pytest.raises(error, match=words):
            adapt(*arguments, **settings)


def test_class_weights_work_on_generators_too():
    source = adapt(counting(), steps=3, class_weight={0: 1.0, 1: 10.0, 2: 100.0})
    assert [w.tolist() for _, _, w in source.batches(0)] == [[1, 1], [10, 10], [100, 100]]
    with pytest.raises(DataError, match="no weight for class 3"):
        list(source.batches(1))


# ---- PyDataset


def test_a_pydataset_gives_all_its_batches_and_hears_of_epochs():
    dataset = Counting(4)
    source = adapt(dataset)
    assert source.num_batches == 4
    assert [numbers(source, e) for e in range(2)] == [[0, 1, 2, 3]] * 2
    assert dataset.log == ["begin", "end"] * 2
    assert numbers(source, 0, start=2) == [2, 3]
    assert Sequence is PyDataset


@pytest.mark.parametrize("settings", [{"workers": 3}, {"workers": 1, "use_multiprocessing": True, "max_queue_size": 2}])
def test_threads_keep_the_order(settings):
    notices.forget()
    dataset = Counting(20, **settings)
    if "use_multiprocessing" in settings:
        with pytest.warns(AnmokWarning, match="honoured with threads"):
            assert numbers(adapt(dataset)) == list(range(20))
    assert numbers(adapt(dataset)) == list(range(20))
    assert all(name.startswith("anmok-batches") for name in dataset.threads)
    assert len(dataset.threads) >= 1 and dataset.log[-1] == "end"
    assert not [t for t in threading.enumerate() if t.name.startswith("anmok-batches")]


def test_threads_are_only_so_far_ahead_and_stop_when_left():
    class Watched(Counting):
        made = 0

        def __getitem__(self, index):
            self.made += 1
            return batch(index)

    dataset = Watched(1000, workers=2, max_queue_size=4)
    batches = adapt(dataset).batches(0)
    for _ in range(5):
        next(batches)
        time.sleep(0.01)
        assert dataset.made <= 5 + 4
    batches.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("anmok-batches")]
    assert dataset.log == ["begin"]


@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_in_a_batch_comes_through(workers):
    class Broken(Counting):
        def __getitem__(self, index):
            if index == 3:
                raise OSError("picture 3 is torn")
            return batch(index)

    with pytest.raises(OSError, match="picture 3 is torn"):
        numbers(adapt(Broken(9, workers=workers)))


def test_shuffling_a_pydataset_shuffles_its_batches():
    random.set_seed(5)
    epochs = [numbers(adapt(Counting(9), shuffle=True), e) for e in range(3)]
    assert all(sorted(e) == list(range(9)) for e in epochs) and epochs[0] != epochs[1]
    assert epochs[1] == numbers(adapt(Counting(9, workers=2), shuffle=True), 1)
    assert epochs[1][4:] == numbers(adapt(Counting(9), shuffle=True), 1, start=4)


def test_steps_over_a_pydataset():
    dataset = Counting(6)
    source = adapt(dataset, steps=3)
    assert [numbers(source, e) for e in range(3)] == [[0, 1, 2], [3, 4, 5], [0, 1, 2]]
    assert dataset.log == ["begin", "end"] * 3
    with pytest.warns(AnmokWarning, match="6 of the 8"):
        numbers(adapt(dataset, steps=8))


def test_a_pydataset_without_end_needs_steps():
    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return batch(index)

    with pytest.raises(DataError, match="steps_per_epoch"):
        adapt(Endless())
    source = adapt(Endless(workers=2), steps=3)
    assert [numbers(source, e) for e in range(2)] == [[0, 1, 2], [3, 4, 5]]
    assert [int(x[0, 0]) for x, _ in itertools.islice(Endless(), 3)] == [0, 1, 2]
    with pytest.raises(DataError, match="Counting has 0 batches"):
        adapt(Counting(0))


def test_anything_with_length_and_items_is_a_sequence_of_batches():
    class Own:  # neither a PyDataset, nor with super().__init__()
        epochs = ()

        def __len__(self):
            return 3

        def __getitem__(self, index):
            return list(batch(index))

        def __next__(self):
            raise AssertionError("taken for a generator")

        def set_epoch(self, epoch):
            self.epochs += (epoch,)

    own = Own()
    assert numbers(adapt(own), 5) == [0, 1, 2] and own.epochs == (5,)


# ---- torch


def test_a_dataloader_is_iterated_anew_each_epoch():
    data = TensorDataset(torch.arange(10.0)[:, None], torch.arange(10))
    loader = DataLoader(data, batch_size=4)
    source = adapt(loader)
    assert source.num_batches == 3
    for epoch in range(2):
        assert [y.tolist() for _, y, _ in source.batches(epoch)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    source = adapt(loader, steps=2)
    assert numbers(source) == [0, 4]
    with pytest.warns(AnmokWarning, match="1 of the 2"):
        assert numbers(source, 1) == [8]
    assert numbers(source, 2) == [0, 4]
    exact = adapt(DataLoader(data, batch_size=5), steps=1)
    assert [numbers(exact, e) for e in range(4)] == [[0], [5], [0], [5]]


def test_a_samplers_epoch_is_set():
    data = TensorDataset(torch.arange(8.0))
    sampler = DistributedSampler(data, num_replicas=1, rank=0, seed=1)
    source = adapt(DataLoader(data, sampler=sampler))
    epochs = [numbers(source, e) for e in (0, 1, 0)]
    assert epochs[0] == epochs[2] != epochs[1]


class Squares(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        return {"n": torch.tensor([float(index)])}, index * index


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_dataset_of_samples_is_collected(shuffle):
    source = adapt(Squares(), batch_size=4, shuffle=shuffle)
    assert (source.num_batches, source.num_samples, source.batch_size) == (3, 10, 4)
    batches = list(source.batches(0))
    assert [len(y) for _, y, _ in batches] == [4, 4, 2]
    n = torch.cat([x["n"][:, 0] for x, _, _ in batches])
    torch.testing.assert_close(torch.cat([y for _, y, _ in batches]), (n * n).long())
    expected = random.generator("shuffle", 0).permutation(10).tolist() if shuffle else list(range(10))
    assert n.tolist() == expected


def test_an_iterable_dataset_is_batched():
    class Stream(IterableDataset):
        def __iter__(self):
            return iter((torch.tensor([float(i)]), i) for i in range(5))

    source = adapt(Stream(), batch_size=2)
    assert [y.tolist() for _, y, _ in source.batches(0)] == [[0, 1], [2, 3], [4]]
    assert source.num_batches == 3


# ---- other iterables


def test_any_iterable_of_batches_is_iterated_anew_each_epoch():
    class Stream:
        def __iter__(self):
            return counting(3)

    for iterable in (Stream(), [batch(i) for i in range(3)], dict.fromkeys(()) or Stream()):
        source = adapt(iterable)
        assert [numbers(source, e) for e in range(2)] == [[0, 1, 2]] * 2
        assert source.num_batches == 3 and not source.ran_out
    steps = adapt(Stream(), steps=3)
    assert [numbers(steps, e) for e in range(2)] == [[0, 1, 2]] * 2
    with pytest.raises(DataError, match="gave no batch"):
        numbers(adapt(DataLoader([])))
