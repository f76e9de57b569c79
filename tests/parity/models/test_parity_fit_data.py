"""`fit`, `evaluate` and `predict` on every kind of data that Keras takes, and step by step, against Keras."""

import keras
import numpy as np
import pandas as pd
import pytest
import torch
from test_parity_fit import CLASSES, IMAGES, LOSSES, PAIR, TARGET_PAIR, WEIGHTS, X, dense, two_by_two

import anmok
from anmok.errors import DataError


def batches(*arrays, size=10, rounds=1):
    for _ in range(rounds):
        for start in range(0, len(arrays[0]), size):
            yield tuple(array[start : start + size] for array in arrays)


def with_accuracy(k):
    return dense(k, metrics=["acc"])


def test_a_generator_needs_steps(same_fit):
    same_fit(with_accuracy, lambda: batches(X, CLASSES, rounds=9), steps_per_epoch=3, epochs=3)


def test_a_generator_with_weights_and_a_generator_to_validate_on(same_fit):
    same_fit(
        lambda k: dense(k, weighted_metrics=["acc"]),
        lambda: batches(X, CLASSES, WEIGHTS, rounds=9),
        steps_per_epoch=4,
        # The same batch each time: Keras passes over some between validations.
        validation_data=lambda: batches(X[:10], CLASSES[:10], rounds=90),
        validation_steps=2,
    )


def test_a_dataset_of_batches(same_fit):
    def make(library):
        class Batches(library.utils.PyDataset):
            def __len__(self):
                return 5

            def __getitem__(self, index):
                rows = slice(index * 10, index * 10 + 10)
                return X[rows], CLASSES[rows]

        return Batches()

    ours, theirs = same_fit(with_accuracy, lambda: make(keras), validation_data=lambda: make(keras))
    expected = theirs.evaluate(make(keras), verbose=0)
    assert ours.evaluate(make(anmok), verbose=0) == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(ours.predict(make(anmok), verbose=0), theirs.predict(make(keras), verbose=0), atol=1e-4)


def test_a_data_loader(same_fit):
    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(CLASSES))
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    same_fit(with_accuracy, loader, validation_data=loader)


def test_data_frames(same_fit):
    frame, series = pd.DataFrame(X), pd.Series(CLASSES)
    same_fit(with_accuracy, frame, series, batch_size=16, validation_data=(frame[:20], series[:20]))


def test_torch_tensors(same_fit):
    same_fit(with_accuracy, torch.from_numpy(X), torch.from_numpy(CLASSES), batch_size=16, validation_split=0.2)


def test_generators_of_several_inputs(same_fit):
    def pairs():
        for _ in range(6):
            for start in range(0, 40, 10):
                rows = slice(start, start + 10)
                yield {"a": X[rows], "b": IMAGES[rows]}, {"kind": CLASSES[rows], "size": TARGET_PAIR[1][rows]}

    build = lambda k: two_by_two(k, loss=LOSSES, metrics={"kind": "acc"})  # noqa: E731
    same_fit(build, pairs, steps_per_epoch=4)


@pytest.mark.parametrize("return_dict", [False, True])
def test_evaluate_in_lists_and_dicts(twins, return_dict):
    for build, x, y in (
        (dense, X, CLASSES),
        (lambda k: dense(k, metrics=["sparse_categorical_crossentropy", "acc"]), X, CLASSES),
        (lambda k: two_by_two(k, loss=LOSSES), PAIR, TARGET_PAIR),
        (lambda k: two_by_two(k, loss=LOSSES, metrics=[["acc"], ["mse", "mae"]]), PAIR, TARGET_PAIR),
    ):
        ours, theirs = twins(build)
        arguments = {"verbose": 0, "batch_size": 7, "return_dict": return_dict}
        expected, found = theirs.evaluate(x, y, **arguments), ours.evaluate(x, y, **arguments)
        assert found == pytest.approx(expected, abs=1e-4)
        if return_dict:
            assert list(found) == list(expected)


def test_evaluate_with_steps_and_weights(twins):
    ours, theirs = twins(lambda k: dense(k, metrics=["acc"], weighted_metrics=["mae"], loss="categorical_crossentropy"))
    y = np.eye(3, dtype="float32")[CLASSES]
    for more in ({"steps": 2, "batch_size": 10}, {"sample_weight": WEIGHTS}):
        expected = theirs.evaluate(X, y, verbose=0, **more)
        assert ours.evaluate(X, y, verbose=0, **more) == pytest.approx(expected, abs=1e-4)


def test_metrics_names_name_what_evaluate_returns(twins):
    ours, _ = twins(lambda k: dense(k, metrics=["acc", "mae"], loss="categorical_crossentropy"))
    found = ours.evaluate(X, np.eye(3, dtype="float32")[CLASSES], verbose=0)
    assert ours.metrics_names == ["loss", "acc", "mae"]
    as_dict = ours.evaluate(X, np.eye(3, dtype="float32")[CLASSES], verbose=0, return_dict=True)
    assert found == [as_dict[name] for name in ours.metrics_names]


def test_predict(twins):
    ours, theirs = twins(lambda k: two_by_two(k, loss=LOSSES))
    for arguments in ({}, {"batch_size": 7}, {"batch_size": 8, "steps": 2}):
        expected = theirs.predict(PAIR, verbose=0, **arguments)
        found = ours.predict(PAIR, verbose=0, **arguments)
        assert type(found) is type(expected) and len(found) == 2
        for mine, reference in zip(found, expected, strict=True):
            assert mine.dtype == reference.dtype
            np.testing.assert_allclose(mine, reference, atol=1e-5)


def test_one_batch_after_the_other(twins):
    ours, theirs = twins(lambda k: dense(k, metrics=["acc"]))
    for start in range(0, 50, 10):
        rows = slice(start, start + 10)
        expected = theirs.train_on_batch(X[rows], CLASSES[rows])
        assert ours.train_on_batch(X[rows], CLASSES[rows]) == pytest.approx(expected, abs=1e-4)
    for arguments in ({}, {"sample_weight": WEIGHTS[:20]}, {"return_dict": True}):
        expected = theirs.test_on_batch(X[:20], CLASSES[:20], **arguments)
        found = ours.test_on_batch(X[:20], CLASSES[:20], **arguments)
        assert found == pytest.approx(expected, abs=1e-4)
    weighted = {"class_weight": {0: 1.0, 1: 5.0, 2: 0.1}}
    expected = theirs.train_on_batch(X, CLASSES, return_dict=True, **weighted)
    assert ours.train_on_batch(X, CLASSES, return_dict=True, **weighted) == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(ours.predict_on_batch(X[:5]), theirs.predict_on_batch(X[:5]), atol=1e-4)
    ours.test_on_batch(X[:10], CLASSES[:10])
    together = ours.test_on_batch(X[10:30], CLASSES[10:30], reset_metrics=False)
    assert together == pytest.approx(theirs.test_on_batch(X[:30], CLASSES[:30]), abs=1e-4)


def test_a_batch_given_as_a_list_of_lists(twins):
    ours, theirs = twins(dense)
    x, y = X[:4].tolist(), CLASSES[:4].tolist()
    expected = theirs.train_on_batch(np.array(x), np.array(y))
    assert ours.train_on_batch(x, y) == pytest.approx(float(expected), abs=1e-4)


def test_the_names_of_keras_2(twins):
    ours, theirs = twins(with_accuracy)
    with pytest.warns(UserWarning, match="old spelling"):
        history = ours.fit_generator(
            batches(X, CLASSES, rounds=4),
            steps_per_epoch=5,
            epochs=2,
            verbose=0,
            validation_data=batches(X, CLASSES, rounds=4),
            validation_steps=5,
            workers=4,
            max_queue_size=3,
        )
    expected = theirs.fit(X, CLASSES, batch_size=10, shuffle=False, epochs=2, verbose=0, validation_data=(X, CLASSES))
    for name, values in expected.history.items():
        np.testing.assert_allclose(history.history[name], values, atol=1e-4)
    np.testing.assert_allclose(
        ours.evaluate_generator(batches(X, CLASSES), steps=5), theirs.evaluate(X, CLASSES, verbose=0), atol=1e-4
    )
    scores = theirs.predict(X, verbose=0)
    np.testing.assert_allclose(ours.predict_generator(batches(X), steps=5), scores, atol=1e-4)
    np.testing.assert_allclose(ours.predict_proba(X), scores, atol=1e-4)
    np.testing.assert_array_equal(ours.predict_classes(X), scores.argmax(-1))


def test_one_unit_gives_classes_in_a_column(twins):
    ours, theirs = twins(lambda k: dense(k, loss="binary_crossentropy", units=1, activation="sigmoid"))
    np.testing.assert_array_equal(ours.predict_classes(X), (theirs.predict(X, verbose=0) > 0.5).astype("int32"))


def test_data_that_runs_out_is_said(twins):
    ours, _ = twins(dense)
    with pytest.warns(UserWarning, match="ran out of data"):
        ours.fit(batches(X, CLASSES), steps_per_epoch=9, verbose=0)
    with pytest.raises(DataError, match="empty"):
        ours.fit(iter(()), steps_per_epoch=2, verbose=0)


@pytest.mark.parametrize("steps_are_told", [False, True])
def test_a_generator_that_is_used_up_ends_training_and_reports_no_empty_epoch(twins, steps_are_told):
    ours, theirs = twins(dense)
    length = len(list(batches(X, CLASSES)))
    steps = length if steps_are_told else None
    with pytest.warns(UserWarning, match="used up after epoch 1 of 3"):
        history = ours.fit(batches(X, CLASSES), epochs=3, steps_per_epoch=steps, verbose=0).history
    expected = theirs.fit(batches(X, CLASSES), steps_per_epoch=length, epochs=1, verbose=0).history
    for name, values in history.items():
        assert len(values) == 1
        np.testing.assert_allclose(values, expected[name], rtol=1e-4)
