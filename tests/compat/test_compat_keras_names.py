"""Every name of Keras 3 is there or refused with a reason; names of older years stand for what they were."""

import importlib
import types

import numpy as np
import pytest

from anmok import compat, layers, losses, models, optimizers, regularizers
from anmok.compat import keras_names, missing


@pytest.fixture(autouse=True)
def active():
    with compat.active():
        yield


def walked(module, name):
    for key in sorted(vars(module)):
        thing = getattr(module, key)
        if key.startswith("_") or key == "src":
            continue
        if isinstance(thing, types.ModuleType):
            if thing.__name__.startswith("keras.") and not thing.__name__.startswith("keras.src"):
                yield from walked(thing, f"{name}.{key}")
        else:
            yield f"{name}.{key}"


# Not for image courses, and nobody asks for them by accident: the bare sentence must do.
_BARE = {
    "keras.Function", "keras.Operation", "keras.Quantizer", "keras.RematScope", "keras.StatelessScope",
    "keras.SymbolicScope", "keras.remat", "keras.layers.EinsumDense", "keras.layers.GRUCell",
    "keras.layers.GroupQueryAttention", "keras.layers.LSTMCell", "keras.layers.MaxNumBoundingBoxes",
    "keras.layers.RMSNormalization", "keras.layers.ReversibleEmbedding", "keras.layers.SimpleRNNCell",
    "keras.layers.StackedRNNCells", "keras.layers.ConvLSTM1D", "keras.losses.Circle", "keras.losses.circle",
    "keras.optimizers.MultiOptimizer", "keras.optimizers.OptimizerMap", "keras.optimizers.ScheduleFreeAdamW",
    "keras.saving.KerasFileEditor", "keras.utils.Config", "keras.random.beta", "keras.random.binomial",
    "keras.random.dropout", "keras.random.gamma", "keras.utils.standardize_dtype",
}  # fmt: skip
_BARE_ROOMS = ("keras.config.", "keras.tree.", "keras.legacy.", "keras.utils.legacy.", "keras.dtype_policies.",
               "keras.quantizers.", "keras.distribution.", "keras.ops.", "keras.backend.")  # fmt: skip


def test_every_name_of_keras_3_is_there_or_refused_with_a_reason():
    compat.deactivate()
    real = pytest.importorskip("keras")
    names = sorted(set(walked(real, "keras")))
    assert len(names) > 1000
    compat.activate()
    covered, bare = 0, []
    for dotted in names:
        module, _, name = dotted.rpartition(".")
        try:
            getattr(importlib.import_module(module), name)
            covered += 1
        except (missing.NotCovered, missing.NotCoveredModule) as error:
            assert "\n" not in str(error)
            if ": " not in str(error) and dotted not in _BARE and not dotted.startswith(_BARE_ROOMS):
                bare.append(dotted)
    assert not bare
    assert covered > 1150


@pytest.mark.parametrize("room", sorted(keras_names.ROOMS))
def test_every_name_in_the_tables_is_where_they_say(room):
    module = importlib.import_module(room)
    for name in module.__all__:
        getattr(module, name)


@pytest.mark.parametrize(
    "line, thing",
    [
        ("from keras.optimizers import adam as x", optimizers.Adam),
        ("from keras.optimizers.legacy import SGD as x", optimizers.SGD),
        ("from tensorflow.keras.optimizers.experimental import AdamW as x", optimizers.AdamW),
        ("from tensorflow.python.keras.optimizer_v2.adam import Adam as x", optimizers.Adam),
        ("from keras.optimizers.optimizer_v2.rmsprop import RMSprop as x", optimizers.RMSprop),
        ("from keras.layers.core import Dense as x", layers.Dense),
        ("from keras.layers.normalization.batch_normalization_v1 import Dropout as x", layers.Dropout),
        ("from keras.layers.advanced_activations import LeakyReLU as x", layers.LeakyReLU),
        ("from keras.layers.merge import concatenate as x", layers.concatenate),
        ("from keras.src.layers.merging.add import Add as x", layers.Add),
        ("from tensorflow.keras.layers.experimental.preprocessing import Rescaling as x", layers.Rescaling),
        ("from keras.engine.topology import Layer as x", layers.Layer),
        ("from keras.engine.training import Model as x", models.Model),
        ("from keras.engine import Input as x", layers.Input),
        ("from keras.objectives import mse as x", losses.mse),
        ("from keras.regularizers import activity_l2 as x", regularizers.l2),
        ("from tensorflow.compat.v1.keras.layers import Dense as x", layers.Dense),
        ("from keras.api._v2.keras import Sequential as x", models.Sequential),
    ],
)  # fmt: skip
def test_old_places_hold_the_same_things(line, thing):
    names = {}
    exec(line, names)
    assert names["x"] is thing


def test_merge_is_a_module_and_a_function():
    from keras.layers import merge

    assert merge.Concatenate is layers.Concatenate
    model_input = layers.Input((4, 4, 3))
    double = layers.Conv2D(3, 1)(model_input)
    assert merge([model_input, double], mode="concat", concat_axis=-1).shape == (None, 4, 4, 6)
    model = models.Model(model_input, merge([model_input, model_input], mode="sum"))
    x = np.ones((1, 4, 4, 3), "float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), 2 * x)


def test_reduction_and_source_inputs():
    from keras.engine.topology import get_source_inputs
    from keras.losses import Reduction

    values = losses.MeanSquaredError(reduction=Reduction.NONE)(np.ones((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(np.asarray(values), [1, 1])
    first, second = layers.Input((3,)), layers.Input((3,))
    found = get_source_inputs(layers.Dense(2)(layers.add([first, layers.Dense(3)(second)])))
    assert {id(tensor) for tensor in found} == {id(first), id(second)}


def test_smart_resize_of_folders_is_crop_to_aspect_ratio(tmp_path):
    from keras import preprocessing, utils

    (tmp_path / "a").mkdir()
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = 255
    preprocessing.image.save_img(tmp_path / "a" / "x.png", picture, scale=False)
    for made in (preprocessing.image_dataset_from_directory, utils.image_dataset_from_directory):
        for smart, seen in ((True, 255), (False, 102)):
            batch = next(iter(made(tmp_path, label_mode=None, image_size=(10, 10), smart_resize=smart, verbose=False)))
            assert float(np.mean(batch)) == pytest.approx(seen, abs=1)


def test_star_imports_bring_layers_and_nothing_private():
    names = {}
    exec("from keras.layers import *", names)
    assert names["Conv2D"] is layers.Conv2D and names["Input"] is layers.Input
    assert not any(name.startswith("_") for name in names if name != "__builtins__")


def test_hub_layers_read_local_files(tmp_path):
    import tensorflow_hub

    model = models.Sequential([layers.Dense(2, input_shape=(3,))])
    model.save(tmp_path / "m.keras")
    x = np.ones((1, 3), "float32")
    layer = tensorflow_hub.KerasLayer(str(tmp_path / "m.keras"), input_shape=(3,))
    np.testing.assert_array_equal(models.Sequential([layer]).predict(x, verbose=0), model.predict(x, verbose=0))
    np.testing.assert_array_equal(np.asarray(tensorflow_hub.load(str(tmp_path / "m.keras"))(x)), model(x).detach())
    with pytest.raises(ValueError, match="SavedModels"):
        tensorflow_hub.KerasLayer("https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/feature_vector/5")


def test_colab_is_there_with_notes(tmp_path):
    from google.colab import drive, files

    with pytest.warns(UserWarning, match="no drive to mount at /content/drive"):
        drive.mount("/content/drive")
    with pytest.warns(UserWarning, match="nothing is uploaded"):
        assert files.upload() == {}
    with pytest.raises(FileNotFoundError):
        files.download(str(tmp_path / "none.csv"))
