"""Imports of TensorFlow and Keras mean anmok while compat is active, and nothing of it is left afterwards."""

import importlib
import os
import pathlib
import subprocess
import sys

import pytest

from anmok import compat, layers
from anmok.compat import missing

ROOT = pathlib.Path(__file__).parent.parent.parent
PACKAGES = ("tensorflow", "keras", "tf_keras", "keras_preprocessing", "tensorflow_hub", "google.colab")


def state():
    modules = {name: module for name, module in sys.modules.items() if name.startswith(PACKAGES)}
    return modules, list(sys.meta_path), list(sys.path_hooks)


@pytest.mark.parametrize(
    "line, name",
    [
        ("import keras", "keras"),
        ("from tensorflow import keras", "keras"),
        ("from tensorflow.keras import layers", "layers"),
        ("from tensorflow.keras.datasets.mnist import load_data", "load_data"),
        ("from keras.utils.np_utils import to_categorical", "to_categorical"),
        ("from keras.layers.convolutional import Conv2D", "Conv2D"),
        ("from tensorflow.python.keras.utils import np_utils", "np_utils"),
        ("from keras_preprocessing.image import ImageDataGenerator", "ImageDataGenerator"),
        ("import tensorflow as tf; load_img = tf.keras.preprocessing.image.load_img", "load_img"),
    ],
)
def test_spellings_of_all_years_are_found(line, name):
    names = {}
    with compat.active():
        exec(line, names)
    assert name in names


def test_one_thing_is_one_object_in_all_spellings():
    with compat.active():
        spellings = ["keras.layers", "tensorflow.keras.layers", "tensorflow.python.keras.layers", "tf_keras.layers"]
        found = [importlib.import_module(name) for name in spellings]
    assert all(module is found[0] for module in found)
    assert found[0].Conv2D is layers.Conv2D


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("from keras.layers import LSTM", "anmok does not cover keras.layers.LSTM: recurrent"),
        ("from tensorflow.keras.layers import Conv2d", "did you mean Conv2D?"),
        ("import keras_tuner", "anmok does not cover keras_tuner: write the search as a loop"),
        ("from tensorflow_addons.optimizers import AdamW", "keras.optimizers"),
        ("import keras.preprocessing.text", "anmok classifies images"),
    ],
)
def test_what_is_not_covered_fails_at_its_line_with_one_sentence(line, sentence):
    with compat.active(), pytest.raises(missing.NotCoveredModule) as error:
        exec(line, {})
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_attribute_is_an_attribute_error():
    with compat.active():
        import keras

        assert not hasattr(keras.layers, "LSTM")
        with pytest.raises(missing.NotCovered, match=r"anmok does not cover keras\.layers\.LSTM: recurrent"):
            keras.layers.LSTM  # noqa: B018


def test_installed_packages_come_back_as_the_same_modules():
    real = pytest.importorskip("keras")
    before = state()
    with compat.active():
        import keras

        assert keras is not real
        assert keras.layers.Conv2D is layers.Conv2D
    import keras

    assert keras is real
    assert state() == before


STUBS = {
    "tensorflow/__init__.py": "from tensorflow import inner\nwhole = True\n",
    "tensorflow/inner.py": "",
    "google/protobuf.py": "",  # a namespace package, as Google's are
    "google/colab/__init__.py": "real = True\n",
}


def test_packages_of_others_come_back_untouched(tmp_path):
    for name, text in STUBS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    program = """
import sys
import tensorflow, google.protobuf, google.colab
before = {name: module for name, module in sys.modules.items() if name.startswith(("tensorflow", "google"))}
finders, real, colab = list(sys.meta_path), tensorflow, google.colab
from anmok import compat
with compat.active():
    import tensorflow
    from google.colab import drive
    import google.protobuf
    assert tensorflow is not real and tensorflow.__version__ == "2.15.0"
    assert google.colab is not colab and google.protobuf
    assert real.whole and colab.real
after = {name: module for name, module in sys.modules.items() if name.startswith(("tensorflow", "google"))}
assert after == before, set(after) ^ set(before)
import tensorflow
assert tensorflow is real and google.colab is colab and sys.meta_path == finders
import tensorflow.inner
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_ipython_loads_and_unloads_it_as_an_extension():
    was_active = compat.is_active()
    compat.load_ipython_extension(None)
    assert compat.is_active()
    compat.unload_ipython_extension(None)
    assert not compat.is_active() and not was_active


def test_nothing_is_left_behind_in_a_fresh_process():
    program = """
import sys
modules, finders = set(sys.modules), list(sys.meta_path)
import anmok.compat.activate
import keras, tensorflow.keras.layers, tf_keras
anmok.compat.deactivate()
ours = ("keras", "tensorflow", "tf_keras", "google")
left = [name for name in set(sys.modules) - modules if name.split(".")[0] in ours]
assert not left, left
assert sys.meta_path == finders
import anmok.compat.activate
assert anmok.compat.is_active()
anmok.compat.activate()
anmok.compat.deactivate()
assert not anmok.compat.is_active() and sys.meta_path == finders
"""
    subprocess.run([sys.executable, "-c", program], check=True)
