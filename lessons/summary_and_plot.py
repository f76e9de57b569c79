"""How a model is put together, and two ways to see it: summary() and plot_model().

Three models: layers in a row (Sequential), the same four measurements seen by three dense layers side by side whose
results are concatenated (only the functional way can say that), and a convnet of which one layer's parameters are
worked out by hand: a 3 x 3 kernel over 32 channels is 288 numbers, 64 of them and 64 biases are 18,496. The summaries
are written as text, and the branching model as a picture.

Command: anmok lessons run summary_and_plot
Time:    1 s on 2 cores
Figure:  403, 1283 and 1101526 parameters, 18496 in the convnet's second convolution; the course has the same
"""

from anmok import layers, models, utils

COURSE = {
    "parameters in a row": 403,
    "parameters side by side": 1_283,
    "parameters of the convnet": 1_101_526,
    "parameters of its second convolution": 18_496,
}
SEEDS = 1
SLOW = False


def in_a_row():
    return models.Sequential(
        [layers.Input((4,)), layers.Dense(50, activation="relu"), layers.Dense(3, activation="softmax")]
    )


def side_by_side():
    measurements = layers.Input((4,))
    views = [layers.Dense(units, activation="relu")(measurements) for units in (50, 80, 30)]
    return models.Model(measurements, layers.Dense(3, activation="softmax")(layers.concatenate(views)))


def convnet():
    image = layers.Input((28, 28, 1))
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(image)
    x = layers.Conv2D(64, 3, activation="relu", name="second")(x)
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    x = layers.Dropout(0.4)(layers.Dense(100, activation="relu")(x))
    return models.Model(image, layers.Dense(10, activation="softmax")(x))


def lesson(seed, quick, folder):
    row, branches, pictures = in_a_row(), side_by_side(), convnet()
    lines = []
    for model in (row, branches, pictures):
        model.summary(line_length=88, print_fn=lambda text, **_: lines.append(text))
    (folder / "summary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    utils.plot_model(
        branches, to_file=str(folder / "summary_and_plot.png"), show_shapes=True, show_layer_names=True, dpi=96
    )

    kernel, bias = pictures.get_layer("second").get_weights()
    assert kernel.size + bias.size == 3 * 3 * 32 * 64 + 64
    return {
        "parameters in a row": row.count_params(),
        "parameters side by side": branches.count_params(),
        "parameters of the convnet": pictures.count_params(),
        "parameters of its second convolution": pictures.get_layer("second").count_params(),
    }


if __name__ == "__main__":
    from anmok.runs import lessons

    lessons.main(__file__)
