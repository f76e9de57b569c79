"""One layer cannot say "either, but not both"; two layers can.

A single unit cuts the plane by a straight line. And and or can be cut so; exclusive or cannot: of its four points one
is always on the wrong side. With a hidden layer of eight units the plane is folded before it is cut. The picture shows
what both networks say of every point of the plane.

Command: anmok lessons run xor
Time:    1 s a seed on 2 cores
Figure:  of 4 points right: 2 with one layer, 4 with two (mean of 5 seeds); one layer can reach 3 at most
"""

import matplotlib.pyplot as plt
import numpy as np

from anmok import layers, models, optimizers, utils

COURSE = {}
SEEDS = 5
SLOW = False

POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}


def network(*, hidden):
    model = models.Sequential([layers.Input((2,))])
    if hidden:
        model.add(layers.Dense(hidden, activation="tanh"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer=optimizers.Adam(0.1), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def lesson(seed, quick, folder):
    figures, trained = {}, {}
    for name, gate, hidden in (
        ("and, one layer", "and", 0), ("or, one layer", "or", 0), ("xor, one layer", "xor", 0),
        ("xor, two layers", "xor", 8),
    ):  # fmt: skip
        utils.set_random_seed(seed)
        model = trained[name] = network(hidden=hidden)
        labels = np.array(GATES[gate], "float32")[:, None]
        model.fit(POINTS, labels, batch_size=4, epochs=100 if quick else 200, verbose=0)
        said = model.predict(POINTS, verbose=0) > 0.5
        figures[f"points right: {name}"] = np.sum(said == labels)
    draw(trained, folder / "xor.png")
    return figures


def draw(trained, path):
    ticks = np.linspace(-0.5, 1.5, 81, dtype="float32")
    plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(1, 4, figsize=(15, 3.8), layout="constrained")
    for ax, (name, model) in zip(axes, trained.items(), strict=True):
        said = model.predict(plane, batch_size=len(plane), verbose=0).reshape(len(ticks), -1)
        shown = ax.imshow(said, cmap="RdBu_r", vmin=0, vmax=1, extent=(-0.5, 1.5, -0.5, 1.5), origin="lower", alpha=0.7)
        ax.contour(ticks, ticks, said, levels=[0.5], colors="black", linestyles="--")
        for point, label in zip(POINTS, GATES[name.split(",")[0]], strict=True):
            ax.scatter(*point, s=160, color="tab:red" if label else "tab:blue", edgecolor="white", zorder=3)
        ax.set(title=name, xlabel="first input", ylabel="second input", xticks=[0, 1], yticks=[0, 1])
    figure.colorbar(shown, ax=axes, label="probability that it says", shrink=0.9)
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
