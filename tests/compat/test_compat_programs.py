"""Small programs in the style of public notebooks, run as written while compat is active.

Each asserts what it computes. The data are small and made here: pictures of stripes whose direction and colour tell
the class, and the clothes that lie in the package.
"""

import pathlib
import sys
import tarfile
import types

import cv2
import matplotlib as mpl
import numpy as np
import pytest

from anmok import compat, random
from anmok.datasets import fashion_mini

PROGRAMS = sorted((pathlib.Path(__file__).parent / "programs").glob("*.py"))
_HUES = ((220, 60, 60), (60, 200, 60), (70, 80, 220), (200, 190, 50))


def stripes(rng, number, height, width, classes=4):
    """uint8 (height, width, 3): stripes in the direction and, up to four classes, the colour of class `number`."""
    angle = np.pi * number / classes
    rows, columns = np.mgrid[:height, :width]
    waves = np.sin((rows * np.sin(angle) + columns * np.cos(angle)) * 0.9 + rng.uniform(0, 6))
    color = np.array(_HUES[number % len(_HUES)]) if classes <= len(_HUES) else np.array((200, 200, 200))
    picture = color * (0.6 + 0.4 * waves[..., None]) + rng.normal(0, 12, (height, width, 3))
    return picture.clip(0, 255).astype(np.uint8)


def write_pictures(folder, name, rng, number, count, classes):
    folder.mkdir(parents=True)
    for index in range(count):
        picture = stripes(rng, number, 48, 60, classes)
        cv2.imwrite(str(folder / name.format(index)), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A cache with small data sets under the names that load_data and get_file look for."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "datasets"
    folder.mkdir()
    rng = np.random.default_rng(0)
    (x, y), (x_test, y_test) = fashion_mini.load_data()
    chosen, held_out = rng.permutation(len(x))[:1200], rng.permutation(len(x_test))[:200]
    clothes = {"x_train": x[chosen], "y_train": y[chosen], "x_test": x_test[held_out], "y_test": y_test[held_out]}
    for name in ("mnist", "fashion_mnist"):
        np.savez(folder / f"{name}.npz", **clothes)
    labels = rng.integers(0, 10, 500).astype(np.uint8)
    pictures = np.stack([stripes(rng, number, 32, 32, 10) for number in labels])
    np.savez(
        folder / "cifar10.npz",
        x_train=pictures[:400], y_train=labels[:400, None], x_test=pictures[400:], y_test=labels[400:, None],
    )  # fmt: skip
    x = rng.normal(size=(506, 13)) * rng.uniform(0.5, 90, 13) + 5
    z = (x - x.mean(0)) / x.std(0)
    np.savez(folder / "boston_housing.npz", x=x, y=22 + 6 * z[:, 5] - 4 * z[:, 12] + rng.normal(0, 1, 506))
    flowers = home / "made" / "flower_photos"
    for number, name in enumerate(["daisy", "dandelion", "roses", "tulips"]):
        write_pictures(flowers / name, "{}.jpg", rng, number, 10, 4)
    with tarfile.open(folder / "flower_photos_archive", "w:gz") as archive:
        archive.add(flowers, "flower_photos")
    pets = home / "made" / "cats_and_dogs_small"
    for part, count in (("train", 16), ("validation", 12), ("test", 8)):
        for number, name in enumerate(["cat", "dog"]):
            write_pictures(pets / part / f"{name}s", name + ".{}.jpg", rng, number, count, 2)
    return home


@pytest.fixture
def place(home, tmp_path, monkeypatch):
    """An empty folder to run in, with the folder of cats and dogs in it."""
    monkeypatch.setenv("ANMOK_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cats_and_dogs_small").symlink_to(home / "made" / "cats_and_dogs_small")
    before = mpl.get_backend()
    mpl.use("Agg")
    random.set_seed(0)
    np.random.seed(0)
    yield tmp_path
    import matplotlib.pyplot as plt

    plt.close("all")
    mpl.use(before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", PROGRAMS, ids=[path.stem for path in PROGRAMS])
def test_a_program_runs_as_it_is_written(path, place, monkeypatch):
    module = types.ModuleType("__main__")
    module.__file__ = str(path)
    monkeypatch.setitem(sys.modules, "__main__", module)
    with compat.active():
        exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
