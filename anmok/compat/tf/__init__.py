"""TensorFlow's own names, as far as image courses use them."""

from anmok.compat.keras_facts import TENSORFLOW_VERSION as __version__  # noqa: F401
