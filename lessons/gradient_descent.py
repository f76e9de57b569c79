"""Going downhill: five ways to step, from their formulas, against the optimizers of the library.

A valley twenty times steeper across than along. Gradient descent steps against the slope, w - rate * g: it bounces
between the walls and creeps along the floor. AdaGrad divides by the root of all squares so far, h + g^2, which evens
the two directions out and slows down for ever. Momentum rolls on, RMSprop forgets old squares, Adam does both. Each
formula is written out in a few lines, and its 40 steps are held against those of `anmok.optimizers`.

Command: anmok lessons run gradient_descent
Time:    2 s on 2 cores
Figure:  largest distance between a formula's step and the optimizer's: 0.00001, in a valley 20 wide
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np

from anmok import initializers, layers, models, optimizers

COURSE = {}
SEEDS = 1
SLOW = False
STEPS = 40
START = np.array([-7.0, 2.0])


def height(w):
    """The valley: w0^2 / 20 + w1^2."""
    return w[..., 0] ** 2 / 20 + w[..., 1] ** 2


def slope(w):
    return np.array([w[0] / 10, 2 * w[1]])


def gradient_descent(rate):
    w = START
    while True:
        w = w - rate * slope(w)
        yield w


def momentum(rate, friction=0.9):
    w, speed = START, 0
    while True:
        speed = friction * speed - rate * slope(w)
        w = w + speed
        yield w


def adagrad(rate, beginning=0.1, epsilon=1e-7):
    w, h = START, beginning  # the squares begin with a little, so that the first step is no leap
    while True:
        g = slope(w)
        h = h + g**2
        w = w - rate * g / np.sqrt(h + epsilon)
        yield w


def rmsprop(rate, memory=0.9, epsilon=1e-7):
    w, h = START, 0
    while True:
        g = slope(w)
        h = memory * h + (1 - memory) * g**2
        w = w - rate * g / np.sqrt(h + epsilon)
        yield w


def adam(rate, memory_1=0.9, memory_2=0.999, epsilon=1e-7):
    w, m, h, t = START, 0, 0, 0
    while True:
        t, g = t + 1, slope(w)
        m = memory_1 * m + (1 - memory_1) * g
        h = memory_2 * h + (1 - memory_2) * g**2
        # Means that begin at 0 are too small at first.
        w = w - rate * m / (1 - memory_1**t) / (np.sqrt(h / (1 - memory_2**t)) + epsilon)
        yield w


WAYS = {
    "gradient descent": (lambda: gradient_descent(0.95), lambda: optimizers.SGD(0.95)),
    "momentum": (lambda: momentum(0.1), lambda: optimizers.SGD(0.1, momentum=0.9)),
    "AdaGrad": (lambda: adagrad(1.5), lambda: optimizers.Adagrad(1.5)),
    "RMSprop": (lambda: rmsprop(0.3), lambda: optimizers.RMSprop(0.3)),
    "Adam": (lambda: adam(0.3), lambda: optimizers.Adam(0.3)),
}


class Valley(layers.Layer):
    """A layer that is nothing but the place in the valley: its output, for any input, is how high that is."""

    def build(self, input_shape):
        start = initializers.Constant(START)
        self.w = self.add_weight(name="w", shape=(2,), initializer=start)

    def call(self, x):
        return x * (self.w[0] ** 2 / 20 + self.w[1] ** 2)


def by_library(optimizer):
    """The places after each step of an optimizer whose loss is the height: (STEPS, 2)."""
    valley = Valley()
    model = models.Sequential([layers.Input((1,)), valley])
    model.compile(optimizer=optimizer, loss=lambda truth, said: said - truth)
    places = []
    for _ in range(STEPS):
        model.train_on_batch(np.ones((1, 1), "float32"), np.zeros((1, 1), "float32"))
        places.append(valley.get_weights()[0])
    return np.array(places)


def lesson(seed, quick, folder):
    figures, heights, paths = {}, {}, {}
    for name, (formula, optimizer) in WAYS.items():
        ours = np.array(list(itertools.islice(formula(), STEPS)))
        figures[f"largest distance, {name}"] = np.abs(ours - by_library(optimizer())).max()
        heights[f"height after {STEPS} steps, {name}"] = height(ours[-1])
        paths[name] = np.vstack([START, ours])
    draw(paths, folder / "descent.png")
    return figures | heights


def draw(paths, path):
    x, y = np.meshgrid(np.linspace(-10, 10, 201), np.linspace(-4, 4, 101))
    hills = height(np.stack([x, y], axis=-1))
    figure, axes = plt.subplots(2, 3, figsize=(14, 6.5), layout="constrained")
    for ax, (name, places) in zip(axes.flat, paths.items(), strict=False):
        ax.contour(x, y, hills, levels=np.geomspace(0.05, 20, 12), colors="lightgrey")
        ax.plot(*places.T, ".-", color="tab:red", linewidth=1)
        ax.plot(0, 0, "+", color="black", markersize=12)
        ax.set(title=name, xlabel="first weight", ylabel="second weight", xlim=(-10, 10), ylim=(-4, 4))
    last = axes.flat[-1]
    for name, places in paths.items():
        last.semilogy(height(places), label=name)
    last.set(title="How high it still is", xlabel="step", ylabel="loss", ylim=(1e-8, 10))
    last.legend()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
