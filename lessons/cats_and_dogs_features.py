"""Cats and dogs from frozen features: a head on a network that has seen ImageNet.

MobileNet learned from 1.2 million photographs, dogs and cats of many breeds among them. It is used as it is: each
photograph goes through it once and comes out as 1,024 numbers. What remains to be learned is one line through these,
in seconds: as a dense unit with dropout, and as the logistic regression of scikit-learn. Of 1,000 photographs a dozen
or two go wrong, where a network from scratch gets more than 250 wrong; the picture shows the surest of those mistakes.

Command: anmok lessons run cats_and_dogs_features
Time:    about 15 s on 2 cores
Figure:  test accuracy 0.983, logistic regression 0.987 (mean of 5 seeds); the course prints no figure
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from anmok import layers, models, optimizers, utils
from anmok.applications.mobilenet import MobileNet, preprocess_input
from anmok.preprocessing.image import ImageDataGenerator, load_img

COURSE = {}
SEEDS = 5
SLOW = False

PHOTOGRAPHS = Path(os.environ.get("ANMOK_HOME", Path.home() / ".anmok")) / "datasets" / "cats_and_dogs_small"
SIDE = 176  # pixels: the shorter side of these files; the network slides over any size from 32 on


def features(quick):
    """For each split: features (N, 1024), labels (N,) and paths, in the order of the files; of a tenth if quick."""
    side = 96 if quick else SIDE
    base = MobileNet(include_top=False, weights="imagenet", input_shape=(side, side, 3), pooling="avg")
    generator = ImageDataGenerator(preprocessing_function=preprocess_input, validation_split=0.1)
    found = {}
    for split in ("train", "validation", "test"):
        flow = generator.flow_from_directory(
            PHOTOGRAPHS / split,
            target_size=(side, side),
            class_mode="binary",
            shuffle=False,
            subset="validation" if quick else None,
        )
        found[split] = base.predict(flow, verbose=0), flow.classes, flow.filepaths
    return found


def lesson(seed, quick, folder):
    if not PHOTOGRAPHS.is_dir():
        raise FileNotFoundError(
            f"This lesson wants {PHOTOGRAPHS}/{{train,validation,test}}/{{cats,dogs}}/*.jpg: put them there."
        )
    found = features(quick)
    (x_train, y_train, _), (x_test, y_test, paths) = found["train"], found["test"]
    utils.set_random_seed(seed)
    head = models.Sequential(
        [layers.Input((x_train.shape[1],)), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")]
    )
    head.compile(optimizer=optimizers.Adam(1e-3), loss="binary_crossentropy", metrics=["accuracy"])
    head.fit(x_train, y_train, validation_data=found["validation"][:2], batch_size=32, epochs=20, verbose=0)
    probabilities = head.predict(x_test, verbose=0)[:, 0]
    logistic = LogisticRegression(C=0.01, max_iter=1000).fit(x_train, y_train)
    draw(probabilities, np.asarray(y_test), paths, folder / "cats_and_dogs_features.png")
    return {
        "test accuracy": np.mean((probabilities > 0.5) == y_test),
        "validation accuracy": head.evaluate(*found["validation"][:2], verbose=0)[1],
        "test accuracy of logistic regression": logistic.score(x_test, y_test),
    }


def draw(probabilities, labels, paths, path):
    figure, axes = plt.subplot_mosaic(
        [["all", "all", "all", "all"], [0, 1, 2, 3]], figsize=(11, 6), layout="constrained"
    )
    for label, name in enumerate(("cats", "dogs")):
        axes["all"].hist(probabilities[labels == label], bins=np.linspace(0, 1, 41), alpha=0.6, label=name)
    axes["all"].set(yscale="log", xlabel="the head's probability of a dog", ylabel="photographs", xlim=(0, 1))
    axes["all"].set_title(f"{len(labels):,} photographs that it has never seen")
    axes["all"].legend(loc="upper center")
    wrong = np.abs(probabilities - labels)
    for place, index in enumerate(np.argsort(-wrong)[:4]):
        axes[place].axis("off")
        if wrong[index] > 0.5:
            axes[place].imshow(load_img(paths[index]))
            axes[place].set_title(f"a {('cat', 'dog')[labels[index]]}; it says dog: {probabilities[index]:.0%}")
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
