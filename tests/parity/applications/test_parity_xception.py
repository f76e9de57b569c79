"""Xception against Keras'."""

import pytest
from carried import check_carried


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": (71, 71, 3), "classes": 7},
        pytest.param({"shape": (80, 71, 3), "include_top": False, "input_shape": None}, marks=pytest.mark.slow),
    ],
    ids=["top", "no top"],
)
def test_xception_is_keras(arguments, tmp_path):
    check_carried("Xception", tmp_path, pixels=(-1, 1), **arguments)
