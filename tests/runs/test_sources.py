import numpy as np
import pytest

from anmok.errors import UnknownNameError
from anmok.runs import sources


def test_fashion_mini_has_its_axes_and_classes():
    images = sources.load("fashion_mini")
    assert images.x_train.shape == (10000, 28, 28, 1) and images.x_train.dtype == np.uint8
    assert images.x_test.shape == (2000, 28, 28, 1) and images.shape == (28, 28, 1)
    assert np.bincount(images.y_train).tolist() == [1000] * 10 and images.y_train.dtype == np.int64
    assert np.bincount(images.y_test).tolist() == [200] * 10
    assert images.classes[9] == "Ankle boot"


def test_the_nearest_source_is_offered():
    with pytest.raises(UnknownNameError, match=r"Unknown source 'fashon-mini'\. Did you mean 'fashion-mini'"):
        sources.load("fashon-mini")
