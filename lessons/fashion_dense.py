"""Is deeper better? Two dense networks on Fashion-MNIST.

The same ten kinds of clothes, once through 64 and 32 hidden units, once through 128, 128 and 32. The larger network
has more than twice the parameters. It is right a little more often on pictures that it has not seen, and much
more often on those that it has: what it adds in capacity goes mostly into learning by heart. A network's depth is
chosen to fit the data, not to be large.

Command: anmok lessons run fashion_dense
Time:    40 s a seed on 2 cores
Figure:  test accuracy 0.883 deeper, 0.874 shallow (mean of 3 seeds); the course draws curves and gives no number
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import train_test_split

from anmok import datasets, layers, models, utils

COURSE = {}
SEEDS = 3
SLOW = True
HIDDEN = {"shallow": (64, 32), "deeper": (128, 128, 32)}


def network(units):
    model = models.Sequential([layers.Input((28, 28)), layers.Flatten()])
    for count in units:
        model.add(layers.Dense(count, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def lesson(seed, quick, folder):
    (images, labels), (test_images, test_labels) = datasets.fashion_mnist.load_data()
    if quick:
        images, labels = images[:10000], labels[:10000]
    images, test_images = images.astype("float32") / 255, test_images.astype("float32") / 255
    labels, test_labels = utils.to_categorical(labels, 10), utils.to_categorical(test_labels, 10)
    x, x_val, y, y_val = train_test_split(images, labels, test_size=0.3, random_state=777)

    histories, figures = {}, {}
    for name, units in HIDDEN.items():
        utils.set_random_seed(seed)
        model = network(units)
        fitted = model.fit(x, y, epochs=3 if quick else 30, batch_size=128, validation_data=(x_val, y_val), verbose=0)
        histories[name] = fitted.history
        figures[f"test accuracy, {name}"] = model.evaluate(test_images, test_labels, verbose=0)[1]
        figures[f"training minus validation accuracy, {name}"] = (
            fitted.history["accuracy"][-1] - fitted.history["val_accuracy"][-1]
        )
        figures[f"parameters, {name}"] = model.count_params()
    draw(histories, folder / "depth.png")
    return figures


def draw(histories, path):
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for ax, name, unit in zip(axes, ("loss", "accuracy"), ("cross-entropy", "fraction right"), strict=True):
        for color, (depth, history) in zip(("tab:blue", "tab:orange"), histories.items(), strict=True):
            epochs = range(1, len(history[name]) + 1)
            hidden = "-".join(map(str, HIDDEN[depth]))
            ax.plot(epochs, history[name], color=color, linestyle="--", label=f"{depth} ({hidden}), training")
            ax.plot(epochs, history[f"val_{name}"], color=color, label=f"{depth} ({hidden}), validation")
        ax.set(title=name.capitalize(), xlabel="epoch", ylabel=unit)
        ax.legend()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
