"""The networks that a run may have: the zoo's, and Keras' applications, by name."""

from anmok import applications, layers
from anmok.errors import ArgumentError, unknown_name
from anmok.models import Model
from anmok.runs import transfer
from anmok.zoo import building, finding
from anmok.zoo.networks import ALIASES, NETWORKS

_APPLICATIONS = {name.lower(): name for name in applications.__all__ if name[0].isupper()}
_PIXELS = 1 / 255


def canonical(name, *, transfer=False):
    """The name under which a network is known, whatever its capitals; raises UnknownNameError with the nearest.

    transfer: of those alone that there are ImageNet weights for, Keras' applications.
    """
    plain = str(name).lower().replace("_", "-")
    if not transfer and (plain in NETWORKS or plain in ALIASES):
        return finding.canonical(plain)
    if plain.replace("-", "") in _APPLICATIONS:
        return plain.replace("-", "")
    if transfer:
        raise unknown_name("network with ImageNet weights", name, _APPLICATIONS)
    raise unknown_name("model", name, [*NETWORKS, *ALIASES, *_APPLICATIONS])


def least_side(name):
    """The smallest images, pixels each way, of which a network's poolings leave something."""
    return NETWORKS[name].smallest if name in NETWORKS else 1  # applications look for themselves


def build(config, shape, classes):
    """The network that a config names, for images of `shape` (H, W, C), 0..255, and `classes` classes.

    Raises ArgumentError for images that it does not take.
    """
    least = least_side(config.model)
    if min(shape[:2]) < least:
        raise ArgumentError(
            f"{config.model} needs images of {least} x {least} pixels or more, these have {shape[0]} x {shape[1]}. "
            "Choose another --model."
        )
    if config.transfer:
        return transfer.build(_application(config.model), tuple(shape), classes)
    if config.model in NETWORKS:
        return building.build(config.model, tuple(shape), classes, rescale=_PIXELS)
    return _from_nothing(_application(config.model), tuple(shape), classes)


def _application(name):
    return getattr(applications, _APPLICATIONS[name])


def _from_nothing(application, shape, classes):
    image = layers.Input(shape)
    base = application(include_top=False, weights=None, input_shape=shape, pooling="avg")
    x = layers.Dropout(0.2)(base(layers.Rescaling(1 / 127.5, offset=-1.0)(image)))
    return Model(image, layers.Dense(classes, activation="softmax")(x), name=base.name.lower())
