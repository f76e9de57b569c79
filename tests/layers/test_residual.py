import numpy as np
import pytest
import torch

from anmok import random
from anmok.errors import ArgumentError, ShapeError
from anmok.layers.residual import CustomScaleLayer, LayerScale, StochasticDepth


def test_layer_scale_multiplies_each_channel_by_its_factor():
    layer = LayerScale(0.5, 3)
    x = np.arange(12, dtype="float32").reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(layer(x).detach(), x * 0.5)
    layer.set_weights([np.array([1.0, -2.0, 0.25], "float32")])
    np.testing.assert_array_equal(layer(x).detach(), x * [1.0, -2.0, 0.25])
    assert [weight.trainable for weight in layer.weights] == [True]


def test_layer_scale_refuses_other_channels():
    with pytest.raises(ShapeError, match="expected 3 channels"):
        LayerScale(1e-6, 3)(torch.ones(1, 2, 2, 4))


@pytest.mark.parametrize(("rate", "kept"), [(0.0, 1.0), (1.0, 0.0)])
def test_stochastic_depth_at_its_ends(rate, kept):
    x = torch.ones(50, 2, 2, 3)
    assert torch.equal(StochasticDepth(rate)(x, training=True), x * kept)


def test_stochastic_depth_leaves_whole_samples_out_and_keeps_the_mean():
    random.set_seed(3)
    layer, x = StochasticDepth(0.25), torch.rand(4000, 2, 1, 3) + 1
    assert torch.equal(layer(x), x)
    factors = layer(x, training=True) / x
    for sample in factors[:20]:
        assert sample.max() - sample.min() < 1e-6
    values = factors[:, 0, 0, 0]
    assert abs((values == 0).float().mean() - 0.25) < 0.03
    torch.testing.assert_close(values[values > 0], torch.full_like(values[values > 0], 1 / 0.75), rtol=1e-4, atol=0)


@pytest.mark.parametrize("rate", [-0.1, 1.5, True, "0.2"])
def test_stochastic_depth_refuses_what_is_no_fraction(rate):
    with pytest.raises(ArgumentError, match="from 0 to 1"):
        StochasticDepth(rate)


def test_scaled_sum():
    a, b = torch.rand(2, 3), torch.rand(2, 3)
    torch.testing.assert_close(CustomScaleLayer(0.17)([a, b]), a + 0.17 * b)
