import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy import ndimage

from anmok import layers, random
from anmok.errors import ArgumentError
from anmok.layers import random_filters

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 11, 9, 3)).astype(np.uint8)


@pytest.mark.parametrize("factor", [0.0, 0.3, 0.5, 1.0])
def test_sharpness_is_pillows_inside(factor):
    """Pillow leaves the border as it is; Keras, and so we, see 0 outside."""
    y = layers.RandomSharpness((factor, factor))(IMAGES, training=True).numpy()
    theirs = [np.asarray(ImageEnhance.Sharpness(Image.fromarray(image)).enhance(2 * factor)) for image in IMAGES]
    assert np.abs(y - np.stack(theirs))[:, 1:-1, 1:-1].max() <= 1.5


@pytest.mark.parametrize("sigma", [0.6, 1.5])
def test_blur_is_scipys(sigma):
    x = torch.from_numpy(IMAGES).float().permute(0, 3, 1, 2)
    blurred = random_filters.gaussian_blur(x, size=(7, 5), deviations=torch.tensor([sigma, 2 * sigma]))
    theirs = ndimage.gaussian_filter1d(x.double().numpy(), sigma, axis=3, mode="constant", radius=3)
    theirs = ndimage.gaussian_filter1d(theirs, 2 * sigma, axis=2, mode="constant", radius=2)
    np.testing.assert_allclose(blurred, theirs, atol=1e-2)


@pytest.mark.parametrize("factor, share", [(0.0, 0), ((1.0, 1.0), 1), (1.0, 0.5)])
@pytest.mark.parametrize("name, flag", [("RandomGaussianBlur", "blurred"), ("RandomErasing", "erased")])
def test_probabilities(name, flag, factor, share):
    values = getattr(layers, name)(factor).draw(np.random.default_rng(0), (4000, 8, 8, 3))
    assert np.mean(values[flag]) == pytest.approx(share, abs=0.03)


def test_boxes_lie_within_the_image_and_are_as_large_as_asked_for():
    values = layers.RandomErasing(scale=(0.04, 0.25)).draw(np.random.default_rng(0), (4000, 20, 30, 3))
    for first, last, length in (("left", "right", 30), ("top", "bottom", 20)):
        start, end = values[first], values[last]
        assert 0 <= start.min() < 0.1 and length - 0.1 < end.max() <= length
        parts = ((end - start) / length) ** 2
        assert 0.04 <= parts.min() < 0.042 and 0.248 < parts.max() <= 0.25 + 1e-9


def test_what_is_erased_is_one_box_and_the_rest_stays():
    x = np.full((40, 12, 10, 3), 100, np.float32)
    y = layers.RandomErasing((1.0, 1.0), scale=(0.2, 0.5), fill_value=(1, 2, 3))(x, training=True).numpy()
    for image in y:
        rows, columns = np.nonzero((image != 100).any(-1))
        box = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert np.all(box == [1, 2, 3])
        assert len(rows) == box.shape[0] * box.shape[1] and 0.12 < len(rows) / 120 < 0.62


def test_noise_stays_in_the_value_range_and_depends_on_the_step():
    x = np.full((2, 30, 30, 3), 0.5, np.float32)
    layer = layers.RandomErasing((1.0, 1.0), scale=(0.9, 1.0), value_range=(0, 1))
    outputs = []
    for step in (0, 0, 1):
        with random.training_step(0, step):
            outputs.append(layer(x, training=True))
    assert torch.equal(outputs[0], outputs[1]) and not torch.equal(outputs[0], outputs[2])
    erased = outputs[0][outputs[0] != 0.5]
    # Half of the normal values are below 0, 16 percent above 1.
    assert 0.46 < (erased == 0).float().mean() < 0.54 and 0.12 < (erased == 1).float().mean() < 0.2


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: layers.RandomGaussianBlur(kernel_size=4), "kernel_size must be odd"),
        (lambda: layers.RandomGaussianBlur(sigma=-1), "sigma must be a number, or two of them, not below 0"),
        (lambda: layers.RandomErasing(scale=2), "scale must be"),
        (lambda: layers.RandomErasing(fill_value=(1, 2)), "fill_value must be a number, three of them, or None"),
        (lambda: layers.RandomSharpness((0, 3)), "from 0 to 1"),
    ],
)
def test_what_cannot_be_honoured_is_refused(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()
