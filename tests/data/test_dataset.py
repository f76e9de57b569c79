import collections
import gc
import itertools
import sys
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import layers, models, notices, random
from anmok.data.dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from anmok.data.elements import TensorSpec
from anmok.errors import AnmokError, ArgumentError, DataError, MissingFileError, ShapeError


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def numbers(dataset):
    return [item.tolist() for item in dataset]


# Against plain lists ------------------------------------------------------------------------------------------------

LISTS = {
    "take": lambda items, n: items[:n],
    "skip": lambda items, n: items[n:],
    "repeat": lambda items, n: items * (n % 3),
    "shard": lambda items, n: items[n % 3 :: 3],
    "map": lambda items, n: [item * 2 + n for item in items],
    "map in threads": lambda items, n: [item * 2 + n for item in items],
    "filter": lambda items, n: [item for item in items if item % 3 != n % 3],
    "concatenate": lambda items, n: items + list(range(n)),
    "cache": lambda items, n: items,
    "prefetch": lambda items, n: items,
    "batch and unbatch": lambda items, n: items,
    "batch, remainder dropped": lambda items, n: items[: len(items) // (n + 1) * (n + 1)],
}
DATASETS = {
    "take": lambda ds, n: ds.take(n),
    "skip": lambda ds, n: ds.skip(n),
    "repeat": lambda ds, n: ds.repeat(n % 3),
    "shard": lambda ds, n: ds.shard(3, n % 3),
    "map": lambda ds, n: ds.map(lambda item: item * 2 + n),
    "map in threads": lambda ds, n: ds.map(lambda item: item * 2 + n, num_parallel_calls=3),
    "filter": lambda ds, n: ds.filter(lambda item: item % 3 != n % 3),
    "concatenate": lambda ds, n: ds.concatenate(Dataset.range(n)),
    "cache": lambda ds, n: ds.cache(),
    "prefetch": lambda ds, n: ds.prefetch(n),
    "batch and unbatch": lambda ds, n: ds.batch(n + 1, num_parallel_calls=2 if n % 2 else None).unbatch(),
    "batch, remainder dropped": lambda ds, n: ds.batch(n + 1, drop_remainder=True).unbatch(),
}


@settings(max_examples=80, deadline=None)
@given(
    length=st.integers(0, 13), steps=st.lists(st.tuples(st.sampled_from(sorted(LISTS)), st.integers(0, 6)), max_size=5)
)
def test_any_chain_gives_what_lists_give(length, steps):
    items, dataset = list(range(length)), Dataset.range(length)
    for step, n in steps:
        items, dataset = LISTS[step](items, n), DATASETS[step](dataset, n)
    assert numbers(dataset) == items
    assert numbers(dataset) == items
    count = int(dataset.cardinality())
    assert count in (len(items), UNKNOWN_CARDINALITY)
    if count == len(items):
        assert len(dataset) == len(items)


@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(0, 40),
    size=st.integers(1, 50),
    passes=st.integers(1, 3),
    rows=st.booleans(),
    seed=st.integers(0, 2**40),
)
def test_shuffle_draws_out_of_its_buffer_and_loses_nothing(length, size, passes, rows, seed):
    source = Dataset.range(length)
    if not rows:
        source = Dataset.from_generator(lambda: iter(range(length)))
    dataset = source.shuffle(size, seed=seed)
    for _ in range(passes):
        order = numbers(dataset)
        assert sorted(order) == list(range(length))
        # Item i enters the buffer when i - size items have left it.
        assert all(place >= item - size + 1 for place, item in enumerate(order))
    assert numbers(source.shuffle(size, seed=seed)) == numbers(Dataset.range(length).shuffle(size, seed=seed))


def test_a_full_shuffle_is_uniform():
    dataset = Dataset.range(4).shuffle(4, seed=5)
    counts = collections.Counter(tuple(numbers(dataset)) for _ in range(2400))
    assert len(counts) == 24
    # Chi-squared with 23 degrees of freedom stays below 49.7 in 999 cases of 1,000.
    assert sum((count - 100) ** 2 / 100 for count in counts.values()) < 49.7


def test_what_leaves_a_small_buffer_is_any_of_it():
    dataset = Dataset.range(9).shuffle(3, seed=2)
    passes = np.array([numbers(dataset) for _ in range(1200)])
    for place in (0, 1):
        # Each of three items is as likely: at the first place of 0, 1, 2; at the second those that stayed, and 3.
        counts = np.bincount(passes[:, place], minlength=9)
        expected = [400, 400, 400] if place == 0 else [800 / 3, 800 / 3, 800 / 3, 400]
        assert ((counts[: len(expected)] - expected) ** 2 / expected).sum() < 16.3
        assert counts[len(expected) :].sum() == 0


def test_shuffling_is_a_function_of_seed_and_epoch():
    def made():
        random.set_seed(3)
        return Dataset.range(50).shuffle(50).map(lambda x: x, num_parallel_calls=4).batch(50).prefetch(2)

    first = [next(iter(made())).tolist()]
    dataset = made()
    passes = [next(itertools.chain(dataset)).tolist() for _ in range(3)]
    assert passes[0] == first[0] and passes[0] != passes[1] != passes[2]
    dataset.set_epoch(1)
    assert numbers(dataset)[0] == passes[1] and numbers(dataset)[0] == passes[2]
    resumed = made()
    resumed.set_epoch(2)
    assert numbers(resumed)[0] == passes[2]
    assert numbers(Dataset.range(50).shuffle(50, seed=1)) != numbers(Dataset.range(50).shuffle(50, seed=2))


def test_shuffle_without_reshuffling_keeps_its_order():
    dataset = Dataset.range(30).shuffle(30, reshuffle_each_iteration=False)
    assert numbers(dataset) == numbers(dataset) != list(range(30))
    assert numbers(dataset.take(20)) + numbers(dataset.skip(20)) == numbers(dataset)


def test_each_repetition_is_shuffled_anew():
    twice = numbers(Dataset.range(30).shuffle(30, seed=1).repeat(2))
    assert sorted(twice[:30]) == sorted(twice[30:]) == list(range(30)) and twice[:30] != twice[30:]


def test_skip_after_a_reshuffling_shuffle_is_warned_of():
    notices.forget()
    with pytest.warns(notices.AnmokWarning, match="Split before shuffle"):
        Dataset.range(9).shuffle(9).batch(2).skip(1)


# Sources ------------------------------------------------------------------------------------------------------------


def test_from_tensor_slices_of_arrays_tuples_and_dicts():
    x, y = np.arange(12, dtype=np.uint8).reshape(4, 3), [0.5, 1, 2, 3]
    (image, label), *_ = Dataset.from_tensor_slices((x, y))
    assert image.dtype == torch.uint8 and image.tolist() == [0, 1, 2]
    assert label.dtype == torch.float32 and label.ndim == 0 and label.numpy() == 0.5
    *_, last = Dataset.from_tensor_slices({"x": x[::-1], "name": ["a", "b", "c", "Ü"]})
    assert last["x"].tolist() == [0, 1, 2] and last["name"] == "Ü"
    batch = next(iter(Dataset.from_tensor_slices({"x": torch.from_numpy(x), "n": list("abcd")}).batch(3)))
    assert batch["x"].tolist() == x[:3].tolist() and batch["n"].tolist() == ["a", "b", "c"]
    big = x.astype(">i4")
    big.setflags(write=False)
    assert numbers(Dataset.from_tensor_slices(big)) == x.tolist()
    with pytest.raises(DataError, match=r"unequal lengths \[4, 3\]"):
        Dataset.from_tensor_slices((x, y[:3]))
    with pytest.raises(ShapeError, match="no rows"):
        Dataset.from_tensor_slices(3)
    assert [item.tolist() for item in Dataset.from_tensors([1, 2])] == [[1, 2]]


def test_elements_may_be_written_to_without_harm():
    x = np.ones((4, 2), np.float32)
    for dataset in (
        Dataset.from_tensor_slices(x),
        Dataset.from_tensor_slices(torch.ones(4, 2)),
        Dataset.from_tensor_slices(x).batch(2),
        Dataset.from_tensor_slices(x).cache(),
        Dataset.from_tensor_slices(x).batch(2).cache(),
        Dataset.from_tensors(x),
    ):
        halved = dataset.map(lambda item: item.div_(2))
        for _ in range(3):
            assert all((item == 0.5).all() for item in halved)
    assert (x == 1).all()


def test_from_generator_begins_anew_and_holds_to_its_signature():
    calls = []

    def pairs(stop):
        calls.append(stop)
        for i in range(stop):
            yield [i, i + 1], i

    signature = (TensorSpec((2,), "float32"), TensorSpec((), torch.int32))
    dataset = Dataset.from_generator(pairs, args=(3,), output_signature=signature)
    for _ in range(2):
        x, y = list(dataset)[-1]
        assert x.dtype == torch.float32 and x.tolist() == [2, 3] and y.dtype == torch.int32 and y == 2
    assert calls == [3, 3]
    assert dataset.element_spec == (TensorSpec((2,), torch.float32), TensorSpec((), torch.int32))
    old = Dataset.from_generator(lambda: pairs(2), (np.float64, "int64"), ((None,), ()))
    assert old.element_spec[0] == TensorSpec((None,), torch.float64) and next(iter(old))[0].dtype == torch.float64
    assert next(iter(Dataset.from_generator(lambda: pairs(2))))[0].tolist() == [0, 1]
    wrong = Dataset.from_generator(lambda: pairs(2), output_signature=(TensorSpec((3,)), TensorSpec(())))
    with pytest.raises(DataError, match=r"element 0 is .*shape \(2,\) where \(3,\) was announced"):
        next(iter(wrong))
    with pytest.raises(TypeError, match="unknown before it is read"):
        len(old)
    with pytest.raises(ArgumentError, match="lambda"):
        Dataset.from_generator(pairs(2))
    with pytest.raises(ArgumentError, match="not both"):
        Dataset.from_generator(lambda: pairs(2), "float32", output_signature=signature)


def test_range_and_list_files(tmp_path):
    assert numbers(Dataset.range(2, 9, 3)) == [2, 5, 8]
    assert next(iter(Dataset.range(3, output_type="float32"))).dtype == torch.float32
    for name in ("나.png", "가.png", "b.jpg", "c.txt"):
        (tmp_path / name).touch()
    files = Dataset.list_files(str(tmp_path / "*.png"), shuffle=False)
    assert list(files) == [str(tmp_path / "가.png"), str(tmp_path / "나.png")]
    both = Dataset.list_files([tmp_path / "*.png", str(tmp_path / "*.jpg")], seed=1)
    assert sorted(both) == sorted(map(str, [*tmp_path.glob("*.png"), *tmp_path.glob("*.jpg")]))
    assert len({tuple(both) for _ in range(20)}) > 1
    with pytest.raises(MissingFileError, match="no file matches"):
        Dataset.list_files(str(tmp_path / "*.gif"))


# What is done with elements -----------------------------------------------------------------------------------------


def test_map_passes_items_and_takes_arrays_numbers_and_lists():
    pairs = Dataset.zip((Dataset.range(3), Dataset.range(10, 13)))
    assert [(a.tolist(), b.tolist()) for a, b in pairs] == [(0, 10), (1, 11), (2, 12)]
    assert numbers(pairs.map(lambda a, b: a + b)) == [10, 12, 14]
    nested = Dataset.zip({"p": pairs, "q": Dataset.range(2)})
    assert numbers(nested.map(lambda d: d["p"][1] - d["q"])) == [10, 10]
    made = next(iter(pairs.map(lambda a, b: (np.float64(a) / 4, [a, b], 1.5, {"k": np.arange(2)[::-1]}))))
    assert made[0].dtype == torch.float64 and made[1].tolist() == [0, 10]
    assert made[2].dtype == torch.float32 and made[3]["k"].tolist() == [1, 0]
    assert [(i.tolist(), (a + b).tolist()) for i, (a, b) in pairs.enumerate(start=5)] == [(5, 10), (6, 12), (7, 14)]
    assert Dataset.range(5).reduce(np.int64(0), lambda total, x: total + x) == 10
    assert pairs.reduce(0, lambda total, pair: total + pair[1]) == 33
    assert list(Dataset.range(3).as_numpy_iterator()) == [0, 1, 2]
    assert numbers(Dataset.range(3).apply(lambda ds: ds.repeat(2))) == [0, 1, 2, 0, 1, 2]
    with pytest.raises(DataError, match="unequal shapes"):
        next(iter(pairs.map(lambda a, b: [np.ones(2), np.ones(3)])))
    with pytest.raises(DataError, match="set objects"):
        next(iter(pairs.map(lambda a, b: {1, 2})))


def test_threads_of_map_work_at_once_and_not_too_far_ahead():
    running, most, started = 0, 0, 0
    lock = threading.Lock()

    def slow(x):
        nonlocal running, most, started
        with lock:
            running, started = running + 1, started + 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return x

    elements = iter(Dataset.range(1000).map(slow, num_parallel_calls=4).prefetch(1))
    assert [next(elements).item() for _ in range(20)] == list(range(20))
    time.sleep(0.1)
    assert most == 4 and started <= 20 + 1 + 8 + 4
    elements.close()


def test_prefetch_works_ahead_by_so_many():
    started = []
    elements = iter(Dataset.range(100).map(lambda x: started.append(x) or x).prefetch(3))
    for wanted in range(3):
        assert next(elements) == wanted
        deadline = time.monotonic() + 5
        while len(started) < wanted + 4 and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.02)
        assert len(started) == wanted + 4
    elements.close()


def test_cache_computes_once_and_a_broken_pass_is_not_kept():
    calls = []
    dataset = Dataset.range(4).map(lambda x: calls.append(1) or x).cache()
    next(iter(dataset))
    assert len(calls) == 1
    assert numbers(dataset) == numbers(dataset) == [0, 1, 2, 3]
    assert len(calls) == 5
    frozen = Dataset.range(20).shuffle(20, seed=1).cache()
    frozen.set_epoch(4)
    assert numbers(frozen) == numbers(frozen) == numbers(Dataset.range(20).shuffle(20, seed=1))


def test_cache_in_a_file_gives_every_kind_back_and_no_half_pass(tmp_path):
    calls = []

    def made(x):
        calls.append(1)
        return {"x": x * torch.ones(2, 3), "half": x.to(torch.bfloat16), "name": f"강{x}", "none": None, "n": x > 1}

    path = tmp_path / "new" / "elements"
    dataset = Dataset.range(4).map(made).cache(path)
    next(iter(dataset))
    gc.collect()
    assert list(path.parent.iterdir()) == []
    first = list(dataset)
    assert len(calls) == 5 and list(path.parent.iterdir()) == [path]
    for _ in range(2):
        for before, after in zip(first, dataset, strict=True):
            assert before.keys() == after.keys() and after["name"] == before["name"] and after["none"] is None
            for key in ("x", "half", "n"):
                assert torch.equal(before[key], after[key]) and before[key].dtype == after[key].dtype
    assert len(calls) == 5 and len(dataset) == 4
    other = Dataset.range(2).cache(str(path))
    assert numbers(other) == numbers(other) == [0, 1]
    with pytest.raises(DataError, match=r"no longer the file.*name of its own"):
        list(dataset)
    text = Dataset.from_tensor_slices(["a", "bc"]).batch(2).cache(tmp_path / "text")
    assert [item.tolist() for item in text] == [item.tolist() for item in text] == [["a", "bc"]]
    with pytest.raises(ArgumentError, match="name of a file"):
        dataset.cache(3)


def test_batches_of_unequal_shapes_are_refused_in_words():
    dataset = Dataset.from_generator(lambda: (np.ones((2 + i, 3)) for i in range(2))).batch(2)
    with pytest.raises(ShapeError, match=r"shape \(2, 3\) in one element and \(3, 3\) in another.*resize"):
        list(dataset)
    with pytest.raises(ShapeError, match="unbatch"):
        list(Dataset.range(2).unbatch())


@pytest.mark.parametrize("threads", [None, 3])
@pytest.mark.parametrize("ahead", [0, 2])
def test_an_error_in_map_keeps_its_kind_and_names_the_element(threads, ahead):
    class Odd(Exception):
        def __str__(self):
            return "odd"

    def fail(x):
        if x == 5:
            raise ZeroDivisionError("by nothing")
        return x

    seen = []
    with pytest.raises(ZeroDivisionError, match=r"by nothing \[map: element 5, in fail\]"):
        for x in Dataset.range(9).map(fail, num_parallel_calls=threads).prefetch(ahead):
            seen.append(int(x))
    assert seen == [0, 1, 2, 3, 4]
    # The traceback, which pytest and notebooks keep, holds the loop; its threads have gone all the same.
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("anmok")]

    def odd(x):
        raise Odd(1, 2)

    with pytest.raises(Odd) as caught:
        list(Dataset.range(2).map(odd, num_parallel_calls=threads).prefetch(ahead))
    if sys.version_info >= (3, 11):
        assert "element 0" in caught.value.__notes__[0]

    def stop(x):
        raise StopIteration

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(Dataset.range(2).map(stop, num_parallel_calls=threads).prefetch(ahead))


def busy():
    return [thread for thread in threading.enumerate() if thread.name.startswith("anmok")]


def test_what_is_left_early_leaves_no_thread():
    dataset = Dataset.range(10**6).shuffle(10).map(lambda x: x, num_parallel_calls=3).batch(2).prefetch(2)
    elements = iter(dataset)
    next(elements)
    assert busy()
    elements.close()
    assert not busy() and list(elements) == []
    for _ in dataset:
        break
    gc.collect()
    assert not busy()
    assert len(list(dataset.take(3))) == 3 and not busy()
    paired = iter(Dataset.zip(dataset, dataset))
    next(paired)
    paired.close()
    assert not busy()


def test_threads_of_a_pass_that_somebody_holds_end_by_themselves():
    held = iter(Dataset.range(100).map(lambda x: x, num_parallel_calls=2).prefetch(2))
    next(held)
    deadline = time.monotonic() + 10
    while busy() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not busy()
    assert numbers(held) == list(range(1, 100))


def test_an_interrupt_leaves_no_thread():
    def interrupt(x):
        if x == 3:
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        list(Dataset.range(9).map(interrupt, num_parallel_calls=2).prefetch(1))
    assert not busy()
    with pytest.raises(KeyboardInterrupt):
        for x in Dataset.range(9).map(lambda x: x, num_parallel_calls=2).prefetch(1):
            interrupt(x)
    gc.collect()
    assert not busy()


def test_layers_in_map_draw_the_same_whatever_the_threads():
    noise = layers.GaussianNoise(1.0)

    def drawn(number, x):
        # The later ones draw first.
        time.sleep(0.004 * (3 - int(number) % 4))
        return noise(x, training=True)

    def passes(threads):
        random.set_seed(1)
        dataset = Dataset.from_tensor_slices(np.zeros((12, 5), np.float32)).enumerate()
        dataset = dataset.map(drawn, num_parallel_calls=threads).batch(12)
        return [next(iter(dataset)).numpy() for _ in range(2)]

    alone = passes(None)
    assert np.array_equal(alone, passes(4))
    assert not np.array_equal(alone[0], alone[1]) and len(np.unique(alone[0])) == 60


# What can be asked --------------------------------------------------------------------------------------------------


def test_lengths_and_specs():
    dataset = Dataset.from_tensor_slices((np.zeros((10, 4, 4, 3), np.uint8), np.zeros(10)))
    batched = dataset.map(lambda x, y: (x / 255, y)).batch(4)
    assert len(batched) == 3 and len(dataset.batch(4, drop_remainder=True)) == 2
    assert batched.element_spec == (
        TensorSpec((None, 4, 4, 3), torch.float32),
        TensorSpec((None,), torch.float64),
    )
    after = batched.map(lambda x, y: x.mean((1, 2)))
    assert after.element_spec == TensorSpec((None, 3), torch.float32)
    assert after.unbatch().element_spec == TensorSpec((3,), torch.float32)
    assert dataset.batch(2, drop_remainder=True).element_spec[0].shape == (2, 4, 4, 3)
    assert dataset.repeat().cardinality() == INFINITE_CARDINALITY
    assert dataset.cardinality().numpy() == 10 and len(dataset.take(dataset.cardinality() // 3)) == 3
    assert len(dataset.repeat().take(7)) == 7 and len(Dataset.zip(dataset.repeat(), dataset.take(2))) == 2
    with pytest.raises(TypeError, match="no end"):
        len(dataset.repeat())
    assert bool(dataset.repeat()) and "without end" in repr(dataset.repeat())
    with pytest.raises(DataError, match="no end"):
        dataset.repeat().reduce(0, lambda n, *_: n)


def test_names_of_classes_and_files_go_along():
    dataset = Dataset.range(6)
    with pytest.raises(AttributeError, match="image_dataset_from_directory"):
        dataset.class_names  # noqa: B018
    assert not hasattr(dataset, "file_paths") and not hasattr(dataset, "shape")
    dataset.class_names, dataset.file_paths = ["a", "b"], list("abcdef")
    after = dataset.shuffle(6).map(lambda x: x).batch(2).cache().prefetch(AUTOTUNE).repeat(2)
    assert after.class_names == ["a", "b"] and after.file_paths == list("abcdef")
    part = dataset.take(3)
    assert part.class_names == ["a", "b"] and not hasattr(part, "file_paths")
    assert len(dataset.concatenate(dataset).file_paths) == 12


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda ds: ds.batch(0), "batch_size to be a whole number of 1 or more, got 0"),
        (lambda ds: ds.batch(2.5), "batch_size"),
        (lambda ds: ds.shuffle(0), "buffer_size"),
        (lambda ds: ds.prefetch(-3), "buffer_size"),
        (lambda ds: ds.take(-2), "count"),
        (lambda ds: ds.repeat("2"), "count"),
        (lambda ds: ds.shard(2, 2), "below num_shards=2, got 2"),
        (lambda ds: ds.map(3), "expected a function, got int"),
        (lambda ds: ds.map(abs, num_parallel_calls=0), "num_parallel_calls"),
        (lambda ds: ds.concatenate([1]), "expected a Dataset, got list"),
        (lambda ds: Dataset.zip(ds, [1]), "expected Datasets, got list"),
        (lambda ds: ds.apply(lambda _: 1), "return a Dataset, got int"),
        (lambda ds: Dataset.range(), "got 0 numbers"),
        (lambda ds: Dataset.range(3, output_type="no"), "number format"),
    ],
)
def test_wrong_arguments_are_refused_in_words(call, words):
    with pytest.raises(AnmokError, match=words):
        call(Dataset.range(4))


# Training -----------------------------------------------------------------------------------------------------------


def model():
    net = models.Sequential([layers.Input((3,)), layers.Dense(2, activation="softmax")])
    net.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def test_training_on_a_dataset_is_training_on_its_arrays():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)).astype(np.float32), rng.integers(0, 2, 20)
    random.set_seed(1)
    net = model()
    start = net.get_weights()
    dataset = Dataset.from_tensor_slices((x, y)).batch(6).prefetch(AUTOTUNE)
    losses = net.fit(dataset, validation_data=dataset, epochs=2, verbose=0).history
    measured, outputs = net.evaluate(dataset, verbose=0), net.predict(dataset, verbose=0)
    net.set_weights(start)
    theirs = net.fit(x, y, batch_size=6, shuffle=False, validation_data=(x, y), epochs=2, verbose=0).history
    assert np.allclose(losses["loss"], theirs["loss"], atol=1e-6)
    assert np.allclose(losses["val_accuracy"], theirs["val_accuracy"])
    assert np.allclose(measured, net.evaluate(x, y, batch_size=6, verbose=0), atol=1e-6)
    assert np.allclose(outputs, net.predict(x, verbose=0), atol=1e-6)
    net.fit(dataset.repeat(), steps_per_epoch=5, epochs=2, verbose=0)
    net.evaluate(dataset, steps=2, verbose=0)
    net.predict(dataset.map(lambda x, y: x), steps=1, verbose=0)
    assert not busy()


def test_training_on_what_has_no_end_needs_steps():
    endless = Dataset.from_tensor_slices((np.zeros((4, 3)), np.zeros(4, int))).batch(2).repeat()
    for call in (model().fit, model().evaluate, model().predict):
        with pytest.raises(DataError, match=r"without end.*steps_per_epoch"):
            call(endless, verbose=0)


def test_a_resumed_training_sees_the_order_of_the_whole_one():
    seen = []
    x = np.arange(30, dtype=np.float32).reshape(10, 3)

    def note(x, y):
        seen.append(x[:, 0].tolist())
        return x, y

    def trained(**settings):
        random.set_seed(5)
        dataset = Dataset.from_tensor_slices((x, np.zeros(10, int))).shuffle(10).batch(4).map(note)
        seen.clear()
        model().fit(dataset, verbose=0, **settings)
        return list(seen)

    whole = trained(epochs=3)
    assert len(whole) == 9 and whole[:3] != whole[3:6]
    assert trained(epochs=3, initial_epoch=1) == whole[3:]
