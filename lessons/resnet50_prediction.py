"""A network that knows 1,000 things looks at photographs.

An application with ImageNet's weights needs no training: load a picture at 224 x 224, prepare it as the network was
taught, predict, decode. The course does it with ResNet50; where its file (103 MB) is not in the cache, MobileNet's
(17 MB) is taken, and the name printed. It is shown photographs of dogs and cats that it was not trained for: ImageNet
has 118 breeds of dogs and 5 of domestic cats, so an answer counts as right when the best guess is any of these. Where
there are no cats and dogs (the data set cats_and_dogs_small), two photographs of scikit-learn do for a look.

Command: anmok lessons run resnet50_prediction
Time:    5 s on 2 cores
Figure:  dogs taken for dogs 0.97, cats taken for cats 0.68 (MobileNet, 200 photographs of each); the course prints one
         dog (Labrador retriever, 0.27)
"""

import os
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_images

from anmok import applications, utils

COURSE = {}
SEEDS = 1
SLOW = False

HOME = Path(os.environ.get("ANMOK_HOME") or Path.home() / ".anmok").expanduser()
RESNET50 = HOME / "models" / "resnet50_weights_tf_dim_ordering_tf_kernels.h5"
PHOTOGRAPHS = HOME / "datasets" / "cats_and_dogs_small" / "test"
CLASSES = {"cats": range(281, 286), "dogs": range(151, 269)}  # their places among ImageNet's 1,000


def network():
    """(name, model, its preprocess_input, its decode_predictions)"""
    if RESNET50.exists():
        return "ResNet50", applications.ResNet50(weights="imagenet"), applications.resnet50
    return "MobileNet", applications.MobileNet(weights="imagenet"), applications.mobilenet


def lesson(seed, quick, folder):
    name, model, room = network()
    print(f"  looked at by {name}")
    figures, shown = {}, []
    for kind, right in CLASSES.items():
        files = sorted((PHOTOGRAPHS / kind).glob("*.jpg"))[: 8 if quick else 200]
        if not files:
            continue
        images = np.stack([utils.img_to_array(utils.load_img(file, target_size=(224, 224))) for file in files])
        guesses = model.predict(room.preprocess_input(images.copy()), verbose=0)
        figures[f"{kind} taken for {kind}"] = float(np.isin(guesses.argmax(axis=1), right).mean())
        best = guesses[:, right].sum(axis=1).argsort()[::-1][[0, len(files) // 2, -1]]  # clear, middling, worst
        shown += [(images[i], room.decode_predictions(guesses[i : i + 1], top=3)[0]) for i in best]
    if not shown:
        images = np.stack([utils.img_to_array(crop(image)) for image in load_sample_images().images])
        guesses = model.predict(room.preprocess_input(images.copy()), verbose=0)
        shown = list(zip(images, room.decode_predictions(guesses, top=3), strict=True))
        figures["highest probability, flower"] = float(guesses[1].max())
    draw(shown, name, folder / "resnet50_prediction.png")
    return figures


def crop(image):
    """The middle square of an image, at 224 x 224."""
    square = image[:, (image.shape[1] - image.shape[0]) // 2 :][:, : image.shape[0]]
    return np.asarray(utils.array_to_img(square).resize((224, 224)))


def draw(shown, name, path):
    """Each photograph over its three best guesses."""
    columns = min(3, len(shown))
    rows = len(shown) // columns
    figure = Figure(figsize=(3 * columns, 3.9 * rows), dpi=110, layout="constrained")
    grid = figure.subplots(2 * rows, columns, height_ratios=[3, 1] * rows, squeeze=False)
    for place, (image, guesses) in enumerate(shown):
        row, column = divmod(place, columns)
        grid[2 * row, column].imshow(image.astype("uint8"))
        grid[2 * row, column].axis("off")
        axes = grid[2 * row + 1, column]
        axes.barh(range(3), [guess[2] for guess in guesses], color="#9ecae1")
        for line, (_, label, probability) in enumerate(guesses):
            axes.text(0.02, line, f"{label.replace('_', ' ')}  {probability:.2f}", va="center", fontsize=9)
        axes.set(xlim=(0, 1), ylim=(2.6, -0.6))
        axes.axis("off")
    figure.suptitle(f"{name}, ImageNet's weights: the three best of 1,000 guesses")
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
