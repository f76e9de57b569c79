"""The table of `summary()` says what Keras' says: names, types, shapes, numbers, connections and totals."""

import keras
import numpy as np
import pytest
from keras import layers as keras_layers

from anmok import layers, models


@pytest.fixture(autouse=True)
def fresh_names(monkeypatch):
    # Keras cuts off what a terminal of 80 columns has no room for.
    monkeypatch.setenv("COLUMNS", "260")
    keras.utils.clear_session()
    layers.forget_names()


def told(model, **options):
    """(title, rows, lines below) of a summary."""
    texts = []
    model.summary(print_fn=texts.append, **options)
    assert len(texts) == 1
    lines = [line.rstrip() for line in texts[0].strip("\n").split("\n")]
    rows = [
        [cell.strip() for cell in line.strip("┃│").replace("┃", "│").split("│")] for line in lines if line[0] in "┃│"
    ]
    return lines[0], rows, [line for line in lines if "params:" in line]


def lenet(L, M):
    return M.Sequential(
        [
            L.Input((28, 28, 1)),
            L.Conv2D(6, 5, padding="same", activation="tanh"),
            L.AveragePooling2D(2),
            L.Conv2D(16, 5, activation="tanh"),
            L.BatchNormalization(),
            L.Flatten(),
            L.Dropout(0.5),
            L.Dense(120),
            L.Dense(10, activation="softmax"),
        ],
        name="lenet",
    )


def inception(L, M):
    x = L.Input((28, 28, 3))
    before = L.Dense(192)(x)
    branches = [
        L.Conv2D(64, 1, padding="same")(before),
        L.Conv2D(128, 3, padding="same")(L.Conv2D(96, 1, padding="same")(before)),
        L.Conv2D(32, 5, padding="same")(L.Conv2D(16, 1, padding="same")(before)),
        L.Conv2D(32, 1, padding="same")(L.MaxPooling2D(3, strides=1, padding="same")(before)),
    ]
    return M.Model(x, L.concatenate(branches))


def residual(L, M):
    x = L.Input((28, 28, 3))
    start = L.Conv2D(128, 3, padding="same")(x)
    y = L.Conv2D(128, 3, padding="same")(L.Conv2D(64, 3, padding="same")(start))
    return M.Model(x, L.Activation("relu")(L.Add()([y, start]) + 1))


def shared(L, M):
    a, b = L.Input((8,), name="left"), L.Input((8,), name="right")
    twin = L.Dense(8, name="twin")
    return M.Model([a, b], {"same": L.Dot(1)([twin(a), twin(twin(b))]), "sum": L.Add()([a, b])})


def chain(L, M):
    x = L.Input((None, None, 3), name="photo")
    return M.Model(x, L.GlobalAveragePooling2D()(L.Conv2D(4, 3)(x)), name="chain")


def nested(L, M):
    i = L.Input((8,))
    two = M.Model(i, [L.Dense(2)(i), L.Dense(3)(i)], name="two")
    inner = M.Sequential([L.Input((2,)), L.Dense(3), L.Dense(2)], name="inner")
    x = L.Input((8,))
    p, q = two(x)
    return M.Model(x, L.Concatenate()([inner(p), q]))


def chain_of_models(L, M):
    i = L.Input((8,))
    two = M.Model(i, [L.Dense(2)(i), M.Sequential([L.Input((8,)), L.Dense(3)], name="tail")(i)], name="two")
    x = L.Input((8,))
    return M.Model(x, two(x))


BUILDERS = [lenet, inception, residual, shared, chain, nested, chain_of_models]


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
def test_every_cell_is_keras_cell(build):
    theirs, ours = build(keras_layers, keras), build(layers, models)
    expected, got = told(theirs, line_length=240), told(ours, line_length=240)
    assert got[1] == expected[1]
    assert got[2] == expected[2]


@pytest.mark.parametrize("build", [lenet, chain_of_models], ids=lambda build: build.__name__)
def test_nested_layers_are_shown_as_in_keras(build):
    options = {"line_length": 240, "expand_nested": True, "show_trainable": True}
    expected, got = told(build(keras_layers, keras), **options), told(build(layers, models), **options)
    assert got[1:] == expected[1:]


@pytest.mark.parametrize("bounds", [("conv2d_1", "dense"), ("conv2d.*", "conv2d.*"), ("dense", "flatten")])
def test_a_range_of_layers_is_keras_range(bounds):
    options = {"line_length": 240, "layer_range": bounds}
    expected, got = told(lenet(keras_layers, keras), **options), told(lenet(layers, models), **options)
    if bounds == ("dense", "flatten"):  # Keras' pattern 'dense' is also the beginning of 'dense_1'; ours is the name
        assert [row[0] for row in got[1]] == ["Layer (type)", "flatten (Flatten)", "dropout (Dropout)", "dense (Dense)"]
    elif bounds == ("conv2d_1", "dense"):
        assert got[1] == expected[1][:-1]
    else:
        assert got[1] == expected[1]


def test_frozen_layers_and_the_optimizers_state_are_counted_as_in_keras():
    tables = []
    for L, M, optimizer in (
        (keras_layers, keras, keras.optimizers.Adam()),
        (layers, models, "adam"),
    ):
        model = lenet(L, M)
        model.layers[0].trainable = False
        model.compile(optimizer, "sparse_categorical_crossentropy")
        before = told(model, line_length=240, show_trainable=True)
        model.optimizer.build(model.trainable_variables)
        tables.append((before[1:], told(model, line_length=240, show_trainable=True)[1:]))
    assert tables[1] == tables[0]
    assert tables[1][1][1][-1].startswith(" Optimizer params: ")


def test_layers_without_a_shape_yet_are_shown_as_in_keras():
    def build(L, M):
        return M.Sequential([L.Conv2D(3, 3), L.BatchNormalization(), L.Dropout(0.5), L.Activation("relu"), L.Dense(2)])

    assert told(build(layers, models), line_length=200)[1:] == told(build(keras_layers, keras), line_length=200)[1:]


def test_a_model_that_is_a_call_method_is_shown_as_in_keras():
    def build(L, M):
        class Net(M.Model):
            def __init__(self):
                super().__init__(name="net")
                self.conv, self.both, self.head = L.Conv2D(3, 3), L.Add(), L.Dense(4)

            def call(self, x):
                return self.head(self.both([self.conv(x), self.conv(x)]))

        return Net()

    theirs, ours = build(keras_layers, keras), build(layers, models)
    assert told(ours, line_length=200)[1][1] == ["conv2d (Conv2D)", "?", "0 (unbuilt)"]
    x = np.zeros((1, 8, 8, 2), "float32")
    theirs(x), ours(x)
    expected, got = told(theirs, line_length=200), told(ours, line_length=200)
    # Keras writes the size of the batch that came first.
    assert [[cell.replace("(None,", "(1,") for cell in row] for row in got[1]] == expected[1]
    assert got[2] == expected[2]
