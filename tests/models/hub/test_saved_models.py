"""Saved models of Keras as layers, from paths and URLs; handles that are no files for us, told in words."""

import hashlib
import zipfile

import numpy as np
import pytest
import torch

from anmok import files, hub, layers, models
from anmok.errors import ArgumentError, FileFormatError, MissingFileError, ShapeError, UnknownNameError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def saved(path, seed=0):
    """A compiled network in a file, and itself."""
    start = layers.Input((8, 8, 3))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(start))
    x = layers.Dropout(0.5)(layers.Add()([x, layers.Conv2D(4, 1)(x)]))
    model = models.Model(start, layers.GlobalAveragePooling2D()(x), name="base")
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.2, 0.9, array.shape) for array in model.get_weights()])
    model.compile("adam", "mse")
    model.save(path)
    return model


def images(count=6):
    return np.random.default_rng(0).uniform(-1, 1, (count, 8, 8, 3)).astype("float32")


WRAPPED = {"model": models.from_hub, "layer": hub.KerasLayer}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_as_a_layer(wrap, ending, tmp_path):
    base = saved(tmp_path / f"base{ending}")
    expected = base.predict(images(), verbose=0)
    layer = wrap(tmp_path / f"base{ending}", name="features")
    model = models.Sequential([layer])
    assert layer.name == "features" and model.input_shape == (None, 8, 8, 3) and model.output_shape == (None, 4)
    np.testing.assert_array_equal(model.predict(images(), verbose=0), expected)
    start = layers.Input((8, 8, 3))
    functional = models.Model(start, layers.Dense(2)(wrap(str(tmp_path / f"base{ending}"))(start)))
    assert functional.count_params() == base.count_params() + 10
    assert [weight.name for weight in functional.trainable_weights] == ["kernel", "bias"]


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize("trainable", [False, True])
def test_frozen_or_trained(wrap, trainable, tmp_path):
    base = saved(tmp_path / "base.keras")
    layer = wrap(tmp_path / "base.keras", trainable=trainable)
    model = models.Sequential([layer, layers.Dense(2)])
    assert len(model.trainable_weights) == (8 if trainable else 2)
    before = layer.get_weights()
    model.compile("sgd", "mse")
    model.fit(images(), np.ones((6, 2)), epochs=2, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True)]
    assert changed == [trainable] * len(base.weights)


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_model_with_it_is_whole_in_its_own_file(wrap, ending, tmp_path):
    saved(tmp_path / "base.keras")
    layer = wrap(tmp_path / "base.keras", trainable=True)
    inner = layer if wrap is models.from_hub else layer.module
    inner.layers[1].trainable = False
    model = models.Sequential([layer, layers.Dense(2)])
    expected = model.predict(images(), verbose=0)
    model.save(tmp_path / f"whole{ending}")
    (tmp_path / "base.keras").unlink()
    loaded = models.load_model(tmp_path / f"whole{ending}")
    np.testing.assert_array_equal(loaded.predict(images(), verbose=0), expected)
    assert len(loaded.trainable_weights) == len(model.trainable_weights) == 6
    # As one writes it for TensorFlow Hub.
    again = models.load_model(tmp_path / f"whole{ending}", custom_objects={"KerasLayer": hub.KerasLayer})
    np.testing.assert_array_equal(again.predict(images(), verbose=0), expected)


def test_a_model_object(tmp_path):
    base = saved(tmp_path / "base.keras")
    layer = hub.KerasLayer(base)
    model = models.Sequential([layer, layers.Dense(2)])
    assert layer.module is base and not base.trainable and len(model.trainable_weights) == 2
    with pytest.raises(ArgumentError, match="this model says it itself"):
        hub.KerasLayer(base, data_format="channels_first")


def test_classes_of_ones_own(tmp_path):
    class Doubled(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    models.Sequential([layers.Input((3,)), Doubled()]).save(tmp_path / "own.keras")
    with pytest.raises(UnknownNameError, match="custom_objects"):
        models.from_hub(tmp_path / "own.keras")
    for wrap in WRAPPED.values():
        model = models.Sequential([wrap(tmp_path / "own.keras", custom_objects={"Doubled": Doubled})])
        np.testing.assert_array_equal(model.predict(np.ones((1, 3), "float32"), verbose=0), [[2, 2, 2]])


# From the web -------------------------------------------------------------------------------------------------------


def test_a_url_is_downloaded_once(tmp_path, home, serving):
    base = saved(tmp_path / "base.keras")
    contents = (tmp_path / "base.keras").read_bytes()
    digest = hashlib.sha256(contents).hexdigest()
    saved(tmp_path / "other.keras", seed=1)
    with serving({"/a/model.keras": contents, "/b/model.keras": (tmp_path / "other.keras").read_bytes()}) as (
        url,
        asked,
    ):
        for wrap in WRAPPED.values():
            layer = wrap(f"{url}/a/model.keras", sha256=digest)
            np.testing.assert_array_equal(layer.get_weights()[0], base.get_weights()[0])
        assert asked == ["/a/model.keras"]
        # One name, two places: they are not taken for each other.
        other = models.from_hub(f"{url}/b/model.keras")
        assert not np.array_equal(other.get_weights()[0], base.get_weights()[0])
    kept = sorted(path.name for path in (home / "models").iterdir())
    assert len(kept) == 2 and all(name.endswith("-model.keras") for name in kept)
    models.from_hub(f"{url}/a/model.keras", sha256=digest)  # from the cache, the server being gone


def test_another_digest_is_refused(tmp_path, home, serving):
    saved(tmp_path / "base.keras")
    wrong = "0" * 64
    with serving({"/model.keras": (tmp_path / "base.keras").read_bytes()}) as (url, _):
        with pytest.raises(files.ChecksumError, match="is not the file that was asked for"):
            models.from_hub(f"{url}/model.keras", sha256=wrong)
        with pytest.raises(MissingFileError, match="404"):
            models.from_hub(f"{url}/nowhere.keras")
    assert list((home / "models").iterdir()) == []
    with pytest.raises(files.ChecksumError, match=r"base\.keras is not the file that was asked for"):
        models.from_hub(tmp_path / "base.keras", sha256=wrong)
    with pytest.raises(ArgumentError, match="64 hexadecimal digits"):
        models.from_hub(tmp_path / "base.keras", sha256="abc")


def test_offline_the_error_names_file_and_place(home):
    with pytest.raises(
        MissingFileError, match=r"wanted at .*home/models/[0-9a-f]{10}-model\.onnx; it comes from http:"
    ):
        models.from_hub("http://127.0.0.1:9/model.onnx")


HANDLES = {
    "https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/feature_vector/5": "SavedModel.*applications.*tf2onnx",
    "https://www.kaggle.com/models/google/mobilenet-v2/tensorFlow2/035-128": "SavedModel.*applications.*tf2onnx",
    "gs://bucket/model.keras": "expected a path, or a URL with http",
    "https://example.org/": "ends without a file's name",
}


@pytest.mark.parametrize(("handle", "words"), HANDLES.items(), ids=HANDLES)
def test_handles_of_other_hubs(handle, words):
    with pytest.raises(ArgumentError, match=words):
        hub.KerasLayer(handle, input_shape=(224, 224, 3))


def test_other_files(tmp_path):
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "net.pt")
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "net.keras")
    for name in ("net.pt", "net.keras"):
        with pytest.raises(
            FileFormatError, match=r"net\.\w+: expected a model .* \(a pickle\), which is never run.*from_hu"
        ):
            models.from_hub(tmp_path / name)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(FileFormatError, match=r"is a folder.*SavedModels, graphs that only TensorFlow runs"):
        models.from_hub(tmp_path / "folder")
    for name, words in {
        "w.safetensors": "holds weights only",
        "m.tflite": "TensorFlow Lite",
        "m.pb": "SavedModel",
        "text": "none of these",
    }.items():
        (tmp_path / name).write_bytes(b"text")
        with pytest.raises(FileFormatError, match=words):
            models.from_hub(tmp_path / name)
    with pytest.raises(MissingFileError, match="There is no file"):
        models.from_hub(tmp_path / "nowhere.keras")
    saved(tmp_path / "base.keras")
    with pytest.raises(ArgumentError, match="says itself what it takes"):
        models.from_hub(tmp_path / "base.keras", data_format="channels_first")
    with pytest.raises(UnknownNameError, match="Did you mean 'trainable'"):
        hub.KerasLayer(tmp_path / "base.keras", trainabel=True)


def test_damaged_files(tmp_path):
    saved(tmp_path / "base.keras")
    contents = (tmp_path / "base.keras").read_bytes()
    for length in range(0, len(contents), 1024):
        (tmp_path / "cut.keras").write_bytes(contents[:length])
        with pytest.raises(FileFormatError, match=r"cut\.keras"):
            hub.KerasLayer(tmp_path / "cut.keras")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("../../evil.txt", "x")
    with pytest.raises(FileFormatError, match=r"has no config\.json"):
        models.from_hub(tmp_path / "other.keras")


def test_shapes_that_do_not_fit(tmp_path):
    saved(tmp_path / "base.keras")
    with pytest.raises(ShapeError):
        models.Sequential([layers.Input((8, 8, 1)), hub.KerasLayer(tmp_path / "base.keras")])
