"""`anmok run FILE.ipynb`: cell by cell in this Python, what is no Python, the executed copy, a cell that fails."""

import io
import json
import re
import signal
import subprocess
import sys
import time
import zipfile

import nbformat
import numpy as np
import pytest
from nbformat import v3, v4
from PIL import Image
from rich.console import Console

from anmok.compat.running import notebooks, programs
from anmok.errors import FileFormatError

# One notebook for all that is tolerated: a kernel takes seconds to begin.
TOLERATED = [
    "!pip install -q tensorflow==2.3.0 && pip3 install keras\n!apt-get install -y graphviz\n%pip install x",
    "%tensorflow_version 2.x\n%matplotlib notebook\n%load_ext tensorboard\n!nvidia-smi",
    "import os\nname = 'made'\n!mkdir -p {name}/deep\n!ls made\nfiles = !ls made\nprint(files)\n"
    "!rm -r $name\nos.path.exists('made')",
    "!wget -q https://example.invalid/pets.zip -O /content/pets.zip\n!unzip -q pets.zip -d pets\n"
    "print(sorted(os.listdir('pets')), len(os.listdir('/content/pets/cats')))",
    "!curl -O https://example.invalid/nothing.csv\n!kaggle datasets download -d someone/pets-kaggle\n"
    "!unzip -o pets-kaggle.zip -d k\nlen(os.listdir('k/dogs'))",
    "!git clone https://github.com/someone/repository.git\n!gdown --id 1abc",
    "%%bash\necho from bash\npip install y",
    "from PIL import Image\nImage.open('/content/drive/MyDrive/Colab Notebooks/photo.png').size",
    "from tensorflow.keras.preprocessing.image import ImageDataGenerator\n"
    "ImageDataGenerator().flow_from_directory('../input/pets', target_size=(8, 8)).n",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 1])\nplt.show()",
    "import tensorflow as tf\nfrom keras.models import Sequential\nfrom keras.layers import Dense\nimport numpy as np\n"
    "m = Sequential([Dense(2, input_dim=3)])\nm.compile(tf.keras.optimizers.SGD(lr=0.1), 'mse')\n"
    "h = m.fit(np.ones((99, 3)), np.ones((99, 2)), epochs=4, batch_size=3)\nm.save('model.h5')\nlen(h.history['loss'])",
    "%cd /content/drive/MyDrive/project\nos.getcwd()",
]


def write(path, cells):
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("# A title"), *map(v4.new_code_cell, cells)]), path)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "data" / "pets" / name).mkdir(parents=True)
        for i in range(2):
            pixels = draw.integers(0, 255, (8, 8, 3), "uint8")
            Image.fromarray(pixels).save(tmp_path / "data" / "pets" / name / f"{i}.png")
    with zipfile.ZipFile(tmp_path / "data" / "pets.zip", "w") as zipped:
        for path in sorted((tmp_path / "data" / "pets").rglob("*.png")):
            zipped.write(path, path.relative_to(tmp_path / "data" / "pets"))
    Image.new("RGB", (5, 6)).save(tmp_path / "photo.png")
    return tmp_path


def run(path, **how):
    screen = io.StringIO()
    code = programs.run(path, out=path.parent / "run", console=Console(file=screen, width=150, soft_wrap=True), **how)
    executed = nbformat.read(path.parent / "run" / f"{path.stem}.executed.ipynb", as_version=4)
    return code, screen.getvalue(), [cell for cell in executed.cells if cell.cell_type == "code"]


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def value(cell):
    return next(output.data["text/plain"] for output in cell.outputs if output.output_type == "execute_result")


def test_what_notebooks_have_beside_python(project):
    write(project / "lecture.ipynb", TOLERATED)
    data = ["pets.zip=data/pets.zip", "someone/pets-kaggle=data/pets", "../input/pets=data/pets"]
    code, screen, cells = run(project / "lecture.ipynb", data=data, trial=True)
    assert code == 0, screen
    assert re.findall(r"(?m)^ *(\d+)/12  .*  \d+\.\d s$", screen) == [str(i) for i in range(1, 13)]
    assert "deep" in printed(cells[2]) and "['deep']" in printed(cells[2]) and value(cells[2]) == "False"
    assert "['cats', 'dogs'] 2" in printed(cells[3])
    assert value(cells[4]) == "2"
    assert "from bash" in printed(cells[6])
    assert value(cells[7]) == "(5, 6)"
    assert value(cells[8]) == "4"
    assert any("image/png" in output.get("data", {}) for output in cells[9].outputs)
    assert value(cells[10]) == "4" and "2/2" in printed(cells[10])
    assert value(cells[11]) == repr(str((project / "run").resolve()))
    report = screen[screen.index("lecture.ipynb ran all 12 cells after") :]
    for note in (
        "!pip install -q tensorflow==2.3.0: left out, anmok installs nothing",
        "!pip3 install keras: left out",
        "!apt-get install -y graphviz: left out",
        "%tensorflow_version 2.x: left out",
        "%load_ext tensorboard: left out",
        "!nvidia-smi: left out, anmok needs no graphics card",
        "https://example.invalid/pets.zip is ",
        "!curl -O https://example.invalid/nothing.csv: Could not download",
        "!git clone https://github.com/someone/repository.git: left out; say where the folder is: --data "
        "repository=PATH",
        "!gdown 1abc: left out; say where the file is: --data 1abc=PATH",
        "data: /content/drive/MyDrive/Colab Notebooks/photo.png is photo.png",
        "learning_rate",
        "model.h5",
    ):
        assert note in report, f"{note}\n{report}"
    assert sorted(path.name for path in project.iterdir()) == ["data", "lecture.ipynb", "photo.png", "run"]
    left = {path.name for path in (project / "run").iterdir() if not path.name.startswith(".")}
    assert left >= {"lecture.executed.ipynb", "model.h5"} and "photo.png" not in left


def test_a_cell_that_fails_is_shown_and_the_copy_is_written(project):
    old = v3.new_notebook(
        worksheets=[
            v3.new_worksheet(
                cells=[
                    v3.new_text_cell("markdown", "Format 3"),
                    v3.new_code_cell("print('so far')"),
                    v3.new_code_cell("import tensorflow as tf\n\nx = tf.no_such_thing(1)\n"),
                    v3.new_code_cell("print('never')"),
                ]
            )
        ]
    )
    (project / "old.ipynb").write_text(v3.writes_json(old))
    assert json.loads((project / "old.ipynb").read_text())["nbformat"] == 3
    code, screen, cells = run(project / "old.ipynb")
    assert code == 1
    assert "cell 2, line 3\n    x = tf.no_such_thing(1)\nNotCovered: anmok does not cover tf.no_such_thing." in screen
    assert "old.ipynb failed after" in screen and "old.executed.ipynb in" in screen
    assert printed(cells[0]) == "so far\n" and not cells[2].outputs
    assert cells[1].outputs[-1].output_type == "error"


def test_what_is_no_notebook_is_refused(project):
    for text in ("print(1)", "{}", '{"nbformat": 4, "cells": 3}'):
        (project / "x.ipynb").write_text(text)
        with pytest.raises(FileFormatError, match=r"x\.ipynb is no notebook, or a damaged one"):
            notebooks.read(project / "x.ipynb")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_ends_the_cell_and_keeps_what_there_is(project):
    write(project / "waits.ipynb", ["print('one')", "import time\ntime.sleep(100)", "print('never')"])
    words = [sys.executable, "-m", "anmok.compat", "waits.ipynb", "--out", "run"]
    with subprocess.Popen(words, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("1/3")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=200)
    assert process.returncode == 130
    assert "waits.ipynb stopped after" in out and "Traceback" not in err
    executed = nbformat.read(project / "run" / "waits.executed.ipynb", as_version=4)
    assert printed(executed.cells[1]) == "one\n"
