"""--data NAME=PATH and the folder that a program works in: everything is found, no original is touched."""

import glob
import hashlib
import os
import pathlib
import shutil
import tarfile
import urllib.request
import zipfile

import cv2
import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from anmok.compat.running import found_data, stage
from anmok.compat.running.session import Session, Settings
from anmok.errors import ArgumentError, MissingFileError
from anmok.preprocessing.image import ImageDataGenerator, load_img
from anmok.utils import get_file, image_dataset_from_directory


def write_pictures(folder, *, classes=("cats", "dogs"), count=3):
    draw = np.random.default_rng(0)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.fromarray(draw.integers(0, 255, (12, 12, 3), "uint8")).save(folder / name / f"{name[:-1]}.{i}.png")


def digest(folder):
    """Everything below a folder: names, contents, links."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest(), path.is_symlink()
        else:
            found[str(path.relative_to(folder))] = "folder"
    return found


@pytest.fixture
def person(tmp_path):
    """A person's folders: a project with a program and files beside it, and data elsewhere."""
    project, data = tmp_path / "project", tmp_path / "data"
    project.mkdir()
    (project / "beside.csv").write_text("a,b\n1,2\n")
    (project / "notes").mkdir()
    (project / "notes" / "one.txt").write_text("one")
    write_pictures(data / "pets" / "train")
    Image.fromarray(np.full((8, 9, 3), 200, "uint8")).save(data / "photo.jpg")
    np.save(data / "numbers.npy", np.arange(5))
    with zipfile.ZipFile(data / "pets.zip", "w") as zipped:
        for path in sorted((data / "pets").rglob("*.png")):
            zipped.write(path, path.relative_to(data / "pets"))
    with tarfile.open(data / "flower_photos.tgz", "w:gz") as tar:
        tar.add(data / "pets" / "train", "flower_photos")
    before = digest(tmp_path)
    yield tmp_path
    after = {name: value for name, value in digest(tmp_path).items() if not name.startswith("run")}
    assert after == before


@pytest.fixture
def running(person, monkeypatch):
    """running("NAME=PATH", ...): a Session, paths relative to the data folder."""
    monkeypatch.setenv("ANMOK_HOME", str(person / "run-home"))

    def start(*data, program="program.py"):
        given = tuple(
            found_data.parse(f"{t.rpartition('=')[0]}={person / 'data' / t.rpartition('=')[2]}") for t in data
        )
        folder = person / "run"
        folder.mkdir()
        project = str(person / "project")
        return Session(Settings(f"{project}/{program}", str(folder), project, data=given))

    return start


NAMES = [
    "sample.jpg",
    "./pictures/sample.jpg",
    "/content/sample.jpg",
    "../input/sample.jpg",
    "C:\\Users\\me\\sample.jpg",
]


@pytest.mark.parametrize("name", [*NAMES, "/no/such/place/sample.jpg", "/content/drive/MyDrive/course/sample.jpg"])
def test_a_file_by_any_name_for_whatever_opens_it(running, name):
    with running(f"{name}=photo.jpg"):
        assert os.path.exists(name) and os.path.isfile(name) and pathlib.Path(name).exists()
        assert Image.open(name).size == (9, 8)
        assert cv2.imread(name).shape == (8, 9, 3)
        assert load_img(name, target_size=(4, 4)).size == (4, 4)
        with open(name, "rb") as file:
            assert file.read(2) == b"\xff\xd8"
    assert not os.path.exists(name)


def test_a_bare_name_is_found_wherever_the_program_looks(running):
    with running("sample.jpg=photo.jpg"):
        for name in (
            "sample.jpg",
            "/home/professor/img/sample.jpg",
            "D:\\lecture\\sample.jpg",
            "/content/x/sample.jpg",
        ):
            assert Image.open(name).size == (9, 8)
        with pytest.raises(FileNotFoundError):
            Image.open("/home/professor/img/other.jpg")


FOLDERS = [
    "datasets/pets",
    "./pets",
    "/content/pets",
    "../input/pets",
    "/content/drive/MyDrive/pets",
    "/kaggle/input/pets",
]


@pytest.mark.parametrize("source", ["pets", "pets.zip"])
@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_or_zip_by_any_name_for_whatever_lists_it(running, name, source):
    with running(f"{name}={source}"):
        train = os.path.join(name, "train")
        assert os.listdir(train) == ["cats", "dogs"] or sorted(os.listdir(train)) == ["cats", "dogs"]
        assert sum(len(files) for _, _, files in os.walk(name)) == 6
        assert len(glob.glob(f"{train}/*/*.png")) == 6
        assert len(list(pathlib.Path(train).glob("*/*.png"))) == len(list(pathlib.Path(name).rglob("*.png"))) == 6
        flow = ImageDataGenerator(rescale=1 / 255).flow_from_directory(train, target_size=(12, 12), batch_size=6)
        assert flow.class_indices == {"cats": 0, "dogs": 1} and next(flow)[0].shape == (6, 12, 12, 3)
        images, _ = next(iter(image_dataset_from_directory(train, image_size=(12, 12), batch_size=4)))
        assert images.shape == (4, 12, 12, 3)


def test_other_readers(running, person):
    with running("numbers.npy=numbers.npy", "/content/table.csv=../project/beside.csv", "/content/pets.zip=pets.zip"):
        assert np.load("numbers.npy").tolist() == [0, 1, 2, 3, 4]
        assert pd.read_csv("/content/table.csv").b.tolist() == [2]
        assert pd.read_csv("beside.csv").a.tolist() == [1]
        with zipfile.ZipFile("/content/pets.zip") as zipped:
            zipped.extractall("/content/datasets/")
        assert len(os.listdir("./datasets/train/cats")) == 3
        table = pd.DataFrame({"image": ["train/cats/cat.0.png", "train/dogs/dog.1.png"], "y": [0.0, 1.0]})
        flow = ImageDataGenerator().flow_from_dataframe(table, "datasets", "image", "y", class_mode="raw")
        assert flow.n == 2
    assert (person / "run" / "datasets" / "train" / "cats" / "cat.0.png").is_file()


def test_a_folder_serves_where_a_zip_is_expected(running):
    with running("pets.zip=pets"), zipfile.ZipFile("pets.zip") as zipped:
        assert "train/cats/cat.0.png" in zipped.namelist()


def test_what_lies_beside_the_program_and_where_it_was_started(running, person):
    with running() as session:
        assert pathlib.Path("notes/one.txt").read_text() == "one"
        assert sorted(os.listdir(".")) == ["beside.csv", "notes"]
        assert os.getcwd() == str(person / "run")
        assert pathlib.Path("/content/drive/MyDrive/Colab Notebooks/beside.csv").read_text() == "a,b\n1,2\n"
        assert any("beside.csv" in text for text in session.account.notes)
        assert (person / "project" / "beside.csv").read_text() == "a,b\n1,2\n"
    assert list((person / "run").iterdir()) == []


def test_writing_removing_and_renaming_touch_no_original(running, person):
    # The fixture compares every byte of the person's folders afterwards.
    with running("datasets/pets=pets", "photo.jpg=photo.jpg"):
        with open("beside.csv", "a") as file:
            file.write("3,4\n")
        assert pd.read_csv("beside.csv").a.tolist() == [1, 3]
        with open("notes/one.txt", "w") as file:
            file.write("two")
        os.mkdir("datasets/pets/small")
        shutil.copyfile("datasets/pets/train/cats/cat.0.png", "datasets/pets/small/cat.png")
        shutil.rmtree("datasets/pets/train/dogs")
        assert os.listdir("datasets/pets/train") == ["cats"]
        os.rename("datasets/pets/train/cats", "datasets/pets/train/katzen")
        assert len(os.listdir("datasets/pets/train/katzen")) == 3 and not os.path.exists("datasets/pets/train/cats")
        os.remove("datasets/pets/train/katzen/cat.0.png")
        cv2.imwrite("photo.jpg", np.zeros((4, 4, 3), "uint8"))
        assert Image.open("photo.jpg").size == (4, 4)
        Image.open("photo.jpg").rotate(90).save("notes/turned.png")
        with h5py.File("beside.h5", "w") as file:
            file["x"] = 1
        os.makedirs("/content/drive/MyDrive/models/deep", exist_ok=True)
        np.save("/content/drive/MyDrive/models/deep/x.npy", np.ones(2))
        assert np.load("/content/drive/MyDrive/models/deep/x.npy").sum() == 2
        absolute = person / "project" / "notes" / "absolute.txt"
        absolute.write_text("written")
        assert absolute.read_text() == "written"
        with pytest.raises(FileExistsError):
            os.mkdir("notes")
        shutil.rmtree("notes")
        assert not os.path.exists("notes")
    left = {str(path.relative_to(person / "run")) for path in (person / "run").rglob("*") if path.is_file()}
    assert left == {
        "beside.csv", "beside.h5", "photo.jpg", "datasets/pets/small/cat.png", "drive/MyDrive/models/deep/x.npy",
    }  # fmt: skip


def test_paths_that_lead_out_of_the_programs_folder(running, person):
    with running():
        assert Image.open("../data/photo.jpg").size == (9, 8)
        assert len(glob.glob("../data/pets/train/*/*.png")) == 6
        assert Image.open("../../" + person.name + "/data/photo.jpg").size == (9, 8)
        pathlib.Path("../data/new.txt").write_text("new")
        pathlib.Path("../data/pets/more").mkdir()
        shutil.rmtree("../data/pets/train")
        assert pathlib.Path("../data/new.txt").read_text() == "new" and os.listdir("../data/pets") == ["more"]


def test_a_temporary_file_and_a_place_of_its_own_are_left_alone(running, person, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with running():
        (elsewhere / "x.txt").write_text("x")
        os.mkdir(elsewhere / "folder")
    assert (elsewhere / "x.txt").read_text() == "x" and (elsewhere / "folder").is_dir()


def test_every_function_is_itself_again(running):
    import builtins
    import io

    functions = [(os, name) for name in ("stat", "listdir", "scandir", "mkdir", "unlink", "rename", "open", "chdir")]
    functions += [(builtins, "open"), (io, "open"), (cv2, "imread"), (urllib.request, "urlretrieve")]
    before = [getattr(owner, name) for owner, name in functions]
    where = os.getcwd()
    with pytest.raises(ZeroDivisionError), running():
        assert os.stat is not before[0]
        raise ZeroDivisionError
    assert [getattr(owner, name) for owner, name in functions] == before
    assert os.getcwd() == where


URL = "https://storage.example/example_images/flower_photos.tgz"


@pytest.mark.parametrize("name", [URL, "flower_photos.tgz", "flower_photos"])
@pytest.mark.parametrize("source", ["flower_photos.tgz", "pets/train"])
def test_get_file_in_the_spellings_of_keras_2_and_3(running, name, source):
    with running(f"{name}={source}"):
        folder = pathlib.Path(get_file("flower_photos", origin=URL, untar=True))
        assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["cats", "dogs"]
        archive = get_file("flower_photos.tgz", origin=URL, extract=True)
        assert len(os.listdir(os.path.join(os.path.dirname(archive), "flower_photos", "cats"))) == 3
        assert len(list(pathlib.Path(archive).with_suffix("").glob("*/*.png"))) == 6
        folder = os.path.join(os.path.dirname(archive), "flower_photos_extracted", "flower_photos")
        assert len(os.listdir(os.path.join(folder, "dogs"))) == 3
        if source.endswith("tgz"):
            assert len(os.listdir(os.path.join(archive, "flower_photos", "dogs"))) == 3


def test_a_url_is_taken_from_data_or_from_the_cache(running, person):
    with running("https://example.invalid/a/photo.jpg=photo.jpg"):
        path = get_file(origin="https://example.invalid/a/photo.jpg")
        assert Image.open(path).size == (9, 8)
        urllib.request.urlretrieve("https://example.invalid/a/photo.jpg", "mine.jpg")
        assert Image.open("mine.jpg").size == (9, 8)
        with urllib.request.urlopen("https://example.invalid/a/photo.jpg") as response:
            assert response.read(2) == b"\xff\xd8"
        kept = person / "run-home" / "datasets" / "kept.bin"
        kept.parent.mkdir(parents=True)
        kept.write_bytes(b"kept")
        with open(get_file("kept.bin", "https://example.invalid/kept.bin"), "rb") as file:
            assert file.read() == b"kept"
        with pytest.raises(MissingFileError, match=r"--data gone.zip=PATH"):
            get_file("gone.zip", "file:///no/such/gone.zip")


def test_what_is_no_pair_or_not_there_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="expected NAME=PATH"):
        found_data.parse("pets")
    with pytest.raises(MissingFileError, match=r"there is no file or folder .*nothing"):
        found_data.parse(f"pets={tmp_path / 'nothing'}")
    (tmp_path / "x").mkdir()
    assert found_data.parse(f"https://a.b/?id=1&name=2={tmp_path / 'x'}").name == "https://a.b/?id=1&name=2"


def test_colabs_upload_gives_the_files_of_data(running):
    with running("photo.jpg=photo.jpg", "/content/numbers.npy=numbers.npy", "pets=pets"):
        from google.colab import files

        chosen = files.upload()
        assert sorted(chosen) == ["numbers.npy", "photo.jpg"]
        assert chosen["photo.jpg"][:2] == b"\xff\xd8"
        assert np.load("numbers.npy").sum() == 10


def test_packages_that_fetch(running):
    with running(
        "someone/pets=pets.zip", "https://drive.example/uc?id=12=photo.jpg", "https://x.example/n.npy=numbers.npy"
    ):
        import gdown
        import kagglehub
        import opendatasets
        import wget

        assert os.listdir(kagglehub.dataset_download("someone/pets")) == ["train"]
        opendatasets.download("https://www.kaggle.com/datasets/someone/pets")
        assert sorted(os.listdir("pets/train")) == ["cats", "dogs"]
        gdown.download("https://drive.example/uc?id=12", "drive.jpg", quiet=True)
        assert Image.open("drive.jpg").size == (9, 8)
        assert np.load(wget.download("https://x.example/n.npy")).sum() == 10
        with pytest.raises(MissingFileError, match=r"--data other/one=PATH"):
            kagglehub.dataset_download("other/one")


def test_what_a_killed_run_leaves_is_swept_away(tmp_path):
    (tmp_path / "original").mkdir()
    (tmp_path / "original" / "x.txt").write_text("x")
    run = tmp_path / "run"
    for folder in ("only/links", "own", "empty"):
        (run / folder).mkdir(parents=True)
    (run / "only" / "links" / "x.txt").symlink_to(tmp_path / "original" / "x.txt")
    (run / "own" / "x.txt").symlink_to(tmp_path / "original" / "x.txt")
    (run / "own" / "made.txt").write_text("made")
    (run / "own" / "inner").symlink_to(run / "own" / "made.txt")
    stage.sweep(run)
    left = sorted(str(path.relative_to(run)) for path in run.rglob("*"))
    assert left == ["empty", "own", "own/inner", "own/made.txt"]
    assert (tmp_path / "original" / "x.txt").read_text() == "x"


def test_another_computers_path_is_looked_for_by_its_end(running):
    with running() as session:
        assert pathlib.Path("/home/nobody-here/course/beside.csv").read_text() == "a,b\n1,2\n"
        assert pathlib.Path("/Users/somebody/notes/one.txt").read_text() == "one"
        assert "data: /Users/somebody/notes/one.txt is notes/one.txt" in session.account.notes
        assert not os.path.exists("/etc/beside.csv")
