"""Networks of the zoo compute what their papers' formulas say, learn, and come back from files."""

import numpy as np
import pytest
import torch

from anmok import layers, losses, zoo
from anmok.models import Model, load_model
from anmok.utils import set_random_seed


@pytest.fixture(autouse=True)
def _same_weights_each_time():
    set_random_seed(1)


SCE = "sparse_categorical_crossentropy"


def some_images(count, *shape, seed=0):
    return np.random.default_rng(seed).random((count, *shape), "float32")


def without_dropout(model):
    """Else every step has another network, and their losses cannot be compared."""
    for layer in model.layers:
        if isinstance(layer, layers.Dropout):
            layer.rate = 0.0


@pytest.mark.parametrize(
    "name, side, rate",
    [
        ("lenet5", 28, 1e-4),
        ("lenet5-lecture", 16, 1e-1),
        ("alexnet", 67, 1e-3),
        ("alexnet-lecture", 25, 1e-3),
        ("cnn-s", 19, 1e-3),
        ("vgg-a-lrn", 32, 1e-3),
        ("googlenet", 65, 1e-3),
        ("resnet18", 17, 1e-2),
        ("cifar-resnet20", 8, 1e-2),
        ("se-resnet50", 17, 1e-2),
    ],
)
def test_a_few_steps_on_random_images_lower_the_loss(name, side, rate):
    model = zoo.build(name, (side, side, 3), 3)
    x, labels = some_images(6, side, side, 3), np.arange(6) % 3
    without_dropout(model)
    model.compile("sgd", SCE)
    model.optimizer.learning_rate = rate
    found = model.fit(x, labels, batch_size=6, epochs=6, shuffle=False, verbose=0).history["loss"]
    assert np.isfinite(found).all() and found[-1] < found[0]


@pytest.fixture(scope="module")
def googlenet():
    return zoo.build("googlenet", (65, 65, 3), 4)


def test_googlenet_s_loss_is_the_main_one_and_three_tenths_of_the_auxiliary_ones(googlenet):
    x, labels = torch.from_numpy(some_images(5, 65, 65, 3)), torch.tensor([0, 1, 2, 3, 0])
    names = ("linear", "auxiliary_4a_linear", "auxiliary_4d_linear")
    inner = Model(googlenet.input, [googlenet.get_layer(name).output for name in names])
    dropouts = [layer for layer in googlenet.layers if isinstance(layer, layers.Dropout)]
    rates = [layer.rate for layer in dropouts]
    assert sorted(rates) == [0.4, 0.7, 0.7]
    try:
        for layer in dropouts:
            layer.rate = 0.0
        with torch.no_grad():
            main, first, second = (getattr(losses, SCE)(labels, output).mean().item() for output in inner(x))
        googlenet.compile("sgd", SCE, metrics=["accuracy"], run_eagerly=True)
        googlenet.optimizer.learning_rate = 0.0
        told = googlenet.train_on_batch(x, labels, return_dict=True)
        assert told["loss"] == pytest.approx(main + 0.3 * (first + second), rel=0.01)  # bfloat16 where there is some
        assert set(told) == {"loss", "accuracy"}
        # Evaluated, it is the main classifier alone.
        assert googlenet.evaluate(x, labels, verbose=0)[0] == pytest.approx(main, abs=1e-4)
    finally:
        for layer, rate in zip(dropouts, rates, strict=True):
            layer.rate = rate


def test_googlenet_without_its_heads_is_the_same_on_the_same_weights(googlenet):
    bare = zoo.googlenet.without_heads(googlenet)
    x = some_images(2, 65, 65, 3)
    # Not eagerly: both are computed in the same way.
    googlenet.compile("sgd", SCE)
    np.testing.assert_array_equal(bare.predict(x, verbose=0), googlenet.predict(x, verbose=0))
    assert not any("auxiliary" in layer.name for layer in bare.layers)
    assert {id(weight) for weight in bare.weights} < {id(weight) for weight in googlenet.weights}
    googlenet.fit(x, np.array([0, 1]), verbose=0)
    np.testing.assert_array_equal(bare.predict(x, verbose=0), googlenet.predict(x, verbose=0))


def test_pixels_can_be_scaled_within_the_network():
    plain, scaled = zoo.build("googlenet", (65, 65, 3), 2), zoo.build("googlenet", (65, 65, 3), 2, rescale=1 / 255)
    scaled.set_weights(plain.get_weights())
    pixels = np.random.default_rng(1).integers(0, 256, (2, 65, 65, 3)).astype("float32")
    np.testing.assert_allclose(scaled.predict(pixels, verbose=0), plain.predict(pixels / 255, verbose=0), atol=1e-6)
    scaled.compile("sgd", SCE)
    scaled.fit(pixels, np.array([0, 1]), verbose=0)
    sequential = zoo.build("lenet5-lecture", (20, 20, 1), 2, rescale=1 / 255)
    assert [type(layer).__name__ for layer in sequential.layers[:3]] == ["InputLayer", "Rescaling", "Conv2D"]


@pytest.mark.parametrize("name, shape", [("lenet5", (28, 28, 1)), ("cifar-resnet20", (16, 16, 3))])
@pytest.mark.parametrize("rescale", [None, 1 / 255])
def test_networks_come_back_from_files(name, shape, rescale, tmp_path):
    model = zoo.build(name, shape, 10, rescale=rescale)
    model.save(tmp_path / "model.keras")
    x = some_images(2, *shape)
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras").predict(x), model.predict(x))


def test_lenet5_s_output_is_the_softmax_of_distances_to_pictures_of_digits():
    model = zoo.build("lenet5")
    codes = zoo.lenet.codes(10)
    assert codes.shape == (10, 84) and set(np.unique(codes)) == {-1.0, 1.0}
    assert min((a != b).sum() for i, a in enumerate(codes) for b in codes[:i]) >= 7  # no two digits look alike
    x = some_images(3, 32, 32, 1)
    f6 = Model(model.input, model.get_layer("F6_tanh").output).predict(x, verbose=0)
    distances = ((f6[:, None] - codes) ** 2).sum(-1)
    nearness = np.exp(-(distances - distances.min(1, keepdims=True)))
    np.testing.assert_allclose(model.predict(x, verbose=0), nearness / nearness.sum(1, keepdims=True), atol=1e-5)
    assert zoo.lenet.codes(26).shape == (26, 84)


def test_the_table_of_c3_is_the_paper_s():
    table = zoo.lenet.TABLE_1
    assert [len(maps) for maps in table] == [3] * 6 + [4] * 9 + [6]
    assert len(set(table)) == 16
    for first in range(6):  # neighbours, around the corner too
        assert set(table[first]) == {(first + i) % 6 for i in range(3)}
        assert set(table[6 + first]) == {(first + i) % 6 for i in range(4)}
    assert all(sum(source in maps for maps in table) == 10 for source in range(6))


def test_shortcut_a_takes_every_other_pixel_and_adds_maps_of_zeros():
    model = zoo.resnet.cifar_resnet(20, (8, 8, 3), 10)
    x = some_images(2, 8, 8, 3)
    before, after = (
        Model(model.input, model.get_layer(name).output).predict(x, verbose=0)
        for name in ("conv2_3_relu", "conv3_1_zeros")
    )
    np.testing.assert_array_equal(after[..., :16], before[:, ::2, ::2])
    assert after.shape == (2, 4, 4, 32) and not after[..., 16:].any()


def test_squeeze_and_excitation_by_hand():
    x = layers.Input((3, 2, 32))
    model = Model(x, zoo.senet.squeeze_and_excitation(x))
    images = some_images(2, 3, 2, 32)
    down, down_bias, up, up_bias = model.get_weights()
    assert down.shape == (32, 2)
    hidden = np.maximum(images.mean((1, 2)) @ down + down_bias, 0)
    weights = 1 / (1 + np.exp(-(hidden @ up + up_bias)))
    np.testing.assert_allclose(model.predict(images, verbose=0), images * weights[:, None, None], atol=1e-6)


def test_alexnet_sees_half_the_maps_in_grouped_layers():
    model = zoo.build("alexnet", (67, 67, 3), 3)
    assert {layer.name: layer.groups for layer in model.layers if "conv" in layer.name} == {
        "conv1": 1, "conv2": 2, "conv3": 1, "conv4": 2, "conv5": 2,
    }  # fmt: skip
    for norm in ("norm1", "norm2"):
        layer = model.get_layer(norm)  # section 3.3: k = 2, n = 5, alpha = 1e-4, beta = 0.75
        assert (layer.bias, layer.depth_radius, layer.alpha, layer.beta) == (2, 2, 1e-4, 0.75)


HEAVY = ["resnet101", "resnet152", "se-resnet101", "se-resnet152", "senet154", "cifar-resnet110", "vgg-e", "resnet50"]


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVY)
def test_heavy_networks_learn_too(name):
    model = zoo.build(name, (33, 33, 3), 3)
    x, labels = some_images(8, 33, 33, 3), np.arange(8) % 3
    without_dropout(model)
    model.compile("sgd", SCE)
    model.optimizer.learning_rate = 1e-3
    found = model.fit(x, labels, batch_size=8, epochs=6, shuffle=False, verbose=0).history["loss"]
    assert np.isfinite(found).all() and min(found[1:]) < found[0]
