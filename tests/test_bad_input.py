"""Beginners' mistakes, each with the words it is answered with; and what is kept when training is interrupted."""

import contextlib
import signal
import warnings

import numpy as np
import pytest
import torch

import anmok
from anmok import callbacks, layers, losses, mixed_precision, notices, optimizers
from anmok.errors import AnmokError, ArgumentError, TrainingError
from anmok.models import Model, Sequential

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(20, 8, 8, 1)).astype("float32")
Y = np.arange(20) % 3
V = RNG.normal(size=(20, 4)).astype("float32")


@pytest.fixture(autouse=True)
def _afresh():
    notices.forget()
    with warnings.catch_warnings():
        warnings.simplefilter("error", notices.AnmokWarning)
        yield
    mixed_precision.set_global_policy("auto")


def network(units=3, activation="softmax", shape=(8, 8, 1)):
    L = layers
    return Sequential(
        [
            L.Input(shape, name="images"), L.Conv2D(4, 3, activation="relu", name="conv"), L.Flatten(),
            L.Dense(units, activation=activation, name="scores"),
        ],
        name="net",
    )  # fmt: skip


def compiled(model=None, loss="sparse_categorical_crossentropy", optimizer="sgd", **more):
    model = model or network()
    model.compile(optimizer, loss, **more)
    return model


def two_outputs():
    x = layers.Input((4,))
    return Model(x, [layers.Dense(2, name="a")(x), layers.Dense(3, name="b")(x)], name="pair")


def fit(model, x=X, y=Y, **more):
    return model.fit(x, y, verbose=0, **more)


def batches(*arrays, change=None):
    for number in range(100):
        batch = [array[:5] for array in arrays]
        yield tuple(batch if change is None else change(number, *batch))


def broken(number, x, y):
    return (x * np.nan if number == 2 else x), y


# What was done -> (how, what is said).
CASES = {
    "labels from 1": (lambda: fit(compiled(), y=Y + 1), r"0\.\.2, found 3 \(e\.g\. at index 2, 6 in all\).*subtract 1"),
    "negative labels": (lambda: fit(compiled(), y=Y - 1), r"labels must be 0\.\.2, found -1"),
    "labels too high": (lambda: fit(compiled(), y=Y * 3), "last layer has 3 units; it needs 7"),
    "labels of a generator": (
        lambda: compiled().fit(batches(X, Y + 1), steps_per_epoch=2, verbose=0),
        r"labels must be 0\.\.2, found 3",
    ),
    "labels of a later batch": (
        lambda: compiled().fit(batches(X, Y, change=lambda n, x, y: (x, y + (n == 3))), steps_per_epoch=5, verbose=0),
        r"labels must be 0\.\.2, found 3",
    ),
    "labels in train_on_batch": (lambda: compiled().train_on_batch(X, Y + 1), r"0\.\.2, found 3"),
    "labels in evaluate": (lambda: compiled().evaluate(X, Y + 1, verbose=0), r"0\.\.2, found 3"),
    "labels in validation": (lambda: fit(compiled(), validation_data=(X, Y + 1)), r"0\.\.2, found 3"),
    "fractions as labels": (lambda: fit(compiled(), y=Y + 0.5), "whole numbers 0..2, found 0.5"),
    "words as labels": (lambda: fit(compiled(), y=["cat", "dog"] * 10), "y holds text, such as 'cat'.*LabelEncoder"),
    "one-hot for sparse": (lambda: fit(compiled(), y=np.eye(3)[Y]), "are one-hot. Use loss='categorical_crossentropy'"),
    "numbers for categorical": (
        lambda: fit(compiled(loss="categorical_crossentropy")),
        "Use loss='sparse_categorical_crossentropy'",
    ),
    "no channel axis, when built": (
        lambda: Sequential([layers.Input((28, 28)), layers.Conv2D(4, 3, name="first")]),
        r"Conv2D 'first'.*\(batch, height, width, channels\), got \(None, 28, 28\).*images\[\.\.\., None\]",
    ),
    "no channel axis, built by data": (
        lambda: fit(
            compiled(Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3, "softmax")])), X[..., 0]
        ),
        r"got \(None, 8, 8\). A grey image needs its channel axis: images\[\.\.\., None\]",
    ),
    "no channel axis, for colours": (
        lambda: fit(compiled(network(shape=(8, 8, 3))), X[..., 0]),
        r"expected shape \(None, 8, 8, 3\).*channel axis",
    ),
    "grey images for colours": (
        lambda: fit(compiled(network(shape=(8, 8, 3)))),
        r"input 'images': expected shape.*np\.repeat\(x, 3, axis=-1\)",
    ),
    "channels first": (
        lambda: network(shape=(8, 8, 3)).predict(np.zeros((2, 3, 8, 8)), verbose=0),
        r"transpose\(0, 2, 3, 1\)",
    ),
    "a single image": (lambda: network().predict(X[0], verbose=0), r"add the batch axis: x\[None\]"),
    "images for a dense network": (
        lambda: Sequential([layers.Input((64,)), layers.Dense(3)]).predict(X, verbose=0),
        r"reshape\(len\(x\), 64\)",
    ),
    "lengths": (lambda: fit(compiled(), y=Y[:10]), "x has 20 samples, y has 10"),
    "lengths in evaluate": (lambda: compiled().evaluate(X, Y[:10], verbose=0), "x has 20 samples, y has 10"),
    "lengths of validation data": (lambda: fit(compiled(), validation_data=(X, Y[:3])), "validation y has 3"),
    "length of weights": (lambda: fit(compiled(), sample_weight=np.ones(3)), "sample_weight has 3"),
    "NaN": (lambda: fit(compiled(), np.where(X > 0.9, np.nan, X)), r"x\[\d+, \d, \d, 0\] is nan.*nan_to_num"),
    "infinity": (lambda: network().predict(np.where(X > 0.9, np.inf, X), verbose=0), r"is inf: every value must be"),
    "NaN from a generator": (
        lambda: compiled().fit(batches(X, Y, change=broken), steps_per_epoch=4, verbose=0),
        r"batch 3's x\[0, 0, 0, 0\] is nan",
    ),
    "NaN as target": (lambda: fit(compiled(network(1, None), "mse"), y=np.where(Y > 1, np.nan, 1.0)), r"y\[2\] is nan"),
    "softmax on one unit": (
        lambda: fit(compiled(network(1), "mse")),
        "softmax on one unit is always 1.*activation='sigmoid'",
    ),
    "one unit for sparse": (
        lambda: fit(compiled(network(1, "sigmoid"))),
        "needs one unit for each class, the last layer has 1.*binary_crossentropy",
    ),
    "no softmax": (lambda: fit(compiled(network(3, None))), r"ends in linear.*softmax.*from_logits=True"),
    "softmax twice": (
        lambda: fit(compiled(loss=losses.SparseCategoricalCrossentropy(from_logits=True))),
        "from_logits=True, but the last layer ends in softmax",
    ),
    "unknown loss": (lambda: compiled(loss="categorical_crossentrop"), "Did you mean 'categorical_crossentropy'"),
    "unknown loss of an output": (
        lambda: compiled(two_outputs(), {"a": "mse", "b": "maee"}),
        "'maee'. Did you mean 'mae'",
    ),
    "unknown optimizer": (lambda: compiled(optimizer="adamm"), "(?i)did you mean 'adam'"),
    "unknown metric": (lambda: compiled(metrics=["acuracy"]), "(?i)did you mean 'accuracy'"),
    "unknown argument of a layer": (
        lambda: layers.Conv2D(3, 3, stride=2),
        "argument of Conv2D 'stride'. Did you mean 'strides'",
    ),
    "unknown activation": (lambda: layers.Dense(3, activation="rellu"), "Did you mean 'relu'"),
    "unknown argument of compile": (lambda: network().compile("sgd", "mse", metric=["acc"]), "Did you mean 'metrics'"),
    "unknown argument of fit": (
        lambda: compiled().fit(X, Y, epoch=3),
        "argument of fit 'epoch'. Did you mean 'epochs'",
    ),
    "unknown argument of evaluate": (lambda: compiled().evaluate(X, Y, epochs=3), "argument of evaluate 'epochs'"),
    "unknown argument of predict": (lambda: compiled().predict(X, batchsize=3), "Did you mean 'batch_size'"),
    "samples per epoch": (
        lambda: compiled().fit(batches(X, Y), samples_per_epoch=100),
        "counts samples.*steps_per_epoch, which counts batches",
    ),
    "a layer's class": (lambda: Sequential([layers.Dense]), "with its parentheses"),
    "a callback's class": (lambda: fit(compiled(), callbacks=[callbacks.EarlyStopping]), "with its parentheses"),
    "an optimizer of torch": (
        lambda: compiled(optimizer=torch.optim.SGD([torch.zeros(1)], 0.1)),
        "use anmok.optimizers.SGD",
    ),
    "a loss of torch": (
        lambda: compiled(loss=torch.nn.CrossEntropyLoss()),
        "the other way round.*lambda y_true, y_pred",
    ),
    "a loss without return": (lambda: fit(compiled(network(3, None), lambda a, b: None)), "returned None"),
    "no samples": (lambda: fit(compiled(), X[:0], Y[:0]), "x is empty"),
    "no samples to predict": (lambda: network().predict(X[:0], verbose=0), "x is empty"),
    "no batches": (lambda: compiled().fit(iter(()), steps_per_epoch=1, verbose=0), "x is empty: it gave no batch"),
    "no data": (lambda: compiled().fit(), "x is None.*Accepted: NumPy arrays"),
    "a folder's name": (lambda: compiled().fit("photos", Y), "x is text.*flow_from_directory"),
    "nothing trainable": (lambda: fit(frozen()), "'net' has nothing to train: all its weights are frozen"),
    "no weights": (
        lambda: fit(compiled(Sequential([layers.Input((4,)), layers.Softmax()])), V),
        "has nothing to train: its layers have no weights",
    ),
    "too few weights": (lambda: network().set_weights([np.zeros(3)]), "Sequential 'net' has 4 weights, got 1 arrays"),
    "weights of the wrong shape": (
        lambda: network().set_weights([w.T for w in network().get_weights()]),
        r"weight 'conv/kernel' has shape \(3, 3, 1, 4\), got an array of shape \(4, 1, 3, 3\)",
    ),
    "weights before there are any": (
        lambda: Sequential([layers.Dense(3)]).set_weights([V]),
        "no weights yet: call it once",
    ),
    "parameters before there are any": (lambda: Sequential([layers.Dense(3)]).count_params(), "no weights yet"),
    "a kernel too large": (
        lambda: Sequential([layers.Input((8, 8, 1)), layers.Conv2D(4, 5), layers.Conv2D(4, 5, name="second")]),
        "Conv2D 'second': its kernel of 5x5 is larger than its input, 4x4",
    ),
    "a window too large": (
        lambda: Sequential([layers.Input((8, 8, 1)), layers.MaxPooling2D(4), layers.MaxPooling2D(4, name="second")]),
        "MaxPooling2D 'second': its window of 4x4 is larger than its input, 2x2",
    ),
    "fit before compile": (lambda: network().fit(X, Y), "'net' is not compiled: call model.compile"),
    "evaluate before compile": (lambda: network().evaluate(X, Y), "is not compiled"),
    "train_on_batch before compile": (lambda: network().train_on_batch(X, Y), "is not compiled"),
    "no loss": (lambda: fit(compiled(loss=None)), "no loss to minimise: pass loss=... to compile"),
    "no labels": (lambda: compiled().fit(X, verbose=0), "'scores' has a loss but no targets: pass y"),
    "no labels to evaluate": (lambda: compiled().evaluate(X, verbose=0), "has a loss but no targets"),
    "validation data without labels": (
        lambda: fit(compiled(), validation_data=X),
        r"expected \(x, y\).*one array of shape",
    ),
    "too much validation data": (lambda: fit(compiled(), validation_data=(X, Y, None, None)), "a tuple of 4"),
    "other images to validate on": (
        lambda: fit(compiled(), validation_data=(X[:, :5], Y)),
        r"expected shape \(None, 8, 8, 1\), got \(20, 5, 8, 1\)",
    ),
    "validation_split of a generator": (
        lambda: compiled().fit(batches(X, Y), validation_split=0.5, steps_per_epoch=1),
        "Pass validation_data instead",
    ),
    "validation_split above 1": (lambda: fit(compiled(), validation_split=20), "between 0 and 1, got 20"),
    "validation_freq": (lambda: fit(compiled(), validation_data=(X, Y), validation_freq=0), "epochs from 1"),
    "one y for two outputs": (
        lambda: fit(compiled(two_outputs(), "mse"), V, V[:, :2]),
        r"has 2 outputs \(a, b\), y has 1",
    ),
    "one loss in a list for two outputs": (
        lambda: fit(compiled(two_outputs(), ["mse"]), V, [V[:, :2], V[:, :3]]),
        r"each output \(a, b\), got 1",
    ),
    "two losses for one output": (lambda: fit(compiled(loss=["mse", "mae"])), r"each output \(scores\), got 2"),
    "a loss for no output": (
        lambda: fit(compiled(two_outputs(), {"a": "mse", "c": "mse"}), V, [V[:, :2], V[:, :3]]),
        "output in loss 'c'. Known: a, b",
    ),
    "labels for no output": (
        lambda: fit(compiled(two_outputs(), "mse"), V, {"a": V[:, :2], "c": V}),
        "output in y 'c'",
    ),
    "metrics for one of two outputs": (
        lambda: fit(compiled(two_outputs(), "mse", metrics=["mae"]), V, [V[:, :2], V[:, :3]]),
        "a dict by output name",
    ),
    "targets of another shape": (
        lambda: fit(compiled(network(3, None), "mse"), y=V[:, :2]),
        r"labels of shape \(20, 2\)",
    ),
    "epochs": (lambda: fit(compiled(), epochs=1.5), "epochs: expected a whole number.*got 1.5"),
    "batch_size": (lambda: fit(compiled(), batch_size=0), "batch_size to be a whole number of 1 or more"),
    "batch_size of a generator": (
        lambda: compiled().fit(batches(X, Y), batch_size=4, steps_per_epoch=1),
        "leave batch_size out",
    ),
    "a class without weight": (lambda: fit(compiled(), class_weight={0: 1, 1: 2}), "no weight for class 2"),
    "an unknown layer": (lambda: network().get_layer("cnv"), "'cnv'. Did you mean 'conv'"),
    "a model of arrays": (lambda: Model(X, layers.Input((2,))), r"inputs must be made by Input\(...\)"),
    "a model that is not connected": (
        lambda: Model(layers.Input((2,)), layers.Dense(2)(layers.Input((2,), name="other"))),
        "need the input 'other'",
    ),
    "samples in a list": (lambda: fit(compiled(), list(X), list(Y)), r"np\.stack\(x\)"),
}


def frozen():
    model = network()
    model.trainable = False
    return compiled(model)


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_said_in_words(case):
    do, words = CASES[case]
    if case == "softmax on one unit":
        warnings.simplefilter("ignore")  # said by the layer already
    with pytest.raises(AnmokError, match=words) as caught:
        do()
    text = str(caught.value)
    assert text[0].isupper() or text.split()[0].rstrip(":").split("[")[0] in text.lower()
    assert len(text.split(" Known: ")[0]) < 500


def test_a_loss_that_is_no_number_names_its_step():
    model = compiled(network(1, None), "mse", optimizers.SGD(1e30))
    with pytest.warns(
        notices.AnmokWarning, match=r"loss became (nan|inf) in epoch 1, step [23].*learning rate"
    ) as said:
        fit(model, y=Y + 1.0, batch_size=5, epochs=3)
    assert len([warning for warning in said if "became" in str(warning.message)]) == 1


def test_a_loss_that_is_no_number_stops_where_that_is_wished():
    model = compiled(network(1, None), "mse", optimizers.SGD(1e30))
    warnings.simplefilter("ignore", notices.AnmokWarning)
    with pytest.raises(TrainingError, match=r"loss became (nan|inf) at batch"):
        fit(model, y=Y + 1.0, batch_size=5, epochs=3, callbacks=[callbacks.TerminateOnNaN(raise_error=True)])


def test_weights_that_are_no_numbers_are_said_at_the_end_of_the_epoch():
    model = compiled()
    spoil = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: model.layers[0].kernel.data.fill_(np.nan))
    with pytest.warns(notices.AnmokWarning, match="conv/kernel.*epoch 1|loss became nan"):
        fit(model, callbacks=[spoil])


def test_pixels_that_were_never_rescaled_are_said_once():
    pixels = (X * 255).astype("uint8")
    model = compiled()
    with pytest.warns(notices.AnmokWarning, match=r"reach 25\d.*'net'.*Divide by 255.*Rescaling") as said:
        fit(model, pixels)
        fit(model, pixels)
    assert len(said) == 1
    notices.forget()
    fit(compiled(Sequential([layers.Input((8, 8, 1)), layers.Rescaling(1 / 255), *network().layers])), pixels)


def test_sigmoid_with_a_categorical_loss_is_said_and_runs():
    with pytest.warns(notices.AnmokWarning, match="ends in sigmoid.*Use activation='softmax'"):
        fit(compiled(network(3, "sigmoid")))


@pytest.mark.parametrize("activation, passes", [("sigmoid", True), ("exponential", True), ("relu", False)])
def test_an_image_behind_a_reshape_is_looked_at_where_it_is_made(activation, passes):
    decoder = Sequential(
        [layers.Input((3,)), layers.Dense(16, activation=activation), layers.Reshape((4, 4))], name="decoder"
    )
    model = Sequential([layers.Input((4, 4)), layers.Flatten(), layers.Dense(3), decoder])
    model.compile("sgd", "binary_crossentropy")
    images = np.random.default_rng(0).random((8, 4, 4), "float32")
    with contextlib.nullcontext() if passes else pytest.raises(ArgumentError, match="the last layer ends in relu"):
        model.fit(images, images, verbose=0)


def test_a_channel_axis_of_one_is_added_and_said():
    with pytest.warns(notices.AnmokWarning, match=r"last axis of length 1 was added.*x\[\.\.\., None\]"):
        scores = network().predict(X[..., 0], verbose=0)
    assert scores.shape == (20, 3)


def test_ctrl_c_keeps_history_weights_and_checkpoints(tmp_path):
    model = compiled(metrics=["acc"])
    path = tmp_path / "epoch_{epoch}.keras"
    ended = []

    class Interrupt(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if len(model.history.epoch) == 2 and batch == 1:
                signal.raise_signal(signal.SIGINT)

        def on_train_end(self, logs=None):
            ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        fit(model, epochs=9, batch_size=5, callbacks=[callbacks.ModelCheckpoint(path), Interrupt()])
    assert model.history.epoch == [0, 1]
    assert [len(values) for values in model.history.history.values()] == [2, 2]
    assert ended == [True]
    loaded = anmok.saving.load_model(tmp_path / "epoch_2.keras")
    assert np.isfinite(loaded.evaluate(X, Y, verbose=0)).all()
    assert not (tmp_path / "epoch_3.keras").exists()
    fit(model, epochs=1)
    assert model.history.epoch == [0]
