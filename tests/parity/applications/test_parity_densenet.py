"""DenseNets against Keras'."""

import pytest
from same_network import check_same_network


@pytest.mark.parametrize(
    "arguments", [{"classes": 10}, {"include_top": False, "pooling": "max", "input_shape": None, "shape": (41, 32, 3)}]
)
def test_densenet_is_keras(arguments, tmp_path):
    check_same_network("DenseNet121", tmp_path, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["DenseNet169", "DenseNet201"])
def test_deep_densenet_is_keras(name, tmp_path):
    check_same_network(name, tmp_path)
