"""What all augmentation layers share: when they are at work, what they take and give, where their draws come from."""

import numpy as np
import pytest
import torch

from anmok import layers, losses, mixed_precision, models, optimizers, random
from anmok.errors import ArgumentError, ShapeError

PICTURES = np.random.default_rng(0).integers(0, 256, (6, 10, 12, 3)).astype(np.uint8)

# Class name: arguments with which it changes every one of PICTURES.
ARGUMENTS = {
    "AugMix": {"factor": 0.9},
    "CutMix": {"factor": (1.0, 1.0)},
    "Equalization": {},
    "MixUp": {"alpha": 1.0},
    "RandAugment": {"num_ops": 4},
    "RandomBrightness": {"factor": 0.4},
    "RandomColorDegeneration": {"factor": 0.9},
    "RandomColorJitter": {"brightness_factor": 0.3, "hue_factor": 0.3},
    "RandomContrast": {"factor": 0.5},
    "RandomErasing": {"factor": (1.0, 1.0)},
    "RandomFlip": {},
    "RandomGaussianBlur": {"factor": (1.0, 1.0)},
    "RandomGrayscale": {"factor": 1.0},
    "RandomHue": {"factor": 0.5},
    "RandomInvert": {"factor": (1.0, 1.0)},
    "RandomPerspective": {"factor": (1.0, 1.0)},
    "RandomPosterization": {"factor": 3},
    "RandomRotation": {"factor": 0.3},
    "RandomSaturation": {"factor": 0.9},
    "RandomSharpness": {"factor": 0.9},
    "RandomShear": {"x_factor": 0.4},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.4},
    "Solarization": {},
}
# Without anything random in them.
SETTLED = {"Equalization", "RandomGrayscale", "RandomInvert", "RandomPosterization", "Solarization"}
# What is drawn for all images of a batch alike, as in Keras; which of them are blurred is drawn for each.
OF_THE_BATCH = {"AugMix", "RandAugment", "RandomGaussianBlur"}


@pytest.fixture(autouse=True)
def _the_same_draws_every_time():
    random.set_seed(0)


def make(name, **more):
    return getattr(layers, name)(**ARGUMENTS[name], **more)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_at_work_in_training_only(name):
    layer = make(name)
    for rested in (layer(PICTURES, training=False), layer.eval()(PICTURES)):
        assert rested.dtype is torch.float32
        np.testing.assert_array_equal(rested, PICTURES)
    for augmented in (layer(PICTURES, training=True), make(name)(PICTURES)):
        assert augmented.dtype is torch.float32 and augmented.shape == PICTURES.shape
        assert augmented.is_contiguous() and not np.array_equal(augmented, PICTURES)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_one_image_pixels_of_any_type_and_channels_first(name):
    given = [
        (PICTURES, {}),
        (PICTURES.astype(np.float64), {}),
        (PICTURES.astype(np.int32), {}),
        (np.moveaxis(PICTURES, 3, 1), {"data_format": "channels_first"}),
    ]
    outputs = []
    for x, more in given:
        with random.training_step(0, 0):
            outputs.append(make(name, **more)(x, training=True))
    for other in (*outputs[1:3], outputs[3].permute(0, 2, 3, 1)):
        torch.testing.assert_close(other, outputs[0], atol=1e-3, rtol=1e-5)
    assert make(name)(PICTURES[0], training=True).shape == (10, 12, 3)
    assert make(name)(torch.from_numpy(PICTURES[0]), training=True).shape == (10, 12, 3)


@pytest.mark.parametrize("name", sorted(set(ARGUMENTS) - SETTLED - OF_THE_BATCH))
def test_each_image_has_its_own_draw(name):
    same = np.repeat(PICTURES[:1], 40, 0)
    if name in ("MixUp", "CutMix"):
        same = same + np.arange(40, dtype=np.uint8)[:, None, None, None]
    outputs = make(name)(same, training=True).numpy().reshape(40, -1).round(3)
    different = len(np.unique(outputs, axis=0))
    assert different == 4 if name == "RandomFlip" else different > 20


@pytest.mark.parametrize("name", sorted(set(ARGUMENTS) - SETTLED))
def test_draws_depend_on_seed_epoch_and_step_alone(name):
    def output(layer, epoch, step, master=5):
        random.set_seed(master)
        with random.training_step(epoch, step):
            return layer(PICTURES, training=True)

    own, free = make(name, seed=8), make(name)
    for layer in (own, free):
        first = output(layer, 2, 3)
        torch.testing.assert_close(output(type(layer).from_config(layer.get_config()), 2, 3), first, rtol=0, atol=0)
        assert not torch.equal(first, output(layer, 2, 4)) or not torch.equal(first, output(layer, 3, 3))
    torch.testing.assert_close(output(own, 2, 3, master=6), output(own, 2, 3), rtol=0, atol=0)
    assert any(not torch.equal(output(free, 2, 3, master=m), output(free, 2, 3)) for m in (6, 7, 8))


def test_layers_of_different_kinds_with_one_seed_draw_for_themselves():
    flip, rotation = layers.RandomFlip("horizontal", seed=1), layers.RandomRotation(0.5, seed=1)
    with random.training_step(0, 0):
        flags = flip.draw(flip._generator(), (2000, 4, 4, 3))["horizontally"]
        angles = rotation.draw(rotation._generator(), (2000, 4, 4, 3))["angles"]
    assert abs(np.corrcoef(flags, angles)[0, 1]) < 0.1


@pytest.mark.parametrize("name", ["RandomRotation", "RandomSharpness", "RandomHue", "RandomErasing"])
def test_short_formats_compute_in_full_and_hand_on_what_they_say(name):
    with random.training_step(0, 0):
        full = make(name)(PICTURES, training=True)
    with random.training_step(0, 0):
        short = make(name, dtype=mixed_precision.Policy("mixed_bfloat16"))(PICTURES, training=True)
    assert short.dtype is torch.bfloat16
    torch.testing.assert_close(short, full.to(torch.bfloat16))
    with random.training_step(0, 0), torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(make(name)(PICTURES, training=True), full, rtol=0, atol=0)


def test_masks_move_with_the_images_and_keep_their_numbers():
    classes = np.arange(120).reshape(1, 10, 12, 1).repeat(3, 0)
    for layer in (
        layers.RandomFlip(seed=1),
        layers.RandomRotation(0.5, interpolation="nearest", seed=1),
        layers.RandomTranslation(0.3, 0.3, interpolation="nearest", fill_mode="constant", fill_value=7),
        layers.RandomPerspective((1.0, 1.0), interpolation="nearest"),
        layers.RandomCrop(5, 6),
    ):
        data = layer({"images": classes.astype(np.float32), "segmentation_masks": classes}, training=True)
        assert data["segmentation_masks"].dtype is torch.int64
        np.testing.assert_array_equal(data["images"], data["segmentation_masks"])
    rested = layers.RandomCrop(5, 6)({"images": PICTURES, "segmentation_masks": PICTURES[..., :1]}, training=False)
    assert rested["segmentation_masks"].shape == (6, 5, 6, 1) and rested["segmentation_masks"].dtype is torch.uint8


def test_other_things_in_a_dict_are_passed_on():
    data = layers.RandomHue(0.3)({"images": PICTURES, "labels": np.arange(6), "names": ["a"]}, training=True)
    np.testing.assert_array_equal(data["labels"], np.arange(6))
    assert data["names"] == ["a"] and not np.array_equal(data["images"], PICTURES)
    single = layers.RandomFlip()({"images": PICTURES[0], "labels": np.array([0.0, 1.0], np.float32)}, training=True)
    assert single["images"].shape == (10, 12, 3) and single["labels"].shape == (2,)


def test_what_cannot_be_honoured_is_refused():
    with pytest.raises(ArgumentError, match="bounding boxes would not be moved"):
        layers.RandomFlip()({"images": PICTURES, "bounding_boxes": {}}, training=True)
    with pytest.raises(ShapeError, match=r"masks need a channel axis .* masks\[..., None\]"):
        layers.RandomFlip()({"images": PICTURES, "segmentation_masks": PICTURES[..., 0]}, training=True)
    with pytest.raises(ShapeError, match=r"got \(None, 28, 28\). A grey image needs its channel axis: images"):
        models.Sequential([layers.Input((28, 28)), layers.RandomFlip()])
    with pytest.raises(ArgumentError, match="Pipeline expects a list of layers"):
        layers.Pipeline([layers.RandomFlip])


# In models -----------------------------------------------------------------------------------------------------------


def network(seed=None):
    model = models.Sequential(
        [
            layers.Input((10, 12, 3), dtype="uint8"),
            layers.RandomFlip(seed=seed),
            layers.RandomRotation(0.1, seed=seed),
            layers.RandomContrast(0.3, seed=seed),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizers.Adam(0.01), losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    return model


def fitted(model, master=4):
    random.set_seed(master)
    labels = np.arange(6) % 3
    return model.fit(PICTURES, labels, batch_size=2, epochs=3, verbose=0).history


@pytest.mark.parametrize("seed", [None, 11])
def test_a_saved_model_trains_and_augments_as_the_model_itself(seed, tmp_path):
    model = network(seed)
    model.save(tmp_path / "model.keras")
    again = models.load_model(tmp_path / "model.keras")
    for depth in (1, 2, 3):
        outputs = []
        for owner in (model, again):
            random.set_seed(4)
            x = torch.from_numpy(PICTURES)
            with random.training_step(1, 2):
                for layer in owner.layers[:depth]:
                    x = layer(x, training=True)
            outputs.append(x)
        assert torch.equal(*outputs) and not np.array_equal(outputs[0], PICTURES)
    assert fitted(model) == fitted(again)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_fit_augments_and_predict_does_not():
    """Half of what the network sees is mirrored, so it cannot learn a side; without the layer it does."""
    x = np.zeros((64, 8, 8, 1), np.float32)
    labels = np.arange(64) % 2
    x[labels == 0, :, :4] = 1
    x[labels == 1, :, 4:] = 1

    def accuracy(first):
        random.set_seed(0)
        model = models.Sequential([layers.Input((8, 8, 1)), first, layers.Flatten(), layers.Dense(2)])
        model.compile(
            optimizers.Adam(0.05), losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
        )
        history = model.fit(x, labels, epochs=8, verbose=0)
        np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
        np.testing.assert_allclose(model.predict(x, verbose=0), model(x).detach(), atol=1e-5)
        return history.history["accuracy"][-1]

    assert accuracy(layers.Identity()) == 1
    assert accuracy(layers.RandomFlip("horizontal")) < 0.75


def test_a_rewritten_model_trains_as_the_model_as_it_is():
    """The layers behind become one chain; those in front stay layers, and draw the same."""
    first, second = network(), network()
    second.set_weights(first.get_weights())
    second.layers[4].register_forward_hook(lambda *_: None)  # keeps the convolution out of the chain
    one, other = fitted(first), fitted(second)
    np.testing.assert_allclose(one["loss"], other["loss"], rtol=2e-2)


def test_a_graph_in_which_training_was_written_down_is_at_rest_in_predict(tmp_path):
    """As Keras writes it, whose default it is."""
    start = layers.Input((10, 12, 3))
    model = models.Model(start, layers.RandomInvert((1.0, 1.0))(start, training=True))
    np.testing.assert_array_equal(model.predict(PICTURES.astype(np.float32), verbose=0), PICTURES)


def test_a_stack_of_augmentation_is_at_work_by_itself_and_one_that_classifies_is_not():
    flip = layers.RandomInvert((1.0, 1.0))
    stack = models.Sequential([layers.Rescaling(1 / 255), flip])
    np.testing.assert_allclose(stack(PICTURES), 255 - PICTURES / 255.0, rtol=1e-5)
    np.testing.assert_allclose(stack(PICTURES, training=False), PICTURES / 255.0, rtol=1e-5)
    np.testing.assert_allclose(stack.predict(PICTURES, verbose=0), PICTURES / 255.0, rtol=1e-5)
    model = models.Sequential([layers.Input((10, 12, 3)), stack, layers.Flatten()])
    np.testing.assert_allclose(model(PICTURES), PICTURES.reshape(6, -1) / 255.0, rtol=1e-5)
    stack.add(layers.Flatten())
    np.testing.assert_allclose(stack(PICTURES), PICTURES.reshape(6, -1) / 255.0, rtol=1e-5)
    stack.pop()
    np.testing.assert_allclose(stack(PICTURES), 255 - PICTURES / 255.0, rtol=1e-5)


def test_pipeline_is_its_layers_one_after_the_other(tmp_path):
    parts = [layers.RandomFlip(seed=1), layers.RandomZoom(0.2, seed=2), layers.MixUp(seed=3)]
    pipeline = layers.Pipeline(parts, name="augment")
    data = {"images": PICTURES, "labels": np.eye(6, dtype=np.float32)}
    with random.training_step(0, 1):
        expected = data
        for layer in parts:
            expected = layer(expected, training=True)
    with random.training_step(0, 1):
        result = pipeline(data)
    torch.testing.assert_close(result, expected, rtol=0, atol=0)
    np.testing.assert_array_equal(pipeline(PICTURES, training=False), PICTURES)
    model = models.Sequential([layers.Input((10, 12, 3)), pipeline, layers.Flatten()])
    model.save(tmp_path / "model.keras")
    again = models.load_model(tmp_path / "model.keras")
    with random.training_step(0, 1):
        torch.testing.assert_close(again.layers[0](data), expected, rtol=0, atol=0)
    np.testing.assert_array_equal(again.predict(PICTURES, verbose=0), PICTURES.reshape(6, -1))
