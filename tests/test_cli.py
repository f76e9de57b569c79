"""The command line as a person meets it. Training itself is tested in tests/runs/."""

import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from anmok import cli, datasets
from anmok.errors import AnmokError
from anmok.runs import sources, workflow


def anmok(*words, code=0):
    """What `anmok words...` printed, both streams."""
    call = "import sys; from anmok.cli import main; sys.argv[0] = 'anmok'; main()"
    done = subprocess.run([sys.executable, "-c", call, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_help_imports_nothing_heavy():
    call = (
        "import sys; sys.argv = ['anmok', '--help']\n"
        "from anmok.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'cv2', 'numpy', 'pandas', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
    for command in ("train", "evaluate", "predict", "runs"):
        assert re.search(rf"\b{command}\b", done.stdout)


def test_version():
    assert anmok("--version") == "anmok 0.1.0\n"


@pytest.mark.parametrize(
    "words, said",
    [
        (["train", "fashon-mini"], "Unknown source 'fashon-mini'. Did you mean 'fashion-mini'?"),
        (["train", "mnist", "--model", "smal"], "Unknown model 'smal'. Did you mean 'small'?"),
        (["train", "mnist", "--epochs", "0"], "epochs: expected a whole number >= 1, got 0."),
        (["evaluate", "last"], "There is no run in"),
        (["predict", "nothing", "x.png"], "There is no run 'nothing'"),
    ],
)
def test_wrong_inputs_get_one_paragraph(words, said, tmp_path):
    output = anmok(*words, "--runs-dir", tmp_path, code=2)
    assert output.startswith("anmok: ") and said in output and output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_no_runs_is_said_and_no_error(tmp_path):
    assert "There is no run in" in anmok("runs", "--runs-dir", tmp_path)


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Commands in this process, on 300 of fashion-mini's images; a function like `anmok` above."""
    (x, y), (x_test, y_test) = datasets.fashion_mini.load_data()
    few = sources.Images(
        x[:300, ..., None], y[:300].astype(int), x_test[:50, ..., None], y_test[:50].astype(int),
        datasets.fashion_mini.class_names,
    )  # fmt: skip
    monkeypatch.setattr(sources, "load", lambda name: few)
    monkeypatch.chdir(tmp_path)
    return few


def call(capsys, *words, code=0):
    with pytest.raises(SystemExit) as end:
        sys.argv = ["anmok", *words]
        cli.main()
    output = "".join(capsys.readouterr())
    assert (end.value.code or 0) == code, output
    return output


def test_train_then_the_other_commands(small, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", sys.argv)
    words = ["--model", "small", "--epochs", "2", "--name", "mine"]
    output = call(capsys, "train", "fashion-mini", *words)
    lines = output.splitlines()
    assert [line.split()[0] for line in lines if re.match(r"\s+\d/2 ", line)] == ["1/2", "2/2"]
    assert str(tmp_path / "runs" / "mine" / "report.html") in output and "\x1b" not in output and "\r" not in output
    assert (tmp_path / "runs" / "mine" / "report.html").is_file()

    assert "metrics.json agrees" in call(capsys, "evaluate", "last")
    assert re.search(r"mine +small +2 +[\d.]+ %", call(capsys, "runs"))
    assert "exists already" in call(capsys, "train", "fashion-mini", *words, code=2)

    (tmp_path / "신발.png").write_bytes(cv2.imencode(".png", small.x_test[0])[1].tobytes())
    output = call(capsys, "predict", "mine", "신발.png", "none.png", code=2)
    answer = workflow.predict(workflow_run(tmp_path), small.x_test[:1])[0]
    assert f"신발.png  {small.classes[answer.argmax()]} {100 * answer.max():.1f} %" in output
    assert "anmok: There is no image at none.png." in output
    assert "Try --invert" in call(capsys, "predict", "last", str(light(tmp_path)))


def workflow_run(folder):
    from anmok.runs.folder import RunFolder

    return RunFolder(folder / "runs" / "mine")


def light(folder):
    path = folder / "light.png"
    path.write_bytes(cv2.imencode(".png", np.full((30, 30), 255, np.uint8))[1].tobytes())
    return path


def test_control_c_keeps_what_there_is(small, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", sys.argv)

    def stopped(run, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(workflow, "train", stopped)
    output = call(capsys, "train", "fashion-mini", "--name", "cut", code=130)
    assert "Stopped after epoch 0 of" in output and "report.html" in output
    assert (tmp_path / "runs" / "cut" / "report.html").is_file()
    assert "unfinished" in call(capsys, "runs")


def test_errors_that_are_not_ours_are_not_hidden(monkeypatch):
    monkeypatch.setattr(cli, "app", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main()
    monkeypatch.setattr(cli, "app", lambda: (_ for _ in ()).throw(AnmokError("words")))
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
