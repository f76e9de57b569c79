import numpy as np
import pytest
import torch

from anmok import layers, random
from anmok.errors import ArgumentError, ShapeError
from anmok.layers import noise

RATES = [0.1, 0.25, 0.5, 0.9]


@pytest.fixture(autouse=True)
def seeded():
    random.set_seed(7)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_the_mask_drops_its_fraction_and_keeps_the_mean(rate, dtype):
    count = 1 << 18
    mask = noise.keep_mask((count,), rate, like=torch.empty(0, dtype=dtype))
    assert mask.dtype is dtype
    dropped = (mask == 0).double().mean().item()
    assert abs(dropped - rate) < 5 * np.sqrt(rate * (1 - rate) / count)
    assert mask.unique().tolist() == pytest.approx([0, 1 / (1 - rate)], rel=4e-3 if dtype.itemsize == 2 else 1e-4)


def test_the_scale_is_that_of_the_rate_really_used():
    # 0.1 becomes 6554 / 65536
    assert noise.keep_scale(0.1) == 65536 / (65536 - 6554)
    assert noise.keep_scale(0) == 1 and noise.keep_scale(1) == 0
    assert not noise.keep((3, 5), 1.0).any() and noise.keep((3, 5), 0.0).all()
    assert noise.keep((0, 4), 0.5).shape == (0, 4)


def test_values_are_dropped_independently():
    kept = noise.keep((400, 1000), 0.5).astype(float) - 0.5
    assert abs(np.corrcoef(kept[:, :-1].ravel(), kept[:, 1:].ravel())[0, 1]) < 0.01
    # four values come out of one word of the bit generator
    assert abs(np.corrcoef(kept[:, :-4].ravel(), kept[:, 4:].ravel())[0, 1]) < 0.01
    assert abs(kept.mean(0)).max() < 5 * 0.5 / 20
    assert abs(kept.mean(1)).max() < 5 * 0.5 / np.sqrt(1000)


def test_the_same_step_of_the_same_seed_draws_the_same_mask():
    def draw(seed, epoch, step):
        random.set_seed(seed)
        with random.training_step(epoch, step):
            return [layers.Dropout(0.5)(torch.ones(40), training=True) for _ in range(2)]

    first, second = draw(1, 0, 3)
    again, _ = draw(1, 0, 3)
    assert torch.equal(first, again) and not torch.equal(first, second)
    for other in (draw(1, 0, 4), draw(1, 1, 3), draw(2, 0, 3)):
        assert not torch.equal(first, other[0])


def test_a_layer_s_own_seed_stands_in_the_place_of_the_global_one():
    def draw(own, seed, step):
        random.set_seed(seed)
        with random.training_step(0, step):
            layers.Dropout(0.5)(torch.ones(7), training=True)
            return layers.Dropout(0.5, seed=own)(torch.ones(40), training=True)

    assert torch.equal(draw(5, 1, 0), draw(5, 2, 0))
    assert not torch.equal(draw(5, 1, 0), draw(6, 1, 0))
    assert not torch.equal(draw(5, 1, 0), draw(5, 1, 1))


@pytest.mark.parametrize("name", ["Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout"])
def test_nothing_happens_outside_training_or_at_rate_0(name):
    x = torch.randn(5, 6)
    layer = getattr(layers, name)(0.4)
    assert layer(x) is x and layer(x, training=False) is x
    assert getattr(layers, name)(0)(x, training=True) is x
    assert not torch.equal(layer(x, training=True), x)
    assert layer(layers.Input((6,)), training=True).shape == (None, 6)


def test_dropout_drops_the_derivative_as_well():
    x = torch.ones(1000, requires_grad=True)
    result = layers.Dropout(0.5)(x, training=True)
    result.sum().backward()
    assert torch.equal(x.grad, result.detach())
    assert 400 < int((x.grad == 0).sum()) < 600


@pytest.mark.parametrize("shape, shared", [((None, 1, None), 1), ((1, 8, 5), 0), ([None, 8, 1], 2)])
def test_noise_shape_shares_the_mask(shape, shared):
    result = layers.Dropout(0.5, noise_shape=shape)(torch.ones(6, 8, 5), training=True)
    one = result.narrow(shared, 0, 1)
    assert torch.equal(result, one.expand_as(result))
    assert one.unique().tolist() == [0, 2]


@pytest.mark.parametrize("name, shape", [("SpatialDropout1D", (30, 7, 20)), ("SpatialDropout2D", (30, 4, 5, 20))])
def test_spatial_dropout_drops_whole_channels(name, shape):
    layer = getattr(layers, name)(0.3)
    result = layer(torch.ones(shape), training=True)
    channels = result.flatten(1, -2)
    assert torch.equal(channels, channels[:, :1].expand_as(channels))
    assert 0.2 < (channels[:, 0] == 0).float().mean() < 0.4
    with pytest.raises(ShapeError, match=f"expected an input of {len(shape)} axes"):
        getattr(layers, name)(0.3)(torch.ones(3, 3))


def test_gaussian_noise_has_its_deviation():
    added = layers.GaussianNoise(0.3)(torch.full((300, 1000), 2.0), training=True) - 2
    assert added.mean().item() == pytest.approx(0, abs=0.003)
    assert added.std().item() == pytest.approx(0.3, rel=0.01)


def test_gaussian_dropout_has_its_variance():
    factor = layers.GaussianDropout(0.2)(torch.full((300, 1000), 3.0), training=True) / 3
    assert factor.mean().item() == pytest.approx(1, abs=0.005)
    assert factor.var().item() == pytest.approx(0.2 / 0.8, rel=0.02)


def test_alpha_dropout_keeps_mean_and_variance():
    x = torch.randn(400, 1000, generator=torch.Generator().manual_seed(0))
    result = layers.AlphaDropout(0.3)(x, training=True)
    assert result.mean().item() == pytest.approx(0, abs=0.01)
    assert result.var().item() == pytest.approx(1, abs=0.01)


def test_whole_numbers_are_dropped_too():
    result = layers.Dropout(0.5)(torch.full((100,), 3), training=True)
    assert result.unique().tolist() == [0.0, 6.0]


@pytest.mark.parametrize("name", ["Dropout", "SpatialDropout2D", "GaussianDropout", "AlphaDropout"])
def test_a_rate_in_percent(name):
    with pytest.raises(ArgumentError, match=r"fraction to drop, from 0 to 1, got 50. For 50 percent write 0.5"):
        getattr(layers, name)(50)
    for wrong in (-0.1, "half", None, True, float("nan")):
        with pytest.raises(ArgumentError, match="from 0 to 1"):
            getattr(layers, name)(wrong)


def test_other_refused_arguments():
    with pytest.raises(ArgumentError, match="must be below 1"):
        layers.GaussianDropout(1.0)
    with pytest.raises(ArgumentError, match="stddev must be a number >= 0"):
        layers.GaussianNoise(-1)
    with pytest.raises(ArgumentError, match="data_format must be 'channels_last'"):
        layers.SpatialDropout2D(0.5, data_format="channels_first")
    for wrong in ((None, 0), "ab", (1.5,), 3):
        with pytest.raises(ArgumentError, match="noise_shape must be a tuple"):
            layers.Dropout(0.5, noise_shape=wrong)
    with pytest.raises(ShapeError, match=r"noise_shape \(None, 1\) has 2 axes, the input \(2, 3, 4\) has 3"):
        layers.Dropout(0.5, noise_shape=(None, 1))(torch.ones(2, 3, 4), training=True)
