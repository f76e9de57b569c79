import numpy as np
import pytest
import torch
import torch.nn.functional as F

from anmok import layers
from anmok.errors import ArgumentError, ShapeError


def images(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 2 + 3


def test_batch_normalization_by_hand():
    layer = layers.BatchNormalization(momentum=0.9, epsilon=0.0)
    x = torch.tensor([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0], [7.0, 40.0]])
    # means 4 and 25, biased variances 5 and 225
    result = layer(x, training=True)
    np.testing.assert_allclose(result[:, 0].detach(), np.array([-3, -1, 1, 3]) / np.sqrt(5), rtol=1e-6)
    assert result[:, 1].tolist() == pytest.approx([-1, -1, 1, 1])
    np.testing.assert_allclose(layer.moving_mean.numpy(), [0.4, 2.5], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), [0.9 + 0.5, 0.9 + 22.5], rtol=1e-6)


def test_weights_come_in_keras_order():
    layer = layers.BatchNormalization()
    layer(images(2, 3))
    assert [weight.name for weight in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [weight.name for weight in layer.trainable_weights] == ["gamma", "beta"]


def test_a_frozen_batch_normalization_does_not_learn():
    layer = layers.BatchNormalization()
    x = images(8, 4)
    layer(x)
    layer.trainable = False
    torch.testing.assert_close(layer(x, training=True), layer(x, training=False))
    assert layer.moving_mean.tolist() == [0] * 4
    assert not layer(x.requires_grad_(), training=True).sum().backward()


def test_a_layer_may_be_called_twice_before_the_derivative():
    layer = layers.BatchNormalization()
    (layer(images(4, 5, 5, 3), training=True) + layer(images(4, 5, 5, 3, seed=1), training=True)).sum().backward()
    assert layer.gamma.grad is not None


@pytest.mark.parametrize("arguments", [{}, {"scale": False}, {"center": False}, {"scale": False, "center": False}])
def test_bfloat16_keeps_exact_statistics(arguments):
    layer, wide = (layers.BatchNormalization(momentum=0, **arguments) for _ in range(2))
    x = images(16, 6, 6, 8).bfloat16()
    result = layer(x, training=True)
    assert result.dtype is torch.bfloat16
    torch.testing.assert_close(result.float(), wide(x.float(), training=True), rtol=0.02, atol=0.02)
    for mine, exact in zip(layer.get_weights(), wide.get_weights(), strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, exact, rtol=1e-5)


@pytest.mark.parametrize("name", ["LayerNormalization", "GroupNormalization", "UnitNormalization"])
def test_bfloat16_in_bfloat16_out(name):
    layer = getattr(layers, name)(**({"groups": 2} if name == "GroupNormalization" else {}))
    x = images(3, 4, 4, 6).bfloat16()
    result = layer(x)
    assert result.dtype is torch.bfloat16
    torch.testing.assert_close(result.float(), layer(x.float()), rtol=0.02, atol=0.03)


def test_images_stay_channels_last_in_memory():
    layer = layers.BatchNormalization()
    assert layer(images(2, 5, 5, 3), training=True).is_contiguous()
    assert layer(images(2, 5, 5, 3)).is_contiguous()
    assert layers.GroupNormalization(3)(images(2, 5, 5, 3)).is_contiguous()


def test_whole_numbers_are_normalized():
    x = torch.arange(12, dtype=torch.uint8).reshape(4, 3)
    for layer in (layers.BatchNormalization(), layers.LayerNormalization(), layers.GroupNormalization(3)):
        torch.testing.assert_close(layer(x), layer(x.float()))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.BatchNormalization(axis=4), "axis 4 does not exist"),
        (lambda: layers.BatchNormalization(axis=0), "or is its batch"),
        (lambda: layers.LayerNormalization(axis=[1, 3]), "axis 3 does not exist"),
        (lambda: layers.GroupNormalization(axis=-3), "axis -3 does not exist|or is its batch"),
        (lambda: layers.UnitNormalization(axis=2), "axis 2 does not exist"),
        (lambda: layers.GroupNormalization(groups=4), "6 channels do not fall into 4 equal groups"),
        (lambda: layers.GroupNormalization(), "6 channels do not fall into 32 equal groups"),
    ],
)
def test_what_does_not_fit_the_input(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()(layers.Input((6,)))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.BatchNormalization(synchronized=True), "synchronized=True is not supported"),
        (lambda: layers.BatchNormalization(renorm=True), "renorm is not supported"),
        (lambda: layers.BatchNormalization(momentum=99), "momentum is the share"),
        (lambda: layers.BatchNormalization(axis=[1, 2]), "axis must be one whole number"),
        (lambda: layers.BatchNormalization(epsilon=-1), "epsilon must be >= 0"),
        (lambda: layers.GroupNormalization(groups=0), "groups must be a whole number above 0"),
        (lambda: layers.LayerNormalization(axis="last"), "axis must be whole numbers"),
        (lambda: layers.LocalResponseNormalization(bias=0), "bias must be above 0"),
        (lambda: layers.LocalResponseNormalization(depth_radius=2.5), "depth_radius must be a whole number"),
    ],
)
def test_refused_arguments(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_another_width_than_it_was_built_for():
    for layer in (layers.BatchNormalization(), layers.LayerNormalization(), layers.GroupNormalization(2)):
        layer(images(2, 4))
        with pytest.raises(ShapeError, match="expected length 4 on axis 1"):
            layer(images(2, 6))
    with pytest.raises(ShapeError, match="needs to know the length of axis -1"):
        layers.BatchNormalization()(layers.Input((None,)))


def local_response_by_loops(x, radius, bias, alpha, beta):
    """Krizhevsky et al. 2012, section 3.3, as it is printed there."""
    channels = x.shape[-1]
    result = np.empty_like(x)
    for i in range(channels):
        total = 0
        for j in range(max(0, i - radius), min(channels - 1, i + radius) + 1):
            total = total + x[..., j] ** 2
        result[..., i] = x[..., i] / (bias + alpha * total) ** beta
    return result


@pytest.mark.parametrize("channels", [1, 2, 4, 11])
@pytest.mark.parametrize(
    "arguments", [{}, {"alpha": 0.3}, {"depth_radius": 3, "bias": 1.0, "alpha": 0.2, "beta": 0.5}, {"depth_radius": 0}]
)
def test_local_response_by_loops(channels, arguments):
    x = images(2, 3, 2, channels).double()
    settings = {"depth_radius": 2, "bias": 2.0, "alpha": 1e-4, "beta": 0.75} | arguments
    expected = local_response_by_loops(x.numpy(), *settings.values())
    result = layers.LocalResponseNormalization(**arguments)(x)
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_local_response_and_its_derivative_as_torch_has_them():
    x, twin = images(2, 3, 3, 7).requires_grad_(), images(2, 3, 3, 7).requires_grad_()
    result = layers.LocalResponseNormalization(depth_radius=1, bias=1.5, alpha=0.4, beta=0.6)(x)
    # torch divides alpha by the size
    theirs = F.local_response_norm(twin.permute(0, 3, 1, 2), 3, alpha=0.4 * 3, beta=0.6, k=1.5).permute(0, 2, 3, 1)
    torch.testing.assert_close(result, theirs)
    factors = images(2, 3, 3, 7, seed=4)
    (result * factors).sum().backward(), (theirs * factors).sum().backward()
    torch.testing.assert_close(x.grad, twin.grad)


def test_local_response_in_bfloat16_sees_the_paper_s_alpha():
    x = (images(2, 2, 2, 8) * 20).bfloat16()
    layer = layers.LocalResponseNormalization()
    torch.testing.assert_close(layer(x).float(), layer(x.float()), rtol=0.01, atol=0.01)


def test_local_response_is_saved():
    layer = layers.LocalResponseNormalization(depth_radius=3, beta=0.5)
    twin = layers.deserialize(layers.serialize(layer))
    assert twin.get_config() == layer.get_config() and twin.depth_radius == 3
    assert layer(layers.Input((None, None, 5))).shape == (None, None, None, 5)
