"""What each argument of ImageDataGenerator does, drawn.

One photograph, one row for each argument: the photograph as it is, then five random draws of this argument alone, from
the same generator that training uses. The last row has the mixture that the lesson cats_and_dogs_augmented trains
with. What a draw does to the label is for you to judge: a cat in a mirror is a cat, a 6 upside down is a 9.

Command: anmok lessons run augmentation_gallery
Time:    about 3 s on 2 cores
Figure:  16 rows of draws in augmentation_gallery.png; the course prints no figure
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from anmok.preprocessing.image import ImageDataGenerator, img_to_array, load_img

COURSE = {}
SEEDS = 1
SLOW = False

PHOTOGRAPH = (
    Path(os.environ.get("ANMOK_HOME", Path.home() / ".anmok")) / "datasets/cats_and_dogs_small/train/dogs/dog.107.jpg"
)
DRAWS = 5


def pale(image):
    """A function of one's own, on float32 (H, W, 3) in 0..255: half of the colour taken away."""
    return (image + image.mean(axis=-1, keepdims=True)) / 2


ROWS = [
    {"rotation_range": 40},
    {"width_shift_range": 0.2},
    {"height_shift_range": 0.2},
    {"shear_range": 30},
    {"zoom_range": 0.4},
    {"zoom_range": (0.5, 0.5)},
    {"horizontal_flip": True},
    {"vertical_flip": True},
    {"brightness_range": (0.4, 1.6)},
    {"channel_shift_range": 80},
    {"rotation_range": 40, "fill_mode": "constant", "cval": 0},
    {"rotation_range": 40, "fill_mode": "reflect"},
    {"rotation_range": 40, "fill_mode": "wrap"},
    {"samplewise_center": True, "samplewise_std_normalization": True},
    {"preprocessing_function": pale},
    {"rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 0.2, "zoom_range": 0.2,
     "horizontal_flip": True},
]  # fmt: skip


def lesson(seed, quick, folder):
    if not PHOTOGRAPH.exists():
        raise FileNotFoundError(f"This lesson wants {PHOTOGRAPH}, or any other photograph: put one there.")
    photograph = img_to_array(load_img(PHOTOGRAPH, target_size=(150, 150)))
    rows = [draws(photograph, arguments, seed) for arguments in ROWS]
    draw(photograph, rows, folder / "augmentation_gallery.png")
    mirrored, upside_down = rows[ROWS.index({"horizontal_flip": True})], rows[ROWS.index({"vertical_flip": True})]
    return {
        "rows": len(rows),
        "draws that are the mirror image or the photograph": share(mirrored, photograph, photograph[:, ::-1]),
        "draws that are upside down or the photograph": share(upside_down, photograph, photograph[::-1]),
        "deviation when standardised by the sample": rows[ROWS.index(ROWS[13])].std(),
    }


def draws(photograph, arguments, seed):
    """float32 (DRAWS, H, W, 3): one batch, as `fit` would be given it, of copies of the photograph."""
    return next(ImageDataGenerator(**arguments).flow(np.stack([photograph] * DRAWS), batch_size=DRAWS, seed=seed))


def share(images, *allowed):
    """The fraction of `images` that equal one of `allowed`."""
    return np.mean([any(np.array_equal(image, other) for other in allowed) for image in images])


def shown(image):
    """An image for the eye: 0..255 as it is, a standardised one with 2.5 deviations to either side of grey."""
    if image.min() < 0:
        image = 127.5 + image * 51
    return np.clip(image, 0, 255).astype(np.uint8)


def draw(photograph, rows, path):
    figure, axes = plt.subplots(len(rows), 1 + DRAWS, figsize=(11, 1.42 * len(rows)), layout="constrained")
    for row, (arguments, images) in enumerate(zip(ROWS, rows, strict=True)):
        text = ",\n".join(f"{name}={getattr(value, '__name__', value)}" for name, value in arguments.items())
        axes[row, 0].text(-0.06, 0.5, text, ha="right", va="center", fontsize=9, transform=axes[row, 0].transAxes)
        for axis, image in zip(axes[row], [photograph, *images], strict=True):
            axis.imshow(shown(image))
            axis.axis("off")
    axes[0, 0].set_title("as it is", fontsize=10)
    axes[0, 1 + DRAWS // 2].set_title("five draws", fontsize=10)
    figure.savefig(path, dpi=80)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
