"""ReLU and pooling on bit patterns against torch's own, bit for bit."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from anmok.models.fast import bits

DTYPES = [torch.float32, torch.bfloat16, torch.float16]
dtypes = st.sampled_from(DTYPES)
shapes = st.tuples(st.integers(0, 3), st.integers(2, 7), st.integers(2, 7), st.integers(1, 4))


def draw(shape, dtype, seed, levels):
    """Few different values, so that there are ties; signed zeros among them."""
    source = torch.Generator().manual_seed(seed)
    values = torch.randint(-levels, levels + 1, shape, generator=source).float() / 4
    return torch.where(values == 0, torch.where(torch.rand(shape, generator=source) < 0.5, -0.0, 0.0), values).to(dtype)


def reference(x):
    """Pooling after ReLU by torch, in float32, and its gradient."""
    x = x.float().requires_grad_()
    y = torch.nn.functional.max_pool2d(torch.relu(x).permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    return x, y


@settings(max_examples=40, deadline=None)
@given(shapes, dtypes, st.integers(0, 99), st.sampled_from([1, 3, 100]))
def test_relu_and_its_gradient(shape, dtype, seed, levels):
    x, gradient = draw(shape, dtype, seed, levels), draw(shape, dtype, seed + 1, 50)
    leaf = x.clone().requires_grad_()
    expected = torch.relu(leaf)
    expected.backward(gradient)
    y = bits.relu_(x.clone())
    assert torch.equal(y, expected.detach())
    assert not torch.signbit(y).any()
    assert torch.equal(bits.relu_gradient(gradient, y), leaf.grad)


@settings(max_examples=60, deadline=None)
@given(shapes, dtypes, st.integers(0, 99), st.sampled_from([1, 3, 100]))
def test_relu_and_pooling_with_ties_and_odd_sizes(shape, dtype, seed, levels):
    x = draw(shape, dtype, seed, levels)
    leaf, expected = reference(x)
    y, *masks = bits.relu_pool(x.clone())
    assert torch.equal(y.float(), expected.detach())
    assert torch.equal(bits.relu_pooled(x.clone()), y)
    gradient = draw(tuple(y.shape), dtype, seed + 1, 50)
    expected.backward(gradient.float())
    # torch gives the gradient of a tie at 0 to a value that ReLU holds back; both end as 0.
    assert torch.equal(bits.relu_pool_gradient(gradient, y, *masks, tuple(shape)).float(), leaf.grad)


@settings(max_examples=60, deadline=None)
@given(st.data(), dtypes, st.integers(0, 99))
def test_largest_of_windows(data, dtype, seed):
    windows, strides = (data.draw(st.tuples(st.integers(1, 4), st.integers(1, 4))) for _ in range(2))
    zeros = tuple(
        data.draw(st.tuples(*[st.integers(0, window - 1)] * 2).filter(lambda pair, most=window: sum(pair) < most))
        for window in windows
    )
    x = draw(
        data.draw(st.tuples(st.integers(0, 3), st.integers(4, 8), st.integers(4, 8), st.integers(1, 3))), dtype, seed, 9
    )
    padded = torch.nn.functional.pad(x.relu().float(), (0, 0, *zeros[1], *zeros[0])).permute(0, 3, 1, 2)
    expected = torch.nn.functional.max_pool2d(padded, windows, strides).permute(0, 2, 3, 1)
    x = x.relu()
    kept = x.clone()
    assert torch.equal(bits.largest_of_windows(x, windows, strides, zeros).float(), expected)
    assert torch.equal(x, kept)


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_numbers_of_a_format_keep_their_order(dtype):
    if dtype is torch.float32:
        patterns = torch.randint(-(2**31), 2**31, (4000,), generator=torch.Generator().manual_seed(0)).to(torch.int32)
    else:
        patterns = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
    x = patterns.view(dtype)
    x = x[~x.isnan()]
    assert torch.equal(bits.relu_(x.clone()), torch.relu(x))
    shuffled = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(0))]
    images = shuffled[: len(x) // 4 * 4].reshape(-1, 2, 2, 1)
    expected = torch.relu(images.float()).amax((1, 2), keepdim=True)
    assert torch.equal(bits.relu_pool(images.clone())[0].float(), expected)
    assert torch.equal(bits.relu_pooled(images.clone()).float(), expected)


def test_batches_larger_than_a_part(monkeypatch):
    monkeypatch.setattr(bits, "_PART_BYTES", 600)
    x = draw((7, 6, 5, 3), torch.float32, 0, 2)
    leaf, expected = reference(x)
    y, *masks = bits.relu_pool(x.clone())
    assert torch.equal(bits.relu_pooled(x), expected.detach())
    gradient = torch.randn(y.shape)
    expected.backward(gradient)
    assert torch.equal(y, expected.detach())
    assert torch.equal(bits.relu_pool_gradient(gradient, y, *masks, tuple(x.shape)), leaf.grad)


def test_values_that_dropout_took_pass_no_gradient():
    x = torch.rand(2, 4, 4, 3) + 0.1
    y, *masks = bits.relu_pool(x.clone())
    mask = (torch.arange(y.numel()).reshape(y.shape) % 3 > 0).float() * 1.5
    gradient = torch.rand(y.shape)
    leaf, expected = reference(x)
    (expected * mask).backward(gradient)
    found = bits.relu_pool_gradient(gradient * mask, y * mask, *masks, tuple(x.shape))
    assert torch.equal(found, leaf.grad)


@pytest.mark.parametrize("memory", ["channels first", "channels last"])
def test_any_memory_order(memory):
    x = draw((2, 3, 6, 5), torch.float32, 3, 4)
    x = x.contiguous(memory_format=torch.channels_last) if memory == "channels last" else x
    x = x.permute(0, 2, 3, 1)
    _, expected = reference(x)
    assert torch.equal(bits.relu_pool(x.clone())[0], expected.detach())
