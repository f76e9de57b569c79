"""Pipeline: layers one after the other as one layer, as in Keras."""

from anmok.errors import ArgumentError
from anmok.layers import registered
from anmok.layers.data_layer import DataLayer
from anmok.layers.layer import Layer


@registered.add
class Pipeline(DataLayer):
    """Layers one after the other, called on images or on a dict of images and labels (as in Keras).

    Called outside a model without `training=`, it augments, as its layers do.
    """

    def __init__(self, layers, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        if not isinstance(layers, (list, tuple)) or not all(isinstance(layer, Layer) for layer in layers):
            raise ArgumentError(f"Pipeline expects a list of layers, such as [RandomFlip()], got {layers!r}.")
        self._steps = list(layers)

    @property
    def layers(self):
        """The layers, in order."""
        return list(self._steps)

    def _sublayers(self):
        return list(self._steps)

    def call(self, inputs, training=False):
        for layer in self._steps:
            inputs = layer(inputs, training=training)
        return inputs

    def get_config(self):
        # Keras writes these keys only.
        return {"layers": [registered.serialize(layer) for layer in self._steps], "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "layers": [registered.deserialize(entry) for entry in config["layers"]]})
