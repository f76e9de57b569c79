"""Zeros before a convolution of stride 2, as the authors of mobile networks put them."""


def halving(x, kernel):
    """((above, below), (left, right)) for images x (B, H, W, C): what a kernel of that (odd) size needs to halve them.

    An even side gets one row less before it; so does one of unknown size (as in Keras).
    """
    return tuple(_margins(size, kernel) for size in x.shape[1:3])


def _margins(size, kernel):
    less = 1 if size is None else 1 - size % 2
    return (kernel // 2 - less, kernel // 2)
