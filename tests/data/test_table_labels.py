import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder, MultiLabelBinarizer

from anmok.data.table_labels import labels_of, numbers_of, rows_named
from anmok.errors import ArgumentError, DataError


def column(values, dtype=None):
    return {"y": pd.Series(values, dtype=dtype)}


def columns(**named):
    return {name: pd.Series(values) for name, values in named.items()}


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.sampled_from(["cat", "dog", "Cat", "고양이", "10", "9", "a b"]), min_size=1))
@pytest.mark.parametrize("dtype", [object, "str", "category"])
def test_text_is_encoded_as_scikit_learn_does(values, dtype):
    labels, kind, classes, left_out = labels_of(column(values, dtype))
    encoder = LabelEncoder().fit(np.array(values, dtype=object))
    assert kind == "classes" and list(classes) == encoder.classes_.tolist() and not left_out
    assert labels.tolist() == encoder.transform(np.array(values, dtype=object)).tolist() and labels.dtype == np.int64


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(-3, 12), min_size=1), dtype=st.sampled_from(["int64", "int8", "Int64", "category"]))
def test_whole_numbers_keep_their_order(values, dtype):
    labels, kind, classes, _ = labels_of(column(values, dtype))
    encoder = LabelEncoder().fit(values)
    assert kind == "classes" and list(classes) == [str(value) for value in encoder.classes_]
    assert labels.tolist() == encoder.transform(values).tolist()


def test_true_and_false_are_classes():
    labels, _, classes, _ = labels_of(column([True, False, True]))
    assert classes == ("False", "True") and labels.tolist() == [1, 0, 1]


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.lists(st.sampled_from(["red", "blue", "dress", "shoe"]), max_size=4), min_size=1),
    wrap=st.sampled_from([list, tuple, set, "|", ";", " | "]),
)
def test_lists_are_encoded_as_scikit_learn_does(rows, wrap):
    rows = [["hat"], *rows]
    if isinstance(wrap, str):
        found = labels_of(column([wrap.join(row) or "|" for row in rows]), kind="multilabel")
    else:
        found = labels_of({"y": pd.Series([wrap(row) for row in rows], dtype=object)})
    binarizer = MultiLabelBinarizer()
    expected = binarizer.fit_transform(rows)
    labels, kind, classes, left_out = found
    assert kind == "multilabel" and list(classes) == binarizer.classes_.tolist() and not left_out
    assert labels.dtype == np.float32 and np.array_equal(labels, expected)


def test_text_with_separators_is_one_class_unless_said_otherwise():
    assert labels_of(column(["a|b", "c"]))[2] == ("a|b", "c")


def test_a_single_name_among_lists_is_a_list_of_one():
    labels, _, classes, _ = labels_of({"y": pd.Series([["a", "b"], "a"], dtype=object)})
    assert classes == ("a", "b") and labels.tolist() == [[1, 1], [1, 0]]


@pytest.mark.parametrize("values", [[0, 1, 1], [0.0, 1.0, 1.0], [False, True, True], ["0", "1", "1"]])
def test_columns_of_0_and_1(values):
    flags = columns(red=values, dress=[1, 1, 0])
    labels, kind, classes, _ = labels_of(flags)
    assert kind == "multilabel" and classes == ("red", "dress")
    assert labels.dtype == np.float32 and labels.tolist() == [[0, 1], [1, 1], [1, 0]]
    labels, _, classes, _ = labels_of(flags, classes=["dress", "red"])
    assert classes == ("dress", "red") and labels.tolist() == [[1, 0], [1, 1], [0, 1]]
    one = labels_of({"red": flags["red"]}, kind="multilabel") if not isinstance(values[0], str) else None
    assert one is None or (one[0].tolist() == [[0], [1], [1]] and one[2] == ("red",))


def test_columns_of_0_and_1_as_classes():
    labels, kind, classes, _ = labels_of(columns(cat=[0, 1], dog=[1, 0]), kind="classes")
    assert kind == "classes" and classes == ("cat", "dog") and labels.tolist() == [1, 0]
    with pytest.raises(DataError, match=r"rows 1 and 3 of 3 have none or several of cat, dog\. kind='multilabel'"):
        labels_of(columns(cat=[0, 1, 1], dog=[0, 0, 1]), kind="classes")


def test_numbers_to_predict():
    labels, kind, classes, _ = labels_of(column([0.5, 2.0, -1.0]))
    assert kind == "regression" and classes == () and labels.dtype == np.float32 and labels.tolist() == [0.5, 2, -1]
    assert labels_of(column([3, 4]), kind="regression")[0].tolist() == [3, 4]
    pair = labels_of(columns(x=[1.5, 2], y=[3, 4]), kind="regression")[0]
    assert pair.tolist() == [[1.5, 3], [2, 4]]
    assert labels_of({"y": pd.Series([0.5, 1.5], dtype=object)})[1] == "regression"
    assert labels_of(column([3.0, 10.0, 3.0]), kind="classes")[2] == ("3", "10")


def test_given_classes_set_order_and_leave_the_others_out():
    labels, _, classes, left_out = labels_of(column(["cat", "cow", "dog"]), classes=["dog", "cat", "emu"])
    assert classes == ("dog", "cat", "emu") and labels[[0, 2]].tolist() == [1, 0]
    assert left_out == {1: "its label 'cow' is not one of the classes asked for"}
    labels, _, classes, left_out = labels_of(column([3, 5, 7]), classes=[7, 5])
    assert classes == ("7", "5") and labels[1:].tolist() == [1, 0] and list(left_out) == [0]
    labels, _, _, left_out = labels_of({"y": pd.Series([["a", "x"], ["x"], []], dtype=object)}, classes=["a", "b"])
    assert labels.tolist() == [[1, 0], [0, 0], [0, 0]]
    assert left_out == {1: "none of its labels 'x' is one of the classes asked for"}


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("values", [["a", "b"], [1, 2], [0.5, 1.5], [["a"], ["b"]]], ids=str)
def test_empty_cells_are_named(values, missing):
    cells = pd.Series([values[0], missing, values[1], missing], dtype=object)
    with pytest.raises(DataError, match="Column 'y' has no label in rows 2 and 4 of 4"):
        labels_of({"y": cells})


@pytest.mark.parametrize(
    "found, options, message",
    [
        (columns(a=[0, 1], b=[0, 2]), {}, "'b' has 2 in row 2. For numbers to predict say kind='regression'"),
        (columns(a=[0, 1], b=["x", "y"]), {}, "'b' has 'x' in row 1"),
        (columns(a=[0, 1], b=[0, 0.5]), {"kind": "multilabel"}, "hold 0 or 1, but 'b' has 0.5 in row 2"),
        (column(["1", "two", "3"]), {"kind": "regression"}, "should hold numbers; it has 'two' in row 2"),
        (column([1.0, np.inf]), {}, r"has inf in row 2 \(row 2 of 2 hold none\)"),
        ({"y": pd.Series([["a"], ["b"]])}, {"kind": "classes"}, "holds lists of labels; kind='multilabel' reads them"),
        ({"y": pd.Series([[1.0], [2.0]])}, {"kind": "regression"}, r"should hold numbers; it has \[1.0\] in row 1"),
        ({"y": pd.Series([[], []])}, {}, "has no label in any row"),
    ],
)
def test_labels_that_contradict_their_kind_are_named(found, options, message):
    with pytest.raises(DataError, match=message):
        labels_of(found, **options)


def test_wrong_arguments_are_refused():
    with pytest.raises(ArgumentError, match="Did you mean 'multilabel'"):
        labels_of(column(["a"]), kind="multi_label")
    with pytest.raises(ArgumentError, match=r"numbers .* have no classes"):
        labels_of(column([0.5]), classes=["a"])
    with pytest.raises(ArgumentError, match="got one name: 'cat'"):
        labels_of(column(["cat"]), classes="cat")
    with pytest.raises(ArgumentError, match="differ from one another"):
        labels_of(column(["cat"]), classes=["cat", "cat"])
    with pytest.raises(ArgumentError, match=r"the columns are the classes \(a, b\); classes=\['a', 'c'\] are others"):
        labels_of(columns(a=[0, 1], b=[0, 1]), classes=["a", "c"])


def test_rows_are_counted_from_one():
    assert rows_named(np.array([0])) == "row 1" and rows_named(np.array([0, 4])) == "rows 1 and 5"
    assert rows_named(np.arange(1000, 1012)).endswith("1,009, 1,010 and 2 more")
    assert numbers_of("w", pd.Series([1, 2])).dtype == np.float32
