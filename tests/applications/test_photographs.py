"""The real ImageNet weights on real photographs; left out where either is not on this machine."""

import itertools

import numpy as np
import pytest

from anmok import applications, files
from anmok.applications import mobilenet
from anmok.images.resize import load, resize

WEIGHTS = files.home() / "models" / "mobilenet_1_0_224_tf.h5"
PHOTOGRAPHS = files.home() / "datasets" / "cats_and_dogs_small" / "test"
DOGS, CATS = range(151, 269), range(281, 286)  # ImageNet's dogs, and its cats that live with people

pytestmark = pytest.mark.skipif(not WEIGHTS.exists(), reason="the weights of MobileNet are not there")


@pytest.fixture(scope="module")
def network():
    return applications.MobileNet(weights="imagenet")


def scores_of(network, images):
    return network.predict(mobilenet.preprocess_input(np.stack(images)), verbose=0)


def test_the_numbers_of_the_classes_are_those_of_cats_and_dogs():
    names = [name for name, _, _ in mobilenet.decode_predictions(np.arange(1000.0, 0, -1)[None], top=1000)[0]]
    assert (names[DOGS[0]], names[DOGS[-1]]) == ("n02085620", "n02113978")  # Chihuahua to Mexican hairless
    assert (names[CATS[0]], names[CATS[-1]]) == ("n02123045", "n02124075")  # tabby to Egyptian cat


def test_chelsea_is_an_egyptian_cat(network):
    data = pytest.importorskip("skimage.data")
    best = mobilenet.decode_predictions(scores_of(network, [resize(data.chelsea(), size=(224, 224))]), top=3)[0]
    assert best[0][1] == "Egyptian_cat"
    assert {name for name, _, _ in best} <= {"n02123045", "n02123159", "n02124075"}


@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="the photographs are not there")
@pytest.mark.parametrize("kind, own, other, best_at_least", [("cats", CATS, DOGS, 12), ("dogs", DOGS, CATS, 18)])
def test_most_cats_are_cats_and_most_dogs_dogs(network, kind, own, other, best_at_least):
    paths = itertools.islice(sorted((PHOTOGRAPHS / kind).glob("*.jpg")), 20)
    scores = scores_of(network, [load(path, size=(224, 224)) for path in paths])
    assert len(scores) == 20
    assert sum(best in own for best in scores.argmax(axis=1)) >= best_at_least
    assert (scores[:, list(own)].sum(axis=1) > scores[:, list(other)].sum(axis=1)).sum() >= 16
