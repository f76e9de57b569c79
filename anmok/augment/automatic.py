"""Policies that others searched for: AutoAugment, RandAugment, TrivialAugment. Their tables: images/policies.py."""

from dataclasses import dataclass

from anmok.augment import ranges
from anmok.augment.moving import Move
from anmok.images import policies


@dataclass(frozen=True, kw_only=True)
class _Policy(Move):
    """Draws operations; what they show beyond the edge is grey (128), as in the authors' code, or as fill_mode says."""

    fill_mode: str = "constant"
    cval: float = 128.0
    order: int = 1

    place = None  # several moves, with other operations in between

    def apply(self, image, operations):
        return policies.operate(image, operations=operations, **self.filling)


@dataclass(frozen=True, kw_only=True)
class AutoAugment(_Policy):
    """One pair of operations of a learned policy (Cubuk et al. 2019). policy: 'imagenet' or 'cifar10'."""

    policy: str = "imagenet"

    def __post_init__(self):
        super().__post_init__()
        ranges.choice("AutoAugment", "policy", self.policy, policies.POLICIES)

    def draw(self, rng, shape):
        return policies.draw_autoaugment(rng, shape, policy=self.policy)


@dataclass(frozen=True, kw_only=True)
class RandAugment(_Policy):
    """`num_ops` of 14 operations, all of one magnitude (Cubuk et al. 2020).

    magnitude: 0..30 in steps of 1, as in the paper's experiments and in torchvision; Keras' 0..1 times 30.
    """

    num_ops: int = 2
    magnitude: int = 9

    def __post_init__(self):
        super().__post_init__()
        self.keep(
            num_ops=ranges.integer("RandAugment", "num_ops", self.num_ops),
            magnitude=ranges.integer(
                "RandAugment", "magnitude", self.magnitude, low=0, high=policies.HIGHEST_MAGNITUDE
            ),
        )

    def draw(self, rng, shape):
        return policies.draw_randaugment(rng, shape, num_ops=self.num_ops, magnitude=self.magnitude)


@dataclass(frozen=True, kw_only=True)
class TrivialAugment(_Policy):
    """One of 14 operations at one of 31 magnitudes, in wide ranges (Müller and Hutter 2021); nothing to tune."""

    def draw(self, rng, shape):
        return policies.draw_trivialaugment(rng, shape)


TrivialAugmentWide = TrivialAugment
