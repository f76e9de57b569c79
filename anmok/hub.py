"""Published models as layers, under the name that TensorFlow Hub has: `hub.KerasLayer(path)`."""

from anmok.models.hub import KerasLayer, from_hub

__all__ = ["KerasLayer", "from_hub"]
