import os

import numpy as np
import pandas as pd
import pytest
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from anmok import files
from anmok.data.tables import column_of, read_csv, read_table
from anmok.errors import ArgumentError, DataError, FileFormatError, MissingFileError

PETS = ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg", "고양이/1.png"]


@pytest.fixture
def top(tmp_path):
    for name in PETS:
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "images"


def read(table, directory=None, labels="label", **options):
    return read_table(table, directory=directory, image_column="file", label_columns=labels, **options)


def frame(**columns):
    return pd.DataFrame({"file": PETS[: len(next(iter(columns.values()), PETS))], **columns})


def test_a_frame_of_classes_is_read_as_keras_reads_it(top):
    table = frame(label=["cat", "cat", "dog", "cat"], weight=[1, 2, 0.5, 3])
    ours = read(table, top, weight_column="weight")
    theirs = ImageDataGenerator().flow_from_dataframe(
        table, str(top), x_col="file", y_col="label", weight_col="weight", class_mode="sparse"
    )
    assert list(ours.names) == theirs.filenames and list(ours.paths) == theirs.filepaths
    assert ours.labels.tolist() == theirs.labels and theirs.class_indices == {"cat": 0, "dog": 1}
    assert ours.classes == ("cat", "dog") and ours.weights.tolist() == theirs.sample_weight.tolist()


def test_lists_and_given_classes_are_read_as_keras_reads_them(top):
    table = frame(label=[["a", "c"], ["b"], ["c"], ["a"]])
    for classes in (None, ["c", "a"]):
        ours = read(table, top, classes=classes)
        theirs = ImageDataGenerator().flow_from_dataframe(
            table, str(top), x_col="file", y_col="label", class_mode="categorical", classes=classes
        )
        assert list(ours.names) == theirs.filenames and list(ours.classes) == list(theirs.class_indices)
        assert [np.flatnonzero(row).tolist() for row in ours.labels] == [sorted(found) for found in theirs.labels]
    assert dict(ours.skipped) == {"cat/2.jpg": "none of its labels 'b' is one of the classes asked for"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_is_read_whoever_saved_it(top, encoding, separator):
    lines = ["file,label", *(f"{name},{name.split('/')[0]}" for name in PETS)]
    path = top.parent / "표.csv"
    path.write_bytes("\r\n".join(lines).replace(",", separator).encode(encoding))
    found = read(path, top)
    assert found.names == tuple(PETS) and found.classes == ("cat", "dog", "고양이")
    assert [os.path.samefile(path, top / name) for path, name in zip(found.paths, PETS, strict=True)] == [True] * 4


def test_what_a_csv_says_stays_what_it_is(top):
    path = top / "t.csv"
    path.write_text(
        "file , code,number,grade,text\ncat/1.jpg,007,7, 1.5,NA\ncat/2.jpg,010,10,2,None\ndog/1.jpg,007,9,3e1, cat \n",
    )
    assert read(path, labels="code").classes == ("007", "010")
    assert read(path, labels="number").classes == ("7", "9", "10")
    assert read(path, labels="text").classes == ("NA", "None", "cat")
    grades = read(path, labels="grade")
    assert grades.kind == "regression" and grades.labels.tolist() == [1.5, 2, 30]
    path.write_text("file,label\ncat/1.jpg,a|b\ncat/2.jpg,|\ndog/1.jpg,b\n")
    assert read(path, kind="multilabel").labels.tolist() == [[1, 1], [0, 0], [0, 1]]
    path.write_text("file,label\ncat/1.jpg,a\ncat/2.jpg,\ndog/1.jpg,  \n")
    with pytest.raises(DataError, match="Column 'label' has no label in rows 2 and 3 of 3"):
        read(path)


def test_files_are_found_under_the_directory_beside_the_csv_or_here(top, monkeypatch, tmp_path):
    (top / "t.csv").write_text("file,label\ncat/1.jpg,a\ndog/1.jpg,b\n")
    (tmp_path / "t.csv").write_text("file,label\ncat/1.jpg,a\ndog/1.jpg,b\n")
    (tmp_path / "empty").mkdir()
    expected = (str(top / "cat/1.jpg"), str(top / "dog/1.jpg"))
    assert read(top / "t.csv").paths == expected
    assert read(tmp_path / "t.csv", top).paths == expected
    assert read(str(tmp_path / "t.csv"), "images").paths == expected  # relative to the CSV
    monkeypatch.chdir(top)
    assert read(tmp_path / "t.csv").paths == expected
    assert read(pd.read_csv("t.csv")).paths == expected
    with pytest.raises(DataError, match=r"None of the 2 files in the table is on disk: .*give directory="):
        read("t.csv", tmp_path / "empty")


def test_paths_of_another_computer_are_found(top):
    rows = ["C:\\Users\\kim\\img\\cat\\1.jpg", "/home/lee/img/dog/1.jpg", "cat\\2", ".\\고양이\\1.png"]
    found = read(pd.DataFrame({"file": rows, "label": list("abcd")}), top)
    assert found.names == tuple(rows)
    assert [os.path.relpath(path, top) for path in found.paths] == [
        os.path.join(*name.split("/")) for name in ("cat/1.jpg", "dog/1.jpg", "cat/2.jpg", "고양이/1.png")
    ]


def test_numbers_may_name_files(top):
    for name in ("3.png", "10.png"):
        (top / name).write_bytes(b"")
    found = read(pd.DataFrame({"file": [10, 3], "label": ["a", "b"]}), top)
    assert found.names == ("10", "3") and found.paths == (str(top / "10.png"), str(top / "3.png"))


def test_labels_of_every_kind(top):
    table = frame(red=[1, 0, 1, 0], dress=[0, 0, 1, 1], age=[1.5, 2, 3, 4])
    many = read(table, top, ["red", "dress"])
    assert many.kind == "multilabel" and many.classes == ("red", "dress") and many.labels.shape == (4, 2)
    one = read(table, top, ["age"])
    assert one.kind == "regression" and one.labels.tolist() == [1.5, 2, 3, 4] and one.classes == ()
    none = read(table, top, None)
    assert none.kind is None and none.labels is None and len(none) == 4
    assert read(table, top, "red").classes == ("0", "1")


def test_missing_files_are_named_or_skipped(top):
    names = ["cat/1.jpg", *(f"gone/{i}.jpg" for i in range(7)), "dog/1.jpg"]
    table = pd.DataFrame({"file": names, "label": [0, 1, 1, 1, 1, 1, 1, 1, 2]}, index=np.arange(9) // 2)
    with pytest.raises(DataError, match=r"7 of the 9 files in the table are not on disk: 'gone/0\.jpg', ") as error:
        read(table, top)
    message = str(error.value)
    assert "'gone/4.jpg', ..." in message and "gone/5" not in message and "missing='skip'" in message
    assert str(top) in message
    found = read(table, top, missing="skip", weight_column="label")
    assert found.names == ("cat/1.jpg", "dog/1.jpg") and found.labels.tolist() == [0, 1]
    assert found.weights.tolist() == [0, 2] and found.classes == ("0", "2")
    assert len(found.skipped) == 7 and found.skipped[0] == ("gone/0.jpg", "there is no such file")
    with pytest.warns(UserWarning, match="7 invalid"):
        theirs = ImageDataGenerator().flow_from_dataframe(
            table.astype({"label": str}), str(top), x_col="file", y_col="label", class_mode="sparse"
        )
    assert theirs.class_indices == {"0": 0, "2": 1} and theirs.labels == [0, 1]
    some = read(table, top, missing="skip", classes=[2])
    assert some.names == ("dog/1.jpg",) and [name for name, _ in some.skipped] == [*names[1:8], "cat/1.jpg"]
    with pytest.raises(DataError, match="None of the 7 files"):
        read(table[1:8], top, missing="skip")
    with pytest.raises(DataError, match=r"No row is left\. The first one, cat/1\.jpg: its label 'a' is not one"):
        read(frame(label=["a"] * 4), top, classes=["b"])


def test_a_missing_column_offers_the_nearest(top):
    table = frame(Label=[1, 2], colour=[1, 2])
    with pytest.raises(
        DataError, match=r"no column 'label'\. Did you mean 'Label'\? Its columns: file, Label, colour\."
    ):
        read(table, top)
    with pytest.raises(DataError, match=r"no column 'image'\."):
        read_table(table, directory=top, image_column="image", label_columns=None)
    with pytest.raises(DataError, match="no column 'wieght'"):
        read(table, top, "Label", weight_column="wieght")
    twice = pd.DataFrame([["cat/1.jpg", 1, 2]], columns=["file", "y", "y"])
    with pytest.raises(DataError, match="2 columns named 'y'"):
        column_of(twice, "y")


@pytest.mark.parametrize(
    "change, options, message",
    [
        ({"file": ["cat/1.jpg", None]}, {}, "Column 'file' names no image in row 2 of 2"),
        ({"file": ["cat/1.jpg", 2.5]}, {}, r"should hold names of files; row 2 has 2\.5"),
        ({"label": ["a", None]}, {}, "Column 'label' has no label in row 2 of 2"),
        ({"w": [1, None]}, {"weight_column": "w"}, r"'w' should hold numbers; it has nan in row 2"),
        ({"w": ["x", "1"]}, {"weight_column": "w"}, r"'w' should hold numbers; it has 'x' in row 1"),
    ],
)
def test_cells_that_cannot_be_read_are_named(top, change, options, message):
    table = pd.DataFrame({"file": ["cat/1.jpg", "cat/2.jpg"], "label": ["a", "b"], **change})
    with pytest.raises(DataError, match=message):
        read(table, top, **options)


def test_wrong_arguments_are_refused(top):
    table = frame(label=[1, 2])
    with pytest.raises(ArgumentError, match="Unknown missing 'ignore'"):
        read(table, top, missing="ignore")
    with pytest.raises(ArgumentError, match="need label_columns"):
        read(table, top, None, kind="classes")
    with pytest.raises(ArgumentError, match="empty list; name a column, or give None"):
        read(table, top, [])
    with pytest.raises(ArgumentError, match="named more than once"):
        read(table, top, ["label", "label"])
    with pytest.raises(ArgumentError, match="Expected a DataFrame or the path of a CSV, got dict"):
        read({"file": []}, top)
    with pytest.raises(DataError, match="no rows below its header"):
        read(table[:0], top)


def test_files_that_are_no_tables_are_refused(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"")
    with pytest.raises(FileFormatError, match=r"table\.csv is not a CSV that can be read: No columns"):
        read_csv(tmp_path / "table.csv")
    (tmp_path / "table.csv").write_bytes(b"a,b\n1,2,3\n1,2,3,4\n")
    with pytest.raises(FileFormatError, match="is not a CSV that can be read: "):
        read_csv(tmp_path / "table.csv")
    (tmp_path / "table.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(FileFormatError, match="UTF-8 or cp949"):
        read_csv(tmp_path / "table.csv")
    with pytest.raises(MissingFileError, match=r"no table 'tabel\.csv' in .*Did you mean 'table\.csv'"):
        read_csv(tmp_path / "tabel.csv")
    with pytest.raises(FileFormatError, match="cannot be read as a CSV"):
        read_csv(tmp_path)


def test_apparel():
    path = files.home() / "datasets" / "apparel" / "apparel.csv"
    if not path.is_file():
        pytest.skip("apparel is not on this computer")
    table = pd.read_csv(path)
    names = list(table.columns[2:])
    found = read_table(path, image_column="image", label_columns=names)
    assert len(found) == 11_385 and found.classes == tuple(names) and found.kind == "multilabel" and not found.skipped
    assert np.array_equal(found.labels, table[names].to_numpy(np.float32))
    assert found.class_counts().tolist() == table[names].sum().tolist()
    # What the folder says, the columns say: black_dress/... is black, and a dress.
    colour, kind = zip(*(name.split("/")[0].split("_") for name in found.names), strict=True)
    assert all(
        found.labels[i, names.index(colour[i])] == 1 == found.labels[i, names.index(kind[i])] for i in range(11_385)
    )
    split = read_table(path, image_column="image", label_columns="split")
    assert split.classes == ("test", "train", "validation")
    as_windows = table.assign(image="D:\\course\\apparel\\" + table["image"].str.replace("/", "\\"))
    moved = read_table(as_windows, directory=path.parent, image_column="image", label_columns=names)
    assert moved.paths == found.paths and np.array_equal(moved.labels, found.labels)
