"""Softmax or sigmoid at the end? Scores for three drinks, read in both ways.

A network that knows one customer gives coffee, tea and cocoa a score each. Sigmoid turns every score into a number of
its own between 0 and 1, without a look at the others: three liked drinks get three numbers near 1, which hardly differ
and do not add up to anything. Softmax lets the scores compete: the numbers add up to 1, and only the distances between
the scores count. So softmax belongs to "which one?", and sigmoid to "which of them, any number?".

Command: anmok lessons run softmax_against_sigmoid
Time:    1 s on 2 cores
Figure:  of scores 4, 3, 2 the best stands out by 0.03 through sigmoid, by 0.42 through softmax, which sums to 1
"""

import matplotlib.pyplot as plt
import numpy as np

from anmok import layers, models

COURSE = {}
SEEDS = 1
SLOW = False

DRINKS = ("coffee", "tea", "cocoa")
SCORES = {
    "likes all, coffee best": (4.0, 3.0, 2.0),
    "the same, 3 points less": (1.0, 0.0, -1.0),
    "hardly a difference": (3.1, 3.0, 2.9),
    "two at once": (5.0, 5.0, -5.0),
}


def read(activation, scores):
    """What a network ends with whose last activation this is: scores (N, 3) to numbers (N, 3)."""
    model = models.Sequential([layers.Input((scores.shape[1],)), layers.Activation(activation)])
    return model.predict(scores, verbose=0)


def by_formula(scores):
    """Both from their formulas."""
    raised = np.exp(scores)
    return {"sigmoid": 1 / (1 + np.exp(-scores)), "softmax": raised / raised.sum(axis=1, keepdims=True)}


def lesson(seed, quick, folder):
    scores = np.array(list(SCORES.values()), "float32")
    said = {name: read(name, scores) for name in ("sigmoid", "softmax")}
    draw(said, folder / "drinks.png")
    figures = {f"lead of the best, {name}": values[0, 0] - values[0, 1] for name, values in said.items()}
    figures |= {f"sum, {name}": values[0].sum() for name, values in said.items()}
    figures["change by 3 points less, softmax"] = np.abs(said["softmax"][0] - said["softmax"][1]).max()
    formulas = by_formula(scores.astype(float))
    figures["largest difference to the formulas"] = max(np.abs(said[name] - formulas[name]).max() for name in said)
    return figures


def draw(said, path):
    figure, axes = plt.subplots(2, len(SCORES), figsize=(13, 5.5), layout="constrained", sharey=True)
    for row, (name, values) in zip(axes, said.items(), strict=True):
        for ax, (title, scores), numbers in zip(row, SCORES.items(), values, strict=True):
            labels = [f"{drink}\n{score:g}" for drink, score in zip(DRINKS, scores, strict=True)]
            bars = ax.bar(labels, numbers, color=("tab:brown", "tab:green", "tab:orange"))
            ax.bar_label(bars, fmt="%.2f")
            ax.set(title=f"{title}\n{name}: sum {numbers.sum():.2f}", ylim=(0, 1.15))
        row[0].set_ylabel(f"{name} of the score")
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
