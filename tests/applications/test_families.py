"""What the families with tables of several columns make of their arguments."""

import numpy as np
import pytest

import anmok
from anmok import applications, layers
from anmok.applications import convnext, efficientnet, nasnet
from anmok.errors import ArgumentError


@pytest.mark.parametrize(
    "network, smallest",
    [
        ("Xception", 71),
        ("InceptionV3", 75),
        ("InceptionResNetV2", 75),
        ("NASNetLarge", 32),
        ("EfficientNetB7", 32),
        ("EfficientNetV2L", 32),
        ("ConvNeXtXLarge", 32),
    ],
)
def test_the_smallest_images(network, smallest):
    shape = (smallest, smallest - 1, 3)
    with pytest.raises(ArgumentError, match=f"at least {smallest} x {smallest} .*got shape"):
        getattr(applications, network)(input_shape=shape, include_top=False, weights=None)


def test_a_network_that_goes_on_from_a_tensor():
    layers.forget_names()
    start = anmok.Input((48, 48, 3), name="photograph")
    model = applications.EfficientNetV2B0(input_tensor=layers.RandomFlip()(start), weights=None, classes=2)
    assert [layer.name for layer in model.layers[:3]] == ["photograph", "random_flip", "rescaling"]
    assert model.output_shape == (None, 2)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3), dtype="uint8")
    np.testing.assert_allclose(model.predict(pixels, verbose=0), model.predict(pixels.astype("float32"), verbose=0))


@pytest.mark.parametrize(
    "network",
    [
        lambda **given: applications.EfficientNetV2B0(weights=None, **given),
        lambda **given: convnext.ConvNeXt([2, 2, 2, 2], [4, 8, 8, 8], 0.9, **given),
    ],
    ids=["EfficientNetV2", "ConvNeXt"],
)
def test_branches_are_left_out_in_training_only(network):
    model = network(input_shape=(32, 32, 3), classes=2)
    pixels = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3)).astype("float32")
    once, again = (model(pixels).detach().numpy() for _ in range(2))
    np.testing.assert_array_equal(once, again)
    once, again = (model(pixels, training=True).detach().numpy() for _ in range(2))
    assert not np.array_equal(once, again)
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(pixels, np.arange(8) % 2, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"][0])


def test_rates_of_stochastic_depth_rise_to_the_last_block():
    model = convnext.ConvNeXt([1, 1, 2, 1], [4, 8, 8, 8], 0.4, input_shape=(32, 32, 3), classes=2)
    rates = [layer.drop_path_rate for layer in model.layers if hasattr(layer, "drop_path_rate")]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.4])
    model = efficientnet.EfficientNet(1.0, 1.0, 32, drop_connect_rate=0.32, weights=None)
    rates = {
        layer.name: layer.rate for layer in model.layers if layer.name.startswith("block") and hasattr(layer, "rate")
    }
    # Blocks are counted from 0, of 16; those without a shortcut have no branch to leave out.
    assert rates["block2b_drop"] == pytest.approx(0.32 * 2 / 16)
    assert rates["block6d_drop"] == pytest.approx(0.32 * 14 / 16)
    assert len(rates) == 9


def test_what_nasnets_columns_must_divide():
    with pytest.raises(ArgumentError, match="multiple of 96"):
        nasnet.NASNet(penultimate_filters=1000, weights=None)


def test_four_stages():
    with pytest.raises(ArgumentError, match="four stages"):
        convnext.ConvNeXt([1, 2], [4, 8])
