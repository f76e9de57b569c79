"""`anmok run FILE.py`: the script as it is, its figures, its errors, its exit code, and the report at the end."""

import os
import signal
import subprocess
import sys
import time

import matplotlib
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from anmok import notices
from anmok.applications import published
from anmok.compat.running import programs
from anmok.errors import ArgumentError, MissingFileError

OLD_SCRIPT = """
import sys
import numpy as np
import matplotlib
matplotlib.use('TkAgg')
import matplotlib.pyplot as plt
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.optimizers import SGD
from keras.utils import np_utils
import helper

x = np.random.RandomState(0).rand(200, 4)
y = np_utils.to_categorical((x.sum(axis=1) > 2).astype(np.int), 2)
model = Sequential()
model.add(Dense(8, input_dim=4, init='uniform' if False else None) if False else Dense(8, input_dim=4))
model.add(Activation('relu'))
model.add(Dense(2, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer=SGD(lr=0.1, decay=1e-6), metrics=['acc'])
history = model.fit(x, y, epochs=int(sys.argv[1]), batch_size=10, validation_split=0.2, verbose=2)
plt.plot(range(int(sys.argv[1])), history.history['acc'])
plt.show()
plt.figure(); plt.plot([1, 2]); plt.figure(); plt.plot([2, 1]); plt.show()
model.save_weights('weights.h5')
print(helper.VALUE, open('numbers.txt').read())
if __name__ == '__main__':
    print('as the main program')
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    (tmp_path / "helper.py").write_text(
        "VALUE = 'helped'\ndef fail():\n    import anmok\n    anmok.layers.Dense('x')\n"
    )
    (tmp_path / "numbers.txt").write_text("1 2 3")
    yield tmp_path
    notices.forget()


@pytest.fixture
def run(project, capsys):
    """run(source, ...): (exit code, stdout, stderr, the run's folder); what is printed at the end is in stdout."""

    def running(source, *, name="old.py", encoding="utf-8", **how):
        (project / name).write_bytes(source.encode(encoding))
        code = programs.run(project / name, console=Console(width=160, soft_wrap=True), **how)
        printed = capsys.readouterr()
        folder = how.get("out") or max((project / "runs").iterdir())
        return code, printed.out, printed.err, folder

    return running


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a screen")
def test_an_old_script_runs_as_it_is(run, project):
    modules, backend = set(sys.modules), dict.__getitem__(matplotlib.rcParams, "backend")
    code, out, err, folder = run(OLD_SCRIPT, arguments=["3"])
    assert code == 0, err
    assert "Epoch 3/3" in out and "helped 1 2 3" in out and "as the main program" in out
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["figure-01.png", "figure-02.png", "figure-03.png", "weights.h5"]
    assert all(np.asarray(Image.open(folder / name)).std() > 0 for name in names[:3])
    report = out[out.index("old.py ran to its end after") :]
    for line in ("lr", "np.int", "learning_rate"):
        assert line in report
    assert "3 figures (figure-01.png to figure-03.png), weights.h5 in" in report and str(folder) in report
    assert not {name for name in set(sys.modules) - modules if name.split(".")[0] in ("tensorflow", "keras")}
    assert dict.__getitem__(matplotlib.rcParams, "backend") == backend
    assert sorted(path.name for path in project.iterdir()) == ["helper.py", "numbers.txt", "old.py", "runs"]
    assert sys.argv[0] != str(project / "old.py") and os.getcwd() == str(project)


def test_an_error_is_shown_with_the_persons_own_lines(run):
    code, _, err, folder = run("import helper\n\n\ndef go():\n    helper.fail()\n\n\ngo()\n")
    assert code == 1
    assert "line 8, in <module>" in err and "line 5, in go" in err and "line 4, in fail" in err
    assert "anmok.layers.Dense('x')" in err
    assert "/anmok/layers/" not in err and "programs.py" not in err and "scripts.py" not in err
    assert err.rstrip().splitlines()[-1].startswith("ArgumentError: ")
    assert "/anmok/layers/" in (folder / "traceback.txt").read_text()


def test_what_is_not_covered_is_one_sentence(run):
    code, _, err, _ = run("import tensorflow as tf\nx = tf.no_such_thing(1)\n")
    assert code == 1
    assert err.rstrip().splitlines()[-1].endswith("anmok does not cover tf.no_such_thing.")
    assert "x = tf.no_such_thing(1)" in err


def test_exit_codes_are_the_scripts_own(run):
    assert run("import sys; sys.exit(3)")[0] == 3
    assert run("raise SystemExit('enough')")[0] == 1
    assert run("exit()" if False else "raise SystemExit")[0] == 0
    assert run("def f(:\n")[0] == 1
    assert run("raise KeyboardInterrupt")[0] == 130


def test_korean_windows_and_notebooks_saved_as_scripts(run):
    assert run("print('한글')  # 주석\n", encoding="cp949")[1].startswith("한글")
    code, out, _, _ = run("!pip install tensorflow==2.1\n%matplotlib inline\nx = 3\nif x:\n    !echo {x} deep\n")
    assert code == 0 and "!pip install tensorflow==2.1: left out" in out


def test_pictures_of_opencv_and_pillow_are_kept(run):
    code, _, _, folder = run(
        "import cv2, numpy as np\nfrom PIL import Image\ncv2.imshow('x', np.zeros((4, 5, 3), np.uint8))\n"
        "cv2.waitKey(0)\ncv2.destroyAllWindows()\nImage.new('RGB', (6, 7)).show()\n"
    )
    assert code == 0
    assert [Image.open(folder / f"figure-0{i}.png").size for i in (1, 2)] == [(5, 4), (6, 7)]


def test_the_folder_of_a_run(run, project):
    code, _, _, folder = run("open('x.txt', 'w').write('x')", out=project / "here" / "it")
    assert code == 0 and (folder / "x.txt").read_text() == "x"
    run("pass")
    run("pass")
    assert len(list((project / "runs").iterdir())) == 2


def test_what_cannot_be_run_is_refused(project):
    with pytest.raises(MissingFileError, match=r"There is no file .*nothing\.py"):
        programs.run("nothing.py", console=None)
    with pytest.raises(ArgumentError, match=r"takes a \.py or \.ipynb file, got numbers\.txt"):
        programs.run("numbers.txt", console=None)


TRIAL = """
import numpy as np
from sklearn.metrics import confusion_matrix
import tensorflow as tf
from tensorflow.keras import layers, models
from tensorflow.keras.preprocessing.image import ImageDataGenerator
x, y = np.random.rand(300, 8, 8, 3), np.arange(300) % 2
model = models.Sequential([layers.Flatten(input_shape=(8, 8, 3)), layers.Dense(2, activation='softmax')])
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])
seen = []
class Count(tf.keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        seen.append(batch)
h = model.fit(x, y, epochs=5, batch_size=10, validation_split=0.1, callbacks=[Count()], verbose=0)
assert seen == [0, 1] * 5 and len(h.history['val_loss']) == 5, seen
seen.clear()
flow = ImageDataGenerator(horizontal_flip=True).flow(x, y, batch_size=10)
model.fit_generator(flow, steps_per_epoch=30, epochs=3, validation_data=flow, validation_steps=10,
                    callbacks=[Count()], verbose=0)
assert seen == [0, 1] * 3
assert confusion_matrix(y, model.predict(x, verbose=0).argmax(1)).sum() == 300
assert len(model.evaluate(x, y, verbose=0)) == 2
assert sum(1 for _ in tf.data.Dataset.from_tensor_slices(x)) == 300
net = tf.keras.applications.ResNet50(weights='imagenet', include_top=False, input_shape=(32, 32, 3))
print(net.predict(np.zeros((1, 32, 32, 3)), verbose=0).shape)
"""


def test_a_trial(run, monkeypatch, tmp_path):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(published, "STORAGE", "file:///no/such/place/")  # nothing to be downloaded
    code, out, err, _ = run(TRIAL, trial=True)
    assert code == 0, err
    assert "(1, 1, 1, 2048)" in out
    assert "note --trial: 2 batches an epoch" in out
    assert "--trial: ImageNet's weights of resnet50 are not here, it has random ones" in out
    code, out, err, _ = run("import tensorflow as tf\ntf.keras.applications.VGG19()\n")
    assert code == 1 and "vgg19_weights_tf_dim_ordering_tf_kernels.h5 is" not in out
    assert "MissingFileError" in err and str(tmp_path / "home" / "models") in err


LOOP = """
import tensorflow as tf
import numpy as np
data = tf.data.Dataset.from_tensor_slices((np.ones((50, 3), 'float32'), np.ones((50, 1), 'float32'))).batch(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(3,))])
optimizer = tf.keras.optimizers.SGD(0.1)
steps = 0
for epoch in range(3):
    for x, y in data:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        steps += 1
print('steps', steps, 'whole', sum(1 for _ in data))
"""


def test_a_trial_shortens_loops_that_train(run):
    code, out, err, _ = run(LOOP, trial=True)
    assert code == 0, err
    assert "steps 6 whole 50" in out
    assert "steps 150 whole 50" in run(LOOP)[1]


def start(*words, cwd):
    return subprocess.Popen(
        [sys.executable, "-m", "anmok.compat", *words],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_the_module_is_the_command_and_prints_come_live(project):
    (project / "waits.py").write_text("import sys, time\nprint('begun', sys.argv[1:], flush=True)\ntime.sleep(60)\n")
    with start("waits.py", "--trial", "--", "--deep", "3", cwd=project) as process:
        assert process.stdout.readline().strip() == "begun ['--deep', '3']"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped by Ctrl-C." in err and "waits.py stopped after" in out and "Traceback" not in err
