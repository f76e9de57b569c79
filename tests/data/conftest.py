"""Where Keras is the oracle it runs on its torch backend, so that both sides share one PyTorch."""

import os

os.environ["KERAS_BACKEND"] = "torch"
