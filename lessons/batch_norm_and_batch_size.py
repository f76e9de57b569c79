"""Batch size, with and without batch normalization.

The same convnet, the same number of epochs, batches of 32 to 512 pictures: a larger batch takes fewer steps, one of 512
a sixteenth of those of 32, and at the same learning rate gets less far. Batch normalization, by which every step gets
further, softens the fall; but the moving averages that it is tested with need steps too, so that their momentum is 0.9
here: at Keras' 0.99 large batches are tested with averages that have hardly left their start, and fall to guessing.
Trained on 6,000 pictures of CIFAR-10, tested on 4,000.

Command: anmok lessons run batch_norm_and_batch_size
Time:    35 s on 2 cores
Figure:  test accuracy 0.484 at batches of 32 and 0.345 at 512, with batch normalization 0.523 and 0.413
         (mean of 3 seeds); the course draws curves that fall alike, without figures
"""

from matplotlib.figure import Figure

from anmok import datasets, layers, models, utils

COURSE = {}
SEEDS = 3
SLOW = False

# What is tested with, moving averages, must have arrived within 60 steps; Keras' 0.99 takes several hundred.
MOMENTUM = 0.9
SIZES = (32, 64, 128, 256, 512)
COLORS = {"without": "#d55e00", "with": "#0072b2"}


def network(normalized):
    """Three convolutions, each pooled; batch normalization before each ReLU if wanted."""
    model = models.Sequential([layers.Input((32, 32, 3))])
    for channels in (16, 32, 64):
        model.add(layers.Conv2D(channels, 3, padding="same"))
        if normalized:
            model.add(layers.BatchNormalization(momentum=MOMENTUM))
        model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def lesson(seed, quick, folder):
    images, held, epochs = (1024, 500, 1) if quick else (6_000, 4_000, 5)
    sizes = (32, 512) if quick else SIZES
    (x, y), (x_test, y_test) = datasets.cifar10.load_data()
    x, y, x_test, y_test = x[:images] / 255, y[:images], x_test[:held] / 255, y_test[:held]

    figures, reached = {}, {}
    for name in COLORS:
        reached[name] = []
        for size in sizes:
            utils.set_random_seed(seed)
            model = network(name == "with")
            model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
            model.fit(x, y, batch_size=size, epochs=epochs, verbose=0)
            reached[name].append(model.evaluate(x_test, y_test, batch_size=500, verbose=0)[1])
            figures[f"test accuracy, batches of {size}, {name} batch norm"] = reached[name][-1]
    draw(sizes, reached, folder / "batch_norm_and_batch_size.png")
    return figures


def draw(sizes, reached, path):
    """Test accuracy over the batch size, one line without batch normalization and one with it."""
    figure = Figure(figsize=(6.4, 3.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    for name, accuracies in reached.items():
        axes.plot(sizes, accuracies, color=COLORS[name], marker="o", markersize=4)
        axes.annotate(
            f"{name} batch\nnormalization", (sizes[-1], accuracies[-1]), (8, 0), textcoords="offset points",
            color=COLORS[name], va="center", fontsize=9,
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, sizes)
    axes.set(title="Larger batches, fewer steps (CIFAR-10)", xlabel="pictures in a batch", ylabel="test accuracy")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
