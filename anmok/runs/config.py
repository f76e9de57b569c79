"""What a training is told: one frozen record, written to the run folder before anything else."""

import dataclasses
import math

from anmok.errors import ArgumentError, FileFormatError


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run's result. shift: pixels each way. validation_fraction: of the training images."""

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

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is float and type(value) is int:
                object.__setattr__(self, field.name, float(value))
            elif type(value) is not field.type:
                raise ArgumentError(f"{field.name}: expected {field.type.__name__}, got {value!r}.")
        for name, least in (("epochs", 1), ("batch_size", 1), ("shift", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise ArgumentError(f"{name}: expected a whole number >= {least}, got {getattr(self, name)}.")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ArgumentError(f"learning_rate: expected a number above 0, got {self.learning_rate}.")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ArgumentError(f"weight_decay: expected a number >= 0, got {self.weight_decay}.")
        if not 0 < self.validation_fraction < 1:
            raise ArgumentError(f"validation_fraction: expected a number in 0..1, got {self.validation_fraction}.")

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
