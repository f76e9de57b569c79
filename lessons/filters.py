"""Filters made by hand: edges, blur, sharpening, and the median that is no convolution.

Before networks learnt their filters, people wrote them down. A photograph goes through a gallery of 3 x 3 filters, all
in one Conv2D whose kernel is set by `set_weights`. Sobel's two filters answer to edges across and along; the root of
their squares to edges of any direction. The median of each 5 x 5 takes away specks of salt and pepper that an average
only smears, and keeps edges: no choice of weights can do that, since a convolution is a sum.

Command: anmok lessons run filters
Time:    2 s on 2 cores
Figure:  Sobel equal to SciPy's, 5 x 5 median equal to OpenCV's; error on a speckled photograph 11 of 255 after the
         median, 24 after the mean, 25 before
"""

import cv2
import matplotlib.pyplot as plt
import numpy as np
from scipy import ndimage
from sklearn.datasets import load_sample_image

from anmok import layers, models

COURSE = {}
SEEDS = 1
SLOW = False

# fmt: off
GALLERY = {
    "as it is":          [[ 0,  0,  0], [ 0, 1,  0], [ 0,  0,  0]],
    "mean":              np.full((3, 3), 1 / 9),
    "Gauss' blur":       np.outer([1, 2, 1], [1, 2, 1]) / 16,
    "sharpened":         [[ 0, -1,  0], [-1, 5, -1], [ 0, -1,  0]],
    "Laplace":           [[ 0,  1,  0], [ 1, -4, 1], [ 0,  1,  0]],
    "embossed":          [[-2, -1,  0], [-1, 1,  1], [ 0,  1,  2]],
    "Sobel, left-right": [[-1,  0,  1], [-2, 0,  2], [-1,  0,  1]],
    "Sobel, up-down":    [[-1, -2, -1], [ 0, 0,  0], [ 1,  2,  1]],
}
# fmt: on


def convolved(picture, kernels):
    """What one Conv2D with these kernels makes of a picture: (H, W) and K kernels (h, w) to (h', w', K)."""
    kernel = np.stack([np.asarray(k, "float32") for k in kernels], axis=-1)[:, :, None]
    layer = layers.Conv2D(kernel.shape[-1], kernel.shape[:2], use_bias=False)
    model = models.Sequential([layers.Input((*picture.shape, 1)), layer])
    layer.set_weights([kernel])
    return model.predict(picture[None, :, :, None].astype("float32"), verbose=0)[0]


def median(picture, size):
    """The median of each size x size window; the rim repeats its outermost pixels."""
    padded = np.pad(picture, size // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    return np.median(windows, axis=(2, 3)).astype(picture.dtype)


def speckled(picture, rng, *, fraction):
    """A picture with that fraction of its pixels put to black or white."""
    drawn = rng.random(picture.shape)
    out = picture.copy()
    out[drawn < fraction / 2] = 0
    out[drawn > 1 - fraction / 2] = 255
    return out


def lesson(seed, quick, folder):
    photograph = cv2.cvtColor(load_sample_image("china.jpg"), cv2.COLOR_RGB2GRAY)[:400, :600]
    if quick:
        photograph = photograph[100:220, 80:260]
    maps = convolved(photograph, GALLERY.values())
    edges = np.hypot(maps[..., -2], maps[..., -1])
    inner = (slice(1, -1), slice(1, -1))
    by_scipy = np.hypot(*(ndimage.sobel(photograph.astype("float32"), axis=axis)[inner] for axis in (0, 1)))

    dirty = speckled(photograph, np.random.default_rng(seed), fraction=0.2)
    cleaned = median(dirty, 5)
    smeared = ndimage.uniform_filter(dirty.astype("float32"), 5)
    draw_gallery(maps, edges, folder / "gallery.png")
    draw_median(photograph, dirty, smeared, cleaned, folder / "median.png")
    return {
        "largest difference of Sobel and SciPy's": np.abs(edges - by_scipy).max(),
        "largest difference of median and OpenCV's": np.abs(cleaned - cv2.medianBlur(dirty, 5).astype(float)).max(),
        "error of speckled": mean_error(dirty, photograph),
        "error after 5 x 5 mean": mean_error(smeared, photograph),
        "error after 5 x 5 median": mean_error(cleaned, photograph),
    }


def mean_error(picture, truth):
    return np.abs(picture.astype(float) - truth).mean()


def draw_gallery(maps, edges, path):
    figure, axes = plt.subplots(3, 3, figsize=(12, 8.6), layout="constrained")
    shown = [*zip(GALLERY, np.moveaxis(maps, -1, 0), strict=True), ("Sobel, both", edges)]
    for ax, (title, values) in zip(axes.flat, shown, strict=True):
        if values.min() < -100 and title != "sharpened":  # answers of both signs: 0 is grey
            ax.imshow(values, cmap="gray", vmin=-200, vmax=200)
        else:
            ax.imshow(values, cmap="gray", vmin=0, vmax=400 if title == "Sobel, both" else 255)
        ax.set(title=title, xticks=[], yticks=[])
    figure.savefig(path)
    plt.close(figure)


def draw_median(photograph, dirty, smeared, cleaned, path):
    figure, axes = plt.subplots(1, 4, figsize=(15, 3.6), layout="constrained")
    shown = {"photograph": photograph, "a fifth of it speckled": dirty, "5 x 5 mean": smeared, "5 x 5 median": cleaned}
    for ax, (title, values) in zip(axes, shown.items(), strict=True):
        rows, columns = values.shape
        ax.imshow(values[rows // 4 : rows * 3 // 4, : columns // 2], cmap="gray", vmin=0, vmax=255)
        ax.set_title(f"{title}\n{mean_error(values, photograph):.1f} of 255 off on average", fontsize=10)
        ax.set(xticks=[], yticks=[])
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
