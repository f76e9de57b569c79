"""VGG16 and VGG19 against Keras'."""

import pytest
from same_network import check_same_network


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("VGG16", {"classes": 7}),
        ("VGG16", {"include_top": False, "pooling": "max", "input_shape": None}),
        ("VGG19", {"include_top": False, "pooling": "avg", "name": "features"}),
    ],
)
def test_vgg_is_keras(name, arguments, tmp_path):
    check_same_network(name, tmp_path, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["VGG16", "VGG19"])
def test_vgg_of_imagenets_size_is_keras(name, tmp_path):
    check_same_network(name, tmp_path, shape=(224, 224, 3))
