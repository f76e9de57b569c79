"""A network of ours and the same network of Keras, and weights that go from one to the other by file."""

import json
import math

import keras
import numpy as np
import torch
from same_network import save_legacy_weights

from anmok import applications, models
from anmok.layers import Operation, forget_names


def check_whole_models(ours, theirs, folder, images, *, bound=1e-4):
    """What one side saves as .keras, the other loads, with the same outputs."""
    ours.save(folder / "ours.keras")
    assert difference(ours, keras.models.load_model(folder / "ours.keras"), images) < bound
    theirs.save(folder / "theirs.keras")
    assert difference(models.load_model(folder / "theirs.keras"), theirs, images) < bound


def check_carried(network, folder, shape, *, pixels=(0, 255), ours=None, build=None, bound=1e-4, **arguments):
    """Make a network twice, carry weights from Keras' to ours by file, and compare all there is to compare.

    shape: of the images, and input_shape unless one is given. pixels: their range. ours, build: what makes our network
    and Keras', where applications do not. Neither gets an activation at its top unless one is given: a difference could
    hide behind it. Returns our network, Keras', and the images.
    """
    arguments = {"input_shape": shape, "classifier_activation": None, "weights": None, **arguments}
    keras.utils.clear_session()
    forget_names()
    ours = (ours or getattr(applications, network))(**arguments)
    theirs = (build or getattr(keras.applications, network))(**arguments)
    assert_same_structure(ours, theirs)
    images = np.random.default_rng(0).uniform(*pixels, (2, *shape)).astype("float32")
    images[1] *= 0.3
    assert_carried(ours, theirs, folder, images, bound=bound)
    return ours, theirs, images


def layers_of(model):
    """Its layers as Keras counts them, to whom an operator is none."""
    return [layer for layer in model.layers if not isinstance(layer, Operation)]


def assert_same_structure(ours, theirs):
    """Names of layers in their order, weights in their order, and what each layer was made of."""
    assert [layer.name for layer in layers_of(ours)] == [layer.name for layer in theirs.layers]
    assert ours.count_params() == theirs.count_params()
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert ours.name == theirs.name and tuple(ours.output_shape) == tuple(theirs.output_shape)
    for layer, twin in zip(layers_of(ours), theirs.layers, strict=True):
        assert _settings(layer) == _settings(twin), layer.name


UNCOMPARED = {"dtype", "sparse", "ragged", "optional", "seed"}  # Keras' own, or written in another way


def _settings(layer):
    """The config as a JSON file would hold it, of a model the names of its layers."""
    if hasattr(layer, "layers"):
        return [_settings(inner) for inner in layer.layers]
    config = json.loads(json.dumps(layer.get_config()), parse_float=lambda digits: float(np.float32(digits)))
    if config.get("axis") in (-1, [-1]):
        config["axis"] = 3
    return {key: _plain(value) for key, value in config.items() if key not in UNCOMPARED}


def _plain(value):
    """An object in a config by its class and arguments."""
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    inner = {key: entry for key, entry in value["config"].items() if key != "seed"}
    return ("Zeros", []) if inner == {"value": 0.0} else (value["class_name"], sorted(inner.items()))


def randomize(model, seed, images):
    """Give a Keras model other weights than any initializer makes, statistics and factors included.

    Kernels are as small as they may be for the outputs to differ from image to image: with larger ones a deep network
    makes much of the last digit, and Keras differs from itself.
    """
    rng = np.random.default_rng(seed)

    def draw(weight):
        kind, shape = weight.path.rpartition("/")[2], tuple(weight.shape)
        if kind in ("gamma", "variance", "moving_variance"):
            return rng.uniform(0.5, 1.5, shape)
        if len(shape) < 2:
            return rng.normal(0, 0.2, shape)
        depthwise = len(shape) == 4 and shape[3] == 1
        inputs = math.prod(shape[:2] if depthwise else shape[:-1])
        return rng.standard_normal(shape, "float32") / np.float32(math.sqrt(inputs))

    arrays = [draw(weight) for weight in model.weights]
    for gain in np.arange(1.0, 2.25, 0.1):
        model.set_weights([array * np.float32(gain) if array.ndim > 1 else array for array in arrays])
        with torch.no_grad():
            outputs = model(images, training=False).numpy()
        if np.abs(outputs[0] - outputs[1]).max() > LEAST * np.abs(outputs).max():
            break


LEAST = 2e-3  # how much of the largest output two images' outputs must differ


def difference(ours, theirs, images):
    """The largest difference of the outputs for `images`, as a share of the largest output."""
    with torch.no_grad():
        a, b = ours(images).numpy(), theirs(images, training=False).numpy()
    largest = np.abs(b).max()
    assert a.shape == b.shape and np.isfinite(b).all()
    assert np.abs(b[0] - b[1]).max() > LEAST / 2 * largest > 0, "these weights hardly look at the images"
    return float(np.abs(a - b).max() / largest)


def assert_carried(ours, theirs, folder, images, *, bound):
    """The same outputs after each way that weights can go from Keras' network to ours."""
    randomize(theirs, 0, images)
    theirs.save_weights(folder / "own.weights.h5")
    ours.load_weights(folder / "own.weights.h5")
    found = [difference(ours, theirs, images)]
    randomize(theirs, 1, images)
    save_legacy_weights(theirs, folder / "published.h5")
    for by_name in (False, True):
        ours.set_weights([np.ones_like(array) for array in ours.get_weights()])
        ours.load_weights(folder / "published.h5", by_name=by_name)
        found.append(difference(ours, theirs, images))
    with torch.no_grad():
        plain = ours(images).numpy()
    # What fit and predict rewrite for speed computes the same.
    rewritten = ours.predict(images, verbose=0)
    found.append(float(np.abs(rewritten - plain).max() / np.abs(plain).max()))
    print(f"{theirs.name}: largest relative difference {max(found):.1e}")
    assert max(found) < bound
