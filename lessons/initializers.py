"""Initial weights: Glorot's, He's, and batch normalization, which makes the choice matter little.

A picture is sent through 16 fresh convolutions, and the spread (standard deviation) of what each gives is drawn. Small
normal numbers let the signal die within a few layers; Glorot's weights, made for symmetric activations, halve its power
at every ReLU; He's, twice as large in power, keep it; behind batch normalization any of them does. Then the convnet of
six convolutions is trained on 3,000 pictures of CIFAR-10 from each: at that depth Glorot and He differ by no more
than seeds do, as the course says; batch normalization gains more than either choice.

Command: anmok lessons run initializers
Time:    40 s on 2 cores
Figure:  test accuracy 0.423 from Glorot's and 0.429 from He's weights, 0.470 and 0.486 with batch
         normalization (mean of 3 seeds); the course prints none
"""

import numpy as np
from matplotlib.figure import Figure

from anmok import datasets, initializers, layers, models, utils

COURSE = {}
SEEDS = 3
SLOW = False

DEPTH = 16
MOMENTUM = 0.9  # of the moving averages; Keras' 0.99 is made for longer training
COLORS = {"normal, 0.02": "#777777", "Glorot": "#d55e00", "He": "#0072b2"}


def fresh(name):
    return {
        "normal, 0.02": initializers.RandomNormal(stddev=0.02),
        "Glorot": initializers.GlorotUniform(),
        "He": initializers.HeNormal(),
    }[name]


def stage(x, channels, name, normalized):
    """Convolution, batch normalization if wanted, ReLU."""
    x = layers.Conv2D(channels, 3, padding="same", kernel_initializer=fresh(name))(x)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=MOMENTUM)(x) if normalized else x)


def spreads(images, name, normalized):
    """The standard deviation behind each of DEPTH fresh stages of 32 channels, normalized over these images."""
    image = layers.Input(images.shape[1:])
    x, seen = image, []
    for _ in range(DEPTH):
        x = stage(x, 32, name, normalized)
        seen.append(x)
    outputs = models.Model(image, seen)(images, training=True)
    return [float(np.std(layer_output.detach().numpy())) for layer_output in outputs]


def convnet(name, normalized):
    """Six convolutions of 32, 64 and 128 channels."""
    image = layers.Input((32, 32, 3))
    x = image
    for channels in (32, 64, 128):
        x = stage(stage(x, channels, name, normalized), channels, name, normalized)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dense(128, activation="relu", kernel_initializer=fresh(name))(layers.Flatten()(x))
    return models.Model(image, layers.Dense(10, activation="softmax")(x))


def lesson(seed, quick, folder):
    images, held, epochs = (320, 200, 1) if quick else (3_000, 2_000, 4)
    (x, y), (x_test, y_test) = datasets.cifar10.load_data()
    x, x_test = ((part.astype("float32") - 120) / 64 for part in (x[:images], x_test[:held]))

    depths, figures = {}, {}
    for normalized in (False, True):
        for name in COLORS:
            utils.set_random_seed(seed)
            full = f"{name}, batch norm" if normalized else name
            depths[full] = spreads(x[:64], name, normalized)
            figures[f"spread behind {DEPTH} layers, {full}"] = depths[full][-1]
            if name == "normal, 0.02":
                continue
            model = convnet(name, normalized)
            model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
            model.fit(x, y[:images], batch_size=32, epochs=epochs, verbose=0)
            figures[f"test accuracy, {full}"] = model.evaluate(x_test, y_test[:held], verbose=0)[1]
    draw(depths, folder / "initializers.png")
    return figures


def draw(depths, path):
    """The spread behind each layer, on a logarithmic scale; without batch normalization, and with it."""
    figure = Figure(figsize=(7.6, 3.8), dpi=120, layout="constrained")
    plain, normalized = figure.subplots(1, 2, sharey=True)
    for full, spread in depths.items():
        name = full.removesuffix(", batch norm")
        axes = plain if name == full else normalized
        axes.plot(range(1, DEPTH + 1), spread, color=COLORS[name], marker="o", markersize=3, label=name)
    plain.set(title="without batch normalization", xlabel="layer", ylabel="standard deviation behind it", yscale="log")
    normalized.set(title="with it: all three alike", xlabel="layer")
    plain.legend(frameon=False, loc="lower left")
    for axes in (plain, normalized):
        axes.set_xticks(range(2, DEPTH + 1, 2))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
