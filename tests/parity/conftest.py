"""Keras is the oracle of these tests, on its torch backend so that both sides share one PyTorch."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import pytest

pytest.importorskip("keras", reason="Keras comes with the 'dev' extra")
