"""TensorFlow's 'same' padding, written once for convolution and pooling."""

from torch.nn import functional as F

from anmok.errors import ShapeError


def reach(window, dilation=1):
    """How many inputs a window spans, from its first to its last."""
    return (window - 1) * dilation + 1


def same_padding(size, window, stride, dilation=1):
    """(before, after) that bring `size` inputs to ceil(size / stride) windows; an odd one goes after."""
    total = max((-(-size // stride) - 1) * stride + reach(window, dilation) - size, 0)
    return total // 2, total - total // 2


def padded(x, padding, windows, strides, dilations):
    """What a convolution gets to pad as `padding` says: the input (B, C, ...) and what to pass on as symmetric padding.

    The input is copied only where it needs more after than before.
    """
    if padding == "valid":
        return x, 0
    spatial = x.shape[2:]
    if padding == "causal":
        before = [reach(window, dilation) - 1 for window, dilation in zip(windows, dilations, strict=True)]
        return F.pad(x, (before[0], 0)), 0
    pairs = [same_padding(*axis) for axis in zip(spatial, windows, strides, dilations, strict=True)]
    if any(after > before for before, after in pairs):
        rest = [amount for before, after in reversed(pairs) for amount in (0, after - before)]
        x = F.pad(x, rest)
    return x, [before for before, _ in pairs]


def pooling_windows(spatial, windows, strides):
    """How torch's pooling does 'same' on sizes `spatial` without a copy: its padding, and how many results to drop.

    To be used with ceil_mode=True. Where a stride is 1, one row more is padded before and its results are dropped;
    elsewhere the last window may hang over the edge, which is what ceil_mode allows.
    """
    padding, drop = [], []
    for size, window, stride in zip(spatial, windows, strides, strict=True):
        before, after = same_padding(size, window, stride)
        extra = after - before if stride == 1 else 0
        padding.append(before + extra)
        drop.append(extra)
    return padding, drop


def check_windows_fit(layer, what, spatial, windows, dilations):
    """Raise ShapeError where a window is larger than its (unpadded) input; unknown sizes pass."""
    spans = tuple(map(reach, windows, dilations))
    if any(size is not None and span > size for size, span in zip(spatial, spans, strict=True)):
        spread = f" (dilated to {_sizes(spans)})" if spans != tuple(windows) else ""
        raise ShapeError(
            f"{type(layer).__name__} '{layer.name}': its {what} of {_sizes(windows)}{spread} is larger than its input, "
            f"{_sizes(spatial)}. Use padding='same', a smaller {what}, larger images, or fewer poolings and strides "
            "before it."
        )


def _sizes(numbers):
    return "x".join(map(str, numbers))
