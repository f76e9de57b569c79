"""What `model.add_loss` and `model.add_metric` make of symbolic tensors: layers at the side of the graph."""

from anmok.layers import registered
from anmok.layers.layer import Layer


@registered.add
class AddedLoss(Layer):
    """Adds its input to what training minimises, and passes it on."""

    adds_losses = True

    def call(self, inputs):
        self.add_loss(inputs)
        return inputs


@registered.add
class AddedMetric(Layer):
    """Reports the mean of its input under the name `reported`, and passes it on."""

    def __init__(self, reported, **kwargs):
        super().__init__(**kwargs)
        self.reported = reported

    def call(self, inputs):
        self.add_metric(inputs, name=self.reported)
        return inputs
