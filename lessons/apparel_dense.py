"""Which garment, and what colour? Eleven answers at once from a dense network.

Each photograph has two labels, one of six colours and one of five kinds. Eleven sigmoid units, each with its own
yes or no (binary cross-entropy), answer both questions; a table, read by `flow_from_dataframe`, says where the files
are. Nine of eleven answers are "no", so a network that always says no is right in 0.82 of them: accuracy is little
praise here, and the F1 of each label is given. From which probability on a label counts as a yes is chosen on the
validation photographs: 0.5 is seldom the best.

Command: anmok lessons run apparel_dense
Time:    about 20 s on 2 cores
Figure:  test macro F1 0.776 (mean of 3 seeds); the course prints no figure
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, precision_recall_curve

from anmok import layers, models, utils
from anmok.preprocessing.image import ImageDataGenerator, load_img

COURSE = {}
SEEDS = 3
SLOW = False

PHOTOGRAPHS = Path(os.environ.get("ANMOK_HOME", Path.home() / ".anmok")) / "datasets" / "apparel"
LABELS = ["black", "blue", "brown", "green", "red", "white", "dress", "shirt", "pants", "shorts", "shoes"]
SIZE = (112, 112)


def network():
    return models.Sequential(
        [
            layers.Input((*SIZE, 3)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(len(LABELS), activation="sigmoid"),
        ]
    )


def flows(seed, quick):
    """Batches of the three parts of the table; of every tenth row if quick. Only those to learn from are shuffled."""
    table = pd.read_csv(PHOTOGRAPHS / "apparel.csv")
    for split in ("train", "validation", "test"):
        yield ImageDataGenerator(rescale=1 / 255).flow_from_dataframe(
            table[table["split"] == split][:: 10 if quick else 1],
            directory=PHOTOGRAPHS,
            x_col="image",
            y_col=LABELS,
            class_mode="raw",
            target_size=SIZE,
            batch_size=32,
            shuffle=split == "train",
            seed=seed,
        )


def thresholds(truth, probabilities):
    """For each label the probability from which "yes" gives the best F1."""
    best = []
    for label in range(truth.shape[1]):
        precision, recall, cuts = precision_recall_curve(truth[:, label], probabilities[:, label])
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        best.append(cuts[np.argmax(f1[:-1])])
    return np.array(best)


def lesson(seed, quick, folder):
    if not PHOTOGRAPHS.is_dir():
        raise FileNotFoundError(
            f"This lesson wants {PHOTOGRAPHS}/apparel.csv and the photographs that it lists: put them there."
        )
    utils.set_random_seed(seed)
    train, validation, test = flows(seed, quick)
    model = network()
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["binary_accuracy"])
    model.fit(train, validation_data=validation, epochs=2 if quick else 10, verbose=0)

    cuts = thresholds(np.array(validation.labels), model.predict(validation, verbose=0))
    truth, probabilities = np.array(test.labels), model.predict(test, verbose=0)
    plain = f1_score(truth, probabilities > 0.5, average=None, zero_division=0)
    tuned = f1_score(truth, probabilities >= cuts, average=None, zero_division=0)
    draw(plain, tuned, truth.mean(0), folder / "apparel_dense_f1.png")
    show(test.filepaths, truth, probabilities >= cuts, folder / "apparel_dense_answers.png")
    return {
        "test macro F1": tuned.mean(),
        "test macro F1, cut at 0.5": plain.mean(),
        "both labels right": np.mean(((probabilities >= cuts) == truth).all(axis=1)),
        "test binary accuracy": np.mean((probabilities > 0.5) == truth),
        "parameters": model.count_params(),
    }


def draw(plain, tuned, share, path):
    figure, axis = plt.subplots(figsize=(9, 4.5), layout="constrained")
    place = np.arange(len(LABELS))
    axis.bar(place - 0.2, plain, 0.4, label="cut at 0.5")
    axis.bar(place + 0.2, tuned, 0.4, label="cut where validation F1 is best")
    axis.set_xticks(place, [f"{label}\n{part:.0%}" for label, part in zip(LABELS, share, strict=True)])
    axis.set(title="F1 of each label on the test photographs", ylim=(0, 1.12), xlabel="label, and how many have it")
    axis.legend(ncols=2, loc="upper left")
    figure.savefig(path)
    plt.close(figure)


def show(paths, truth, answers, path):
    """Ten photographs of the test, evenly spread, with every label that got a yes: green if just these are right."""
    figure, axes = plt.subplots(2, 5, figsize=(11, 5.2), layout="constrained")
    for axis, index in zip(axes.flat, np.linspace(0, len(paths) - 1, 10).astype(int), strict=True):
        axis.imshow(load_img(paths[index], target_size=SIZE))
        answer = ", ".join(np.array(LABELS)[answers[index]]) or "nothing"
        axis.set_title(answer, color="darkgreen" if (answers[index] == truth[index]).all() else "firebrick", fontsize=9)
        axis.axis("off")
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
