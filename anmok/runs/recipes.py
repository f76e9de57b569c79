"""A good training for each source: the network, how long, how fast, how varied."""

import dataclasses

from anmok.augment import preset
from anmok.errors import ArgumentError
from anmok.runs import networks, pictures, sources
from anmok.runs.config import TrainConfig


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a TrainConfig is made of when nothing else was said."""

    model: str
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    shift: int
    flip: bool


_LEAST_SIZE = 16  # pixels each way in which a person could still tell something
_PHOTOGRAPH_SIZE = 96
_VISITS = 100_000  # pictures, each counted as often as it is seen: about four minutes on 2 cores at 96 pixels
_PHOTOGRAPH_EPOCHS = (6, 100)

# The head of a network that was trained on ImageNet: its features are computed once, and epochs cost next to nothing.
_TRANSFER = {"model": "mobilenet", "epochs": 30, "batch_size": 32, "learning_rate": 3e-3, "augment": "none"}
_TRANSFER_SIZE = 224

# Reached on the test images with seed 0: fashion-mini 90.7 to 91.4 % (half a minute on 2 cores), mnist 99.5 %, cifar10
# 83.0 % (on a JPEG copy of its images). cats_and_dogs_small, by photographs() below: 91.0 %.
# Digits are not their mirror images; clothes and photographs are. Shifts of 2 pixels cost fashion-mini half a point.
RECIPES = {
    "fashion-mini": Recipe("small", 18, 128, 3e-3, 0.01, shift=1, flip=True),
    "mnist": Recipe("small", 6, 128, 3e-3, 0.01, shift=2, flip=False),
    "fashion-mnist": Recipe("small", 12, 128, 3e-3, 0.01, shift=1, flip=True),
    "cifar10": Recipe("small", 20, 128, 3e-3, 0.01, shift=4, flip=True),
}


def configure(source, *, found=None, transfer=False, **changes):
    """The TrainConfig of a source's recipe; a change of None leaves the recipe's value.

    found: the Pictures that lie at `source`, where this is a path. transfer: begin with a network that was trained on
    ImageNet. Raises UnknownNameError for a source, a model or an augmentation that there is not, and ArgumentError for
    a size of images that have one, or that the model does not take.
    """
    source = sources.resolve(source)
    changes = {name: value for name, value in changes.items() if value is not None}
    if found is None:
        recipe = dataclasses.asdict(RECIPES[sources.canonical(source)])
        if changes.get("image_size"):
            raise ArgumentError(f"--image-size is for pictures in a folder or archive; those of {source} have a size.")
        if "augment" in changes:
            recipe |= {"shift": 0, "flip": False}
        if transfer:
            raise ArgumentError(
                f"--transfer is for pictures in a folder or archive; those of {source} are too small for it."
            )
    else:
        recipe = photographs(found, image_size=changes.get("image_size"))
    if transfer:
        recipe |= _TRANSFER | {"image_size": changes.get("image_size", _TRANSFER_SIZE), "transfer": True}
    elif changes.get("fine_tune"):
        raise ArgumentError("--fine-tune goes with --transfer: there is nothing to tune finely in a new network.")
    config = TrainConfig(**{"source": source, **recipe, **changes})
    config = dataclasses.replace(config, model=networks.canonical(config.model, transfer=transfer))
    preset(config.augment)
    least = max(_LEAST_SIZE, networks.least_side(config.model))
    if found is not None and config.image_size < least:
        raise ArgumentError(
            f"--image-size: expected {least} pixels or more for {config.model}, got {config.image_size}."
        )
    return config


def photographs(found, *, image_size=None):
    """The recipe (dict) for a person's own Pictures: by how many they are, and how large (unless image_size says)."""
    images = int(found.counts("train").sum())
    size = image_size or pictures.fitting_size(pictures.median_shorter_side(found), largest=_PHOTOGRAPH_SIZE)
    visits = _VISITS * min(4, (_PHOTOGRAPH_SIZE / max(size, _LEAST_SIZE)) ** 2)
    fewest, most = _PHOTOGRAPH_EPOCHS
    return {
        "model": "small",
        "epochs": int(min(most, max(fewest, visits // max(images, 1)))),
        "batch_size": 32 if images >= 1000 else 16 if images >= 200 else 8,
        "learning_rate": 3e-3,
        "weight_decay": 0.02,
        "shift": 0,
        "flip": False,
        "augment": "photos",
        "image_size": size,
        "test_fraction": 0.0 if found.has("test") else 0.2,
        "validation_fraction": 0.0 if found.has("validation") else 0.1 if images >= 1000 else 0.15,
    }
