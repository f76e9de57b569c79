"""LeNet-5, the convolutional network of 1998, with today's activation.

Two convolutions of 5 x 5, each followed by averaging over 2 x 2, then three dense layers: 44,426 parameters. Trained
by plain stochastic gradient descent with small steps it learns slowly and steadily. The picture shows its six first
filters and what they make of one digit: some answer to the whole stroke, some to its upper or its left edge.

Command: anmok lessons run lenet
Time:    45 s a seed on 2 cores
Figure:  test accuracy 0.962 (mean of 3 seeds); the course prints none
"""

import matplotlib.pyplot as plt

from anmok import datasets, layers, models, utils

COURSE = {}
SEEDS = 3
SLOW = True


class LeNet:
    @staticmethod
    def build(input_shape=(32, 32, 1), activation="sigmoid"):
        model = models.Sequential([layers.Input(input_shape)])
        for filters in (6, 16):
            model.add(layers.Conv2D(filters, 5, activation=activation, kernel_initializer="random_uniform"))
            model.add(layers.AveragePooling2D(2))
        model.add(layers.Flatten())
        model.add(layers.Dense(120, activation=activation))
        model.add(layers.Dense(84, activation=activation))
        model.add(layers.Dense(10, activation="softmax"))
        return model


def lesson(seed, quick, folder):
    utils.set_random_seed(seed)
    (x, y), (x_test, y_test) = datasets.mnist.load_data()
    x, x_test = (part.reshape(-1, 28, 28, 1).astype("float32") / 255 for part in (x, x_test))
    if quick:
        x, y = x[:6000], y[:6000]
    model = LeNet.build((28, 28, 1), activation="relu")
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    if quick:
        model.optimizer.learning_rate = 0.1  # so that 90 steps show something
    history = model.fit(x, y, batch_size=200, epochs=3 if quick else 20, verbose=0).history
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    draw(history["accuracy"], model, x_test[0], folder / "lenet.png")
    return {"test accuracy": accuracy, "training accuracy, last epoch": history["accuracy"][-1],
            "parameters": model.count_params()}  # fmt: skip


def draw(accuracy, model, digit, path):
    first = model.layers[0]
    kernel = first.get_weights()[0]
    maps = models.Model(model.inputs, first.output).predict(digit[None], verbose=0)[0]
    figure = plt.figure(figsize=(12, 3.6), layout="constrained")
    grid = figure.add_gridspec(2, 9)
    left = figure.add_subplot(grid[:, :2])
    left.plot(range(1, len(accuracy) + 1), accuracy)
    left.set(title="Training", xlabel="epoch", ylabel="fraction right")
    shown = figure.add_subplot(grid[:, 2])
    shown.imshow(digit[..., 0], cmap="gray_r")
    shown.set(title="A test digit")
    panels = [shown]
    for k in range(6):
        top, bottom = figure.add_subplot(grid[0, 3 + k]), figure.add_subplot(grid[1, 3 + k])
        limit = abs(kernel[..., 0, k]).max()
        top.imshow(kernel[..., 0, k], cmap="RdBu_r", vmin=-limit, vmax=limit)
        bottom.imshow(maps[..., k], cmap="gray_r")
        top.set(title=f"filter {k + 1}")
        bottom.set(title="its map")
        panels += [top, bottom]
    for panel in panels:
        panel.set(xticks=[], yticks=[])
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
