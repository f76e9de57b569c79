"""How alike two pictures are, and how pixels change from one to the next: what tf.image has of it."""

import torch
from torch.nn import functional as F

from anmok.compat.functions.calling import function
from anmok.compat.functions.values import tensor
from anmok.compat.pictures.batches import converted, full, need, pictures
from anmok.errors import ShapeError

_SOBEL = ((-1.0, -2.0, -1.0), (0.0, 0.0, 0.0), (1.0, 2.0, 1.0))
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang 2003, the powers of the five scales


@function(name="image_total_variation")
def total_variation(images):
    """The sum of what neighbouring pixels differ by: a scalar, or (B,)."""
    images, was_batch = pictures(images, "total_variation")
    down, right = images[:, 1:] - images[:, :-1], images[:, :, 1:] - images[:, :, :-1]
    made = down.abs().sum((1, 2, 3)) + right.abs().sum((1, 2, 3))
    return made if was_batch else made[0]


@function(name="image_gradients")
def image_gradients(image):
    """(dy, dx): each pixel's lower and right neighbour less itself, 0 in the last row or column; of (B, H, W, C)."""
    image = tensor(image)
    if image.ndim != 4:
        raise ShapeError(f"tf.image.image_gradients: expected (B, H, W, C), got shape {tuple(image.shape)}.")
    down, right = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
    return F.pad(down, (0, 0, 0, 0, 0, 1)), F.pad(right, (0, 0, 0, 1))


@function(name="image_sobel_edges")
def sobel_edges(image):
    """(B, H, W, C, 2): Sobel's vertical and horizontal differences, the border mirrored."""
    image = tensor(image)
    if image.ndim != 4:
        raise ShapeError(f"tf.image.sobel_edges: expected (B, H, W, C), got shape {tuple(image.shape)}.")
    batch, height, width, channels = image.shape
    kernel = torch.tensor(_SOBEL, dtype=image.dtype, device=image.device)
    planes = image.permute(0, 3, 1, 2).reshape(batch * channels, 1, height, width)
    edges = F.conv2d(F.pad(planes, (1, 1, 1, 1), mode="reflect"), torch.stack([kernel, kernel.T])[:, None])
    return edges.reshape(batch, channels, 2, height, width).permute(0, 3, 4, 1, 2)


def _in_floats(a, b, max_val):
    a, b = tensor(a), tensor(b)
    need(a.dtype is b.dtype, f"Expected two pictures of one format, got {a.dtype} and {b.dtype}.")
    if a.is_floating_point():
        return a, b, float(max_val)
    return converted(a, torch.float32), converted(b, torch.float32), float(max_val) / full(a.dtype)


@function(name="image_psnr")
def psnr(a, b, max_val):
    """Peak signal to noise ratio in decibels: 10 log10(max_val² / mean squared difference), for each picture."""
    a, b, peak = _in_floats(a, b, max_val)
    return 20 * torch.log10(torch.tensor(peak)) - 10 * torch.log10(((a - b) ** 2).mean((-3, -2, -1)))


@function(name="image_ssim")
def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, return_index_map=False):
    """Structural similarity (Wang et al. 2004) for each picture; return_index_map: at each place, channels' mean."""
    a, b, peak = _in_floats(img1, img2, max_val)
    likeness, _ = _compared(a, b, peak, filter_size, filter_sigma, k1, k2)
    return likeness.mean(-1) if return_index_map else likeness.mean((-3, -2)).mean(-1)


@function(name="image_ssim_multiscale")
def ssim_multiscale(img1, img2, max_val, power_factors=_SCALES, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
    """Structural similarity over pictures halved again and again (Wang 2003), one scale for each power."""
    a, b, peak = _in_floats(img1, img2, max_val)
    parts = []
    for number in range(len(power_factors)):
        if number:
            a, b = _halved(a), _halved(b)
        likeness, contrast = _compared(a, b, peak, filter_size, filter_sigma, k1, k2)
        parts.append((likeness if number == len(power_factors) - 1 else contrast).mean((-3, -2)).relu())
    powers = torch.tensor(power_factors, dtype=a.dtype)
    return (torch.stack(parts, -1) ** powers).prod(-1).mean(-1)


def _compared(a, b, peak, size, sigma, k1, k2):
    """(similarity, its part without luminance), each (..., H - size + 1, W - size + 1, C)."""
    places = torch.arange(size, dtype=a.dtype) - (size - 1) / 2
    window = torch.softmax((-0.5 * (places / sigma) ** 2), 0)

    def smooth(x):
        planes = x.flatten(0, -4) if x.ndim > 3 else x[None]
        count, height, width, channels = planes.shape
        planes = planes.permute(0, 3, 1, 2).reshape(count * channels, 1, height, width)
        made = F.conv2d(F.conv2d(planes, window[None, None, :, None]), window[None, None, None, :])
        made = made.reshape(count, channels, *made.shape[2:]).permute(0, 2, 3, 1)
        return made.reshape(*x.shape[:-3], *made.shape[1:])

    need(
        min(a.shape[-3:-1]) >= size, f"tf.image.ssim: pictures {tuple(a.shape)} are smaller than the filter of {size}."
    )
    first, second = (k1 * peak) ** 2, (k2 * peak) ** 2
    mean_a, mean_b = smooth(a), smooth(b)
    product, squares = mean_a * mean_b * 2, mean_a**2 + mean_b**2
    luminance = (product + first) / (squares + first)
    contrast = (smooth(a * b) * 2 - product + second) / (smooth(a**2 + b**2) - squares + second)
    return luminance * contrast, contrast


def _halved(x):
    """Means of 2 by 2 pixels; an odd last row or column is mirrored first."""
    planes = x.flatten(0, -4).permute(0, 3, 1, 2) if x.ndim > 3 else x[None].permute(0, 3, 1, 2)
    odd_rows, odd_columns = planes.shape[2] % 2, planes.shape[3] % 2
    if odd_rows or odd_columns:
        # TensorFlow's "symmetric" padding repeats the edge here.
        planes = F.pad(planes, (0, odd_columns, 0, odd_rows), mode="replicate")
    made = F.avg_pool2d(planes, 2).permute(0, 2, 3, 1)
    return made.reshape(*x.shape[:-3], *made.shape[1:])
