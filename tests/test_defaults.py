"""What holds where nobody says otherwise holds for layers, pictures and generators alike."""

import numpy as np
import pytest

from anmok import applications, defaults, layers, models
from anmok.errors import ArgumentError, UnknownNameError
from anmok.preprocessing.image import ImageDataGenerator, img_to_array


@pytest.fixture
def channels_first():
    defaults.set_image_data_format("channels_first")
    yield
    defaults.set_image_data_format("channels_last")


def test_images_have_their_channels_first_throughout(channels_first):
    conv = layers.Conv2D(2, 3, input_shape=(3, 8, 8))
    model = models.Sequential([conv, layers.MaxPooling2D(), layers.Flatten(), layers.Dense(1)])
    assert model.layers[0].output_shape == (None, 2, 6, 6)
    assert model.layers[1].output_shape == (None, 2, 3, 3)
    image = np.arange(3 * 4 * 5, dtype="float32").reshape(3, 4, 5)
    np.testing.assert_array_equal(img_to_array(image.transpose(1, 2, 0)), image)
    flow = ImageDataGenerator().flow(image[None], batch_size=1, shuffle=False)
    np.testing.assert_array_equal(next(flow)[0], image)
    caffe = applications.vgg16.preprocess_input(image)
    np.testing.assert_allclose(caffe[2], image[0] - 123.68, rtol=1e-6)
    with pytest.raises(ArgumentError, match="channels last"):
        applications.VGG16(weights=None)


def test_only_the_two_orders_there_are():
    with pytest.raises(UnknownNameError, match="channels_last"):
        defaults.set_image_data_format("last")
    assert defaults.image_data_format() == "channels_last"
