"""The inception module, naive and with bottlenecks.

Convolutions of 1 x 1, 3 x 3 and 5 x 5 and a pooling look at the same 192 channels side by side, and what they find is
stacked. Done naively, nearly all of the work lies in the 3 x 3 and the 5 x 5; a 1 x 1 convolution before each of them
that first narrows the 192 channels to 96 or 16 leaves 42 % of the weights and of the multiplications. Counted here from
the models themselves, for 28 x 28 places. (The course adds rounded numbers for the naive module, and so has 303.4
million where 387,072 x 784 is 303.46.)

Command: anmok lessons run inception
Time:    1 s on 2 cores
Figure:  387072 + 224 parameters and 303.5 million multiplications naive, 163328 + 368 and 128.0 with bottlenecks,
         164464 with the dense layer before; the course has 303.4 and otherwise the same
"""

import numpy as np
from matplotlib.figure import Figure

from anmok import layers, models

COURSE = {
    "naive kernel parameters": 387_072,
    "naive bias parameters": 224,
    "naive million multiplications": 303.4,
    "bottleneck kernel parameters": 163_328,
    "bottleneck bias parameters": 368,
    "bottleneck million multiplications": 128.0,
    "bottleneck parameters with the dense layer before": 164_464,
}
SEEDS = 1
SLOW = False


def module(bottlenecks):
    """The module at 28 x 28, behind a dense layer that widens 3 channels to 192; as a Model."""
    image = layers.Input((28, 28, 3))
    wide = layers.Dense(192, name="192 channels")(image)

    def convolution(channels, size, name):
        return layers.Conv2D(channels, size, padding="same", name=name)

    before3 = convolution(96, 1, "1 x 1 before 3 x 3")(wide) if bottlenecks else wide
    before5 = convolution(16, 1, "1 x 1 before 5 x 5")(wide) if bottlenecks else wide
    pooled = layers.MaxPooling2D(3, strides=1, padding="same", name="3 x 3 pool")(wide)
    if bottlenecks:
        pooled = convolution(32, 1, "1 x 1 after pool")(pooled)
    seen = [
        convolution(64, 1, "1 x 1")(wide),
        convolution(128, 3, "3 x 3")(before3),
        convolution(32, 5, "5 x 5")(before5),
        pooled,
    ]
    return models.Model(image, layers.concatenate(seen), name="bottleneck" if bottlenecks else "naive")


def lesson(seed, quick, folder):
    figures, work = {}, {}
    for bottlenecks in (False, True):
        model = module(bottlenecks)
        kernels, biases = (
            sum(int(np.prod(layer.get_weights()[i].shape)) for layer in convolutions(model)) for i in (0, 1)
        )
        rows = {row.name: row for row in models.model_cost(model)}
        work[model.name] = {layer.name: rows[layer.name].macs / 1e6 for layer in convolutions(model)}
        figures[f"{model.name} kernel parameters"] = kernels
        figures[f"{model.name} bias parameters"] = biases
        figures[f"{model.name} million multiplications"] = sum(work[model.name].values())
    figures["bottleneck parameters with the dense layer before"] = model.count_params()
    figures["channels that come out"] = model.output_shape[-1]
    draw(work, folder / "inception.png")
    return figures


def convolutions(model):
    return [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]


def draw(work, path):
    """Millions of multiplications of each convolution; both modules on one scale."""
    figure = Figure(figsize=(7, 3.8), dpi=120, layout="constrained")
    rows = [len(macs) for macs in work.values()]
    for axes, (name, macs), color in zip(
        figure.subplots(2, sharex=True, height_ratios=rows), work.items(), ("#d55e00", "#0072b2"), strict=True
    ):
        bars = axes.barh(list(macs)[::-1], list(macs.values())[::-1], color=color)
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=9)
        axes.set_title(f"{name}: {sum(macs.values()):.1f} million multiplications", loc="left", fontsize=11)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
        axes.margins(x=0.1)
    axes.set_xlabel("million multiplications at 28 x 28")
    figure.savefig(path)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
