"""`anmok train FOLDER` as a person meets it, on small pictures of one colour each."""

import csv
import re
import shutil
import sys

import cv2
import numpy as np
import pytest

from anmok import cli, random
from anmok.callbacks import Callback
from anmok.report import page
from anmok.runs import inputs, material, pictures, recipes, sources, workflow
from anmok.runs.folder import RunFolder

QUICK = ["--epochs", "2", "--batch-size", "8", "--model", "small", "--learning-rate", "0.01"]


@pytest.fixture
def anmok(tmp_path, monkeypatch, capsys):
    """anmok(*words): what the command line printed, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path / "home"))

    def call(*words, code=0):
        monkeypatch.setattr(sys, "argv", ["anmok", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        output = "".join(capsys.readouterr())
        assert (end.value.code or 0) == code, output
        return output

    return call


@pytest.fixture
def folder(paint, tmp_path):
    return paint(tmp_path / "내 사진")


def run_of(tmp_path, name):
    return RunFolder(tmp_path / "runs" / name)


def rows_of(run, split):
    return [row for row in run.samples if row["split"] == split]


def test_from_a_folder_to_a_report_and_back(anmok, folder, tmp_path):
    output = anmok("train", "내 사진", *QUICK, "--name", "mine")
    assert "60 pictures of 3 classes: rust 20, 바다 20, 숲 20" in output
    assert "39 to train on, 9 held out to validate, 12 held out to test" in output
    assert "seen at 32 x 32 pixels, varied as 'photos'" in output
    assert "left out" not in output
    run = run_of(tmp_path, "mine")
    assert run.metrics["accuracy"] >= 0.9 and run.metrics["images"] == 12
    assert run.classes["names"] == ["rust", "바다", "숲"] and run.classes["shape"] == [32, 32, 3]
    assert run.config.source == str(folder) and run.config.title == "내 사진" and run.skipped == []
    files = [row["file"] for row in run.samples]
    assert len(set(files)) == 60 and all((folder / name).is_file() for name in files)
    assert all(run.classes["names"][row["label"]] == row["file"].split("/")[0] for row in run.samples)
    assert run.tested_files == [row["file"] for row in rows_of(run, "test")]

    assert "metrics.json agrees" in anmok("evaluate", "mine")
    assert re.search(r"mine +small +2", anmok("runs"))

    # A photograph is shown to the network exactly as the validation pictures were.
    row = rows_of(run, "test")[5]
    ready, refused = inputs.read([folder / row["file"]], classes=run.classes)
    assert refused == []
    answer = workflow.predict(run, inputs.stack(ready))[0]
    np.testing.assert_allclose(answer, run.predictions[1][5], rtol=1e-4, atol=1e-6)
    trained_on = rows_of(run, "train")[0]["file"]
    expected = run.classes["names"][rows_of(run, "train")[0]["label"]]
    assert f"{trained_on}  {expected} " in anmok("predict", "mine", f"{folder}/{trained_on}")


def test_the_network_sees_the_middle_of_a_picture(tmp_path):
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 20:60] = 200
    cv2.imwrite(str(tmp_path / "wide.png"), image)
    classes = {"names": ["a"], "shape": [32, 32, 3], "border": 100.0}
    (cut,), _ = inputs.read([tmp_path / "wide.png"], classes=classes | {"fitting": "crop"})
    assert (cut.pixels >= 180).all()  # the filter looks a pixel further
    # Runs of older versions and of arrays show the whole, with bars.
    (whole,), _ = inputs.read([tmp_path / "wide.png"], classes=classes)
    assert (whole.pixels == 0).any()


def test_a_zip_gives_what_its_folder_gives(anmok, folder, tmp_path):
    shutil.make_archive(str(tmp_path / "사진들"), "zip", tmp_path, "내 사진")
    anmok("train", folder, *QUICK, "--name", "folder")
    output = anmok("train", "사진들.zip", *QUICK, "--name", "zip")
    assert output.startswith("사진들  small")
    one, two = run_of(tmp_path, "folder"), run_of(tmp_path, "zip")
    assert one.samples == two.samples and one.metrics == two.metrics
    assert np.array_equal(one.predictions[1], two.predictions[1])
    shutil.rmtree(tmp_path / "home")  # the cache may be emptied at any time
    assert "metrics.json agrees" in anmok("evaluate", "zip")


def test_a_folder_that_is_split_keeps_its_splits(anmok, paint, tmp_path):
    for name, count in (("train", 12), ("val", 3), ("test", 5)):
        paint(tmp_path / "data" / name, {"rust": count, "숲": count})
    output = anmok("train", "data", *QUICK, "--name", "it")
    assert "24 to train on, 6 to validate, 10 to test" in output
    run = run_of(tmp_path, "it")
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        assert {row["file"].split("/")[0] for row in rows_of(run, split)} == {name}
    assert "metrics.json agrees" in anmok("evaluate", "it")


@pytest.fixture
def spoilt(folder, bomb):
    """The folder with 16 files more that are no pictures; and their names."""
    whole = (folder / "rust" / "사진 01.jpg").read_bytes()
    kinds = {f"text {i}.jpg": b"These are words." for i in range(5)}
    kinds |= {f"cut {i}.jpg": whole[: len(whole) // 2] for i in range(5)}
    kinds |= {f"empty {i}.png": b"" for i in range(5)} | {"bomb.png": bomb}
    for name, data in kinds.items():
        (folder / "숲" / name).write_bytes(data)
    return sorted(f"숲/{name}" for name in kinds)


def test_files_that_are_no_pictures_are_counted_listed_and_left_out(anmok, spoilt, folder, tmp_path):
    output = anmok("train", folder, *QUICK, "--name", "it")
    run = run_of(tmp_path, "it")
    assert sorted(row["name"] for row in run.skipped) == spoilt and len(run.samples) == 60
    with open(tmp_path / "runs" / "it" / "skipped.csv", encoding="utf-8", newline="") as file:
        reasons = {row["name"]: row["reason"] for row in csv.DictReader(file)}
    for kind, words in (
        ("text", "expected an image"),
        ("cut", "cut short"),
        ("empty", "0 bytes"),
        ("bomb", "900,000,"),
    ):
        found = [reason for name, reason in reasons.items() if name.startswith(f"숲/{kind}")]
        assert found and all(words in reason for reason in found)
    assert f"16 files left out; all are listed in {run.skipped_path.relative_to(tmp_path)}" in output
    assert sum(f"  {name}  " in output for name in spoilt) == 5 and "and 11 more" in output
    text = run.report_path.read_text(encoding="utf-8")
    assert "16 files were left out" in text and all(name.split("/")[1] in text for name in spoilt)


def test_strict_stops_at_a_file_that_is_no_picture(anmok, spoilt, folder, tmp_path):
    output = anmok("train", folder, *QUICK, "--strict", code=2)
    assert output.startswith("anmok: ") and re.search(r"숲/(bomb|cut|empty|text)", output)
    assert not (tmp_path / "runs").exists()


def test_damage_that_shows_when_decoding_is_listed_too(anmok, folder, tmp_path):
    path = folder / "rust" / "사진 02.png"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    anmok("train", folder, *QUICK, "--name", "it")
    run = run_of(tmp_path, "it")
    assert [row["name"] for row in run.skipped] == ["rust/사진 02.png"] and len(run.samples) == 59
    assert "metrics.json agrees" in anmok("evaluate", "it")
    output = anmok("train", folder, *QUICK, "--strict", "--name", "strict", code=2)
    assert "사진 02.png" in output


def test_mistakes_are_shown_with_their_names(anmok, folder, tmp_path):
    # Grass among the seas: whatever the network says of these, it is a mistake.
    for number in range(0, 20, 2):
        shutil.copy(folder / "숲" / f"사진 {number:02d}.png", folder / "바다" / f"풀 {number}.png")
    anmok("train", folder, *QUICK, "--name", "it")
    run = run_of(tmp_path, "it")
    labels, probabilities = run.predictions
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    assert len(wrong)
    text = run.report_path.read_text(encoding="utf-8")
    for index in wrong:
        assert run.tested_files[index].split("/")[1] in text
        data = cv2.imdecode(np.frombuffer(run.picture(int(index)), np.uint8), cv2.IMREAD_COLOR)
        assert data.shape == (160, 160, 3)


def test_evaluating_what_is_not_there_any_more_is_refused(anmok, folder, tmp_path):
    anmok("train", folder, *QUICK, "--name", "it")
    gone = rows_of(run_of(tmp_path, "it"), "test")[0]["file"]
    (folder / gone).unlink()
    assert f"1 of the 12 pictures that the run was tested on are not in {folder}" in anmok("evaluate", "it", code=2)
    (folder / gone).write_bytes(b"words")
    output = anmok("evaluate", "it", code=2)
    assert gone in output and "expected an image such as JPEG or PNG; these 5 bytes are none" in output


def test_pictures_that_come_later_do_not_move_the_test_pictures(anmok, folder, tmp_path):
    anmok("train", folder, *QUICK, "--name", "it")
    shutil.copy(folder / "rust" / "사진 00.png", folder / "rust" / "사진 00b.png")
    assert "metrics.json agrees" in anmok("evaluate", "it")


@pytest.mark.parametrize(
    "words, said",
    [
        (["내사진"], "Did you mean '내 사진'?"),
        (["fashon-mini"], "Did you mean 'fashion-mini'?"),
        (["./nothing/at/all"], "There is no folder or archive 'nothing'"),
        (["words.txt"], "expected a folder or a zip of images"),
        (["empty"], "empty is empty; one folder per class expected"),
        (["내 사진", "--image-size", "8"], "--image-size: expected 16 pixels or more for small, got 8."),
        (["내 사진", "--model", "vgg-a", "--image-size", "31"], "expected 32 pixels or more for vgg-a, got 31."),
        (["내 사진", "--augment", "foto"], "Unknown preset 'foto'. Did you mean 'photos'?"),
        (["내 사진/rust"], "20 images lie directly in"),
        (["mnist", "--image-size", "64"], "those of mnist have a size"),
    ],
)
def test_wrong_inputs_get_one_paragraph(anmok, folder, tmp_path, words, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "words.txt").write_text("words")
    output = anmok("train", *words, code=2)
    assert output.startswith("anmok: ") and said in output and output.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_name_wins_over_a_folder_that_is_called_the_same(paint, tmp_path, monkeypatch):
    paint(tmp_path / "mnist")
    monkeypatch.chdir(tmp_path)
    assert sources.resolve("mnist") == "mnist" and sources.resolve("./mnist") == str(tmp_path / "mnist")


@pytest.fixture
def prepared(folder, tmp_path):
    """prepared(name, **changes): a RunFolder that is ready to be trained."""

    def made(name, **changes):
        found = pictures.find(folder)
        config = recipes.configure(
            str(folder), found=found, epochs=2, batch_size=8, model="small", learning_rate=0.01, **changes
        )
        return RunFolder.create(tmp_path / "runs", config, name=name)

    return made


def test_the_same_seed_gives_the_same_run_and_another_one_another(prepared):
    runs = [prepared("a"), prepared("b"), prepared("c", seed=1)]
    for run in runs:
        workflow.train(run)
    a, b, c = runs
    assert a.samples == b.samples != c.samples
    assert np.array_equal(a.predictions[1], b.predictions[1])


def test_control_c_keeps_the_epochs_so_far(prepared):
    class Stop(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    run = prepared("it")
    with pytest.raises(KeyboardInterrupt):
        workflow.train(run, callbacks=[Stop()])
    again = RunFolder(run.path)
    assert len(again.history) == 1 and again.metrics is None and "after epoch 1 of 2" in page.render(again)
    assert workflow.evaluate(again)["images"] == 12


def test_augmentation_changes_the_training_pictures_alone(prepared):
    plain, changed = (prepared(name, augment=name).config for name in ("none", "photos"))
    found = pictures.find(plain.source)
    random.set_seed(0)
    without, with_it = material.of_pictures(found, plain), material.of_pictures(found, changed)
    assert np.array_equal(without.training[0][1], with_it.training[0][1])
    assert not np.array_equal(without.training[0][0], with_it.training[0][0])
    for part in ("validation", "tested"):
        one, two = (getattr(each, part) for each in (without, with_it))
        one, two = (one.batches, two.batches) if part == "tested" else (one, two)
        assert np.array_equal(one[0][0], two[0][0])
