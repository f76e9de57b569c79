"""A good training for each source: the network, how long, how fast, how varied."""

import dataclasses

from anmok import initializers, layers
from anmok.augment import preset
from anmok.errors import ArgumentError, unknown_name
from anmok.models import Model, Sequential
from anmok.runs import pictures, sources
from anmok.runs.config import TrainConfig


def convnet(shape, classes):
    """Three convolutions, each with batch norm and pooling: the smallest that is worth training."""
    return Sequential(
        [
            layers.Input(shape),
            layers.Rescaling(1 / 255),
            *_convolution(32),
            layers.MaxPooling2D(),
            *_convolution(64),
            layers.MaxPooling2D(),
            *_convolution(128),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            _classifier(classes),
        ],
        name="convnet",
    )


def resnet8(shape, classes):
    """Seven convolutions, two pairs of them residual, and a dense layer (after D. Page's DAWNBench ResNet-9)."""
    image = layers.Input(shape)
    x = layers.Rescaling(1 / 255)(image)
    x = layers.MaxPooling2D()(_apply(_convolution(32), x))
    x = layers.MaxPooling2D()(_residual(_apply(_convolution(64), x), 64))
    x = layers.MaxPooling2D()(_apply(_convolution(128), x))
    x = layers.GlobalMaxPooling2D()(_residual(x, 128))
    x = layers.Dropout(0.3)(x)
    return Model(image, _classifier(classes)(x), name="resnet8")


def resnet11(shape, classes):
    """Ten convolutions and a dense layer for photographs: a stem, then three stages, each with a residual pair."""
    return _photograph_network(shape, classes, name="resnet11", filters=(32, 64, 128, 256))


def resnet14(shape, classes):
    """resnet11 with a stage more, and narrower ones, for photographs of 96 pixels and more."""
    return _photograph_network(shape, classes, name="resnet14", filters=(24, 48, 96, 192, 192))


def _photograph_network(shape, classes, *, name, filters):
    image = layers.Input(shape)
    x = layers.Rescaling(1 / 255)(image)
    x = layers.MaxPooling2D()(_apply(_convolution(filters[0]), x))
    for number in filters[1:]:
        # Pooled before the residual pair, a stage costs a third of what it would after.
        x = _residual(layers.MaxPooling2D()(_apply(_convolution(number), x)), number)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    return Model(image, _classifier(classes)(x), name=name)


def _convolution(filters):
    return [
        layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer=_small()),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]


def _classifier(classes):
    return layers.Dense(classes, activation="softmax", kernel_initializer=_small())


def _small():
    """Kernels of a third of LeCun's variance, PyTorch's default.

    Batch norm makes the output blind to a kernel's size, and a small one turns faster: on fashion-mini He's normal
    starts with a loss of 2.9 and ends at 90.9 %, this one with 1.4 and at 91.5 %.
    """
    return initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")


def _residual(x, filters):
    return layers.Add()([x, _apply([*_convolution(filters), *_convolution(filters)], x)])


def _apply(stack, x):
    for layer in stack:
        x = layer(x)
    return x


NETWORKS = {"convnet": convnet, "resnet8": resnet8, "resnet11": resnet11, "resnet14": resnet14}
LEAST_SIDES = {"convnet": 8, "resnet8": 8, "resnet11": 16, "resnet14": 32}  # pixels; each pooling halves them


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
_VISITS = 100_000  # pictures, each counted as often as it is seen: about five minutes on 2 cores at 96 pixels
_PHOTOGRAPH_EPOCHS = (6, 100)

# Reached on the test images with seed 0: fashion-mini 91.2 % (about a minute on 2 cores), mnist 99.6 %, cifar10 83.6 %
# (on a JPEG copy of its images).
# Digits are not their mirror images; clothes and photographs are. Shifts of 2 pixels cost fashion-mini half a point.
RECIPES = {
    "fashion-mini": Recipe("resnet8", 18, 128, 3e-3, 0.01, shift=1, flip=True),
    "mnist": Recipe("resnet8", 4, 128, 3e-3, 0.01, shift=2, flip=False),
    "fashion-mnist": Recipe("resnet8", 8, 128, 3e-3, 0.01, shift=1, flip=True),
    "cifar10": Recipe("resnet8", 12, 128, 3e-3, 0.01, shift=4, flip=True),
}


def configure(source, *, found=None, **changes):
    """The TrainConfig of a source's recipe; a change of None leaves the recipe's value.

    found: the Pictures that lie at `source`, where this is a path. Raises UnknownNameError for a source, a model or an
    augmentation that there is not, and ArgumentError for a size of images that have one.
    """
    source = sources.resolve(source)
    changes = {name: value for name, value in changes.items() if value is not None}
    if found is None:
        recipe = dataclasses.asdict(RECIPES[sources.canonical(source)])
        if changes.get("image_size"):
            raise ArgumentError(f"--image-size is for pictures in a folder or archive; those of {source} have a size.")
        if "augment" in changes:
            recipe |= {"shift": 0, "flip": False}
    else:
        recipe = photographs(found, image_size=changes.get("image_size"))
    config = TrainConfig(**{"source": source, **recipe, **changes})
    if config.model not in NETWORKS:
        raise unknown_name("model", config.model, NETWORKS)
    preset(config.augment)
    least = max(_LEAST_SIZE, LEAST_SIDES[config.model])
    if found is not None and config.image_size < least:
        raise ArgumentError(
            f"--image-size: expected {least} pixels or more for {config.model}, got {config.image_size}."
        )
    return config


def build(config, shape, classes):
    """The network that a config names, for images of `shape` (H, W, C) and `classes` classes.

    Raises ArgumentError for images that its poolings would leave nothing of.
    """
    least = LEAST_SIDES[config.model]
    if min(shape[:2]) < least:
        raise ArgumentError(
            f"{config.model} needs images of {least} x {least} pixels or more, these have {shape[0]} x {shape[1]}. "
            "Choose another --model."
        )
    return NETWORKS[config.model](tuple(shape), classes)


def photographs(found, *, image_size=None):
    """The recipe (dict) for a person's own Pictures: by how many they are, and how large (unless image_size says)."""
    images = int(found.counts("train").sum())
    size = image_size or pictures.fitting_size(pictures.median_shorter_side(found), largest=_PHOTOGRAPH_SIZE)
    visits = _VISITS * min(4, (_PHOTOGRAPH_SIZE / max(size, _LEAST_SIZE)) ** 2)
    fewest, most = _PHOTOGRAPH_EPOCHS
    return {
        "model": "resnet14" if size >= 96 else "resnet11" if size >= 48 else "resnet8",
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
