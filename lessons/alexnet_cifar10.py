"""AlexNet on CIFAR-10.

The network that won ImageNet in 2012, with the strides and widths of 224-pixel photographs, set on pictures of 32
pixels: its first layer steps by 4, so that 8 x 8 places are left, and its two wide dense layers hold five sixths of
the 21.6 million weights. It learns from pixels of 0..255 as they are, because batch normalization follows each of the
first two stages. The network is far too large for such pictures: the training accuracy soon runs away from the test
accuracy. 6,000 of the 50,000 training pictures keep the lesson short; IMAGES = 50_000 is the whole exercise.

Command: anmok lessons run alexnet_cifar10
Time:    35 s on 2 cores
Figure:  test accuracy 0.383, training accuracy 0.708 (mean of 3 seeds); the course prints none
"""

from matplotlib.figure import Figure

from anmok import datasets, layers, models, utils

COURSE = {}
SEEDS = 3
SLOW = False

IMAGES = 6_000


def network():
    """AlexNet's five convolutions and three dense layers, batch normalization in place of its own."""
    same = {"padding": "same", "activation": "relu"}
    return models.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(96, 11, strides=4, **same),
            layers.MaxPooling2D(3, strides=2),
            layers.BatchNormalization(),
            layers.Conv2D(256, 5, **same),
            layers.MaxPooling2D(3, strides=2),
            layers.BatchNormalization(),
            layers.Conv2D(384, 3, **same),
            layers.Conv2D(384, 3, **same),
            layers.Conv2D(256, 3, **same),
            layers.Flatten(),
            layers.Dense(4096, activation="relu"),
            layers.Dense(4096, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def lesson(seed, quick, folder):
    images, held, epochs = (600, 200, 1) if quick else (IMAGES, 2_000, 10)
    utils.set_random_seed(seed)
    (x, y), (x_test, y_test) = datasets.cifar10.load_data()
    x, y, x_test, y_test = x[:images], y[:images], x_test[:held], y_test[:held]

    model = network()
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    few = (x_test[:1000], y_test[:1000])
    history = model.fit(x, y, validation_data=few, batch_size=200, epochs=epochs, verbose=0).history
    _, accuracy = model.evaluate(x_test, y_test, batch_size=200, verbose=0)
    draw(history, folder / "alexnet_cifar10.png")
    return {"parameters": model.count_params(), "training accuracy": history["accuracy"][-1], "test accuracy": accuracy}


def draw(history, path):
    """Both accuracies over the epochs, each named at its end."""
    figure = Figure(figsize=(6, 3.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    epochs = range(1, len(history["accuracy"]) + 1)
    for key, name, color in (("accuracy", "training", "#d55e00"), ("val_accuracy", "1,000 test pictures", "#0072b2")):
        axes.plot(epochs, history[key], color=color, marker="o", markersize=3)
        axes.annotate(
            name, (epochs[-1], history[key][-1]), (6, 0), textcoords="offset points", color=color, va="center"
        )
    axes.set(title="AlexNet on CIFAR-10", xlabel="epoch", ylabel="accuracy")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
