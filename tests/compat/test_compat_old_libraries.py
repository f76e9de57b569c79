"""Words of NumPy, pandas, Pillow ... that their present versions have dropped, understood during a run only."""

import collections
import sys
import time

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from anmok import notices
from anmok.compat.running import old_libraries

pytestmark = pytest.mark.filterwarnings("ignore:.*is an old spelling")


@pytest.fixture
def understood():
    notices.forget()
    with old_libraries.understood():
        yield


def test_numpy(understood):
    assert np.zeros(2, np.int).dtype == np.int64 and np.ones(2, dtype=np.float).dtype == np.float64
    assert np.float_ is np.float64 and np.Inf == np.inf and np.product([2, 3]) == 6
    assert notices.counts["old spelling", "np.int"] == 1
    with pytest.raises(AttributeError):
        _ = np.nothing_of_the_kind


def test_pandas(understood):
    table = pd.DataFrame({"a": [1]}).append({"a": 2}, ignore_index=True)
    assert table.a.tolist() == [1, 2] and table.as_matrix().tolist() == [[1], [2]]
    assert [name for name, _ in table.iteritems()] == ["a"]
    assert table.append(table).index.tolist() == [0, 1, 0, 1]
    assert table.applymap(lambda value: value + 1).a.tolist() == [2, 3]


def test_pillow_and_scipy(understood, tmp_path):
    from scipy.misc import imread, imresize, imsave

    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    imsave(tmp_path / "x.png", picture)
    assert np.array_equal(imread(tmp_path / "x.png"), picture)
    assert imresize(picture, (8, 6)).shape == (8, 6, 3) and imresize(picture, 0.5).shape == (2, 2, 3)
    assert imresize(picture, 50).shape == (2, 2, 3)
    import scipy

    scipy.misc.imsave(tmp_path / "y.png", picture)  # by attribute, without an import of scipy.misc
    assert np.array_equal(scipy.misc.imread(tmp_path / "y.png"), picture) and callable(scipy.ndimage.zoom)
    assert Image.fromarray(picture).resize((2, 2), Image.ANTIALIAS).size == (2, 2)


def test_scikit_learn(understood):
    from sklearn.externals import joblib
    from sklearn.model_selection import KFold

    assert callable(joblib.dump) and callable(joblib.Parallel)
    folds = list(KFold(n_splits=3, random_state=777).split(np.arange(9)))
    assert [list(test) for _, test in folds] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    from sklearn.cross_validation import train_test_split

    assert len(train_test_split(np.arange(4))) == 2


def test_matplotlib_and_the_standard_library(understood):
    import matplotlib
    import matplotlib.pyplot as plt

    with matplotlib.rc_context():
        plt.style.use("seaborn-whitegrid")
    assert plt.cm.get_cmap("viridis")(0.0)[3] == 1
    assert time.clock() > 0
    assert isinstance([], collections.Iterable)


def test_hdf5(understood, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = [1, 2]
        assert file["x"].value.tolist() == [1, 2]


def test_nothing_is_left_behind():
    with old_libraries.understood():
        import scipy.misc  # noqa: F401

        assert np.int is int
    from sklearn.model_selection import KFold

    with pytest.raises(AttributeError):
        _ = np.int
    with pytest.raises(ValueError):
        KFold(3, random_state=1)
    assert not hasattr(time, "clock") and not hasattr(pd.DataFrame, "append")
    assert not hasattr(sys.modules["scipy"], "misc")
    assert "scipy.misc" not in sys.modules and "sklearn.externals.joblib" not in sys.modules
