import itertools

import numpy as np
import pytest
import torch

from anmok import layers, notices
from anmok.errors import ArgumentError, ShapeError, UnknownNameError
from anmok.layers.padding import same_padding

# The lecture's picture, filter and result (chapter 4, section 1.2).
PICTURE = np.array([[1, 3, 3, 0, 0], [0, 3, 1, 0, 0], [0, 0, 2, 1, 1], [0, 0, 3, 0, 1], [3, 2, 1, 3, 0]], np.float32)
FILTER = np.array([[0, 1, 0], [1, 0, 1], [1, 1, 0]], np.float32)
FILTERED = np.array([[4, 8, 4], [5, 5, 6], [8, 5, 9]], np.float32)


def with_kernel(layer, kernel, channels=1):
    layer.build((None, None, None, channels))
    layer.set_weights([kernel])
    return layer


def test_the_lectures_example():
    conv = with_kernel(layers.Conv2D(1, 3, use_bias=False), FILTER[:, :, None, None])
    np.testing.assert_array_equal(conv(PICTURE[None, :, :, None])[0, :, :, 0].detach(), FILTERED)


def test_same_padding_keeps_the_lectures_result_inside():
    conv = with_kernel(layers.Conv2D(1, 3, padding="same", use_bias=False), FILTER[:, :, None, None])
    result = conv(PICTURE[None, :, :, None])[0, :, :, 0].detach().numpy()
    assert result.shape == PICTURE.shape
    np.testing.assert_array_equal(result[1:-1, 1:-1], FILTERED)
    assert result[0, 0] == 3  # of the window only (0, 1) * 1 lies on a non-zero: 3 right, 0 below


@pytest.mark.parametrize(
    "size, window, stride, dilation, expected",
    [(5, 3, 1, 1, (1, 1)), (4, 3, 2, 1, (0, 1)), (224, 7, 2, 1, (2, 3)), (5, 2, 1, 1, (0, 1)), (6, 3, 1, 2, (2, 2)),
     (7, 2, 4, 1, (0, 0)), (3, 1, 2, 1, (0, 0))],
)  # fmt: skip
def test_same_padding_is_tensorflows(size, window, stride, dilation, expected):
    assert same_padding(size, window, stride, dilation) == expected


@pytest.mark.parametrize("strides, size", [(1, 5), (2, 6), (2, 7), (3, 7)])
@pytest.mark.parametrize("window", [2, 3])
def test_same_convolution_against_a_slow_loop(strides, size, window):
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(size, size)), rng.normal(size=(window, window))
    count = -(-size // strides)
    before = max((count - 1) * strides + window - size, 0) // 2
    expected = np.zeros((count, count))
    for i, j, a, b in itertools.product(range(count), range(count), range(window), range(window)):
        row, column = i * strides + a - before, j * strides + b - before
        if 0 <= row < size and 0 <= column < size:
            expected[i, j] += x[row, column] * kernel[a, b]
    conv = with_kernel(
        layers.Conv2D(1, window, strides=strides, padding="same", use_bias=False), kernel[:, :, None, None]
    )
    np.testing.assert_allclose(conv(x[None, :, :, None])[0, :, :, 0].detach(), expected, rtol=1e-5, atol=1e-5)


def test_causal_convolution_sees_no_later_step():
    conv = layers.Conv1D(2, 3, padding="causal", dilation_rate=2)
    x = np.random.default_rng(0).normal(size=(1, 9, 3)).astype(np.float32)
    later = x.copy()
    later[:, 5:] = 100
    torch.testing.assert_close(conv(x)[:, :5], conv(later)[:, :5])
    assert not torch.allclose(conv(x)[:, 5:], conv(later)[:, 5:])


def test_depthwise_kernels_go_to_their_own_channels():
    layer = layers.DepthwiseConv2D(1, depth_multiplier=2, use_bias=False)
    layer.build((None, 4, 4, 3))
    layer.set_weights([np.array([[1, 10], [2, 20], [3, 30]], np.float32).reshape(1, 1, 3, 2)])
    y = layer(np.broadcast_to(np.array([1, 100, 10000], np.float32), (1, 4, 4, 3)))
    assert y[0, 0, 0].tolist() == [1, 10, 200, 2000, 30000, 300000]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("arguments", [{}, {"padding": "same"}, {"padding": "same", "strides": 2}])
def test_no_copy_is_needed_between_layers(channels, arguments):
    """A convolution's result is contiguous as (B, H, W, C): the next layer's channels-last view of it is free."""
    assert layers.Conv2D(8, 3, **arguments)(torch.rand(2, 8, 8, channels)).is_contiguous()


def test_kernels_lie_in_channels_last_memory():
    conv = layers.Conv2D(8, 3)
    conv.build((None, 8, 8, 3))
    assert tuple(conv.kernel.shape) == (8, 3, 3, 3)
    assert conv.kernel.is_contiguous(memory_format=torch.channels_last)
    assert conv.get_weights()[0].shape == (3, 3, 3, 8)


def test_pixels_may_be_whole_numbers():
    conv = layers.Conv2D(2, 3)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 5, 5, 3)).astype(np.uint8)
    torch.testing.assert_close(conv(pixels), conv(pixels.astype(np.float32)))


@pytest.mark.filterwarnings("ignore:.*old spelling")
def test_old_spellings():
    notices.forget()
    with pytest.warns(
        UserWarning, match=r"border_mode=\.\.\.\) is an old spelling, understood; today it is Conv2D\(padding="
    ):
        conv = layers.Convolution2D(4, 3, border_mode="same", subsample=(2, 2))
    assert (conv.padding, conv.strides) == ("same", (2, 2))
    conv = layers.Convolution2D(4, 5, 1, border_mode="same")  # Keras 1: rows, columns
    assert (conv.kernel_size, conv.padding, conv.strides) == ((5, 1), "same", (1, 1))
    assert layers.Conv2D(4, 5, 2).strides == (2, 2)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"filters": 0}, "Conv2D: filters must be a whole number, at least 1; got 0"),
        ({"filters": 2.5}, "filters must be a whole number"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size must be a whole number or 2 of them"),
        ({"strides": 0}, "strides must be a whole number or 2 of them, at least 1; got 0"),
        ({"strides": 2, "dilation_rate": 2}, "strides and dilation_rate cannot both be above 1"),
        ({"filters": 4, "groups": 3}, "filters=4 cannot be divided into groups=3"),
    ],
)
def test_arguments_that_cannot_be_honoured(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        layers.Conv2D(**{"filters": 2, "kernel_size": 3, **arguments})


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"padding": "sam"}, "Unknown padding of Conv2D 'sam'. Did you mean 'same'"),
        ({"padding": "causal"}, "Unknown padding"),
        ({"data_format": "channel_last"}, "Did you mean 'channels_last'"),
        ({"activation": "rleu"}, "Did you mean 'relu'"),
        ({"fliters": 3}, "Unknown argument of Conv2D 'fliters'. Did you mean 'filters'"),
    ],
)
def test_unknown_names(arguments, message):
    with pytest.raises(UnknownNameError, match=message):
        layers.Conv2D(filters=2, kernel_size=3, **arguments)


@pytest.mark.parametrize(
    "layer, shape, message",
    [
        (
            layers.Conv2D(2, 3, name="conv1"),
            (None, 28, 28),
            r"Conv2D 'conv1': expected \(batch, height, width, channels\), got \(None, 28, 28\). "
            r"A grey image needs its channel axis: images\[..., None\].",
        ),
        (layers.Conv2D(2, 3, data_format="channels_first"), (None, 9), r"\(batch, channels, height, width\)"),
        (layers.Conv1D(2, 3), (None, 9), r"expected \(batch, steps, channels\).*x\[..., None\]"),
        (layers.Conv2D(2, 3), (None, 9, 9, None), "number of channels must be known"),
        (layers.Conv2D(6, 3, groups=3), (None, 9, 9, 4), "4 channels cannot be divided into groups=3"),
        (
            layers.Conv2D(2, 7, name="conv1"),
            (None, 5, 9, 3),
            "Conv2D 'conv1': its kernel of 7x7 is larger than its input, 5x9. Use padding='same'.*fewer poolings",
        ),
        (layers.Conv2D(2, 3, dilation_rate=3), (None, 5, 9, 3), r"kernel of 3x3 \(dilated to 7x7\)"),
    ],
)
def test_shapes_that_cannot_be_built_for(layer, shape, message):
    with pytest.raises(ShapeError, match=message):
        layer.build(shape)


def test_other_channels_than_built_for():
    conv = layers.Conv2D(2, 3, name="conv1")
    conv(np.zeros((1, 5, 5, 3), np.float32))
    with pytest.raises(ShapeError, match="Conv2D 'conv1': expected 3 channels, for which it was built, got 1"):
        conv(np.zeros((1, 5, 5, 1), np.float32))
    with pytest.raises(ShapeError, match="A grey image needs its channel axis"):
        conv(np.zeros((1, 5, 5), np.float32))


def test_output_padding_must_be_below_the_stride():
    with pytest.raises(ArgumentError, match="output_padding must be smaller than strides"):
        layers.Conv2DTranspose(2, 3, strides=2, output_padding=2)
