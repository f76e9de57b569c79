"""Configs of augmentation layers, read and written by Keras."""

import json

import keras
import pytest
from side_by_side import assert_same_config, described

from anmok import layers

CONFIGS = {
    "AugMix": {"factor": 0.2, "alpha": 0.5, "value_range": (0, 1)},
    "AutoContrast": {"value_range": [0, 1], "data_format": "channels_first"},
    "CutMix": {"factor": (0.1, 0.9), "seed": 3},
    "Equalization": {"bins": 100, "value_range": (0, 255)},
    "MixUp": {"alpha": 0.4, "data_format": "channels_first"},
    "RandAugment": {"num_ops": 4, "factor": (0.1, 0.3), "seed": 2},
    "RandomBrightness": {"factor": 0.3, "trainable": False},
    "RandomColorDegeneration": {"factor": (0.1, 0.3)},
    "RandomColorJitter": {"contrast_factor": 0.3, "hue_factor": (0.1, 0.2)},
    "RandomContrast": {"factor": (0.1, 0.3), "value_range": (0, 1)},
    "RandomCrop": {"height": 3, "width": 4, "seed": 9},
    "RandomErasing": {"factor": 0.4, "scale": 0.3},
    "RandomFlip": {"mode": "horizontal", "dtype": "mixed_bfloat16"},
    "RandomGaussianBlur": {"kernel_size": (5, 5), "sigma": 0.5},
    "RandomHue": {"factor": 0.3, "seed": 1},
    "RandomInvert": {"factor": 0.2},
    "RandomPerspective": {"scale": 0.3, "interpolation": "nearest"},
    "RandomPosterization": {"factor": (2, 5)},
    "RandomRotation": {"factor": 0.2, "fill_mode": "wrap"},
    "RandomSaturation": {"factor": (0.2, 0.6)},
    "RandomSharpness": {"factor": 0.3},
    "RandomShear": {"x_factor": (0.1, 0.2), "y_factor": (0.0, 0.3)},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": (-0.1, 0.3)},
    "RandomZoom": {"height_factor": -0.2, "width_factor": [0.1, 0.3]},
    "Solarization": {"addition_factor": 0.1, "threshold_factor": (0.2, 0.3)},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_have_the_same_keys_and_values(name):
    assert_same_config(getattr(layers, name)(**CONFIGS[name]), getattr(keras.layers, name)(**CONFIGS[name]))


def test_grayscale_keeps_its_seed_which_keras_forgets():
    mine, theirs = layers.RandomGrayscale(0.3, seed=4), keras.layers.RandomGrayscale(0.3, seed=4)
    assert described(mine.get_config()) == described({**theirs.get_config(), "seed": 4})
    assert keras.layers.RandomGrayscale.from_config(mine.get_config()).seed == 4


@pytest.mark.parametrize(
    "name, documented",
    [
        ("RandomContrast", (0.3, 0.3)),
        ("RandomSaturation", (0, 0.3)),
        ("RandomColorDegeneration", (0, 0.3)),
        ("RandomShear", (0, 0.3)),
    ],
)
def test_one_number_means_what_keras_documents(name, documented):
    """Its code has (0, 0.3), (-0.3, 0.3), (-0.3, 0.3), (-0.3, 0.3): a RandomShear it cannot read back itself."""
    config = getattr(layers, name)(0.3).get_config()
    key = "x_factor" if name == "RandomShear" else "factor"
    assert config[key] == documented
    again = getattr(keras.layers, name).from_config(config)
    assert tuple(getattr(again, key)) == documented
    getattr(layers, name).from_config(getattr(keras.layers, name)(0.3).get_config())


def test_pipelines_read_each_other():
    def made(K):
        return K.Pipeline([K.RandomFlip("vertical", seed=2), K.RandomContrast((0.1, 0.2))], name="augment")

    mine, theirs = made(layers), made(keras.layers)
    for cls, config in ((layers.Pipeline, theirs.get_config()), (keras.layers.Pipeline, mine.get_config())):
        again = cls.from_config(json.loads(json.dumps(config)))
        assert [type(layer).__name__ for layer in again.layers] == ["RandomFlip", "RandomContrast"]
        assert again.layers[0].mode == "vertical" and tuple(again.layers[1].factor) == (0.1, 0.2)
        assert again.name == "augment"
