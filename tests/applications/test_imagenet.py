"""How pixels are scaled and scores read; the numbers by hand. Keras' own are compared in tests/parity."""

import json

import numpy as np
import pytest
import torch

import anmok
from anmok import applications, files
from anmok.applications import imagenet
from anmok.errors import ArgumentError, FileFormatError, MissingFileError, ShapeError


@pytest.fixture
def names_at_home(tmp_path, monkeypatch):
    """A cache in which class 7 is the wolf and all others are stones."""
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    index = {str(number): [f"n{number:08}", "wolf" if number == 7 else "stone"] for number in range(1000)}
    (tmp_path / "models" / "imagenet_class_index.json").write_text(json.dumps(index))
    return tmp_path / "models" / "imagenet_class_index.json"


def test_a_pixel_by_hand():
    pixel = np.array([[[255, 128, 0]]], "uint8")
    assert imagenet.preprocess_input(pixel, mode="tf").ravel() == pytest.approx([1, 128 / 127.5 - 1, -1], abs=1e-6)
    assert imagenet.preprocess_input(pixel).ravel() == pytest.approx([0 - 103.939, 128 - 116.779, 255 - 123.68])
    expected = [(1 - 0.485) / 0.229, (128 / 255 - 0.456) / 0.224, (0 - 0.406) / 0.225]
    assert imagenet.preprocess_input(pixel, mode="torch").ravel() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("kind", [np.float32, torch.tensor])
def test_the_images_given_stay_as_they_are(mode, kind):
    images = kind(np.random.default_rng(0).uniform(0, 255, (2, 3, 4, 3)))
    before = np.asarray(images).copy()
    scaled = imagenet.preprocess_input(images, mode=mode)
    assert np.array_equal(np.asarray(images), before)
    assert scaled.dtype == images.dtype
    assert not np.shares_memory(np.asarray(scaled), np.asarray(images))


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"mode": "cafe"}, "Did you mean 'caffe'"),
        ({"data_format": "last"}, "channels_last"),
    ],
)
def test_words_that_are_not_known(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        imagenet.preprocess_input(np.zeros((2, 2, 3)), **arguments)


@pytest.mark.parametrize("shape", [(4, 4, 1), (2, 4, 4, 4), (3, 4, 4), (4, 4), (1, 2, 4, 4, 3)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ShapeError, match=r"\(height, width, 3\)"):
        imagenet.preprocess_input(np.zeros(shape, "uint8"))


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_within_a_model_it_computes_the_same(mode):
    start = anmok.Input((None, None, 3))
    model = anmok.Model(start, imagenet.preprocess_input(start, mode=mode))
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3)).astype("float32")
    expected = imagenet.preprocess_input(images, mode=mode)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-5, atol=1e-5)


def test_channels_first_within_a_model():
    with pytest.raises(ArgumentError, match=r"Permute\(\(2, 3, 1\)\)"):
        imagenet.preprocess_input(anmok.Input((3, 8, 8)), data_format="channels_first")


def test_the_likeliest_classes_come_first(names_at_home):
    scores = np.zeros((2, 1000), "float32")
    scores[0, [7, 3, 500]] = 0.7, 0.2, 0.1
    scores[1, [999, 7]] = 0.6, 0.4
    first, second = imagenet.decode_predictions(scores, top=2)
    assert first == [("n00000007", "wolf", np.float32(0.7)), ("n00000003", "stone", np.float32(0.2))]
    assert [name for name, _, _ in second] == ["n00000999", "n00000007"]
    assert applications.mobilenet.decode_predictions(torch.tensor(scores), top=2) == [first, second]
    assert len(imagenet.decode_predictions(scores)[0]) == 5


@pytest.mark.parametrize(
    "shape, words", [((1000,), r"preds\[None\]"), ((2, 10), r"\(2, 10\)"), ((1, 1, 1000), "1000 scores")]
)
def test_scores_of_another_shape(shape, words):
    with pytest.raises(ShapeError, match=words):
        imagenet.decode_predictions(np.zeros(shape))


def test_no_classes_are_asked_for():
    with pytest.raises(ArgumentError, match="top must be at least 1"):
        imagenet.decode_predictions(np.zeros((1, 1000)), top=0)


@pytest.mark.parametrize("text", ["[]", '{"0": ["n", "tench"]}', "no JSON", "{}"])
def test_names_that_are_none(names_at_home, text):
    names_at_home.write_text(text)
    with pytest.raises(FileFormatError, match=r"imagenet_class_index\.json does not name"):
        imagenet.decode_predictions(np.zeros((1, 1000)))


def test_names_come_from_the_net_or_are_wanted_in_a_place(tmp_path, monkeypatch, serving):
    monkeypatch.setenv("ANMOK_HOME", str(tmp_path))
    with serving({}) as (url, asked):
        monkeypatch.setattr("anmok.applications.published.STORAGE", f"{url}/")
        with pytest.raises(MissingFileError, match=r"imagenet_class_index\.json") as caught:
            imagenet.decode_predictions(np.zeros((1, 1000)))
    assert asked == ["/download.tensorflow.org/data/imagenet_class_index.json"]
    assert str(files.home() / "models" / "imagenet_class_index.json") in str(caught.value)
