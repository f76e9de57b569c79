"""A zip of medical photographs, a folder for each class: unpack, read, train, ask about one.

The course classifies photographs of the back of the eye into three stages of glaucoma, from a zip that is uploaded:
`glaucoma/train/<class>/*.png` and `glaucoma/test/<class>/*.png`. That set is not to be had here, so the lesson makes a
zip of this layout: drawn discs in which only the proportion of cup to disc grows from class to class. Its figure says
that the way from zip to answer works, and nothing about eyes. Where datasets/glaucoma.zip lies in the cache
($ANMOK_HOME, else ~/.anmok), that is read instead.

The network is a base that learned ImageNet and stays as it is, flattened, and two dense layers; labels are class
numbers (class_mode "sparse"). A drawing is turned and mirrored at random, as an eye is still as ill in a mirror.

Command: anmok lessons run glaucoma
Time:    about 12 s on 2 cores
Figure:  test accuracy 0.862 on made-up data (mean of 3 seeds); the course prints no figure
"""

import os
import tempfile
import zipfile
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np

from anmok import layers, models, utils
from anmok.applications.mobilenet import MobileNet, preprocess_input
from anmok.preprocessing.image import ImageDataGenerator, img_to_array, load_img

COURSE = {}
SEEDS = 3
SLOW = False

REAL = Path(os.environ.get("ANMOK_HOME", Path.home() / ".anmok")) / "datasets" / "glaucoma.zip"
CUPS = {"advanced_glaucoma": (0.7, 0.85), "early_glaucoma": (0.5, 0.65), "normal_control": (0.25, 0.45)}
SIZE = (112, 112)


def eye(rng, cup):
    """uint8 (240, 240, 3), BGR: a disc whose cup has `cup` times its width, with vessels, noise and uneven light."""
    image = np.full((240, 240, 3), (30, 70, 170), "uint8")
    centre = tuple(int(v) for v in rng.integers(100, 140, 2))
    radius, squeeze = rng.uniform(55, 75), rng.uniform(0.88, 1)
    for part, colour in ((1, (90, 160, 225)), (cup, (175, 225, 250))):
        axes = (int(radius * part * squeeze), int(radius * part))
        cv2.ellipse(image, centre, axes, rng.uniform(-10, 10), 0, 360, colour, -1, cv2.LINE_AA)
    for _ in range(6):
        reach = np.linspace(5, 180, 20)
        turn = rng.uniform(0, 2 * np.pi) + rng.uniform(-0.6, 0.6) * reach / 180
        path = np.array(centre) + reach[:, None] * np.stack([np.cos(turn), np.sin(turn)], 1)
        cv2.polylines(image, [path.astype(int)], False, (25, 35, 120), int(rng.integers(2, 5)), cv2.LINE_AA)
    light = 0.8 + 0.4 * np.mgrid[:240, :240][rng.integers(2)] / 240
    image = image * light[..., None] * rng.uniform(0.8, 1.1) + rng.normal(0, 6, image.shape)
    return cv2.GaussianBlur(np.clip(image, 0, 255).astype("uint8"), (0, 0), 1.2)


def write(path, train, test):
    """A made-up glaucoma.zip with so many pictures of each class."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for split, count in (("train", train), ("test", test)):
            for name, (least, most) in CUPS.items():
                for number in range(count):
                    png = cv2.imencode(".png", eye(rng, rng.uniform(least, most)))[1].tobytes()
                    archive.writestr(f"glaucoma/{split}/{name}/{number:03}.png", png)


def network(classes):
    base = MobileNet(include_top=False, weights="imagenet", input_shape=(*SIZE, 3))
    base.trainable = False
    return models.Sequential(
        [
            base,
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def lesson(seed, quick, folder, source=REAL):
    """source: the zip; where there is none, one with 100 drawings of each class to learn from (30 if quick) is made."""
    utils.set_random_seed(seed)
    made_up = not Path(source).exists()
    with tempfile.TemporaryDirectory() as unpacked:
        if made_up:
            source = Path(unpacked) / "glaucoma.zip"
            write(source, *(30, 15) if quick else (100, 50))
        with zipfile.ZipFile(source) as archive:
            archive.extractall(unpacked)
        accuracy, chances = taught(next(Path(unpacked).rglob("train")).parent, seed, quick, folder)
    return {f"test accuracy{' on made-up data' if made_up else ''}": accuracy, "sum of one prediction": chances.sum()}


def taught(pictures, seed, quick, folder):
    """(test accuracy, the chances of one test picture) after training on the folders `pictures`/train and /test."""
    moved = ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.1,
        height_shift_range=0.1,
        horizontal_flip=True,
        preprocessing_function=preprocess_input,
    )
    options = {"target_size": SIZE, "batch_size": 32, "class_mode": "sparse", "seed": seed}
    train = moved.flow_from_directory(pictures / "train", **options)
    plain = ImageDataGenerator(preprocessing_function=preprocess_input)
    test = plain.flow_from_directory(pictures / "test", shuffle=False, **options)
    model = network(len(train.class_indices))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(train, validation_data=test, epochs=8 if quick else 12, verbose=0).history

    image = img_to_array(load_img(test.filepaths[0], target_size=SIZE))[None]
    chances = model.predict(preprocess_input(image), verbose=0)[0]
    draw(test, model.predict(test, verbose=0), history, folder / "glaucoma.png")
    return history["val_accuracy"][-1], chances


def draw(test, probabilities, history, path):
    """Three pictures of each class with what the network says, and how the accuracy grew."""
    names = list(test.class_indices)
    figure = plt.figure(figsize=(11, 6.5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(3, 2))
    for row, axes in enumerate(left.subplots(len(names), 3)):
        for axis, index in zip(axes, np.flatnonzero(np.array(test.classes) == row)[:3], strict=False):
            axis.imshow(load_img(test.filepaths[index]))
            answer = probabilities[index].argmax()
            axis.set_title(f"{names[answer]} {probabilities[index, answer]:.0%}", fontsize=8,
                           color="darkgreen" if answer == row else "firebrick")  # fmt: skip
            axis.set(xticks=[], yticks=[])
        axes[0].set_ylabel(names[row], fontsize=8)
    axis = right.subplots()
    epochs = range(1, len(history["loss"]) + 1)
    axis.plot(epochs, history["accuracy"], "o", label="training, moved at random")
    axis.plot(epochs, history["val_accuracy"], label="test")
    axis.set(title="Accuracy", xlabel="epoch", ylim=(0, 1.02))
    axis.legend(loc="lower right")
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
