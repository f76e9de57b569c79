"""Lines of Keras 1, Keras 2, tf.keras and Keras 3, one group an API: they run, or are refused in a sentence.

dialects.txt holds those that run, divided by lines "# ---". Each finds a few random pictures and a small network.
"""

import pathlib
import textwrap
import warnings

import pytest

from anmok import compat
from anmok.errors import AnmokError
from anmok.notices import AnmokWarning

HEAD = """
import os
import numpy as np
import tensorflow as tf
import keras
from keras import backend as K
from keras import callbacks, layers, models, optimizers
from keras.layers import *
from keras.models import Model, Sequential

rng = np.random.RandomState(0)
X = rng.rand(8, 8, 8, 3).astype("float32")
Y = np.eye(3, dtype="float32")[rng.randint(0, 3, 8)]
y = Y.argmax(1)


def small(**arguments):
    m = Sequential([Conv2D(2, 3, activation="relu", input_shape=(8, 8, 3)), Flatten(), Dense(3, activation="softmax")])
    m.compile(**{"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"], **arguments})
    return m
"""
GROUPS = (pathlib.Path(__file__).parent / "dialects.txt").read_text(encoding="utf-8").split("\n# ---\n")


def run(lines, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with compat.active(), warnings.catch_warnings():
        warnings.simplefilter("ignore", AnmokWarning)
        exec(HEAD + "\n" + lines, {"__name__": "program"})


@pytest.mark.parametrize("lines", GROUPS, ids=[textwrap.shorten(group, 50, placeholder="") for group in GROUPS])
def test_lines_run(lines, tmp_path, monkeypatch):
    run(lines, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "line, words",
    [
        ("small().fit(X, Y, show_accuracy=True)", "Unknown argument of fit 'show_accuracy'"),
        ("small().fit(X, Y, samples_per_epoch=8)", "counts samples"),
        ("small().fit(X, Y, verbose=0, class_weight='auto')", "class_weight as a dict"),
        ("small().to_yaml()", "use to_json"),
        ("small().export('x')", "use model.save"),
        ("small(target_tensors=[Y])", "Unknown argument of compile 'target_tensors'"),
        ("small(optimizer=tf.train.AdamOptimizer(1e-3))", "use tf.keras.optimizers.Adam"),
        ("callbacks.TensorBoard(write_grads=True)", "write_grads=True is not offered"),
        ("callbacks.TensorBoard(profile_batch=2)", "profile_batch=2 is not offered"),
        ("callbacks.RemoteMonitor()", "use a LambdaCallback"),
        ("BatchNormalization(mode=2)", "mode=2 cannot be honoured"),
        ("BatchNormalization(renorm=True)", "renorm is not supported"),
        ("Dense(8, lora_rank=2)", "lora_rank"),
        ("Dense(8, activation='LeakyReLU')", "Did you mean 'leaky_relu'"),
        ("K.set_floatx('float64')", "weights are float32"),
        ("K.get_session()", "sessions are gone"),
        ("tf.Session()", "sessions are gone"),
        ("tf.placeholder(tf.float32)", "use keras.Input"),
        ("tf.lite.TFLiteConverter", "torch.onnx"),
        ("tf.contrib.layers", "ended with TensorFlow 1"),
        ("import tensorflow.contrib.slim", "ended with TensorFlow 1"),
        ("from tensorflow.examples.tutorials.mnist import input_data", "keras.datasets.mnist"),
        ("from keras.layers import Merge", "layers.concatenate"),
        ("from keras.layers import LSTM", "recurrent"),
        ("from keras.layers.recurrent import LSTM", "recurrent"),
        ("from keras.layers.wrappers import TimeDistributed", "recurrent"),
        ("from keras.layers.embeddings import Embedding", "text"),
        ("from keras.layers import Conv3D", "volumes"),
        ("from keras.layers.local import LocallyConnected2D", "gone from Keras 3 too"),
        ("from keras.models import model_from_yaml", "use to_json"),
        ("from keras.utils import HDF5Matrix", "h5py"),
        ("from keras.utils.data_utils import OrderedEnqueuer", "pass it to fit"),
        ("from keras.preprocessing.text import Tokenizer", "text"),
        ("from keras.preprocessing.sequence import pad_sequences", "text"),
        ("from keras.datasets import imdb", "text"),
        ("import keras_tuner as kt", "a loop over models"),
        ("import tensorflow_datasets as tfds", "keras.datasets"),
        ("import tensorflow_addons as tfa", "GroupNormalization"),
        ("from keras_contrib.layers import InstanceNormalization", "GroupNormalization"),
        ("keras.utils.multi_gpu_model(small(), gpus=2)", "one device"),
        ("tf.keras.experimental.LinearModel()", "Dense"),
        ("keras.optimizers.Ftrl()", "take Adam"),
    ],
)
def test_what_is_not_covered_fails_in_a_sentence(line, words, tmp_path, monkeypatch):
    with pytest.raises(AnmokError) as error:
        run(line, tmp_path, monkeypatch)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
