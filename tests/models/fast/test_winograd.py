"""Winograd's convolution against torch's, in float64."""

from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok import layers
from anmok.models import Model
from anmok.models.fast import onednn, winograd

pytestmark = pytest.mark.skipif(not onednn.serves(torch.float32), reason="this PyTorch has no oneDNN")


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def images(*shape, seed=0):
    """(B, C, H, W) in channels-last memory."""
    return numbers(*shape, seed=seed).contiguous(memory_format=torch.channels_last)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_results(data):
    batch, channels, filters, seed = (data.draw(st.integers(1, most)) for most in (5, 20, 20, 99))
    padding = tuple(data.draw(st.integers(0, 3)) for _ in range(2))
    sizes = [data.draw(st.integers(max(1, 3 - 2 * zeros), 14)) for zeros in padding]
    limits = data.draw(st.sampled_from([None, (0, None), (0, 2.5)]))
    x, kernel = images(batch, channels, *sizes, seed=seed), numbers(filters, channels, 3, 3, seed=seed + 1)
    bias = data.draw(st.sampled_from([None, numbers(filters, seed=seed + 2)]))
    expected = torch.conv2d(x.double(), kernel.double(), None if bias is None else bias.double(), 1, padding)
    addend = images(*expected.shape, seed=seed + 3) if data.draw(st.booleans()) else None
    if addend is not None:
        expected = expected + addend
    largest = max(1, expected.abs().max())
    if limits is not None:
        expected = expected.clamp(*limits)
    chunk = data.draw(st.sampled_from([1, 3000, 1 << 22]))
    with mock.patch.object(winograd, "_CHUNK", chunk):
        found = winograd.Convolution(kernel, bias, padding)(x, limits, addend)
    assert (found - expected).abs().max() < 1e-5 * largest


def test_it_rounds_little_more_than_a_direct_convolution():
    x, kernel = images(2, 256, 12, 12).relu(), numbers(256, 256, 3, 3, seed=1) / 34
    exact = torch.conv2d(x.double(), kernel.double(), None, 1, 1)

    def error(y):
        return float((y - exact).square().mean().sqrt() / exact.square().mean().sqrt())

    direct, minimal = torch.conv2d(x, kernel, None, 1, 1), winograd.Convolution(kernel, None, (1, 1))(x)
    assert error(minimal) < 1.5e-6
    assert error(minimal) < 6 * error(direct)


@pytest.mark.parametrize("count, times", [(1, 0), (8, 2)])
def test_models_use_it_where_it_pays(count, times):
    x = layers.Input((16, 15, 130))
    start = layers.Conv2D(128, 3, padding="same", activation="relu", name="first")(x)
    y = layers.Conv2D(128, 3, padding="same", name="second")(start)
    model = Model(x, layers.ReLU(6.0)(layers.Add()([start, y])))
    data = numbers(count, 16, 15, 130)
    calls, original = [], winograd.Convolution.__call__

    def counted(self, *arguments):
        calls.append(self)
        return original(self, *arguments)

    with torch.inference_mode(), mock.patch.object(winograd.Convolution, "__call__", counted):
        found = model._rewrite(training=False)(torch.float32)(data, training=False)
        torch.testing.assert_close(found, model(data), rtol=1e-4, atol=1e-5)
    assert len(calls) == times
