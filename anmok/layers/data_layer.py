"""What layers for the data of training have in common."""

from anmok.layers.layer import Layer


class DataLayer(Layer):
    """A layer that is at work in training: in a model as the model says, outside it always, as in Keras.

    `augment(images)` written into an input pipeline changes the images; `training=False` or `eval()` turns it off.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.training = True

    def _call_symbolically(self, args, kwargs, training):
        # Keras writes its default, True, into the graph. There, too, it does not outlast the call: predict is at rest.
        return super()._call_symbolically(args, kwargs, None if training else training)
