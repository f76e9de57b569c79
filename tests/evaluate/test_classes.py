import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from anmok.errors import DataError
from anmok.evaluate.classes import class_report, confusion_matrix, worst_mistakes


@settings(max_examples=25, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_confusion_and_report_are_scikit_learns(pairs):
    labels, predicted = np.array(pairs).T
    confusion = confusion_matrix(labels, predicted, classes=4)
    assert np.array_equal(confusion, metrics.confusion_matrix(labels, predicted, labels=range(4)))
    theirs = metrics.precision_recall_fscore_support(labels, predicted, labels=range(4), zero_division=0)
    for ours, expected in zip(class_report(confusion).values(), theirs, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_worst_mistakes_are_the_surest_wrong_ones():
    labels = np.array([0, 1, 2, 0])
    probabilities = np.array([[0.9, 0.1, 0], [0.8, 0.1, 0.1], [0.99, 0, 0.01], [0.3, 0.4, 0.3]])
    assert worst_mistakes(labels, probabilities).tolist() == [2, 1, 3]
    assert worst_mistakes(labels, probabilities, count=1).tolist() == [2]


def test_labels_out_of_range_are_named():
    with pytest.raises(DataError, match=r"Labels must lie in 0\.\.2, found 0\.\.3"):
        confusion_matrix([0, 3], [0, 1], classes=3)
    with pytest.raises(DataError, match="as many predictions as labels"):
        confusion_matrix([0, 1], [0], classes=3)
