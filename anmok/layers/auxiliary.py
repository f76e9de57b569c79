"""Auxiliary classifiers: outputs halfway through a network that take part in its loss while it is trained."""

from anmok.errors import ArgumentError
from anmok.layers.layer import Layer
from anmok.layers.registered import add


@add
class AuxiliaryOutputs(Layer):
    """The first of several outputs; in training the others count in the loss, `weight` each, on the same labels.

    Called on [output, auxiliary output, ...], it returns the output alone, so that a model that ends with it is
    compiled, trained, evaluated and used like one that has no other outputs. In training the others travel with the
    tensor as `auxiliary`, a list of (weight, tensor), which training reads: the loss is loss(y, output) + weight *
    (loss(y, auxiliary output) + ...). Evaluation and metrics look at the output only.
    Source: Szegedy et al. 2014, section 5. Raises ArgumentError for a weight that is not a number above 0.
    """

    keras_module = None  # Keras has no such layer

    def __init__(self, weight=0.3, **kwargs):
        super().__init__(**kwargs)
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not weight > 0:
            raise ArgumentError(f"AuxiliaryOutputs '{self.name}': weight must be a number above 0, got {weight!r}.")
        self.weight = weight

    def build(self, input_shape):
        if not isinstance(input_shape, list) or len(input_shape) < 2:
            raise ArgumentError(
                f"AuxiliaryOutputs '{self.name}' is called on a list: [output, auxiliary output, ...]; got "
                f"{input_shape}."
            )

    def call(self, inputs, training=None):
        output, *others = inputs
        if not training or output.is_meta:
            return output
        main = output.view(output.shape)  # a tensor of its own, to which something may be attached
        if hasattr(output, "logits"):
            main.logits, main.logits_of = output.logits, output.logits_of
        main.auxiliary = [(self.weight, other) for other in others]
        return main
