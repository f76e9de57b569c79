"""A folder for each class: what flow_from_directory reads, and what it does not.

A folder of photographs is built here as people have them: a class folder with folders inside, a text file, a hidden
file, a file that is no longer an image. The flow numbers the classes by their sorted names (`class_indices`), takes
what lies deeper, leaves out what is no image and names it in `skipped`; `class_mode` says what the labels look like;
without shuffling, predictions come in the order of `filenames`. Then the real folders: 2,000, 1,000 and 1,000
photographs whose three parts share no file, by name or by content, so a test on them is a test.

Command: anmok lessons run image_folders
Time:    about 2 s on 2 cores
Figure:  0 photographs shared by two parts; the course prints no figure
"""

import hashlib
import itertools
import os
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

from anmok.preprocessing.image import ImageDataGenerator, load_img

COURSE = {}
SEEDS = 1
SLOW = False

PHOTOGRAPHS = Path(os.environ.get("ANMOK_HOME", Path.home() / ".anmok")) / "datasets" / "cats_and_dogs_small"
SPLITS = ("train", "validation", "test")


def build(folder):
    """Three dogs, two cats (one of them a folder deeper), and three files that are no images."""
    dogs, cats = sorted((PHOTOGRAPHS / "train/dogs").iterdir()), sorted((PHOTOGRAPHS / "train/cats").iterdir())
    for source, target in zip(
        (*dogs[:3], *cats[:2]),
        ("dogs/1.jpg", "dogs/2.jpg", "dogs/3.jpg", "cats/1.jpg", "cats/black/1.jpg"),
        strict=True,
    ):
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / target)
    (folder / "dogs/notes.txt").write_text("not an image")
    (folder / "dogs/.hidden.jpg").write_bytes(b"")
    (folder / "cats/broken.jpg").write_bytes((folder / "cats/1.jpg").read_bytes()[:500])


def read(folder):
    """What the flow makes of the folder built above, checked: (the files it reads, the names it skipped)."""
    generator = ImageDataGenerator(rescale=1 / 255)
    options = {"target_size": (64, 64), "shuffle": False}
    flow = generator.flow_from_directory(folder, class_mode="binary", **options)
    assert flow.class_indices == {"cats": 0, "dogs": 1}, "sorted by name"
    assert list(flow.classes) == [0, 0, 1, 1, 1], "in the order of the files"
    shapes = {
        mode: next(generator.flow_from_directory(folder, class_mode=mode, **options))[1].shape
        for mode in ("binary", "sparse", "categorical")
    }
    assert shapes == {"binary": (5,), "sparse": (5,), "categorical": (5, 2)}
    assert next(generator.flow_from_directory(folder, class_mode=None, **options)).shape == (5, 64, 64, 3)
    swapped = generator.flow_from_directory(folder, classes=["dogs", "cats"], **options)
    assert swapped.class_indices == {"dogs": 0, "cats": 1}, "in the order that one asks for"
    return flow.filenames, [file.name for file in flow.skipped]


def contents(split):
    """The digest of each photograph's bytes in a part."""
    return [hashlib.sha256(path.read_bytes()).digest() for path in (PHOTOGRAPHS / split).rglob("*.jpg")]


def shared(parts):
    """How many of the digests in `parts` (lists) lie in more than one of them."""
    return sum(len(set(one) & set(other)) for one, other in itertools.combinations(parts, 2))


def lesson(seed, quick, folder):
    if not PHOTOGRAPHS.is_dir():
        raise FileNotFoundError(
            f"This lesson wants {PHOTOGRAPHS}/{{train,validation,test}}/{{cats,dogs}}/*.jpg: put them there."
        )
    with tempfile.TemporaryDirectory() as built:
        build(Path(built))
        files, skipped = read(Path(built))
    generator = ImageDataGenerator(rescale=1 / 255, validation_split=0.2)
    flows = {split: generator.flow_from_directory(PHOTOGRAPHS / split, class_mode="binary") for split in SPLITS}
    halves = [generator.flow_from_directory(PHOTOGRAPHS / "train", subset=part) for part in ("training", "validation")]
    draw(flows, folder / "image_folders.png")
    return {
        "files read of the small folder": len(files),
        "files skipped and named": len(skipped),
        **{f"photographs in {split}": flow.n for split, flow in flows.items()},
        "photographs shared by two parts": shared([contents(split) for split in SPLITS]),
        "photographs shared by the two subsets": shared([half.filenames for half in halves]),
    }


def draw(flows, path):
    figure, axes = plt.subplots(len(flows), 6, figsize=(11, 6), layout="constrained")
    for row, (split, flow) in zip(axes, flows.items(), strict=True):
        chosen = [index for label in (0, 1) for index in [i for i, c in enumerate(flow.classes) if c == label][:3]]
        for axis, index in zip(row, chosen, strict=True):
            axis.imshow(load_img(flow.filepaths[index], target_size=(150, 150)))
            axis.set_title(f"{split}/{flow.filenames[index]}\nlabel {flow.classes[index]}", fontsize=8)
            axis.axis("off")
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
