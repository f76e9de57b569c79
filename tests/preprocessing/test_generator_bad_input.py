"""What a beginner gets wrong with ImageDataGenerator, and what is said."""

import cv2
import numpy as np
import pandas as pd
import pytest

from anmok.errors import AnmokError
from anmok.notices import AnmokWarning, forget
from anmok.preprocessing.image import ImageDataGenerator

X = np.zeros((4, 8, 8, 3), np.uint8)


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.zeros((5, 5, 3), np.uint8))[1].tobytes())


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b", "c"):
        write(tmp_path / "pictures" / name / "1.png")
    return tmp_path / "pictures"


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"rotation_range": -5}, r"rotation_range: expected 0 or more, got -5"),
        ({"rotation_range": "40"}, r"rotation_range: expected a number, got '40'"),
        ({"width_shift_range": -0.2}, r"width_shift_range: expected 0 or more"),
        ({"height_shift_range": "a lot"}, r"height_shift_range: expected a fraction"),
        ({"shear_range": float("nan")}, r"shear_range: expected a number"),
        ({"zoom_range": 1.0}, r"zoom_range=1.0 would zoom by factors from 0 to 2"),
        ({"zoom_range": (0.5, 1, 2)}, r"zoom_range: expected a pair"),
        ({"zoom_range": (1.5, 0.5)}, r"zoom_range: expected the lower number first"),
        ({"zoom_range": (0, 1)}, r"zoom_range: factors must be above 0"),
        ({"brightness_range": 0.5}, r"brightness_range: expected a pair"),
        ({"brightness_range": (-1, 1)}, r"brightness_range: expected 0 or more, got -1"),
        ({"channel_shift_range": -1}, r"channel_shift_range: expected 0 or more"),
        ({"fill_mode": "mirror"}, r"Unknown fill_mode 'mirror'.*Known: constant, nearest, reflect, wrap"),
        ({"data_format": "channel_last"}, r"Unknown data_format 'channel_last'\. Did you mean 'channels_last'"),
        ({"interpolation_order": 9}, r"interpolation_order: expected 0"),
        ({"validation_split": 20}, r"validation_split: expected a fraction from 0 to below 1, got 20"),
        ({"preprocessing_function": 3}, r"preprocessing_function: expected a function of one image"),
        ({"rescale": "1/255"}, r"rescale: expected a number, got '1/255'"),
        ({"augment": [3]}, r"Compose"),
    ],
)
def test_arguments_of_the_generator(arguments, words):
    with pytest.raises(AnmokError, match=words):
        ImageDataGenerator(**arguments)


@pytest.mark.parametrize(
    "x, y, arguments, words",
    [
        (X[..., 0], None, {}, r"expected images \(N, H, W, C\), of four axes, got \(4, 8, 8\).*images\[\.\.\., None\]"),
        (X[0, 0], None, {}, r"of four axes, got \(8, 3\)"),
        (X[:0], None, {}, r"there is no image in x"),
        ([np.zeros((3, 3, 1)), np.zeros((4, 3, 1))], None, {}, r"images of different sizes cannot be one"),
        (X.astype(str), None, {}, r"expected x to be one array of numbers"),
        (X, [1, 2, 3], {}, r"x has 4 images, y has shape \(3,\)"),
        (X, [1, 2, 3, 4], {"sample_weight": [1]}, r"x has 4 images, sample_weight has shape \(1,\)"),
        (X, None, {"batch_size": 0}, r"batch_size: expected a whole number of 1 or more, got 0"),
        (X, None, {"seed": -1}, r"seed: expected a whole number of 0 or more"),
        (X, None, {"subset": "validation"}, r"subset='validation' needs to know.*validation_split=0\.2"),
        (X, None, {"subset": "test"}, r"subset: expected 'training', 'validation' or None"),
        (X, None, {"worker": 2}, r"Unknown argument of flow 'worker'\. Did you mean 'workers'"),
    ],
)
def test_arguments_of_flow(x, y, arguments, words):
    with pytest.raises(AnmokError, match=words):
        ImageDataGenerator().flow(x, y, **arguments)


def test_parts_without_the_same_classes():
    generator = ImageDataGenerator(validation_split=0.5)
    with pytest.raises(AnmokError, match=r"the first 2 samples hold the classes 0, the others 1.*shuffle x and y"):
        generator.flow(X, [0, 0, 1, 1], subset="training")
    assert generator.flow(X, [0, 0, 1, 1], subset="training", ignore_class_split=True).n == 2
    with pytest.raises(AnmokError, match=r"leaves none for it"):
        ImageDataGenerator(validation_split=0.1).flow(X, subset="validation")


def test_channels_in_the_wrong_place_are_remarked():
    forget()
    with pytest.warns(AnmokWarning, match=r"has 8 channels in the format 'channels_last'.*'channels_first'"):
        ImageDataGenerator().flow(np.moveaxis(X, -1, 1))


@pytest.mark.parametrize("step", ["featurewise_center", "featurewise_std_normalization", "zca_whitening"])
def test_statistics_asked_for_and_never_found(step):
    flow = ImageDataGenerator(**{step: True}).flow(X)
    with pytest.raises(AnmokError, match=r"=True needs the training images' statistics.*Call fit\(x_train\)"):
        next(flow)


def test_fit_on_something_else():
    generator = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    with pytest.raises(AnmokError, match=r"fit: expected images \(N, H, W, C\), got \(4, 8, 8\)"):
        generator.fit(X[..., 0])
    with pytest.raises(AnmokError, match="NaN"):
        generator.fit(np.full((2, 3, 3, 1), np.nan))
    generator.fit(np.random.default_rng(0).random((5, 3, 3, 1)))
    with pytest.raises(AnmokError, match=r"fit saw images of 9 numbers, these have 16"):
        next(generator.flow(np.zeros((2, 4, 4, 1))))


def test_one_image_instead_of_several():
    generator = ImageDataGenerator(rotation_range=3)
    with pytest.raises(AnmokError, match=r"Expected one image \(H, W, C\), got \(4, 8, 8, 3\)"):
        generator.random_transform(X)
    with pytest.raises(AnmokError, match=r"Unknown key of a transform 'angle'"):
        generator.apply_transform(X[0], {"angle": 3})


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            {"target_size": (0, 150)},
            r"target_size: expected \(height, width\) of 1 or more pixels each, got \(0, 150\)",
        ),
        ({"target_size": 150}, r"target_size: expected \(height, width\)"),
        ({"class_mode": "binary"}, r"class_mode='binary' is for two classes; there are 3: 'a', 'b', 'c'.*'sparse'"),
        ({"class_mode": "categorial"}, r"Unknown class_mode 'categorial'\. Did you mean 'categorical'"),
        ({"color_mode": "RGB"}, r"Unknown color_mode 'RGB'\. Did you mean 'rgb'"),
        ({"interpolation": "linear"}, r"Unknown interpolation 'linear'"),
        ({"classes": ["a", "d"]}, r"no class folder 'd'"),
        ({"cache": "ram"}, r"Unknown store 'ram'"),
        ({"on_error": "ignore"}, r"Unknown on_error 'ignore'"),
        ({"shufle": False}, r"Unknown argument of flow_from_directory 'shufle'"),
    ],
)
def test_arguments_of_flow_from_directory(folder, arguments, words):
    with pytest.raises(AnmokError, match=words):
        ImageDataGenerator().flow_from_directory(folder, **arguments)


def test_folders_that_will_not_do(folder, tmp_path):
    generator = ImageDataGenerator()
    with pytest.raises(AnmokError, match=r"no folder or archive 'picture' in .*Did you mean 'pictures'"):
        generator.flow_from_directory(tmp_path / "picture")
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnmokError, match=r"is empty; one folder per class expected"):
        generator.flow_from_directory(tmp_path / "empty")
    with pytest.raises(AnmokError, match=r"One folder per class expected; 1 images lie directly"):
        generator.flow_from_directory(folder / "a")
    (tmp_path / "notes" / "a").mkdir(parents=True)
    (tmp_path / "notes" / "a" / "x.txt").write_text("x")
    with pytest.raises(AnmokError, match=r"No image with a known extension .*Found instead: 1 x \.txt"):
        generator.flow_from_directory(tmp_path / "notes")


def test_one_class_alone_and_parts_taken_for_classes_are_remarked(folder, tmp_path):
    forget()
    with pytest.warns(AnmokWarning, match=r"All images are of one class, 'a'.*class_mode=None"):
        ImageDataGenerator().flow_from_directory(folder, classes=["a"])
    for name in ("train", "test"):
        write(tmp_path / "split" / name / "a" / "1.png")
    with pytest.warns(AnmokWarning, match=r"look like parts of a data set.*flow_from_directory\('\.\.\./train'\)"):
        ImageDataGenerator().flow_from_directory(tmp_path / "split")


TABLE = pd.DataFrame(
    {"filename": ["a/1.png", "b/1.png"], "class": ["x", "y"], "number": [1.5, 2.5], "odd": ["1", None]}
)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"x_col": "filenames"}, r"no column 'filenames'\. Did you mean 'filename'.*Its columns"),
        ({"x_col": "number"}, r"x_col='number': all values must be names of files \(text\), got 1\.5"),
        ({"y_col": "klass"}, r"no column 'klass'\. Did you mean 'class'"),
        ({"y_col": "number"}, r"row 1 holds 1\.5; class names expected.*class_mode='raw'"),
        ({"y_col": "odd"}, r"row 2 holds None|row 2 has no label"),
        ({"y_col": ["class", "odd"]}, r"takes one column of class names; y_col lists 2.*class_mode='raw'"),
        ({"y_col": "class", "class_mode": "raw"}, r"must be numbers; 'class' holds 'x'"),
        ({"class_mode": "multi_output"}, r"expected y_col to be a list of columns"),
        ({"weight_col": "class"}, r"weight_col='class': numbers expected, the column holds 'x'"),
        ({"classes": ["z"]}, r"no row of y_col='class' has one of them"),
        ({"directory": "nowhere"}, r"2 of the 2 files that x_col='filename' names are not in .*nowhere"),
        ({"sorted": True}, r"Unknown argument of flow_from_dataframe 'sorted'"),
        ({"target_size": (5, -1)}, r"target_size"),
    ],
)
def test_arguments_of_flow_from_dataframe(folder, arguments, words):
    arguments = {"directory": folder, **arguments}
    with pytest.raises(AnmokError, match=words):
        ImageDataGenerator().flow_from_dataframe(TABLE, **arguments)


def test_files_that_are_not_there_are_named(folder):
    forget()
    names = ["a/1.png", *(f"a/{i}.png" for i in range(10, 17))]
    table = pd.DataFrame({"filename": names, "class": list("xyxyxyxy")})
    with pytest.warns(AnmokWarning, match=r"7 of the 8 files .*'a/10\.png', 'a/11\.png', .*'a/14\.png', \.\.\.\. They"):
        flow = ImageDataGenerator().flow_from_dataframe(table, folder)
    assert flow.n == 1 and len(flow.skipped) == 7
    with pytest.raises(AnmokError, match=r"7 of the 8 files"):
        ImageDataGenerator().flow_from_dataframe(table, folder, on_error="raise")
    assert ImageDataGenerator().flow_from_dataframe(table, str(folder), validate_filenames=False).n == 8


def test_no_table():
    with pytest.raises(AnmokError, match="expected a pandas DataFrame or the path of a CSV, got list"):
        ImageDataGenerator().flow_from_dataframe([1])
    with pytest.raises(AnmokError, match="The table has no rows"):
        ImageDataGenerator().flow_from_dataframe(TABLE.iloc[:0])


def test_old_spellings_of_tables(folder):
    forget()
    table = pd.DataFrame({"filename": ["b/1", "a/1", "b/1"], "class": [1, 0, 1]})
    with pytest.warns(AnmokWarning) as said:
        flow = ImageDataGenerator().flow_from_dataframe(
            table, folder, class_mode="other", has_ext=False, sort=True, drop_duplicates=True, shuffle=False
        )
    assert flow.filenames == ["a/1", "b/1"] and next(flow)[1].tolist() == [0, 1]
    assert {str(one.message).split(" is ")[0] for one in said} == {
        "class_mode='other'", "sort=True", "drop_duplicates=True",
    }  # fmt: skip
