"""The layers of LeNet-5 against slow loops over the paper's formulas, and auxiliary outputs against sums by hand."""

import math

import numpy as np
import pytest
import torch

from anmok import layers, losses
from anmok.errors import ArgumentError, ShapeError
from anmok.models import Model, Sequential, load_model, model_cost

TABLE = ((0, 2), (1,), (2, 1, 0))


def random_images(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype("float32"))


def test_each_map_of_a_sparse_convolution_sees_the_maps_of_the_table():
    layer, x = layers.SparseConv2D(TABLE, (3, 2), bias_initializer="uniform"), random_images(2, 5, 6, 3)
    y = layer(x)
    kernel, bias = layer.get_weights()
    assert kernel.shape == (3, 2, 6) and y.shape == (2, 3, 5, 3)
    for place in np.ndindex(2, 3, 5, 3):
        image, row, column, out = place
        first, expected = sum(map(len, TABLE[:out])), bias[out]
        for number, source in enumerate(TABLE[out]):
            window = x[image, row : row + 3, column : column + 2, source].numpy()
            expected = expected + (window * kernel[:, :, first + number]).sum()
        assert y[place].item() == pytest.approx(expected, abs=1e-5)


def test_a_sparse_convolution_multiplies_for_its_connections_only():
    model = Sequential([layers.Input((5, 6, 3)), layers.SparseConv2D(TABLE, (3, 2))])
    assert model_cost(model).macs == 3 * 5 * 6 * (3 * 2)
    assert model.count_params() == 6 * 6 + 3


def test_kernels_of_a_sparse_convolution_are_drawn_for_their_number_of_inputs():
    layer = layers.SparseConv2D([range(40), [0]], 5, kernel_initializer="lecun_uniform")
    layer.build((None, 8, 8, 40))
    kernel = layer.get_weights()[0]
    for maps, part in ((40, kernel[..., :40]), (1, kernel[..., 40:])):
        bound = math.sqrt(3 / (25 * maps))
        assert 0.8 * bound < abs(part).max() <= bound


@pytest.mark.parametrize("table", [(), ((0,), ()), ((1, 1),), ((-1,),)])
def test_a_table_without_sense_is_refused(table):
    with pytest.raises(ArgumentError, match="the table must name one or more input maps"):
        layers.SparseConv2D(table, 3)


def test_a_table_that_names_too_many_maps_is_refused():
    with pytest.raises(ShapeError, match=r"names input map 2 \(from 0\), the input has 2"):
        layers.SparseConv2D(TABLE, 3)(random_images(1, 5, 5, 2))


def test_subsampling_multiplies_a_sum_and_adds_a_bias():
    layer, x = layers.Subsampling2D(), random_images(2, 5, 4, 3)
    layer.build((None, 5, 4, 3))
    layer.set_weights([np.array([1.0, -2.0, 0.5]), np.array([0.1, 0.2, 0.3])])
    y = layer(x)
    assert y.shape == (2, 2, 2, 3)
    for image, row, column, channel in np.ndindex(2, 2, 2, 3):
        total = x[image, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2, channel].sum().item()
        expected = (1.0, -2.0, 0.5)[channel] * total + (0.1, 0.2, 0.3)[channel]
        assert y[image, row, column, channel].item() == pytest.approx(expected, abs=1e-5)


def test_subsampling_begins_as_the_mean():
    x = random_images(2, 6, 6, 3)
    torch.testing.assert_close(layers.Subsampling2D(3)(x), layers.AveragePooling2D(3)(x))


def test_the_scaled_tanh_is_one_at_one():
    y = layers.ScaledTanh()(torch.tensor([0.0, 1.0, -1.0, 100.0]))
    np.testing.assert_allclose(y, [0, 1, -1, 1.7159], atol=1e-4)


def test_radial_basis_functions_are_squared_distances():
    centers, x = np.random.default_rng(1).normal(size=(3, 4)), random_images(5, 4)
    layer = layers.RadialBasis(centers)
    expected = [[sum((a - b) ** 2 for a, b in zip(row, c, strict=True)) for c in centers] for row in x.numpy()]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4)
    assert not layer.trainable_weights and layer.count_params() == 12


def test_centers_that_do_not_fit_are_refused():
    with pytest.raises(ArgumentError, match=r"centers of shape \(points, features\)"):
        layers.RadialBasis([1, 2])
    with pytest.raises(ShapeError, match="the centers have 2 features"):
        layers.RadialBasis([[1, 2]])(random_images(2, 3))


def classifier_with_an_auxiliary(weight=0.3):
    x = layers.Input((4,))
    y = layers.Dense(6, activation="tanh")(x)
    auxiliary = layers.Dense(3, activation="softmax", name="early")(y)
    main = layers.Dense(3, activation="softmax", name="late")(layers.Dense(5, activation="tanh")(y))
    return Model(x, layers.AuxiliaryOutputs(weight)([main, auxiliary]))


@pytest.mark.parametrize("eagerly", [False, True])
def test_auxiliary_outputs_count_in_the_loss_of_training_only(eagerly):
    model = classifier_with_an_auxiliary(0.25)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=eagerly)
    x, labels = random_images(8, 4), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    inner = Model(model.input, [model.get_layer("late").output, model.get_layer("early").output])
    main, early = (
        losses.sparse_categorical_crossentropy(labels, output).mean().item() for output in inner(x, training=False)
    )
    assert model.evaluate(x, labels, verbose=0)[0] == pytest.approx(main, abs=1e-6)
    assert model.train_on_batch(x, labels)[0] == pytest.approx(main + 0.25 * early, abs=1e-3)
    assert model.predict(x, verbose=0).shape == (8, 3)


def test_auxiliary_outputs_train_what_lies_before_them():
    model = classifier_with_an_auxiliary()
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_layer("early").get_weights()[0]
    model.fit(random_images(8, 4), np.arange(8) % 3, epochs=1, verbose=0)
    assert abs(model.get_layer("early").get_weights()[0] - before).max() > 1e-4


def test_auxiliary_outputs_refuse_what_they_cannot_use():
    with pytest.raises(ArgumentError, match="weight must be a number above 0"):
        layers.AuxiliaryOutputs(0)
    with pytest.raises(ArgumentError, match="is called on a list"):
        layers.AuxiliaryOutputs()(layers.Input((3,)))


def test_all_of_them_come_back_from_a_file(tmp_path):
    image = layers.Input((8, 8, 3))
    x = layers.ScaledTanh(amplitude=1.5)(layers.SparseConv2D(TABLE, 3)(image))
    x = layers.Flatten()(layers.Subsampling2D(3)(x))
    x = layers.RadialBasis(np.eye(12)[:4])(x)
    outputs = [layers.Dense(2, activation="softmax")(x) for _ in range(2)]
    model = Model(image, layers.AuxiliaryOutputs(0.4)(outputs))
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    x = random_images(2, 8, 8, 3)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.layers[-1].weight == 0.4 and again.get_config() == model.get_config()
