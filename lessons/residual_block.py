"""The residual block, and what its shortcut is good for.

First the block alone: two convolutions whose result is added to what came in, 151,232 weights. Then three networks on
10 kinds of clothes, of 16 channels throughout and with Keras' default initial weights: 4 plain convolutions, 20 plain
ones, and the same 20 with a shortcut around every two. The 20 plain layers weaken the signal until hardly anything is
left to learn from, and from most starts stay at guessing (0.1); with shortcuts the same depth learns best of the three.
He's initial weights or batch normalization let 20 plain layers learn, too; the paper's plain networks have both, and
lose at 34 layers.

Command: anmok lessons run residual_block
Time:    15 s on 2 cores
Figure:  test accuracy 0.627 with 4 plain layers, 0.100 with 20, 0.715 with 20 and shortcuts (mean of 3 seeds);
         the course has 151232 parameters in its block, and so has ours
"""

from matplotlib.figure import Figure

from anmok import datasets, layers, models, utils

COURSE = {"parameters of the block": 151_232}
SEEDS = 3
SLOW = False

NETWORKS = {"4 plain layers": (2, False), "20 plain layers": (10, False), "20 layers with shortcuts": (10, True)}
COLORS = ("#777777", "#d55e00", "#0072b2")


def block():
    """One residual block on an image of 28 x 28 x 3 that a first convolution has widened to 128 channels."""
    image = layers.Input((28, 28, 3))
    x = layers.Conv2D(128, 3, padding="same", activation="relu")(image)
    change = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    change = layers.Conv2D(128, 3, padding="same")(change)
    return models.Model(image, layers.Activation("relu")(layers.add([change, x])))


def tower(pairs, shortcut, channels=16):
    """A network of so many pairs of convolutions at 14 x 14, with or without a shortcut around each pair."""
    image = layers.Input((28, 28, 1))
    x = layers.Conv2D(channels, 3, strides=2, padding="same", activation="relu")(image)
    for _ in range(pairs):
        change = layers.Conv2D(channels, 3, padding="same", activation="relu")(x)
        change = layers.Conv2D(channels, 3, padding="same")(change)
        x = layers.Activation("relu")(layers.add([change, x]) if shortcut else change)
    x = layers.GlobalAveragePooling2D()(x)
    return models.Model(image, layers.Dense(10, activation="softmax")(x))


def lesson(seed, quick, folder):
    images, epochs = (640, 1) if quick else (4_000, 5)
    utils.set_random_seed(seed)
    (x, y), (x_test, y_test) = datasets.fashion_mini.load_data()
    x, x_test = x[:images, ..., None] / 255, x_test[..., None] / 255

    figures = {"parameters of the block": block().count_params()}
    curves = {}
    for name, (pairs, shortcut) in NETWORKS.items():
        model = tower(pairs, shortcut)
        model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
        fitted = model.fit(x, y[:images], validation_data=(x_test, y_test), batch_size=64, epochs=epochs, verbose=0)
        curves[name] = fitted.history["loss"]
        figures[f"test accuracy, {name}"] = fitted.history["val_accuracy"][-1]
    draw(curves, folder / "residual_block.png")
    return figures


def draw(curves, path):
    """Training losses over the epochs."""
    figure = Figure(figsize=(6.4, 3.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    for (name, losses), color in zip(curves.items(), COLORS, strict=True):
        axes.plot(range(1, len(losses) + 1), losses, color=color, marker="o", markersize=3)
        axes.annotate(name, (len(losses), losses[-1]), (6, 0), textcoords="offset points", color=color, va="center")
    axes.annotate("2.30: guessing among ten", (1, 2.3026), (0, 6), textcoords="offset points", fontsize=8)
    axes.set(title="Depth needs the shortcut (fashion-mini)", xlabel="epoch", ylabel="training loss", ylim=(0, 2.6))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
