"""What a convolution computes: one number after the other, by hand and by Conv2D.

A 3 x 3 filter lies on a picture of 5 x 5; the nine products are added up; the filter moves on. The nine sums come out
the same from four loops that one can read and from `Conv2D`. Then padding (a rim of zeros keeps the size), stride
(the filter moves by more than one) and the formula for the size of what comes out,

    out = floor((in - filter + 2 padding) / stride) + 1,

held against the shapes that Conv2D really makes for every size from 1 to 40, filter to 11 and stride to 4.

Command: anmok lessons run convolution
Time:    2 s on 2 cores
Figure:  the course's matrix 4 8 4 / 5 5 6 / 8 5 9 exactly; the size formula right in every case
"""

import matplotlib.pyplot as plt
import numpy as np

from anmok import layers, models

COURSE = {}
SEEDS = 1
SLOW = False

PICTURE = np.array(
    [
        [1, 3, 3, 0, 0],
        [0, 3, 1, 0, 0],
        [0, 0, 2, 1, 1],
        [0, 0, 3, 0, 1],
        [3, 2, 1, 3, 0],
    ],
    "float32",
)
FILTER = np.array([[0, 1, 0], [1, 0, 1], [1, 1, 0]], "float32")


def by_hand(picture, kernel, *, padding=0, stride=1):
    """The sums, by four loops: (H, W) and (h, w) to (out, out)."""
    picture = np.pad(picture, padding)
    high, wide = (size_of(a, k, 0, stride) for a, k in zip(picture.shape, kernel.shape, strict=True))
    out = np.zeros((high, wide), picture.dtype)
    for i in range(high):
        for j in range(wide):
            for di in range(kernel.shape[0]):
                for dj in range(kernel.shape[1]):
                    out[i, j] += picture[stride * i + di, stride * j + dj] * kernel[di, dj]
    return out


def by_layer(picture, kernel, *, padding="valid", stride=1):
    """The same by Conv2D, whose one filter is given the kernel's values."""
    layer = layers.Conv2D(1, kernel.shape, strides=stride, padding=padding, use_bias=False)
    model = models.Sequential([layers.Input((*picture.shape, 1)), layer])
    layer.set_weights([kernel[:, :, None, None]])
    return model.predict(picture[None, :, :, None], verbose=0)[0, :, :, 0]


def size_of(size, kernel, padding, stride):
    """The formula: how many places a filter has along one side."""
    return (size - kernel + 2 * padding) // stride + 1


def formula_against_layer(sizes, kernels, strides):
    """How often the formula and Conv2D agree on a size: (right, tried). "same" pads so that ceil(in / stride) stays."""
    right = tried = 0
    for kernel in kernels:
        for stride in strides:
            for padding in ("valid", "same"):
                layer = layers.Conv2D(1, kernel, strides=stride, padding=padding)
                for size in sizes:
                    if padding == "valid" and size < kernel:
                        continue
                    # "same" pads as much as is wanted, where it is odd one pixel more behind.
                    wanted = size_of(size, kernel, 0, stride) if padding == "valid" else size_of(size, 1, 0, stride)
                    made = layer.compute_output_shape((None, size, size, 3))
                    right += tuple(made[1:3]) == (wanted, wanted)
                    tried += 1
    return right, tried


def lesson(seed, quick, folder):
    plain = by_layer(PICTURE, FILTER)
    padded = by_layer(PICTURE, FILTER, padding="same")
    strided = by_layer(PICTURE, FILTER, stride=2)
    differences = [
        np.abs(plain - by_hand(PICTURE, FILTER)).max(),
        np.abs(padded - by_hand(PICTURE, FILTER, padding=1)).max(),
        np.abs(strided - by_hand(PICTURE, FILTER, stride=2)).max(),
    ]
    sizes, kernels, strides = (range(1, 41), range(1, 12), range(1, 5))
    if quick:
        sizes, kernels, strides = (range(1, 41, 5), (1, 2, 3, 5, 11), (1, 2, 3))
    right, tried = formula_against_layer(sizes, kernels, strides)
    draw(plain, padded, strided, folder / "convolution.png")
    np.savetxt(folder / "result.txt", plain, fmt="%d")
    return {"largest difference of loops and Conv2D": max(differences), "sizes tried": tried,
            "sizes that the formula has right": right}  # fmt: skip


def draw(plain, padded, strided, path):
    panels = {
        "picture": PICTURE, "filter": FILTER, "padding 'valid'": plain,
        "padding 'same': a rim of zeros": padded, "stride 2": strided,
    }  # fmt: skip
    widths = [values.shape[1] for values in panels.values()]
    figure, axes = plt.subplots(1, 5, figsize=(13, 3.2), layout="constrained", width_ratios=widths)
    for ax, (title, values) in zip(axes, panels.items(), strict=True):
        ax.imshow(values, cmap="Blues", vmin=0, vmax=14)
        for (i, j), value in np.ndenumerate(values):
            ax.text(j, i, f"{value:.0f}", ha="center", va="center", fontsize=12)
        ax.set(xticks=[], yticks=[], ylim=(4.5, -0.5))
        ax.set_title(title, loc="left")
        ax.spines[:].set_visible(False)
    axes[0].add_patch(plt.Rectangle((-0.5, -0.5), 3, 3, fill=False, edgecolor="tab:red", linewidth=2))
    axes[2].add_patch(plt.Rectangle((-0.5, -0.5), 1, 1, fill=False, edgecolor="tab:red", linewidth=2))
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
