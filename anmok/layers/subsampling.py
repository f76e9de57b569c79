"""Trainable subsampling, which pooling was before 2000."""

import math

import torch.nn.functional as F

from anmok.initializers import Constant
from anmok.layers.arguments import integers
from anmok.layers.padding import check_windows_fit
from anmok.layers.registered import add
from anmok.layers.spatial import SpatialLayer


@add
class Subsampling2D(SpatialLayer):
    """coefficient * (sum of a window) + bias, both trained and one a channel: (B, H, W, C) to (B, H', W', C).

    Windows do not overlap; what is left over at the right and lower border is dropped. The coefficients begin as 1
    over a window's pixels, so that the layer begins as the mean.
    Source: LeCun et al. 1998, section II.B, layers S2 and S4.
    """

    keras_module = None  # Keras has no such layer

    def __init__(self, pool_size=2, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = integers("Subsampling2D", "pool_size", pool_size, 2)

    def build(self, input_shape):
        channels = self.channels_of(input_shape)
        check_windows_fit(self, "window", self.spatial_sizes(input_shape), self.pool_size, (1, 1))
        self.coefficient = self.add_weight((channels,), Constant(1 / math.prod(self.pool_size)), name="coefficient")
        self.bias = self.add_weight((channels,), "zeros", name="bias")

    def call(self, inputs):
        sums = self.keras_view(F.avg_pool2d(self.torch_view(inputs), self.pool_size, divisor_override=1))
        return sums * self.coefficient + self.bias
