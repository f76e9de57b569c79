"""What a training is told: one frozen record, written to the run folder before anything else."""

import dataclasses
import math
import os
import re
from pathlib import Path

from anmok.errors import ArgumentError, FileFormatError

_ARCHIVE = re.compile(r"\.(zip|tgz|tar(\.\w+)?)$", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run's result.

    source: a name, or the absolute path of a folder or archive of pictures. shift: pixels each way. augment: a preset
    of anmok.augment. image_size: height and width in pixels that pictures are brought to; 0 for those that have one.
    test_fraction: of a source's images, held out to be tested on; 0 where it has test images of its own.
    validation_fraction: of the training images left; 0 where there are others to validate on. strict: stop at a file
    that cannot be read, else leave it out. transfer: begin with ImageNet's weights, which stay as they are for `epochs`
    epochs; then the last of them are trained too, for `fine_tune` epochs.
    """

    source: str
    model: str
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    shift: int
    flip: bool
    validation_fraction: float = 0.1
    seed: int = 0
    augment: str = "none"
    image_size: int = 0
    test_fraction: float = 0.0
    strict: bool = False
    transfer: bool = False
    fine_tune: int = 0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is float and type(value) is int:
                object.__setattr__(self, field.name, float(value))
            elif type(value) is not field.type:
                raise ArgumentError(f"{field.name}: expected {field.type.__name__}, got {value!r}.")
        for name, least in (("epochs", 1), ("batch_size", 1), ("shift", 0), ("seed", 0), ("image_size", 0),
                            ("fine_tune", 0)):  # fmt: skip
            if getattr(self, name) < least:
                raise ArgumentError(f"{name}: expected a whole number >= {least}, got {getattr(self, name)}.")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ArgumentError(f"learning_rate: expected a number above 0, got {self.learning_rate}.")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ArgumentError(f"weight_decay: expected a number >= 0, got {self.weight_decay}.")
        for name in ("validation_fraction", "test_fraction"):
            if not 0 <= getattr(self, name) < 1:
                raise ArgumentError(f"{name}: expected a number from 0 to below 1, got {getattr(self, name)}.")

    @property
    def all_epochs(self):
        """How many epochs the run has in all."""
        return self.epochs + self.fine_tune

    @property
    def is_of_pictures(self):
        """Whether the source is a path to pictures, not a name."""
        return os.path.isabs(self.source)

    @property
    def title(self):
        """What the source is called: its name, or the folder's or archive's own."""
        if not self.is_of_pictures:
            return self.source
        return _ARCHIVE.sub("", Path(self.source).name) or "pictures"

    def to_dict(self):
        """The record as plain data for config.json."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values):
        """The record that `to_dict` made; raises FileFormatError when a field is missing or unknown."""
        try:
            return cls(**values)
        except TypeError as error:
            raise FileFormatError(f"config.json is not one of this version of anmok ({error}).") from error
