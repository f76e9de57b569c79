"""How far the pixels of anmok's ImageDataGenerator are from those of Keras' own: `python benchmarks/pixels.py`.

Both get the same draw (a dict of Keras' keys) for the same photograph out of cats_and_dogs_small, 150 x 150; anmok has
it as uint8, as its flows do, Keras as float32. Then whole flows with the same seed are compared batch by batch. Prints
the tables in Markdown, `--out` writes them: percent of values within one grey level, and in brackets the largest
difference. Runs in the environment of the PyTorch peers; half a minute.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from environments import ROOT, python_of

SIZE = 150
SEED = 7
# fmt: off
COURSE = {"rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 0.2,
          "zoom_range": 0.2, "horizontal_flip": True}
PLACES = {
    "rotation 40": {"rotation_range": 40},
    "width shift 0.2": {"width_shift_range": 0.2},
    "height shift 0.2": {"height_shift_range": 0.2},
    "shear 20": {"shear_range": 20},
    "zoom 0.2": {"zoom_range": 0.2},
    "both flips": {"horizontal_flip": True, "vertical_flip": True},
    "the course's six": COURSE,
    "all together": {**COURSE, "shear_range": 20, "zoom_range": [0.5, 1.6], "vertical_flip": True},
}
COLORS = {
    "brightness 0.5 to 1.5": {"brightness_range": [0.5, 1.5]},
    "channel shift 60": {"channel_shift_range": 60},
    "both, and the course's six": {**COURSE, "brightness_range": [0.5, 1.5], "channel_shift_range": 60},
}
# fmt: on
FILL_MODES = ("nearest", "constant", "reflect", "wrap")
CVAL = 40


class Agreement:
    """Differences in grey levels, gathered over images."""

    def __init__(self):
        self.count = self.within = self.most = 0

    def add(self, ours, theirs):
        """Compare two arrays of one shape, in grey levels."""
        off = np.abs(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64))
        self.count += off.size
        self.within += int((off <= 1 + 1e-3).sum())  # float32 sums are off by less
        self.most = max(self.most, float(off.max()))

    def __str__(self):
        percent = 100_000 * self.within // self.count / 1000  # rounded down: 100 is all of them
        return f"{percent:.3f} ({self.most:.1f})"


def photographs(folder, count):
    """`count` photographs out of a folder of classes: uint8 (N, 150, 150, 3) and the class of each."""
    from anmok.preprocessing.image import img_to_array, load_img

    files = sorted(folder.glob("*/*.jpg"))
    files = files[:: max(1, len(files) // count)][:count]
    pictures = [img_to_array(load_img(file, target_size=(SIZE, SIZE))) for file in files]
    names = sorted({file.parent.name for file in files})
    return np.stack(pictures).astype(np.uint8), np.array([names.index(file.parent.name) for file in files])


def generators(**settings):
    """(anmok's, Keras') ImageDataGenerator with the same arguments."""
    # What tf.keras shows; plain keras 3 has no public way to it any more.
    from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator as Theirs

    from anmok.preprocessing.image import ImageDataGenerator as Ours

    return Ours(**settings), Theirs(**settings)


def same_draws(pictures, **settings):
    """The Agreement over `pictures`, each changed by one draw of Keras'."""
    ours, theirs = generators(**settings)
    found = Agreement()
    for number, picture in enumerate(pictures):
        drawn = theirs.get_random_transform(picture.shape, seed=SEED + number)
        found.add(ours.apply_transform(picture, drawn), theirs.apply_transform(picture.astype(np.float32), drawn))
    return found


def place_table(pictures, order):
    """Lines of a table: each change of place by each fill mode."""
    lines = [f"| order {order} | {' | '.join(FILL_MODES)} |", "| --- |" + " ---: |" * len(FILL_MODES)]
    for title, settings in PLACES.items():
        how = {"interpolation_order": order, "cval": CVAL, **settings}
        cells = [str(same_draws(pictures, fill_mode=mode, **how)) for mode in FILL_MODES]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines


def color_table(pictures):
    """Lines of a table: brightness and channel shift, of uint8 and, as flows have it for brightness, of float32."""
    lines = ["| colours | uint8 | float32 | float32, grey |", "| --- | ---: | ---: | ---: |"]
    floats = pictures.astype(np.float32)
    for title, settings in COLORS.items():
        cells = [str(same_draws(images, **settings)) for images in (pictures, floats, floats[..., :1])]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines


def flow_table(pictures, labels, folder, most):
    """Lines of a table: whole flows with the same seed, two passes, batch by batch."""
    lines = ["| flow, the same seed | batches | with the same labels | pixels |", "| --- | ---: | ---: | ---: |"]
    course = {"rescale": 1 / 255, **COURSE}
    colored = {"rescale": 1 / 255, **COLORS["both, and the course's six"]}
    centred = {"samplewise_center": True, **COURSE}
    whole = {"batch_size": 32, "seed": SEED}
    files = {"target_size": (SIZE, SIZE), "class_mode": "binary", **whole}

    def arrays(generator):
        return generator.flow(pictures, labels, **whole)

    def directory(generator):
        return generator.flow_from_directory(folder, **files)

    for title, settings, open_flow, grey in (
        ("`flow`, the course's generator", course, arrays, 255),
        ("`flow`, brightness and channel shift too", colored, arrays, 255),
        ("`flow`, samplewise_center", centred, arrays, 1),
        ("`flow_from_directory`, the course's generator", course, directory, 255),
    ):
        ours, theirs = (open_flow(generator) for generator in generators(**settings))
        found, alike = Agreement(), 0
        count = min(2 * len(theirs), most)
        for _ in range(count):
            (x, y), (their_x, their_y) = next(ours), next(theirs)
            alike += np.array_equal(y, their_y)
            found.add(grey * x, grey * their_x)
        lines.append(f"| {title} | {count} | {alike} | {found} |")
    return lines


def main():
    """Prints the tables; runs in the environment of the PyTorch peers, which is made if it is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=int, default=100)
    parser.add_argument("--batches", type=int, default=20, help="of each flow at most")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    python = python_of("torch")
    if Path(sys.prefix) != Path(python).parent.parent:
        os.execve(python, [python, *sys.argv], {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "torch"})
    from anmok import files

    folder = files.home() / "datasets" / "cats_and_dogs_small" / "train"
    pictures, labels = photographs(folder, chosen.photographs)
    tables = [place_table(pictures, 1), place_table(pictures, 0), color_table(pictures)]
    tables.append(flow_table(pictures, labels, str(folder), chosen.batches))
    text = "\n\n".join("\n".join(lines) for lines in tables) + "\n"
    print(text)
    if chosen.out:
        chosen.out.write_text(text)


if __name__ == "__main__":
    main()
