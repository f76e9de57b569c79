import dataclasses

import cv2
import numpy as np
import pytest

from anmok.errors import ArgumentError, FileFormatError, MissingFileError, UnknownNameError
from anmok.runs.config import TrainConfig
from anmok.runs.folder import RunFolder, list_runs

CONFIG = TrainConfig("mnist", "small", 2, 8, 0.1, 0.0, 1, False)
ROW = {"epoch": 1, "loss": 0.5, "val_loss": 0.25, "seconds": 3.9}


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path, CONFIG, name="first")


def test_what_was_written_is_read(run):
    run.environment = {"started": "now"}
    run.classes = {"names": ["고양이", "dog"], "shape": [2, 2, 3], "border": 3.5}
    run.samples = [{"split": "train", "index": 3, "label": 1}]
    run.append_history(ROW)
    run.append_history(ROW | {"epoch": 2})
    run.metrics = {"accuracy": 0.5}
    again = RunFolder(run.path)
    assert again.config == CONFIG
    assert again.classes["names"] == ["고양이", "dog"]
    assert again.environment == {"started": "now"} and again.metrics == {"accuracy": 0.5}
    assert again.samples == [{"split": "train", "index": 3, "label": 1}]
    assert again.history == [ROW, ROW | {"epoch": 2}]


def test_predictions_come_back_to_the_bit(run):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 20).astype(np.float32)
    labels = np.arange(20) % 3
    run.write_predictions(labels, probabilities)
    again_labels, again = run.predictions
    assert np.array_equal(again_labels, labels)
    assert np.array_equal(again.astype(np.float32), probabilities)


def test_names_of_files_come_back_whatever_they_are(run):
    names = ["숲/사진 1.png", 'a "b", c.png', "line\nbreak\u2028.png", "\udcff.png"]
    run.write_predictions(np.zeros(4, int), np.full((4, 2), 0.5, np.float32), files=names)
    assert run.tested_files == names and run.predictions[1].shape == (4, 2)
    rows = [{"split": "test", "index": i, "label": 0, "file": name} for i, name in enumerate(names)]
    run.samples = rows
    run.skipped = [(name, "0 bytes") for name in names]
    again = RunFolder(run.path)
    assert again.samples == rows and [row["name"] for row in again.skipped] == names
    run.write_predictions(np.zeros(4, int), np.full((4, 2), 0.5, np.float32))
    assert again.tested_files is None


def test_a_run_is_called_after_its_folder(tmp_path):
    for source, name in (
        ("/data/내 사진", "내 사진"),
        ("/x/cats.v2.tar.gz", "cats.v2"),
        ("/x/a:b", "a-b"),
        ("/", "pictures"),
    ):
        run = RunFolder.create(tmp_path, dataclasses.replace(CONFIG, source=source, image_size=32))
        assert run.name.startswith(f"{name}-2")


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_come_back_to_the_bit(run, channels):
    image = np.random.default_rng(0).integers(0, 256, (4, 5, channels), np.uint8)
    run.write_picture(7, image)
    data = cv2.imdecode(np.frombuffer(run.picture(7), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(data.reshape(4, 5, channels)[..., ::-1], image)
    assert run.picture(8) is None


def test_a_new_run_has_nothing_but_its_config(run):
    assert run.history == [] and run.model_path is None
    assert run.environment is run.classes is run.samples is run.metrics is run.predictions is None
    assert run.skipped is run.tested_files is None
    with pytest.raises(MissingFileError, match="Run first has no model"):
        run.trained_model()


def test_a_line_that_was_cut_is_left_out(run):
    run.append_history(ROW)
    with open(run.path / "history.csv", "a") as file:
        file.write("2,0.4,0.2,3.")
    assert run.history == [ROW]


def test_a_file_half_written_never_takes_the_name(run):
    class Breaking:
        def save(self, path):
            path.write_bytes(b"half")
            raise KeyboardInterrupt

    class Working:
        def save(self, path):
            assert path.suffix == ".keras"
            path.write_bytes(b"whole")

    run.save_model(Working())
    with pytest.raises(KeyboardInterrupt):
        run.save_model(Breaking())
    assert run.trained_model().read_bytes() == b"whole"
    assert sorted(path.name for path in run.path.iterdir()) == ["config.json", "model.keras"]


def test_runs_are_found_by_name_path_and_last(run, tmp_path):
    second = RunFolder.create(tmp_path, CONFIG, name="second")
    assert [found.name for found in list_runs(tmp_path)] == ["first", "second"]
    assert RunFolder.open("first", tmp_path).path == run.path
    assert RunFolder.open(str(run.path), tmp_path / "elsewhere").path == run.path
    assert RunFolder.open("last", tmp_path).path == second.path
    with pytest.raises(UnknownNameError, match=r"Unknown run 'frist'\. Did you mean 'first'"):
        RunFolder.open("frist", tmp_path)
    with pytest.raises(MissingFileError, match="holds none"):
        RunFolder.open("first", tmp_path / "elsewhere")
    with pytest.raises(MissingFileError, match=r"no run in .* yet"):
        RunFolder.open("last", tmp_path / "elsewhere")


def test_names_that_are_taken_or_impossible(run, tmp_path):
    with pytest.raises(ArgumentError, match="exists already"):
        RunFolder.create(tmp_path, CONFIG, name="first")
    for name in ("", "..", "a/b"):
        with pytest.raises(ArgumentError, match="name that a folder can have"):
            RunFolder.create(tmp_path, CONFIG, name=name)
    made = {RunFolder.create(tmp_path, CONFIG).name for _ in range(3)}
    assert len(made) == 3 and all(name.startswith("mnist-") for name in made)


def test_damage_is_named(run):
    (run.path / "metrics.json").write_text("{")
    with pytest.raises(FileFormatError, match=r"metrics\.json is damaged"):
        _ = run.metrics
    (run.path / "config.json").write_text("[]")
    with pytest.raises(FileFormatError, match="not a run folder"):
        _ = run.config
