"""House prices: a network that answers with a number.

For 506 districts of Boston, 13 attributes (crimes, rooms, air, taxes ...) and the median price of a house in 1,000
dollars of the 1970s. The attributes have ranges from 0..1 to 0..700; each is brought to mean 0 and deviation 1, with
the mean and the deviation of the *training* districts: those of the test must not be known before the test. The last
layer has one unit and no activation, since a price is not a probability.

The attribute B of this set was made on the assumption that segregation raises prices: it is here to practise on.

Command: anmok lessons run boston
Time:    3 s a seed on 2 cores
Figure:  test MAE 2.18 thousand dollars (mean of 10 seeds); the course has 2.26
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from anmok import datasets, layers, models, utils

COURSE = {"test MAE": 2.26}
SEEDS = 10
SLOW = False


def network():
    model = models.Sequential(
        [
            layers.Input((13,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def lesson(seed, quick, folder):
    utils.set_random_seed(seed)
    (x, y), (x_test, y_test) = datasets.boston_housing.load_data(test_split=0.2, seed=777)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    x, x_test = (x - mean) / deviation, (x_test - mean) / deviation
    x, x_val, y, y_val = train_test_split(x, y, test_size=0.33, random_state=777)

    model = network()
    fitted = model.fit(x, y, epochs=100 if quick else 300, validation_data=(x_val, y_val), verbose=0)
    error, absolute = model.evaluate(x_test, y_test, verbose=0)
    draw(fitted.history, model.predict(x_test, verbose=0)[:, 0], y_test, absolute, folder / "boston.png")
    return {"test MAE": absolute, "test root of mean squared error": np.sqrt(error)}


def draw(history, predicted, prices, absolute, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    epochs = range(1, len(history["loss"]) + 1)
    metric = "mae" if "mae" in history else "mean_absolute_error"
    left.plot(epochs, history[metric], label="training")
    left.plot(epochs, history[f"val_{metric}"], label="validation")
    left.set(title="Mean absolute error", xlabel="epoch", ylabel="1,000 dollars", ylim=(0, 8))
    left.legend()
    right.plot([0, 52], [0, 52], color="grey", linestyle=":")
    right.scatter(prices, predicted, s=12)
    right.set(title=f"102 districts it has not seen: {absolute:.2f} off on average", aspect="equal")
    right.set(xlabel="price, 1,000 dollars", ylabel="price that it says, 1,000 dollars")
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
