"""`anmok train FOLDER` on real photographs: the course's 4,000 cats and dogs."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from anmok import files
from anmok.runs.folder import RunFolder

FOLDER = files.home() / "datasets" / "cats_and_dogs_small"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"cats_and_dogs_small is not in {FOLDER.parent}"),
]


def trained(tmp_path, *words):
    command = [sys.executable, "-c", "from anmok.cli import main; main()", "train", *map(str, words)]
    done = subprocess.run(
        [*command, "--name", "it", "--runs-dir", str(tmp_path / "runs")],
        capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return RunFolder(tmp_path / "runs" / "it"), done.stdout


def test_a_few_epochs_tell_cats_from_dogs(tmp_path):
    run, output = trained(tmp_path, FOLDER, "--image-size", 64, "--epochs", 10)
    assert "4,000 pictures of 2 classes: cats 2,000, dogs 2,000" in output
    assert "2,000 to train on, 1,000 to validate, 1,000 to test" in output and run.skipped == []
    assert run.metrics["images"] == 1000
    # A quarter of the epochs of the recipe and 44 % of its pixels; guessing is right half of the time.
    assert run.metrics["accuracy"] >= 0.66
    assert (tmp_path / "runs" / "it" / "report.html").stat().st_size > 20_000
    assert json.loads((tmp_path / "runs" / "it" / "config.json").read_text(encoding="utf-8"))["source"] == str(FOLDER)


def test_of_2000_files_the_16_that_are_no_pictures_are_left_out(tmp_path, bomb):
    folder = tmp_path / "photographs"
    shutil.copytree(FOLDER / "train", folder)
    chosen = sorted(folder.rglob("*.jpg"))[50::120][:16]
    for number, path in enumerate(chosen):
        whole = path.read_bytes()
        path.write_bytes(
            b"These are words."
            if number < 5
            else whole[: len(whole) // 2]
            if number < 10
            else b""
            if number < 15
            else bomb
        )
    run, output = trained(tmp_path, folder, "--image-size", 32, "--epochs", 1)
    assert len(chosen) == 16 and "16 files left out" in output and "and 11 more" in output
    assert sorted(row["name"] for row in run.skipped) == [path.relative_to(folder).as_posix() for path in chosen]
    assert len(run.samples) == 1984 and len(run.history) == 1
