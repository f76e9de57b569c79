"""Pooling: the greatest, the mean or the least of each 2 x 2, and why not simply resize.

Pooling makes a map smaller and keeps one number of each window. Max-pooling keeps what answered most, wherever in the
window it was. Where windows are wider than the steps between them they overlap. Resizing makes a picture smaller as
well, but a thin bright line is thinned out with its dark surroundings, where max-pooling keeps it at full brightness:
the lesson measures that on a photograph and on one bright line.

Command: anmok lessons run pooling
Time:    2 s on 2 cores
Figure:  max, mean, min and overlapped pooling equal to loops; brightness of a thin line 255 after max-pooling, 128
         after halving the size
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from anmok import layers, models

COURSE = {}
SEEDS = 1
SLOW = False


def applied(layer, picture):
    """What a layer makes of a picture (H, W)."""
    model = models.Sequential([layers.Input((*picture.shape, 1)), layer])
    return model.predict(picture[None, :, :, None].astype("float32"), verbose=0)[0, :, :, 0]


def least(picture, size):
    """Min-pooling, which is no layer: the least is the greatest of the negatives, negated."""
    return -applied(layers.MaxPooling2D(size), -picture.astype("float32"))


def by_loops(picture, kind, size, stride):
    """Pooling as one would explain it."""
    rows, columns = ((side - size) // stride + 1 for side in picture.shape)
    out = np.empty((rows, columns), "float32")
    for i in range(rows):
        for j in range(columns):
            out[i, j] = kind(picture[i * stride : i * stride + size, j * stride : j * stride + size])
    return out


def halved(picture):
    """Resized to half by averaging over the area, as good resizing does."""
    return applied(layers.Resizing(picture.shape[0] // 2, picture.shape[1] // 2, interpolation="bilinear"), picture)


def lesson(seed, quick, folder):
    photograph = load_sample_image("china.jpg").astype("float32").mean(axis=2)[:400, :640]
    if quick:
        photograph = photograph[:100, :160]
    pooled = {
        "max, 2 x 2": applied(layers.MaxPooling2D(2), photograph),
        "mean, 2 x 2": applied(layers.AveragePooling2D(2), photograph),
        "min, 2 x 2": least(photograph, 2),
        "overlapped max, 3 x 3, stride 2": applied(layers.MaxPooling2D(3, strides=2), photograph),
    }
    explained = [(np.max, 2, 2), (np.mean, 2, 2), (np.min, 2, 2), (np.max, 3, 2)]
    difference = max(
        np.abs(out - by_loops(photograph, *how)).max() for out, how in zip(pooled.values(), explained, strict=True)
    )

    line = np.zeros((64, 64), "float32")
    line[:, 31] = 255
    dark = line[:, 20:44]
    kept = {"line after max-pooling": applied(layers.MaxPooling2D(2), dark).max(),
            "line after halving the size": halved(dark).max()}  # fmt: skip
    draw(photograph, pooled, folder / "pooling.png")
    draw_resized(photograph, line, folder / "resize.png")
    return {"largest difference of layers and loops": difference, **kept}


def draw(photograph, pooled, path):
    top, left = (150, 250) if len(photograph) > 200 else (20, 20)
    figure, axes = plt.subplots(1, 5, figsize=(15, 4), layout="constrained")
    for ax, (title, values) in zip(axes, {"a part of the photograph": photograph, **pooled}.items(), strict=True):
        scale = 1 if values is photograph else 2
        part = values[top // scale : (top + 80) // scale, left // scale : (left + 80) // scale]
        ax.imshow(part, cmap="gray", vmin=0, vmax=255)
        ax.set_title(f"{title}\n{part.shape[0]} x {part.shape[1]} pixels", fontsize=10)
        ax.set(xticks=[], yticks=[])
    figure.savefig(path)
    plt.close(figure)


def draw_resized(photograph, line, path):
    figure, axes = plt.subplots(2, 3, figsize=(12, 6), layout="constrained")
    for row, picture in zip(axes, (photograph, line), strict=True):
        shown = {
            "as it is": picture,
            "resized to 1/8": halved(halved(halved(picture))),
            "max-pooled to 1/8": applied(layers.MaxPooling2D(8), picture),
        }
        for ax, (title, values) in zip(row, shown.items(), strict=True):
            ax.imshow(values, cmap="gray", vmin=0, vmax=255)
            ax.set_title(f"{title}: {values.shape[0]} x {values.shape[1]}, greatest {values.max():.0f}", fontsize=10)
            ax.set(xticks=[], yticks=[])
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
