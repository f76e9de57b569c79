"""A network that was trained on ImageNet, put to another use: a new head on frozen features, then the last blocks."""

import importlib

from anmok import layers
from anmok.errors import ArgumentError
from anmok.models import Model

_TUNED = 1 / 3  # of the layers with weights, counted from the end


def build(application, shape, classes):
    """A Model of images `shape` (H, W, 3), 0..255: the application with ImageNet's weights, frozen, and a new head."""
    if shape[2] != 3:
        raise ArgumentError(f"Networks trained on ImageNet take colour images, (H, W, 3); these are {tuple(shape)}.")
    # Of images of any size the weights for the usual one are taken, where others are published too.
    base = application(include_top=False, weights="imagenet", pooling="avg")
    base.trainable = False
    image = layers.Input(shape)
    prepared = importlib.import_module(application.__module__).preprocess_input(image)
    x = layers.Dropout(0.2)(base(prepared))
    return Model(image, layers.Dense(classes, activation="softmax")(x), name=base.name)


def unfreeze(model):
    """Make the last third of the base's layers trainable; returns how many these are.

    Batch normalization stays frozen, with the statistics of ImageNet: a few batches of other images would spoil them.
    """
    base = next(layer for layer in model.layers if isinstance(layer, Model))
    weighted = [layer for layer in base.layers if layer.weights and not _normalizes(layer)]
    tuned = weighted[-max(1, round(_TUNED * len(weighted))) :]
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer in tuned
    return len(tuned)


def _normalizes(layer):
    return isinstance(layer, layers.BatchNormalization)
