"""Local response normalization, which the networks of 2012 to 2014 used before batch normalization came."""

import torch
from torch.autograd.function import once_differentiable

from anmok.errors import ArgumentError
from anmok.layers import registered
from anmok.layers.layer import Layer


@registered.add
class LocalResponseNormalization(Layer):
    """a / (bias + alpha * s) ^ beta, s the sum of squares over a channel and its neighbours; channels are last.

    depth_radius: how many channels to each side count as neighbours (n = 2 * depth_radius + 1 in the paper).
    Source: Krizhevsky et al. 2012, section 3.3, whose values are the defaults. PyTorch's function of this kind divides
    alpha by n. Raises ArgumentError for settings that could divide by 0.
    """

    keras_module = None  # Keras has no such layer

    def __init__(self, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75, **kwargs):
        super().__init__(**kwargs)
        if isinstance(depth_radius, bool) or not isinstance(depth_radius, int) or depth_radius < 0:
            raise ArgumentError(
                f"LocalResponseNormalization '{self.name}': depth_radius must be a whole number >= 0, "
                f"got {depth_radius!r}."
            )
        if not bias > 0 or not alpha >= 0:
            raise ArgumentError(
                f"LocalResponseNormalization '{self.name}': bias must be above 0 and alpha >= 0, "
                f"got bias={bias!r}, alpha={alpha!r}."
            )
        self.depth_radius = depth_radius
        self.bias = bias
        self.alpha = alpha
        self.beta = beta

    def call(self, inputs):
        return _LocalResponse.apply(inputs, self.depth_radius, self.bias, self.alpha, self.beta)


class _LocalResponse(torch.autograd.Function):
    """The layer's arithmetic with its derivative by hand, which keeps two tensors instead of one a neighbour.

    It computes in float32 at least: in bfloat16 the alpha of the paper would vanish beside the bias.
    """

    @staticmethod
    def forward(ctx, inputs, radius, bias, alpha, beta):
        wide = inputs.float() if inputs.dtype.itemsize < 4 else inputs
        base = _window_sum(wide * wide, radius).mul_(alpha).add_(bias)
        ctx.save_for_backward(inputs, base)
        ctx.settings = radius, alpha, beta
        return base.pow(-beta).mul_(wide).to(inputs.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        inputs, base = ctx.saved_tensors
        radius, alpha, beta = ctx.settings
        # y_i = x_i b_i^-beta with b_i = bias + alpha * sum x_j^2, so that
        # dL/dx_j = g_j b_j^-beta - 2 alpha beta x_j * sum over neighbours i of g_i x_i b_i^(-beta - 1).
        direct = base.pow(-beta).mul_(gradient)
        through = _window_sum(direct * inputs / base, radius).mul_(inputs)
        return direct.add_(through, alpha=-2 * alpha * beta).to(inputs.dtype), None, None, None, None


def _window_sum(values, radius):
    """For every channel the sum over itself and `radius` channels to each side."""
    total = values.clone()
    for distance in range(1, min(radius, values.shape[-1] - 1) + 1):
        total[..., distance:] += values[..., :-distance]
        total[..., :-distance] += values[..., distance:]
    return total
