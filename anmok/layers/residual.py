"""What becomes of a residual branch before it joins the main path: scaled, or left out at random.

Keras keeps these layers beside the networks they were written for (its ConvNeXt and Inception-ResNet) and exports them
under no name. They lie here so that files which hold them can be read without building such a network first.
"""

from anmok import initializers
from anmok.errors import ArgumentError, ShapeError
from anmok.layers import noise
from anmok.layers.arguments import integer
from anmok.layers.layer import Layer
from anmok.layers.registered import add


@add
class LayerScale(Layer):
    """Each channel times a learned factor: (B, ..., projection_dim) to the same shape, as in Keras' ConvNeXt.

    init_values: what the factors begin with. Source: Touvron et al. 2021, "Going deeper with image transformers".
    """

    keras_module = "keras.src.applications.convnext"

    def __init__(self, init_values, projection_dim, **kwargs):
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = integer("LayerScale", "projection_dim", projection_dim)

    def build(self, input_shape):
        if input_shape[-1] != self.projection_dim:
            raise ShapeError(
                f"LayerScale '{self.name}': expected {self.projection_dim} channels, got an input of shape "
                f"{tuple(input_shape)}."
            )
        self.gamma = self.add_weight(
            (self.projection_dim,), initializers.Constant(self.init_values), trainable=True, name="gamma"
        )

    def call(self, inputs):
        return inputs * self.gamma


@add
class StochasticDepth(Layer):
    """In training leaves whole samples out with probability `drop_path_rate`, and scales the rest by 1 / (1 - rate).

    Any shape, batch first, as in Keras' ConvNeXt. Source: Huang et al. 2016, "Deep networks with stochastic depth".
    Raises ArgumentError for a rate outside 0..1.
    """

    keras_module = "keras.src.applications.convnext"

    def __init__(self, drop_path_rate, **kwargs):
        super().__init__(**kwargs)
        is_number = isinstance(drop_path_rate, (int, float)) and not isinstance(drop_path_rate, bool)
        if not is_number or not 0 <= drop_path_rate <= 1:
            raise ArgumentError(
                f"StochasticDepth '{self.name}': drop_path_rate is the fraction of samples whose branch is left out, "
                f"from 0 to 1, got {drop_path_rate!r}."
            )
        self.drop_path_rate = drop_path_rate

    def call(self, inputs, training=None):
        if not training or self.drop_path_rate == 0 or inputs.is_meta:
            return inputs
        shape = (inputs.shape[0], *(1 for _ in inputs.shape[1:]))
        return inputs * noise.keep_mask(shape, self.drop_path_rate, like=inputs)


@add
class CustomScaleLayer(Layer):
    """[a, b] to a + scale * b, as in Keras' Inception-ResNet (Szegedy et al. 2017, section 3.3)."""

    keras_module = "keras.src.applications.inception_resnet_v2"

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        main, branch = inputs
        return main + branch * self.scale
