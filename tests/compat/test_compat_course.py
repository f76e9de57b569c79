"""Every code listing of the lecture texts in ../shared/course is run as it is printed, under --trial, on anmok.

A program is a list of listings, by the line of the text they begin at, in the order in which they make sense (slides
set side by side lost theirs). Between them stand preludes, in quotes: what the slides say is in "the provided code", or
show as a caption only. Where the slides' own names slip (test_X for X_test), the prelude says so.
Listings that are no Python, or that nobody typed so, are in LEFT_OUT with the reason.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from course_listings import joined, listings, names_used
from PIL import Image

from anmok import files
from anmok.compat.running.found_data import Given
from anmok.compat.running.session import Session, Settings

SHARED = Path(__file__).parents[3] / "shared"
DATASETS = files.home() / "datasets"

pytestmark = pytest.mark.skipif(
    not (SHARED / "course").is_dir() or not (DATASETS / "cats_and_dogs_small").is_dir(),
    reason="the lecture texts and their data are not here",
)

LEFT_OUT = {
    ("000", 253): "a plot's labels, read as text",
    ("001", 139): "what a program prints",
    ("002", 386): "what a program prints",
    ("002", 400): "what a program prints",
    ("002", 671): "the signature of Conv2D, printed as documentation: its parameters are no arguments",
    ("002", 1589): "the signatures of flow_from_directory and flow, printed as documentation",
    (
        "004",
        108,
    ): "says models.add for model.add in two of three lines, which Keras refuses too; in the prelude as meant",
}

CIFAR = """
import numpy as np
import tensorflow as tf
from tensorflow.keras.datasets.cifar10 import load_data
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from sklearn.model_selection import train_test_split
(x_train, y_train), (x_test, y_test) = load_data()
x_train, y_train, x_test, y_test = x_train[:2000], y_train[:2000], x_test[:500], y_test[:500]
"""
CIFAR_MODEL = """
x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, test_size=0.3, random_state=777)
model = Sequential([
    Conv2D(32, 3, padding='same', activation='relu', input_shape=(32, 32, 3)), MaxPool2D((2, 2), 2, padding='same'),
    Flatten(), Dense(10, activation='softmax'),
])
model.compile(optimizer=Adam(1e-4), loss='sparse_categorical_crossentropy', metrics=['acc'])
get_output = [layer.output for layer in model.layers if isinstance(layer, (Conv2D, MaxPool2D))]
"""
CIFAR_FLOWS = """
batch_size = 32
train_generator = train_datagen.flow(x_train, y_train, batch_size=batch_size)
val_generator = val_datagen.flow(x_val, y_val, batch_size=batch_size)
def get_step(train_len, batch_size):
    return train_len // batch_size + (train_len % batch_size > 0)
"""
PETS = """
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.preprocessing.image import ImageDataGenerator
model = Sequential([Conv2D(32, 3, activation='relu', input_shape=(64, 64, 3)), MaxPooling2D(), Dropout(0.25),
                    Flatten(), Dense(1, activation='sigmoid')])
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['acc'])
validationGen = ImageDataGenerator(rescale=1/255).flow_from_directory('pets', target_size=(64, 64), class_mode='binary')
"""
CATEGORICAL = """
from tensorflow.keras.utils import to_categorical
y_train, y_val, y_test = to_categorical(y_train), to_categorical(y_val), to_categorical(y_test)
"""
DENSE = """
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense, Flatten
"""
FOLDS = DENSE + "from sklearn.model_selection import KFold\nmae_list = []"
FOLD = """
model = get_model()
model.fit(x_train_fold, y_train_fold, epochs=300, validation_data=(x_val_fold, y_val_fold), verbose=0)
"""
APPAREL = (
    DENSE
    + """
import pandas as pd
from tensorflow.keras.preprocessing.image import ImageDataGenerator
table = pd.read_csv('apparel.csv')
table['image'] = './apparel/' + table['image']
train_df, val_df = table[table.split == 'train'][:300], table[table.split == 'validation'][:100]
class_col = list(table.columns[2:])
batch_size = 32
def get_steps(num_samples, batch_size):
    return num_samples // batch_size + (num_samples % batch_size > 0)
"""
)
APPAREL_MODEL = """
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['acc'])
val_generator = val_datagen.flow_from_dataframe(dataframe=val_df, directory='', x_col='image', y_col=class_col,
    target_size=(112, 112), color_mode='rgb', class_mode='other', batch_size=batch_size, seed=42)
"""
AUGMENTED = """
from tensorflow.keras.datasets import cifar10
from tensorflow.keras.layers import Dense, Flatten, Input
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.image import ImageDataGenerator
(train_X, train_y), _ = cifar10.load_data()
model = Sequential([Input(shape=(32, 32, 3)), Flatten(), Dense(10, activation='softmax')])
model.compile(loss='sparse_categorical_crossentropy', optimizer='adam')
EPOCHS = 3
"""
STUDY = """
from tensorflow.keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tensorflow.keras.models import Model
"""
STUDY_IMAGES = """
import numpy as np
tr_images, val_images = np.zeros((64, 32, 32, 3)), np.zeros((32, 32, 32, 3))
tr_oh_labels, val_oh_labels, BATCH_SIZE = np.eye(10)[np.arange(64) % 10], np.eye(10)[np.arange(32) % 10], 32
"""
BOOK_MEANT = """
model.add(layers.Flatten())
model.add(layers.Dense(64, activation='relu'))
model.add(layers.Dense(10, activation='softmax'))
"""

# A name for each program: the text, its listings and preludes. What takes more than a minute on one core is slow.
PROGRAMS = {
    "cifar10": ("000", [CIFAR, 36, CIFAR_MODEL, 81, "model = Sequential([Dense(8, input_shape=(4,))])", 122,
                        "model = Sequential([Dropout(0.1, input_shape=(8, 8, 3))])", 148]),
    "cifar10 augmented": ("000", [CIFAR, CIFAR_MODEL, 202, 227, 242, CIFAR_FLOWS, 259]),
    "pets": ("000", [PETS, 314]),
    "mnist dense": ("001", [46, 61, 103, 88, CATEGORICAL, 153, 191, 209]),
    "fashion": ("001", [286, 299, "from tensorflow.keras.utils import to_categorical", 305]),
    "boston": ("001", [348, 375, FOLDS, 421, 433, 450, FOLD, 463]),
    "apparel": ("001", [APPAREL, 517, 524, 540, APPAREL_MODEL, 572]),
    "notebook": ("002", [60, 71]),
    "sequential": ("002", [249]),
    "functional": ("002", [292]),
    "iris": ("002", [345, 362, 368, 383, 397]),
    # The slide calls X_test and y_test so in its last listing alone.
    "mnist": ("002", [717, 759, 766, 775, "test_X, test_y = X_test, y_test", 781]),
    "lenet": ("002", [853, 886]),
    "alexnet": ("002", [957, 990]),
    "vgg19": ("002", [(1069, 1102), "model = VGG19.build()", 1117, 1124]),
    "inception": ("002", [1213, 1219, 1229]),
    "inception bottleneck": ("002", [1299]),
    "residual": ("002", [1401]),
    "resnet50": ("002", [1474]),
    "resnet50 transfer": ("002", [1510]),
    "augmented": ("002", [AUGMENTED, 1553]),
    "generator": ("002", ["import tensorflow as tf", 1571]),
    # model2 is the model that the slides before have trained.
    "glaucoma": ("002", [1614, 1639, 1656, 1678, 1683, 1691, "model2 = model", 1697]),
    "study": ("003", [STUDY, 170, "x = input_rgb", 180, 195, "IMAGE_SIZE = 32", 310, STUDY_IMAGES, 546]),
    "book mnist": ("004", [65, 82, BOOK_MEANT, 117, 141]),
    "book pets": ("004", [285, 385, 407, 442, 465, 492, 513, 526, 570, 597]),
}  # fmt: skip
SLOW = {"vgg19", "glaucoma", "book pets", "alexnet"}


def text(start):
    (path,) = (SHARED / "course").glob(f"{start}*.txt")
    return path.read_text(encoding="utf-8")


def of(start):
    return {listing.line: listing for listing in listings(text(start))}


def lines_of(program):
    start, parts = PROGRAMS[program]
    for part in parts:
        if not isinstance(part, str):
            yield from ((start, line) for line in (part if isinstance(part, tuple) else (part,)))


def test_every_listing_is_part_of_a_program_or_left_out_with_a_reason(capsys):
    found = {(start, line) for start in ("000", "001", "002", "003", "004") for line in of(start)}
    run = [each for program in PROGRAMS for each in lines_of(program)]
    with capsys.disabled():
        print(f"\n{len(run)} of {len(found)} listings of the course run, in {len(PROGRAMS)} programs; "
              f"{len(LEFT_OUT)} are no programs.")  # fmt: skip
    assert len(run) == len(set(run))
    assert set(run) | LEFT_OUT.keys() == found
    assert not set(run) & LEFT_OUT.keys()
    assert len(found) == 93 and len(run) == 86


def test_what_is_left_out_is_no_python_or_has_names_that_nobody_gave():
    for start, line in LEFT_OUT:
        listing = of(start)[line]
        assert not listing.is_python or {"x", "directory", "models"} & names_used(listing.code)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """NAME and path, as --data has them."""
    room = tmp_path_factory.mktemp("course")
    flat = room / "train"  # as Kaggle's original: cat.0.jpg ... in one folder
    flat.mkdir()
    for kind in ("cat", "dog"):
        for number, path in enumerate(sorted((DATASETS / "cats_and_dogs_small").rglob(f"{kind}.*.jpg"))):
            (flat / f"{kind}.{number}.jpg").symlink_to(path)
    for split in ("train", "test"):
        for i, name in enumerate(("advanced_glaucoma", "early_glaucoma", "normal_control")):
            (room / "glaucoma" / split / name).mkdir(parents=True)
            pixels = np.random.default_rng(i).integers(0, 255, (40, 40, 3), "uint8")
            Image.fromarray(pixels).save(room / "glaucoma" / split / name / "1.png")
    shutil.make_archive(str(room / "glaucoma"), "zip", room, "glaucoma")
    shutil.copy(room / "glaucoma" / "test" / "normal_control" / "1.png", room / "test.png")
    photo = flat / "dog.0.jpg"
    return (
        Given("datasets/cats_and_dogs/train", str(flat)),
        Given("pets", str(DATASETS / "cats_and_dogs_small" / "validation")),
        Given("glaucoma.zip", str(room / "glaucoma.zip")),
        Given("glaucoma", str(room / "glaucoma")),
        Given("test.png", str(room / "test.png")),
        Given("sample.jpg", str(photo)),
        Given("YellowLabradorLooking_new.jpg", str(photo)),
        Given("apparel.csv", str(SHARED / "data" / "apparel.csv")),
        Given("apparel", str(DATASETS / "apparel")),
    )


@pytest.mark.parametrize(
    "program", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in PROGRAMS]
)
def test_program_runs_as_printed(program, data, tmp_path):
    start, parts = PROGRAMS[program]
    printed = of(start)
    namespace = {"__name__": "__main__"}
    settings = Settings(str(tmp_path / "lecture.py"), str(tmp_path), str(tmp_path), data=data, trial=True)
    with Session(settings) as session:
        for part in parts:
            if isinstance(part, str):
                name, code = "prelude", part
            else:
                listing = printed[part] if isinstance(part, int) else joined(*(printed[line] for line in part))
                name, code = f"{start}, line {listing.line}", listing.code
            exec(compile(code, f"<{name}>", "exec"), namespace)
    assert not session.layer._replaced
    if program == "book pets":
        history = namespace["history"].history
        assert len(history["acc"]) == len(history["val_acc"]) == 100
        assert sum(path.suffix == ".h5" for path in tmp_path.iterdir()) == 2
        assert [path.name for path in session.figures] == [
            "figure-01.png",
            "figure-02.png",
            "figure-03.png",
            "figure-04.png",
        ]
        assert session.account.spellings["fit_generator"][1] == 2
