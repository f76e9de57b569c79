"""VGG-19 by hand, with the weights of VGG-19 from the shelf.

A network is its layers in their order and the numbers within them. Sixteen convolutions and three dense layers written
down by hand are a VGG-19; the weights of the ready-made one, taken as a list of arrays by get_weights and given by
set_weights, make both compute the same, to the last bit, on a photograph. (ImageNet's weights, 575 MB, are not needed
to see that: any VGG-19 has weights to give. With them, decode_predictions would name the flower.) The picture shows
where they lie: 72 % of all weights are in the first dense layer, and nearly all of the work is in the convolutions.

Command: anmok lessons run vgg19_weights
Time:    10 s on 2 cores
Figure:  143,667,240 parameters in 38 arrays, outputs equal exactly; the course prints none
"""

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from anmok import applications, layers, models, utils

COURSE = {}
SEEDS = 1
SLOW = False

STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))  # channels, and how many convolutions of them


def by_hand(side, classes=1000):
    """VGG-19, layer by layer, for images of side x side."""
    model = models.Sequential([layers.Input((side, side, 3))])
    for channels, convolutions in STAGES:
        for _ in range(convolutions):
            model.add(layers.Conv2D(channels, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(4096, activation="relu"))
    model.add(layers.Dense(4096, activation="relu"))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def lesson(seed, quick, folder):
    side = 32 if quick else 224  # at 32 all 19 layers are there, the first dense one with 512 inputs for 25,088
    utils.set_random_seed(seed)
    shelf = applications.VGG19(weights=None, input_shape=(side, side, 3), classes=1000)
    model = by_hand(side)
    image = load_sample_image("flower.jpg")[:, 106:533]  # its middle, 427 x 427
    step = len(image) / side
    places = (np.arange(side) * step).astype(int)
    batch = image[places][:, places][None] / np.float32(255)

    # Fresh weights halve the signal's power in every layer; 19 times that leaves nothing to compare. He's have twice.
    weights = [array * np.float32(2**0.5) if array.ndim > 1 else array for array in shelf.get_weights()]
    shelf.set_weights(weights)
    wanted = shelf.predict(batch, verbose=0)
    before = float(np.abs(model.predict(batch, verbose=0) - wanted).max())
    model.set_weights(shelf.get_weights())
    after = float(np.abs(model.predict(batch, verbose=0) - wanted).max())
    draw(models.model_cost(model), folder / "vgg19_weights.png")
    return {
        "parameters": model.count_params(),
        "arrays of weights": len(weights),
        "highest of 1,000 probabilities": float(wanted.max()),
        "largest difference before": before,
        "largest difference after": after,
    }


def draw(cost, path):
    """Each layer's share of the weights and of the multiplications."""
    rows = [row for row in cost if row.params]
    names = [f"{row.type} {row.output_shape[-1]}" for row in rows]
    figure = Figure(figsize=(7.4, 5), dpi=120, layout="constrained")
    for axes, title, shares, color in zip(
        figure.subplots(1, 2, sharey=True),
        (f"{cost.params / 1e6:.1f} million weights", f"{cost.macs / 1e9:.2f} billion multiplications"),
        ([100 * row.params / cost.params for row in rows], [100 * row.macs / cost.macs for row in rows]),
        ("#0072b2", "#d55e00"),
        strict=True,
    ):
        bars = axes.barh(range(len(rows)), shares, color=color)
        axes.bar_label(bars, [f"{share:.1f}" if share >= 0.05 else "" for share in shares], padding=3, fontsize=8)
        axes.set(title=title, xlabel="% of all")
        axes.set_yticks(range(len(rows)), names, fontsize=8)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
        axes.margins(x=0.12, y=0.01)
    axes.invert_yaxis()
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
