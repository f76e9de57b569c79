"""Radial basis functions: how far an input is from each of some points."""

import numpy as np

from anmok import initializers
from anmok.errors import ArgumentError, ShapeError
from anmok.layers.layer import Layer
from anmok.layers.registered import add


@add
class RadialBasis(Layer):
    """Squared Euclidean distances to fixed points: (B, features) to (B, points).

    centers: array (points, features). They are weights that are not trained; files hold them.
    Source: LeCun et al. 1998, equation (7). Raises ArgumentError for centers of another shape, ShapeError for inputs
    with another number of features.
    """

    keras_module = None  # Keras has no such layer

    def __init__(self, centers, **kwargs):
        super().__init__(**kwargs)
        self.centers = np.asarray(centers, dtype="float32")
        if self.centers.ndim != 2 or not self.centers.size:
            raise ArgumentError(
                f"RadialBasis '{self.name}': expected centers of shape (points, features), got {self.centers.shape}."
            )

    def build(self, input_shape):
        if input_shape[-1] != self.centers.shape[1]:
            raise ShapeError(
                f"RadialBasis '{self.name}': the centers have {self.centers.shape[1]} features, the input has shape "
                f"{tuple(input_shape)}."
            )
        self.points = self.add_weight(
            self.centers.shape, initializers.Constant(self.centers), name="points", trainable=False
        )

    def call(self, inputs):
        products = inputs @ self.points.T
        squares = (inputs * inputs).sum(-1, keepdim=True) + (self.points * self.points).sum(1)
        return squares - 2 * products
