"""What a convnet sees: the feature maps of a ship.

A second Model shares the trained network's layers and has the outputs of every Conv2D and MaxPool2D as its own. Sent
through it, a ship of the test pictures shows its outlines in the first layers, then coarser and stranger things: where
there is a hull, water, a horizon; in the last maps, of 4 x 4, hardly a place, only whether something is there. Many
late maps stay dark for a picture: they wait for other classes.

Command: anmok lessons run feature_maps
Time:    20 s on 2 cores
Figure:  test accuracy 0.535, probability of ship 0.73, 18 % of the last maps dark (mean of 3 seeds); the course
         prints none
"""

import numpy as np
from matplotlib.figure import Figure

from anmok import datasets, layers, models, utils

COURSE = {}
SEEDS = 3
SLOW = False

SHIP = 8  # its label; the third one of the test pictures is seen from the side
SHOWN = 12  # maps of a layer


def network():
    """Six convolutions of 32, 64 and 128 channels, pooled two by two."""
    model = models.Sequential([layers.Input((32, 32, 3))])
    for block, channels in enumerate((32, 64, 128), start=1):
        for place in (1, 2):
            model.add(
                layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"convolution_{block}_{place}")
            )
        model.add(layers.MaxPool2D(2, name=f"pooling_{block}"))
    model.add(layers.Flatten())
    model.add(layers.Dense(128, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def lesson(seed, quick, folder):
    images, held, epochs = (640, 300, 1) if quick else (6_000, 2_000, 5)
    utils.set_random_seed(seed)
    (x, y), (x_test, y_test) = datasets.cifar10.load_data()
    x, x_test = ((part.astype("float32") - 120) / 64 for part in (x[:images], x_test[:held]))
    model = network()
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(x, y[:images], batch_size=64, epochs=epochs, verbose=0)
    _, accuracy = model.evaluate(x_test, y_test[:held], verbose=0)

    ship = x_test[np.flatnonzero(y_test[:held, 0] == SHIP)[2:3]]
    seen = [layer for layer in model.layers if isinstance(layer, (layers.Conv2D, layers.MaxPool2D))]
    maps = models.Model(model.inputs, [layer.output for layer in seen]).predict(ship, verbose=0)
    draw(ship[0] * 64 + 120, dict(zip([layer.name for layer in seen], maps, strict=True)), folder / "feature_maps.png")
    dark = [float((layer_maps[0].max(axis=(0, 1)) <= 0).mean()) for layer_maps in maps]
    return {
        "test accuracy": accuracy,
        "layers shown": len(seen),
        "probability of ship": float(model.predict(ship, verbose=0)[0, SHIP]),
        "dark maps in the first layer": dark[0],
        "dark maps in the last layer": dark[-1],
    }


def draw(picture, maps, path):
    """The picture, and a row for each layer: its SHOWN brightest maps, each on its own scale."""
    figure = Figure(figsize=(9, 7), dpi=110, layout="constrained")
    grid = figure.subplots(len(maps), SHOWN + 1)
    for axes in grid.flat:
        axes.axis("off")
    grid[0, 0].imshow(picture.clip(0, 255).astype("uint8"))
    for row, (name, layer_maps) in enumerate(maps.items()):
        height, width, channels = layer_maps.shape[1:]
        words = f"{name.replace('_', ' ', 1).replace('_', '.')}\n{height} x {width} x {channels}"
        left = grid[row, 0]
        if row:
            left.text(1, 0.5, words, ha="right", va="center", transform=left.transAxes, fontsize=8)
        else:
            left.text(-0.1, 0.5, words, ha="right", va="center", transform=left.transAxes, fontsize=8)
        brightest = layer_maps[0].mean(axis=(0, 1)).argsort()[::-1][:SHOWN]
        for axes, channel in zip(grid[row, 1:], brightest, strict=False):
            axes.imshow(layer_maps[0, :, :, channel], cmap="viridis")
    figure.suptitle("A ship in every Conv2D and MaxPool2D: the twelve brightest maps")
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
