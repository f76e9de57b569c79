"""ReLU and 2 x 2 max-pooling on the bit patterns of floating point numbers.

A float with its sign bit off is ordered like the integer of the same bits, and a negative float is a negative
integer. So after ReLU, `maximum` and comparisons may be made on integers, which processors do several times faster
than on bfloat16, and a choice becomes a mask of ones or zeros (an arithmetic shift of a difference) that is
applied by `and`. Exact for every number; a NaN whose sign bit is on becomes 0, as a negative number does.

Tensors here are (B, H, W, C) or of any shape, contiguous, float32, bfloat16 or float16.
"""

import torch

_INTEGERS = {2: torch.int16, 4: torch.int32}


def bits(x):
    """The bit patterns of a float tensor, as a view of signed integers of the same size."""
    return x.view(_INTEGERS[x.element_size()])


def _sign_mask(difference):
    """In place: all ones where the integer is negative, else 0."""
    return difference.bitwise_right_shift_(8 * difference.element_size() - 1)


def relu_(x):
    """max(x, 0), in place."""
    bits(x).clamp_min_(0)
    return x


def relu_gradient(gradient, output):
    """`gradient` where the ReLU's output is above 0, else 0; a new tensor."""
    mask = _sign_mask(torch.neg(bits(output)))
    return mask.bitwise_and_(bits(gradient)).view(gradient.dtype)


def relu_pool(x):
    """ReLU and 2 x 2 max-pooling with stride 2 of x (B, H, W, C); x is overwritten.

    Returns the result (B, H // 2, W // 2, C) and two masks for the gradient: where the right one of two columns was
    larger, and where the lower one of two rows was. Of equal values the first counts, as in PyTorch and Keras.
    """
    values = bits(x).clamp_min_(0)
    rows, columns = values.shape[1] // 2, values.shape[2] // 2
    left, right = values[:, : 2 * rows, 0 : 2 * columns : 2], values[:, : 2 * rows, 1 : 2 * columns : 2]
    across = torch.maximum(left, right)
    right_wins = _sign_mask(torch.sub(left, right))
    upper, lower = across[:, 0::2], across[:, 1::2]
    largest = torch.maximum(upper, lower)
    lower_wins = _sign_mask(torch.sub(upper, lower))
    return largest.view(x.dtype), right_wins, lower_wins


def relu_pooled(x):
    """The result of `relu_pool` alone, for inference; x (B, H, W, C) is overwritten."""
    values = bits(x)
    rows, columns = values.shape[1] // 2, values.shape[2] // 2
    left, right = values[:, : 2 * rows, 0 : 2 * columns : 2], values[:, : 2 * rows, 1 : 2 * columns : 2]
    # Negative numbers are in the wrong order as integers, which does not matter: all of them end as 0.
    across = torch.maximum(left, right)
    return torch.maximum(across[:, 0::2], across[:, 1::2]).clamp_min_(0).view(x.dtype)


def relu_pool_gradient(gradient, output, right_wins, lower_wins, shape):
    """The gradient of `relu_pool` with respect to its input of `shape`; the masks are used up.

    output: the result of `relu_pool`, or that times a dropout mask, in which case zeros of the mask count as well.
    """
    integers = right_wins.dtype
    passed = _sign_mask(torch.neg(bits(output))).bitwise_and_(bits(gradient))
    batch, rows, columns, channels = passed.shape
    across = torch.empty((batch, 2 * rows, columns, channels), dtype=integers, device=passed.device)
    below = lower_wins.bitwise_and_(passed)
    across[:, 1::2] = below
    torch.bitwise_xor(passed, below, out=across[:, 0::2])
    fits = shape[1] == 2 * rows and shape[2] == 2 * columns
    result = (torch.empty if fits else torch.zeros)(shape, dtype=integers, device=passed.device)
    beside = right_wins.bitwise_and_(across)
    result[:, : 2 * rows, 1 : 2 * columns : 2] = beside
    torch.bitwise_xor(across, beside, out=result[:, : 2 * rows, 0 : 2 * columns : 2])
    return result.view(gradient.dtype)
