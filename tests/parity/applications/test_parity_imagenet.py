"""preprocess_input and decode_predictions against Keras', and the shop window against theirs."""

import inspect

import keras
import numpy as np
import pytest
import torch

import anmok
from anmok import applications, files
from anmok.applications import imagenet_utils

MODULES = [
    "convnext", "densenet", "efficientnet", "efficientnet_v2", "imagenet_utils", "inception_resnet_v2", "inception_v3",
    "mobilenet", "mobilenet_v2", "mobilenet_v3", "nasnet", "resnet", "resnet50", "resnet_v2", "vgg16", "vgg19",
    "xception",
]  # fmt: skip
NETWORKS = [name for name in dir(keras.applications) if name[0].isupper()]


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("data_format", [None, "channels_last", "channels_first"])
@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "float64"])
def test_arrays_are_scaled_as_keras_scales_them(mode, data_format, batch, dtype):
    shape = (3, 5, 4) if data_format == "channels_first" else (5, 4, 3)
    images = np.random.default_rng(0).integers(0, 256, (*batch, *shape)).astype(dtype)
    expected = keras.applications.imagenet_utils.preprocess_input(images.copy(), data_format, mode)
    scaled = imagenet_utils.preprocess_input(images, data_format, mode)
    assert scaled.dtype == expected.dtype
    np.testing.assert_array_equal(scaled, expected)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_tensors_are_scaled_as_keras_scales_them(mode, data_format, batch):
    shape = (3, 5, 4) if data_format == "channels_first" else (5, 4, 3)
    images = torch.rand((*batch, *shape)) * 255
    expected = keras.applications.imagenet_utils.preprocess_input(images.clone(), data_format, mode)
    torch.testing.assert_close(imagenet_utils.preprocess_input(images, data_format, mode), expected.cpu())


@pytest.mark.parametrize("module", [name for name in MODULES if name != "imagenet_utils"])
def test_each_module_has_keras_names_and_scales_alike(module):
    ours, theirs = getattr(applications, module), getattr(keras.applications, module)
    public = [name for name in dir(theirs) if not name.startswith("_")]
    assert not set(public) - set(dir(ours))
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3)).astype("float32")
    expected = theirs.preprocess_input(images.copy())
    np.testing.assert_array_equal(ours.preprocess_input(images), expected)


@pytest.mark.parametrize("network", NETWORKS)
def test_each_network_has_keras_arguments(network):
    def arguments(of):
        return [(p.name, p.default) for p in inspect.signature(getattr(of, network)).parameters.values()]

    assert arguments(applications) == arguments(keras.applications)


@pytest.mark.skipif(
    not (files.home() / "models" / "imagenet_class_index.json").exists(), reason="the names are not on this machine"
)
@pytest.mark.parametrize("top", [1, 5, 1000])
def test_scores_are_read_as_keras_reads_them(top, monkeypatch):
    place = str(files.home() / "models" / "imagenet_class_index.json")
    monkeypatch.setattr("keras.src.applications.imagenet_utils.file_utils.get_file", lambda *_, **__: place)
    scores = np.random.default_rng(0).dirichlet(np.ones(1000), 3).astype("float32")
    expected = keras.applications.imagenet_utils.decode_predictions(scores, top)
    assert imagenet_utils.decode_predictions(scores, top) == expected


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_a_model_that_scales_opens_in_keras(mode, tmp_path):
    start = anmok.Input((6, 6, 3))
    model = anmok.Model(start, imagenet_utils.preprocess_input(start, mode=mode))
    model.save(tmp_path / "m.keras")
    images = np.random.default_rng(0).integers(0, 256, (2, 6, 6, 3)).astype("float32")
    expected = keras.applications.imagenet_utils.preprocess_input(images.copy(), mode=mode)
    theirs = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(theirs.predict_on_batch(images), expected, rtol=1e-5, atol=1e-5)
