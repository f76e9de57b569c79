"""3 x 3 convolutions with a quarter of the multiplications: Winograd's minimal filtering (Lavin & Gray 2015).

Of every 6 x 6 pixels of the input, which overlap by two, a transform V makes 36 numbers a channel; for each of those
places a matrix product over the channels; a transform of its results gives 4 x 4 pixels of the output. In exact
arithmetic that is the convolution. The usual transform evaluates polynomials at 0, 1, -1, 2, -2 and infinity, which
loses a digit of float32; ours at 0, +-sqrt(1/2), +-sqrt(2) and infinity, where the largest error measured (512
channels) was 1.8e-6 of the largest result, against 8.8e-6, and 0.4e-6 of a direct convolution.
"""

import torch

from anmok.models.fast import onednn

_NEAR, _FAR = 0.5**0.5, 2.0**0.5
_POINTS = (0.0, _NEAR, -_NEAR, _FAR, -_FAR)
_TILE = 4  # pixels of the output in a row of a tile
_PLACES = 6
# How many numbers of V and of the products are made at a time, if there are no more weights: what a processor's last
# cache may hold of them.
_CHUNK = 1 << 22
# Measured on two cores. Below these, the transforms cost more than is saved by multiplying less; or calling three dozen
# operations does; or reading the weights, which are four times as many.
_FEWEST_CHANNELS = 128
_FEWEST_PRODUCTS = 200_000_000  # of numbers, in the direct convolution
_FEWEST_TILES = 16


def pays(count, rows, columns, kernel):
    """Whether it is faster on `count` images with results of that size."""
    tiles = -(-rows // _TILE) * -(-columns // _TILE)
    return count * tiles >= _FEWEST_TILES and count * rows * columns * kernel.numel() >= _FEWEST_PRODUCTS


def serves(kernel, strides, padding, dilation, groups):
    """Whether a convolution may be computed like this: float32, 3 x 3 with stride 1, with enough channels."""
    return (
        kernel.dtype is torch.float32
        and kernel.size()[2:] == (3, 3)
        and tuple(strides) == tuple(dilation) == (1, 1)
        and groups == 1
        and min(kernel.size()[:2]) >= _FEWEST_CHANNELS
    )


class Convolution:
    """A convolution of images (B, C, H, W) in channels-last memory, with settled kernel (K, C, 3, 3), bias, padding."""

    def __init__(self, kernel, bias, padding):
        self._filters, self._channels = kernel.size()[:2]
        self._weights = _PLACES**2 * self._filters * self._channels
        self._padding = padding
        transform = _kernel_transform().to(kernel.device)
        products = torch.einsum("wj,hi,kcij->whkc", transform, transform, kernel.double()).float()
        products = products.reshape(_PLACES**2 * self._filters, self._channels, 1, 1)
        if bias is not None:
            # Added to the products like this, it comes out of the transform as it is, at every pixel.
            share = _share_of_bias().to(kernel.device)
            bias = torch.einsum("w,h,k->whk", share, share, bias.double()).float().reshape(-1)
        self._product = onednn.Convolution(products, bias, (1, 1), (0, 0), (1, 1), _PLACES**2)

    def __call__(self, x, limits=None, addend=None):
        """The result (B, K, H', W'), with an addend of its shape, within the limits."""
        x = x.permute(0, 2, 3, 1)
        output = [size + 2 * zeros - 2 for size, zeros in zip(x.shape[1:3], self._padding, strict=True)]
        tiles = [-(-size // _TILE) for size in output]
        result = torch.empty((len(x), *output, self._filters))
        per_image = _PLACES**2 * tiles[0] * tiles[1] * (self._channels + self._filters)
        count = max(1, max(_CHUNK, self._weights) // per_image)
        for start in range(0, len(x), count):
            part = slice(start, start + count)
            y, target = self._chunk(x[part], tiles)[:, : output[0], : output[1]], result[part]
            if addend is not None:
                torch.add(y, addend.permute(0, 2, 3, 1)[part], out=target)
                y = target
            if limits is not None:
                torch.clamp(y, *limits, out=target)
            elif y is not target:
                target.copy_(y)
        return result.permute(0, 3, 1, 2)

    def _chunk(self, x, tiles):
        """The convolution of images (n, H, W, C), over whole tiles: (n, 4 * tile rows, 4 * tile columns, K)."""
        count, (rows, columns), filters = len(x), tiles, self._filters
        height, width = _TILE * rows + 2, _TILE * columns + 2
        x = _framed(x, height, width, self._padding)
        high = torch.empty((count, rows, width, _PLACES, self._channels))
        _transform([x[:, k : k + height - 5 : 4] for k in range(_PLACES)], high.unbind(3))
        v = torch.empty((count, rows, columns, _PLACES, _PLACES, self._channels))
        _transform([high[:, :, k : k + width - 5 : 4] for k in range(_PLACES)], v.unbind(3))
        # As a 1 x 1 convolution in 36 groups, of an image with one row: oneDNN's fastest way for such products.
        v = v.view(1, 1, count * rows * columns, -1).permute(0, 3, 1, 2)
        products = self._product(v).permute(0, 2, 3, 1).view(count, rows, columns, _PLACES, _PLACES, filters)
        wide = torch.empty((count, rows, columns, _TILE, _PLACES, filters))
        _transform_back(products.unbind(3), wide.unbind(3))
        y = torch.empty((count, rows, _TILE, columns * _TILE, filters))
        _transform_back(wide.view(count, rows, columns * _TILE, _PLACES, filters).unbind(3), y.unbind(2))
        return y.view(count, rows * _TILE, columns * _TILE, filters)


def _framed(x, height, width, padding):
    """Images (n, H, W, C) with zeros around them, `padding` above and on the left, as many below as make the sizes."""
    (top, left), (rows, columns) = padding, x.shape[1:3]
    if not top and not left and (rows, columns) == (height, width):
        return x
    framed = torch.empty((len(x), height, width, x.shape[3]))
    rows, columns = min(rows, height - top), min(columns, width - left)
    framed[:, :top] = 0
    framed[:, top + rows :] = 0
    framed[:, top : top + rows, :left] = 0
    framed[:, top : top + rows, left + columns :] = 0
    framed[:, top : top + rows, left : left + columns] = x[:, :rows, :columns]
    return framed


def _kernel_transform():
    """G (6, 3): a kernel's row as a polynomial, evaluated at the points, over what the transform of V leaves out."""
    lines = []
    for point in _POINTS:
        others = [point - other for other in _POINTS if other != point]
        scale = torch.tensor(others, dtype=torch.float64).prod()
        lines.append(torch.tensor([1.0, point, point**2], dtype=torch.float64) / scale)
    lines.append(torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64))
    return torch.stack(lines)


def _share_of_bias():
    """(6,): numbers which `_transform_back` turns into four ones."""
    even, odd = (2 / 3, 1 / 3), (2 / 3 / _NEAR, 1 / 3 / _FAR)
    shares = [0.0, even[0] + odd[0], even[0] - odd[0], even[1] + odd[1], even[1] - odd[1], 0.0]
    return torch.tensor(shares, dtype=torch.float64) / 2


def _transform(d, v):
    """Six numbers d to the six v: the coefficients of the polynomials that vanish at all points but one."""
    even, odd = v[0], v[5]
    torch.sub(d[4], d[2], alpha=2, out=even)
    torch.sub(d[3], d[1], alpha=2, out=odd)
    torch.add(even, odd, alpha=_NEAR, out=v[1])
    torch.sub(even, odd, alpha=_NEAR, out=v[2])
    torch.sub(d[4], d[2], alpha=0.5, out=even)
    torch.sub(d[3], d[1], alpha=0.5, out=odd)
    torch.add(even, odd, alpha=_FAR, out=v[3])
    torch.sub(even, odd, alpha=_FAR, out=v[4])
    # v0 = d0 - 2.5 d2 + d4 and v5 = d1 - 2.5 d3 + d5.
    even.add_(d[0]).sub_(d[2], alpha=2)
    torch.add(d[1], d[5], out=odd).sub_(d[3], alpha=2.5)


def _transform_back(m, y):
    """Six numbers m to the four y: y_i = sum of m_p times point_p ** i, and m5 to the last. m is overwritten."""
    torch.add(m[1], m[2], out=y[0])
    torch.sub(m[1], m[2], out=y[1])
    even, odd = torch.add(m[3], m[4], out=m[1]), torch.sub(m[3], m[4], out=m[2])
    torch.mul(y[0], 0.5, out=y[2]).add_(even, alpha=2)
    y[0].add_(even).add_(m[0])
    torch.add(m[5], y[1], alpha=_NEAR**3, out=y[3]).add_(odd, alpha=_FAR**3)
    y[1].mul_(_NEAR).add_(odd, alpha=_FAR)
