import dataclasses

import pytest

from anmok.errors import ArgumentError, FileFormatError
from anmok.runs.config import TrainConfig

# fmt: off
GOOD = {
    "source": "mnist", "model": "small", "epochs": 2, "batch_size": 8, "learning_rate": 0.1, "weight_decay": 0,
    "shift": 1, "flip": False,
}
# fmt: on


def test_a_config_survives_being_written():
    config = TrainConfig(**GOOD)
    assert TrainConfig.from_dict(config.to_dict()) == config
    assert config.weight_decay == 0.0 and config.seed == 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.epochs = 3


@pytest.mark.parametrize(
    "change, words",
    [
        ({"epochs": 0}, "epochs: expected a whole number >= 1, got 0"),
        ({"epochs": 1.5}, "epochs: expected int, got 1.5"),
        ({"flip": 1}, "flip: expected bool, got 1"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a number above 0"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"test_fraction": -0.1}, "test_fraction: expected a number from 0 to below 1, got -0.1"),
        ({"image_size": -1}, "image_size: expected a whole number >= 0"),
    ],
)
def test_a_wrong_value_is_named(change, words):
    with pytest.raises(ArgumentError, match=words):
        TrainConfig(**GOOD | change)


def test_a_config_of_an_older_version_is_read():
    config = TrainConfig.from_dict(GOOD)
    assert (config.augment, config.image_size, config.is_of_pictures, config.title) == ("none", 0, False, "mnist")


def test_a_typo_fails_at_once():
    with pytest.raises(FileFormatError, match="batchsize"):
        TrainConfig.from_dict(GOOD | {"batchsize": 3})
