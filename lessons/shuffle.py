"""Shuffled or not.

fit(shuffle=True), the default, shows the pictures in another order in every epoch. CIFAR-10's own order is mixed
already, so that keeping it costs nothing here. Sorted by class it is another matter: every batch then holds one class
only, the network always believes the class it saw last, and a test of all ten finds it little better than guessing.
6,000 pictures, the same start and as many steps in all four runs. (Files in a folder per class are sorted like that.)

Command: anmok lessons run shuffle
Time:    20 s on 2 cores
Figure:  test accuracy 0.505 shuffled, 0.509 not; sorted by class 0.501 shuffled, 0.106 not (mean of 3 seeds); the
         course prints none, and finds shuffling a little better
"""

import numpy as np
from matplotlib.figure import Figure

from anmok import datasets, layers, models, utils

COURSE = {}
SEEDS = 3
SLOW = False

COLORS = {
    "mixed, shuffled": "#0072b2",
    "mixed, not shuffled": "#56b4e9",
    "sorted, shuffled": "#009e73",
    "sorted, not shuffled": "#d55e00",
}


def network():
    model = models.Sequential([layers.Input((32, 32, 3))])
    for channels in (16, 32, 64):
        model.add(layers.Conv2D(channels, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def lesson(seed, quick, folder):
    images, held, epochs = (1000, 500, 1) if quick else (6_000, 2_000, 8)
    (x, y), (x_test, y_test) = datasets.cifar10.load_data()
    x, y, x_test, y_test = x[:images] / 255, y[:images, 0], x_test[:held] / 255, y_test[:held]
    orders = {"mixed": np.arange(images), "sorted": np.argsort(y, kind="stable")}

    figures, curves = {}, {}
    for name in COLORS:
        order, shuffled = orders[name.split(",")[0]], not name.endswith("not shuffled")
        utils.set_random_seed(seed)
        model = network()
        model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
        fitted = model.fit(
            x[order],
            y[order],
            validation_data=(x_test, y_test),
            batch_size=64,
            epochs=epochs,
            shuffle=shuffled,
            verbose=0,
        )
        curves[name] = fitted.history["val_accuracy"]
        figures[f"test accuracy, {name}"] = curves[name][-1]
    draw(curves, folder / "shuffle.png")
    return figures


def draw(curves, path):
    """Test accuracy over the epochs, four lines."""
    figure = Figure(figsize=(6.4, 3.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    for name, accuracies in curves.items():
        line = "--" if name.startswith("sorted") else "-"
        axes.plot(range(1, len(accuracies) + 1), accuracies, line, color=COLORS[name], label=name)
    axes.axhline(0.1, color="#bbbbbb", linewidth=0.8)
    axes.set(title="The order of the pictures (CIFAR-10)", xlabel="epoch", ylabel="test accuracy", ylim=(0, None))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False, fontsize=9, loc="center right", bbox_to_anchor=(1, 0.4))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
