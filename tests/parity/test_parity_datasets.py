"""Boston housing in Keras' own order."""

import keras
import numpy as np
import pytest

from anmok import datasets, files

CACHE = files.home() / "datasets" / "boston_housing.npz"


@pytest.mark.skipif(not CACHE.exists(), reason=f"{CACHE} is not in the cache")
@pytest.mark.parametrize("settings", [{}, {"test_split": 0.33}, {"seed": 7}, {"test_split": 0.5, "seed": 0}])
def test_boston_is_split_as_keras_splits_it(monkeypatch, settings):
    module = keras.src.datasets.boston_housing
    monkeypatch.setattr(module, "get_file", lambda *args, **kwargs: str(CACHE))
    for ours, theirs in zip(datasets.boston_housing.load_data(**settings), module.load_data(**settings), strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype


@pytest.mark.parametrize("name", ["mnist", "boston_housing", "cifar10", "cifar100"])
def test_downloads_come_from_where_keras_gets_them(monkeypatch, name):
    asked = {}

    def get_file(fname=None, origin=None, file_hash=None, **_):
        asked.update(origin=origin, file_hash=file_hash)
        raise InterruptedError

    monkeypatch.setattr(getattr(keras.src.datasets, name), "get_file", get_file)
    with pytest.raises(InterruptedError):
        getattr(keras.src.datasets, name).load_data()
    ours = getattr(datasets, name)
    assert asked == {"origin": ours.ORIGIN, "file_hash": ours.SHA256}
