"""Against learning by heart: a plain convnet, then with L2, with dropout, with batch normalization.

Pixels are standardized per channel, with mean and standard deviation of the training pictures. The plain network (six
convolutions of 32, 64 and 128 channels, dense layers of 256 and 10, Adam at 0.0001) soon knows its training pictures
far better than others: its validation loss turns while the training loss falls on. L2 charges for large weights (the
charge is part of its losses), dropout leaves out a fifth of the units at random, batch normalization keeps what each
layer gives within bounds, and learns by heart fastest of all. Four curves in one figure show what each network reaches
and where its curves part. 1,500 pictures stand for the 50,000.

Command: anmok lessons run cifar10_regularization
Time:    100 s on 2 cores
Figure:  validation accuracy 0.435 plain, 0.429 L2, 0.436 dropout, 0.457 batch norm; gap to training 0.41,
         0.38, 0.07, 0.54 (mean of 3 seeds); the course prints none (batch norm highest, dropout's gap smallest)
"""

from matplotlib.figure import Figure

from anmok import datasets, layers, models, optimizers, regularizers, utils

COURSE = {}
SEEDS = 3
SLOW = True

MOMENTUM = 0.9  # of the moving averages: an epoch has 47 steps here, and over 1,000 with all pictures
WAYS = ("plain", "L2", "dropout", "batch norm")
COLORS = dict(zip(WAYS, ("#777777", "#009e73", "#0072b2", "#d55e00"), strict=True))


def network(way):
    """The convnet with one of WAYS against overfitting."""
    charge = regularizers.L2(0.001) if way == "L2" else None
    model = models.Sequential([layers.Input((32, 32, 3))])

    def add(layer):
        model.add(layer)
        if way == "batch norm":
            model.add(layers.BatchNormalization(momentum=MOMENTUM))
        model.add(layers.Activation("relu"))

    for channels in (32, 64, 128):
        for _ in range(2):
            add(layers.Conv2D(channels, 3, padding="same", kernel_regularizer=charge))
        model.add(layers.MaxPool2D(2))
        if way == "dropout":
            model.add(layers.Dropout(0.2))
    model.add(layers.Flatten())
    add(layers.Dense(256, kernel_regularizer=charge))
    if way == "dropout":
        model.add(layers.Dropout(0.2))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def lesson(seed, quick, folder):
    images, held, epochs = (480, 200, 1) if quick else (1_500, 500, 20)
    (x, y), _ = datasets.cifar10.load_data()
    x_val, y_val = x[images : images + held], y[images : images + held]
    x, y = x[:images], y[:images]
    mean, deviation = x.mean(axis=(0, 1, 2)), x.std(axis=(0, 1, 2))
    x, x_val = ((part - mean) / deviation for part in (x, x_val))

    figures, curves = {}, {}
    for way in WAYS:
        utils.set_random_seed(seed)
        model = network(way)
        model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizers.Adam(0.0001), metrics=["accuracy"])
        history = model.fit(x, y, validation_data=(x_val, y_val), batch_size=32, epochs=epochs, verbose=0).history
        curves[way] = history
        figures[f"validation accuracy, {way}"] = history["val_accuracy"][-1]
        figures[f"gap to training, {way}"] = history["accuracy"][-1] - history["val_accuracy"][-1]
    draw(curves, folder / "cifar10_regularization.png")
    return figures


def draw(curves, path):
    """Losses and accuracies of the four networks: training dashed, validation solid."""
    figure = Figure(figsize=(9.6, 4), dpi=120, layout="constrained")
    for axes, key, title in zip(figure.subplots(1, 2), ("loss", "accuracy"), ("loss", "accuracy"), strict=True):
        for way, history in curves.items():
            epochs = range(1, len(history[key]) + 1)
            axes.plot(epochs, history[key], color=COLORS[way], linestyle="--", linewidth=1)
            axes.plot(epochs, history[f"val_{key}"], color=COLORS[way], label=way)
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    axes.plot([], [], color="black", linestyle="--", linewidth=1, label="(training)")
    axes.legend(frameon=False, fontsize=9)
    figure.suptitle("A convnet on 1,500 pictures of CIFAR-10, validation solid")
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
